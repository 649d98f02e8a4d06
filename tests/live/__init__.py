"""Tests with real processes on a broker."""
