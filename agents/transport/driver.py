"""The driver that Faust finds under the URL scheme ``batch://``."""

from __future__ import annotations

from typing import ClassVar

from faust.transport.drivers import aiokafka as driver
from faust.types.transports import ConsumerT, ProducerT

from agents.transport.consumer import BatchConsumer
from agents.transport.producer import BatchProducer

__all__ = ["Transport"]


class Transport(driver.Transport):
    """Kafka by aiokafka, a Faust event for each fetched batch of records."""

    Consumer: ClassVar[type[ConsumerT]] = BatchConsumer
    Producer: ClassVar[type[ProducerT]] = BatchProducer
    driver_version = f"vigie-batch/{driver.Transport.driver_version}"
