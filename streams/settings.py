"""What a worker can be told, with defaults. `cli` fills it from slawatch.toml, SLAWATCH_* and flags.

May be imported by `streams`, `agents` and `cli`.
"""

from __future__ import annotations

import logging
from typing import Any, Literal

import msgspec


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One worker's settings; lengths in seconds unless the name says otherwise.

    `calendar_override` is a file with days the calendar does not know, `units` one that says which unit stands above
    which; `delivery` is the folder that says who hears what, read by whoever delivers. `customer_key`, or what
    `customer_key_file` holds, is the key under which customers become pseudonyms; it is the same for all workers and
    never changes. `partitions` is fixed for the life of an `app_id`. `grace` is waited beyond a due time before
    silence counts: more than the time a source needs to get an event into Kafka. A `shadow` judges the same events
    beside the workers people rely on, and publishes to topics of its own. A source that tells nothing for
    `silent_after` is called silent (0: none ever is); those of `expected_sources`, apart by commas, also when they
    never told anything. `status_host` is loopback unless configured. `log_level` is of our own lines,
    those of libraries are warnings at least; `log_format` is how they are written, for people or for machines.
    """

    bootstrap: str = "127.0.0.1:9092"
    app_id: str = "slawatch"
    prefix: str = "sla."
    partitions: int = 8
    rulebook: str = "sgcc-2014"
    calendar_override: str = ""
    units: str = ""
    delivery: str = "delivery"
    customer_key: str = ""
    customer_key_file: str = ""
    grace: float = 0.2
    quiet_before: str = ""
    session_timeout: float = 10.0
    heartbeat_interval: float = 1.0
    commit_interval: float = 0.5
    blind_after: float = 60.0
    restore_deadline: float = 300.0
    accept_loss: bool = False
    shadow: bool = False
    silent_after: float = 0.0
    expected_sources: str = ""
    status_host: str = "127.0.0.1"
    status_port: int = 9464
    log_level: Literal["debug", "info", "warning", "error", "critical"] = "info"
    log_format: Literal["text", "json"] = "text"
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_sasl_mechanism: Literal["", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = ""
    kafka_sasl_username: str = ""
    kafka_sasl_password: str = ""
    kafka_ssl_ca_location: str = ""

    @property
    def own_id(self) -> str:
        """What groups and changelogs are named after: a shadow shares neither with what it stands beside."""
        return f"{self.app_id}-shadow" if self.shadow else self.app_id

    @property
    def own_prefix(self) -> str:
        """What comes before the name of every topic that is written to."""
        return f"{self.prefix}shadow." if self.shadow else self.prefix

    def client(self) -> dict[str, Any]:
        """Settings for librdkafka clients."""
        told: dict[str, Any] = {
            "bootstrap.servers": self.bootstrap,
            "security.protocol": self.kafka_security_protocol,
            "log_level": 2,  # what goes wrong with brokers is said by us, once
            "logger": logging.getLogger("librdkafka"),  # the rest of it is written as all other lines
        }
        optional = {
            "sasl.mechanisms": self.kafka_sasl_mechanism,
            "sasl.username": self.kafka_sasl_username,
            "sasl.password": self.kafka_sasl_password,
            "ssl.ca.location": self.kafka_ssl_ca_location,
        }
        return told | {name: value for name, value in optional.items() if value}


SECRETS = frozenset({"kafka_sasl_password", "customer_key"})
"""Settings that are never shown."""


def shown(settings: Settings) -> dict[str, Any]:
    """The settings for printing: secrets masked."""
    told: dict[str, Any] = msgspec.to_builtins(settings)
    return {name: ("***" if name in SECRETS and value else value) for name, value in told.items()}
