"""Benchmarks: what slawatch costs and how late it is, measured side by side on one machine (`make bench`).

A leaf of the project: it may import everything, nothing may import it. See docs/benchmarks.md.
"""
