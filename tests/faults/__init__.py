"""Faults with real processes on a real Kafka, under load, each held against `backtest` of the same log."""
