"""Alerts on their way to people: what leaves `sla.alerts` for a receiver, and how the receiver can trust it.

It imports `sla` only; `streams` never imports it, nor it `streams`. `cli` may import it.
"""
