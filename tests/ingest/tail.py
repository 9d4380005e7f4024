"""What has come to a topic so far, kept by a thread that goes on reading: asking costs nothing."""

from __future__ import annotations

import asyncio
import contextlib
import threading

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

__all__ = ["Tail"]

_LOOK_MS = 50
_AGAIN_S = 0.2


class Tail:
    """Keys of the records of a topic. Brokers may come and go; it goes on.

    Parameters
    ----------
    bootstrap, topic, partitions
        What is read.
    """

    def __init__(self, bootstrap: str, topic: str, partitions: int) -> None:
        self._bootstrap = bootstrap
        self._offsets = dict.fromkeys((TopicPartition(topic, number) for number in range(partitions)), 0)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._read()), daemon=True)
        self.keys: set[bytes | None] = set()
        """Of all records so far."""

    @property
    def is_running(self) -> bool:
        """Whether it has begun."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """Read no more."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    async def _read(self) -> None:
        while not self._ended.is_set():
            with contextlib.suppress(KafkaError, OSError, AssertionError):  # the client asserts that a broker is known
                await self._follow()
            await asyncio.sleep(_AGAIN_S)

    async def _follow(self) -> None:
        consumer = AIOKafkaConsumer(bootstrap_servers=self._bootstrap, enable_auto_commit=False)
        try:
            await consumer.start()
            consumer.assign(list(self._offsets))
            for place, offset in self._offsets.items():
                consumer.seek(place, offset)
            while not self._ended.is_set():
                for place, records in (await consumer.getmany(timeout_ms=_LOOK_MS)).items():
                    self.keys.update([record.key for record in records])
                    self._offsets[place] = records[-1].offset + 1
        finally:
            await consumer.stop()
