"""A Kafka-protocol broker that lives and dies with this process: for trying Vigie and for its tests.

It keeps everything in memory, so it is not for production: a restart forgets all topics, records and offsets.
"""

from agents.embedded.broker import EmbeddedBroker, EmbeddedBrokerError

__all__ = ["EmbeddedBroker", "EmbeddedBrokerError"]
