"""The command line: one file a verb, each with `add(verbs)` and `run(options)`; it may import every package.

Nobody imports it but tests and the console script.
"""
