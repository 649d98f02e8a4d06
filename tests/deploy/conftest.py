"""The tests of what is deployed borrow the stage of the workers and the Redis of the notifiers."""

from tests.alerting.live.conftest import redis
from tests.live.conftest import stage

__all__ = ["redis", "stage"]
