"""The Kafka edge: all that stands between the pure law in `sla/` and a broker.

`agents/` and `cli/` import it; it imports `sla` only.
"""
