"""The programs that run beside slawatch in one benchmark, each a process of its own.

All read the same topic and count what they have processed in a `bench.tally` file. Those of other engines run in
`.venv-bench`, so they import nothing of ours but that.
"""
