"""Canary tickets: the monitor proves itself from Kafka to a receiver, once a minute and partition (docs/canary.md).

May be imported by `cli`.
"""
