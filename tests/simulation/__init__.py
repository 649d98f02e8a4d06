"""Deterministic simulation of whole workers: seeds, faults, and what must hold."""
