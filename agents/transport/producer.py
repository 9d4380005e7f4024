"""The producer: whole batches grouped by partition, and a flush that means flushed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, cast

from aiokafka.errors import KafkaError
from faust.transport.drivers import aiokafka as driver
from faust.types import FutureMessage

__all__ = ["BatchProducer", "OutRecord", "PublishError"]

_PARTITION_CACHE = 65_536


class PublishError(Exception):
    """Records could not be written. Nothing that depends on them may be acked."""


class OutRecord(NamedTuple):
    """A record to write. ``partition`` wins over the key's own."""

    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()
    partition: int | None = None


class BatchProducer(driver.Producer):
    """Faust's aiokafka producer plus :meth:`publish`, with a flush that waits and raises."""

    idempotent: bool = True
    """Idempotent producers keep order and drop their own retries; the embedded broker has none."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._partition_of: dict[tuple[str, bytes], int] = {}
        self._pending: set[asyncio.Future[Any]] = set()
        self._failure: BaseException | None = None

    def _settings_extra(self) -> Mapping[str, Any]:
        return {"acks": "all", "enable_idempotence": True} if self.idempotent else {}

    async def create_topic(self, topic: str, *args: Any, **kwargs: Any) -> None:
        """Do nothing: ``vigie topics create`` makes every topic, with the right partitions and settings."""

    # -- batches -------------------------------------------------------------------------------------

    async def publish(self, topic: str, records: Iterable[OutRecord]) -> int:
        """Write records, in order within each partition, and wait until the broker has them all.

        Parameters
        ----------
        topic : str
            Where to.
        records : iterable of OutRecord
            A record goes to its ``partition``, else to murmur2 of its key (as the Java client does).

        Returns
        -------
        int
            How many records were written.

        Raises
        ------
        PublishError
            The topic is unknown, or a batch was refused or timed out. Some records may have been written.
        """
        try:
            futures, count = await self._submit(topic, records)
            if futures:
                results = await asyncio.gather(*futures, return_exceptions=True)
                failed = [result for result in results if isinstance(result, BaseException)]
                if failed:
                    raise PublishError(f"{len(failed)} of {len(results)} batches to {topic}: {failed[0]!r}")
        except KafkaError as exc:
            raise PublishError(f"cannot write to {topic}: {exc!r}") from exc
        return count

    async def _submit(self, topic: str, records: Iterable[OutRecord]) -> tuple[list[asyncio.Future[Any]], int]:
        producer = self._ensure_producer()
        partitions = sorted(await producer.partitions_for(topic))
        if not partitions:
            raise PublishError(f"topic {topic} has no partitions; create it with `vigie topics create`")
        builders: dict[int, Any] = {}
        futures: list[asyncio.Future[Any]] = []
        count = 0
        for key, value, headers, wanted in records:
            partition = self._choose(topic, key, partitions) if wanted is None else wanted
            builder = builders.get(partition)
            if builder is None:
                builder = builders[partition] = producer.create_batch()
            if builder.append(timestamp=None, key=key, value=value, headers=headers) is None:
                futures.append(await producer.send_batch(builder, topic, partition=partition))
                builder = builders[partition] = producer.create_batch()
                builder.append(timestamp=None, key=key, value=value, headers=headers)
            count += 1
        for partition, builder in builders.items():
            builder.close()  # otherwise aiokafka's send() may still add to it
            futures.append(await producer.send_batch(builder, topic, partition=partition))
        return futures, count

    def _choose(self, topic: str, key: bytes | None, partitions: list[int]) -> int:
        if key is None:
            return partitions[0]
        cached = self._partition_of.get((topic, key))
        if cached is None:
            if len(self._partition_of) >= _PARTITION_CACHE:
                self._partition_of.clear()
            # aiokafka's murmur2 is pure Python, about 1 µs a byte of the key: hence the cache
            choose = cast("Callable[[bytes, list[int], list[int]], int]", self.partitioner)
            cached = self._partition_of[(topic, key)] = choose(key, partitions, partitions)
        return cached

    def forget_partitions(self) -> None:
        """Forget which key goes where (the topic's partition count may have changed)."""
        self._partition_of.clear()

    # -- flush ---------------------------------------------------------------------------------------

    def send_soon(self, fut: FutureMessage) -> None:
        """Queue a changelog write, and remember it until it has succeeded or failed."""
        self._pending.add(fut)
        fut.add_done_callback(self._settled)
        super().send_soon(fut)

    def _settled(self, fut: asyncio.Future[Any]) -> None:
        self._pending.discard(fut)
        if not fut.cancelled() and (exc := fut.exception()) is not None:
            self._failure = exc

    async def flush(self) -> None:
        """Wait until every queued write is acknowledged.

        Stock Faust gives up on the buffer after 100 ms, and so may commit an offset before the state
        that belongs to it.

        Raises
        ------
        PublishError
            A write that was queued since the last flush has failed: its state is not in the changelog,
            and no offset may be committed over it.
        """
        while self._pending:
            _done, waiting = await asyncio.wait(tuple(self._pending), timeout=self.request_timeout)
            if waiting and waiting == self._pending:
                raise PublishError(f"{len(waiting)} state writes unacknowledged for {self.request_timeout:.0f} s")
        if self._failure is not None:
            raise PublishError(f"a state write failed: {self._failure!r}") from self._failure
        if self._producer is not None:
            await self._producer.flush()
