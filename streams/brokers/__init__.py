"""Brokers that slawatch can start by itself, for demos, tests and benchmarks, so that nobody needs Docker.

`cli/`, tests and benchmarks import them; no worker does.
"""
