"""The producer: whole batches grouped by partition, one after the other within each."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, cast

from aiokafka.errors import KafkaError
from faust.transport.drivers import aiokafka as driver

from agents.rounds import Placed, PublishError, batches_of, send_rounds

__all__ = ["BatchProducer", "OutRecord", "PublishError"]

_PARTITION_CACHE = 65_536
_STOP_TIMEOUT_S = 2.0
"""How long a spent producer may take to stop."""


class OutRecord(NamedTuple):
    """A record to write. ``partition`` wins over ``placed_by``, and that over the key."""

    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()
    partition: int | None = None
    placed_by: bytes | None = None
    """Another key, whose partition the record goes to."""


class BatchProducer(driver.Producer):
    """Faust's aiokafka producer plus :meth:`publish`, which writes batches and keeps their order whatever fails."""

    idempotent: bool = True
    """Idempotent producers keep order and drop their own retries; the embedded broker has none."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._partition_of: dict[str, dict[bytes | None, int]] = {}
        """By topic and key."""

    def _settings_extra(self) -> Mapping[str, Any]:
        return {"acks": "all", "enable_idempotence": True} if self.idempotent else {}

    async def create_topic(self, topic: str, *args: Any, **kwargs: Any) -> None:
        """Do nothing: ``vigie topics create`` makes every topic, with the right partitions and settings."""

    async def publish(self, topic: str, records: Iterable[OutRecord]) -> int:
        """Write records, in order within each partition, and wait until the broker has them all.

        What does not fit into one batch of a partition goes in rounds, each acknowledged before the next is
        sent: a batch is never written behind one that failed. Trackers drop every mention whose raw offset lies
        below one that they have seen, so a gap that is filled later would be lost.

        One call at a time for each topic: two at once would have no order between them.

        Parameters
        ----------
        topic : str
            Where to.
        records : iterable of OutRecord
            A record goes to its ``partition``, else to murmur2 of the key that it is placed by (as the Java client
            does).

        Returns
        -------
        int
            How many records were written.

        Raises
        ------
        PublishError
            The topic is unknown, or a batch was refused or timed out. Some records may have been written; of
            each partition a first part.
        """
        try:
            producer = self._ensure_producer()
            placed = self._placed(topic, records, sorted(await self.partitions(topic)))
            queues, count = batches_of(producer.create_batch, placed)
            await send_rounds(producer, topic, queues)
        except KafkaError as exc:
            raise PublishError(f"cannot write to {topic}: {exc!r}") from exc
        return count

    async def partitions(self, topic: str) -> set[int]:
        """Return the numbers of a topic's partitions.

        Raises
        ------
        PublishError
            The broker does not know the topic, or does not answer.
        """
        try:
            found: set[int] | None = await self._ensure_producer().partitions_for(topic)
        except KafkaError as exc:
            raise PublishError(f"topic {topic}: {exc!r}") from exc
        if not found:
            raise PublishError(f"topic {topic} has no partitions; create it with `vigie topics create`")
        return found

    def _placed(self, topic: str, records: Iterable[OutRecord], partitions: list[int]) -> Iterator[Placed]:
        """Yield the records, each with its partition."""
        chosen = self._partition_of.setdefault(topic, {})
        for key, value, headers, wanted, placed_by in records:
            partition = wanted
            if partition is None and (partition := chosen.get(placed_by or key)) is None:
                partition = self._choose(chosen, placed_by or key, partitions)
            yield partition, key, value, headers

    async def renew(self) -> None:
        """Go on with a fresh connection after a refused write, when nothing is being written.

        For idempotent producers; others need none, and nothing is done. aiokafka counts the sequence number of a
        batch that was refused, so that the next batch for that partition is out of order for the broker, and so is
        every one after it. Only a new producer ID ends that.

        Raises
        ------
        PublishError
            The broker does not answer. The old connection stays.
        """
        if not self.idempotent:
            return
        fresh = self._new_producer()
        try:
            await fresh.start()
        except (KafkaError, OSError) as exc:
            await fresh.stop()
            raise PublishError(f"no new connection to write with: {exc!r}") from exc
        spent, self._producer = self._producer, fresh
        if spent is not None:
            with contextlib.suppress(KafkaError, TimeoutError):
                async with asyncio.timeout(_STOP_TIMEOUT_S):
                    await spent.stop()

    def _choose(self, chosen: dict[bytes | None, int], key: bytes | None, partitions: list[int]) -> int:
        if key is None:
            return partitions[0]
        if len(chosen) >= _PARTITION_CACHE:
            chosen.clear()
        # aiokafka's murmur2 is pure Python, about 1 µs a byte of the key: hence the cache
        choose = cast("Callable[[bytes, list[int], list[int]], int]", self.partitioner)
        partition = chosen[key] = choose(key, partitions, partitions)
        return partition
