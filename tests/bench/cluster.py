"""A real Apache Kafka for the bench, on a core of its own where the machine has two, and what is asked of it."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from tests.bench.measuring import cpu_seconds, on_core, two_cores
from tests.brokers.client import create_topics, delete_topics
from tests.brokers.kafka import Kafka

__all__ = ["Cluster", "Outgoing"]

Outgoing = tuple[bytes | None, bytes, list[tuple[str, bytes]]]
"""Key, value and headers of a record to be written."""

_POLL_S = 0.1


class Cluster:
    """One broker for as long as the block that it is used in.

    Parameters
    ----------
    pin : bool
        Broker on the second core and workers on the first, where the system can and has two.
    """

    def __init__(self, *, pin: bool = True) -> None:
        self.worker_core, self.broker_core = two_cores(pin=pin)
        self._folder = tempfile.TemporaryDirectory(prefix="vigie-bench-")
        self.folder = Path(self._folder.name)
        """For files of whoever is measured; gone with the cluster."""
        self._kafka = Kafka(self.folder / "kafka")

    def __enter__(self) -> Self:
        with on_core(self.broker_core):
            self._kafka.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._kafka.stop()
        self._folder.cleanup()

    @property
    def bootstrap(self) -> str:
        return self._kafka.bootstrap

    def broker_cpu_seconds(self) -> float:
        """Return what the broker has used up to now."""
        assert self._kafka.process is not None
        return cpu_seconds(self._kafka.process.pid)

    def create(self, topics: Mapping[str, int], **config: str) -> None:
        """Make topics with these numbers of partitions."""
        asyncio.run(create_topics(self.bootstrap, topics, config))

    def delete(self, prefix: str) -> None:
        """Remove all topics whose names begin so, and their records from the disk."""
        asyncio.run(self._delete(prefix))

    async def _delete(self, prefix: str) -> None:
        async with self._admin() as admin:
            names = [name for name in await admin.list_topics() if name.startswith(prefix)]
        if names:
            await delete_topics(self.bootstrap, names)

    # -- records -------------------------------------------------------------------------------------

    def fill(self, topic: str, values: Iterable[bytes], *, partitions: int = 1) -> int:
        """Write records without keys to a topic, to its partitions in turn, and return how many."""
        return asyncio.run(self.write(topic, ((None, value, []) for value in values), partitions=partitions))

    async def write(self, topic: str, records: Iterable[Outgoing], *, partitions: int = 1) -> int:
        """Write records to the partitions of a topic in turn; return how many when all are acknowledged."""
        with on_core(self.broker_core):
            async with self._producer() as producer:
                return await _write(producer, topic, records, partitions)

    def copy(self, source: str, target: str, first: int, last: int) -> int:
        """Copy records ``first`` to ``last - 1`` of a topic of one partition; return how many of them have a key."""
        return asyncio.run(self._copy(source, target, first, last))

    async def _copy(self, source: str, target: str, first: int, last: int) -> int:
        place, keyed = TopicPartition(source, 0), 0
        async with self._consumer() as consumer, self._producer() as producer:
            consumer.assign([place])
            consumer.seek(place, first)
            while first < last:
                for records in (await consumer.getmany(timeout_ms=1000, max_records=last - first)).values():
                    out = [(r.key, r.value, list(r.headers)) for r in records]
                    keyed += sum(key is not None for key, _, _ in out)
                    await _write(producer, target, out, 1)
                    first = records[-1].offset + 1
        return keyed

    def ends(self, topic: str, partitions: int = 1) -> list[int]:
        """Return the offset after the last record of each partition."""
        return asyncio.run(self._ends(topic, partitions))

    async def _ends(self, topic: str, partitions: int) -> list[int]:
        async with self._consumer() as consumer:
            return await _ends_of(consumer, topic, partitions)

    # -- progress ------------------------------------------------------------------------------------

    def wait(
        self,
        readers: Sequence[tuple[str, str]],
        *,
        alive: Callable[[], None],
        expected: Mapping[str, int] | None = None,
        timeout_s: float = 600.0,
    ) -> None:
        """Return when everything is read and written.

        Parameters
        ----------
        readers
            Consumer groups and their topics: each must have committed the end of its topic, in the order given.
        alive
            Called now and then; raises when nothing more is to be expected.
        expected
            Records by topic: each must have so many at least.
        timeout_s
            How long to wait in all.

        Raises
        ------
        SystemExit
            It took too long.
        """
        asyncio.run(self._wait(readers, expected or {}, alive, time.monotonic() + timeout_s))

    async def _wait(
        self,
        readers: Sequence[tuple[str, str]],
        expected: Mapping[str, int],
        alive: Callable[[], None],
        deadline: float,
    ) -> None:
        async with self._admin() as admin, self._consumer() as consumer:
            for topic, count in expected.items():

                async def written(topic: str = topic, count: int = count) -> bool:
                    return sum(await _ends_of(consumer, topic, 1)) >= count

                await _until(written, f"{count} records in {topic}", alive, deadline)
            for group, topic in readers:

                async def caught_up(group: str = group, topic: str = topic) -> bool:
                    try:
                        offsets = await admin.list_consumer_group_offsets(group)
                    except KafkaError:  # it has not joined yet
                        return False
                    done = [found.offset for place, found in offsets.items() if place.topic == topic]
                    return bool(done) and sum(done) >= sum(await _ends_of(consumer, topic, len(done)))

                await _until(caught_up, f"{group} to reach the end of {topic}", alive, deadline)

    # -- clients -------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        client = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await client.start()
        try:
            yield client
        finally:
            await client.close()

    @asynccontextmanager
    async def _consumer(self) -> AsyncIterator[Any]:
        consumer = AIOKafkaConsumer(bootstrap_servers=self.bootstrap, max_partition_fetch_bytes=8 << 20)
        await consumer.start()
        try:
            yield consumer
        finally:
            await consumer.stop()

    @asynccontextmanager
    async def _producer(self) -> AsyncIterator[Any]:
        producer = AIOKafkaProducer(
            bootstrap_servers=self.bootstrap, acks="all", max_batch_size=512 * 1024, compression_type="lz4"
        )
        await producer.start()
        try:
            yield producer
        finally:
            await producer.stop()


async def _until(reached: Callable[[], Awaitable[bool]], what: str, alive: Callable[[], None], deadline: float) -> None:
    while not await reached():
        alive()
        if time.monotonic() > deadline:
            raise SystemExit(f"gave up waiting for {what}")
        await asyncio.sleep(_POLL_S)


async def _ends_of(consumer: Any, topic: str, partitions: int) -> list[int]:
    places = [TopicPartition(topic, number) for number in range(partitions)]
    ends = await consumer.end_offsets(places)
    return [ends[place] for place in places]


async def _write(producer: Any, topic: str, records: Iterable[Outgoing], partitions: int) -> int:
    """Write by whole batches, which costs a tenth of record by record."""
    batches = [producer.create_batch() for _ in range(partitions)]
    sent: list[asyncio.Future[Any]] = []
    count = 0
    for count, (key, value, headers) in enumerate(records, 1):
        partition = count % partitions
        if batches[partition].append(key=key, value=value, timestamp=None, headers=headers) is None:
            sent.append(await producer.send_batch(batches[partition], topic, partition=partition))
            batches[partition] = producer.create_batch()
            batches[partition].append(key=key, value=value, timestamp=None, headers=headers)
    sent += [
        await producer.send_batch(batch, topic, partition=partition)
        for partition, batch in enumerate(batches)
        if batch.record_count()
    ]
    await asyncio.gather(*sent)
    return count
