"""Delivery on a real Kafka with a real Redis."""
