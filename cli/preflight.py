"""What is looked at before a process starts: the login, its rights and the topics. Used by the verbs of this package.

A fault is logged with how to mend it; brokers that do not answer are waited for.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from pathlib import Path

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from cli.configuration import ConfigurationError
from streams.rights import Right, lacking
from streams.settings import Settings
from streams.topics import ClusterUnreachableError, Problem, TopicsError, TopicSpec, check

logger = logging.getLogger("slawatch.start")

ASK_AGAIN_S = 2.0
"""How long to wait before brokers that did not answer are asked again; a process outlasts any outage."""
ANSWER_WITHIN_S = 10.0
_LOGIN = frozenset({KafkaError._AUTHENTICATION, KafkaError._SSL, KafkaError.SASL_AUTHENTICATION_FAILED})


class Login:
    """A client that asks the brokers, and what they said of its login."""

    def __init__(self, settings: Settings) -> None:
        self._refused: str | None = None
        authorities = settings.kafka_ssl_ca_location
        if authorities and not Path(authorities).is_file():
            raise ConfigurationError(
                f"kafka_ssl_ca_location: {authorities} is no file; name the one with the certificates to trust"
            )
        try:
            self.admin = AdminClient(settings.client() | {"error_cb": self._heard})
        except KafkaException as error:
            said = error.args[0].str()
            raise ConfigurationError(
                f"Kafka's settings cannot be used: {said}; see kafka_* of the settings"
            ) from None

    def _heard(self, error: KafkaError) -> None:
        if error.code() in _LOGIN:
            self._refused = (
                f"the brokers cannot be logged in to: {error.str()}; see kafka_security_protocol, kafka_sasl_* and "
                "kafka_ssl_ca_location of the settings"
            )

    def refusal(self) -> str | None:
        """What the brokers said against the login; None: nothing yet."""
        self.admin.poll(0)
        return self._refused


def may_start(settings: Settings, specs: Sequence[TopicSpec], needed: Sequence[Right]) -> bool:
    """Whether the login is taken, every right is granted and the topics are as they must be.

    Waits for brokers that do not answer. Raises ConfigurationError for settings of Kafka that nothing can be done
    with, and for a login that is refused.
    """
    login = Login(settings)
    while True:
        try:
            # The topics first: to brokers that hang, the question for groups ends the process (librdkafka 4605).
            faults = check(login.admin, specs, timeout=ANSWER_WITHIN_S)
            lacks = lacking(login.admin, needed, timeout=ANSWER_WITHIN_S)
            break
        except ClusterUnreachableError as error:
            if (refusal := login.refusal()) is not None:
                raise ConfigurationError(refusal) from None
            logger.warning("waiting_for_brokers", extra={"error": str(error)})
            time.sleep(ASK_AGAIN_S)
        except TopicsError as error:
            logger.critical("topics_not_usable", extra={"error": str(error)})
            return False
    unseen = {right.name for right in lacks}
    wrong = [
        fault
        for fault in faults
        if fault.refuses_start and not (fault.problem is Problem.MISSING and fault.topic in unseen)
    ]
    for right in lacks:
        logger.critical("right_missing", extra={"right": str(right)})
    for fault in wrong:
        logger.critical("topic_not_usable", extra={"topic": fault.topic, "error": fault.what, "mend": fault.mend})
    return not (lacks or wrong)
