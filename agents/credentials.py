"""How a worker's Faust logs in to Kafka: the settings that librdkafka's clients follow, in the words of Faust.

May be imported by `agents` and `cli`.
"""

from __future__ import annotations

import ssl
from typing import Any

from faust import SASLCredentials, SSLCredentials

from streams.settings import Settings


def credentials(settings: Settings) -> Any:
    """The credentials, or None where the brokers ask for none. OSError for certificates that cannot be read.

    Certificates and the names in them are checked as librdkafka checks them.
    """
    context: ssl.SSLContext | None = None
    if settings.kafka_security_protocol.endswith("SSL"):
        context = ssl.create_default_context(cafile=settings.kafka_ssl_ca_location or None)
    if settings.kafka_security_protocol.startswith("SASL_"):
        return SASLCredentials(
            mechanism=settings.kafka_sasl_mechanism,
            username=settings.kafka_sasl_username,
            password=settings.kafka_sasl_password,
            ssl_context=context,
        )
    return None if context is None else SSLCredentials(context)
