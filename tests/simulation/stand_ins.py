"""The product's prober with one thing changed: whom it asks. `tests.simulation.process` wires it."""

from streams.progress import Prober, ProofFailedError
from tests.simulation.broker import EVENTS


class SimulatedProber(Prober):
    """The real prober, with the world's broker behind it."""

    def __init__(self, broker, clock):
        self._broker, self._clock = broker, clock

    def _ask(self, partitions, spec=None):
        if self._broker.down:
            raise ProofFailedError("simulated: no answer")
        if spec is not None:
            return {number: self._broker.begin(EVENTS) for number in partitions}
        return {number: self._broker.end(EVENTS, number) for number in partitions}
