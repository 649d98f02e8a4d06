"""Receivers: one file each, with its configuration, its class, and its registration as `KIND`.

A new receiver is one new file here; nothing else names it. May be imported by `alerting` and `cli`.
"""
