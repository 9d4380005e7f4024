"""Apache Kafka itself, in one node."""

from __future__ import annotations

from pathlib import Path

from agents.embedded.probe import free_port
from tests.brokers.node import KafkaNode, Quorum


class Kafka(KafkaNode):
    """Parameters: ``folder``, an empty one for its settings, data and log."""

    def __init__(self, folder: Path) -> None:
        # One node holds everything.
        quorum = Quorum(controller_ports={1: free_port()}, copies=1, in_sync=1)
        super().__init__(folder, quorum, 1, max_heap="512m")
