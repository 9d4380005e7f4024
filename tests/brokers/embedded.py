"""The embedded broker, for tests."""

from __future__ import annotations

from agents.embedded import EmbeddedBroker
from agents.embedded.process import GuardedProcess
from tests.brokers.base import Broker


class Embedded(Broker):
    kind = "embedded"
    durable = False

    def __init__(self) -> None:
        self._broker = EmbeddedBroker()

    @property
    def bootstrap(self) -> str:
        return self._broker.bootstrap

    @property
    def process(self) -> GuardedProcess | None:
        return self._broker.process

    def start(self) -> None:
        self._broker.start()

    def stop(self) -> None:
        self._broker.stop()
