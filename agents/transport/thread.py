"""The consumer's own thread, which speaks to the broker while the main thread works.

ADR: records are unpacked here, not by aiokafka. From the same native parser it makes a `ConsumerRecord` each, through
a generator and two calls: 1 µs of 2.5 for a raw tweet, and an object more for the garbage collector to go through.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.consumer.fetcher import FetchResult, PartitionRecords
from aiokafka.errors import CorruptRecordException
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

__all__ = ["BatchConsumerThread", "InRecord"]

_FETCH_MAX_WAIT_MS = 100
"""How long the broker may keep a fetch for which there is nothing.

aiokafka has one fetch under way for each broker. While records of one partition wait to be taken, it asks for the
others, and when these are quiet, the first cannot be fetched again before the broker has given up waiting. Faust asks
it to wait for 1.5 s: a worker that was done with what it had stood still for as long.
"""

_FETCH_MAX_BYTES = 4 * 1024 * 1024
"""Most that one fetch brings, as it is on the wire; all of it is unpacked at once. A larger record comes alone."""


class InRecord(msgspec.Struct, frozen=True, gc=False):
    """As much of aiokafka's `ConsumerRecord` as is read anywhere.

    It is in no reference cycle, so the garbage collector need not know it.
    """

    topic: str
    partition: int
    offset: int
    timestamp: int | None
    """Epoch milliseconds."""
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


class BatchConsumerThread(driver.AIOKafkaConsumerThread):
    """Faust's, but it hands over all that a fetch has brought: the next fetch is for all partitions, then."""

    def _create_worker_consumer(self, transport: driver.Transport) -> AIOKafkaConsumer:
        consumer: Any = super()._create_worker_consumer(transport)
        # Faust has no settings for these. They are read when the consumer starts.
        consumer._fetch_max_wait_ms = _FETCH_MAX_WAIT_MS  # noqa: SLF001 - as above
        consumer._fetch_max_bytes = _FETCH_MAX_BYTES  # noqa: SLF001
        return consumer

    async def _fetch_records(
        self,
        consumer: AIOKafkaConsumer,
        active_partitions: set[TP],
        timeout: float | None = None,  # noqa: ASYNC109 - Faust's signature
        max_records: int | None = None,
    ) -> Any:
        """Return all records that were fetched for some partitions; wait for the first, up to ``timeout`` seconds."""
        del max_records
        fetcher: Any = consumer._fetcher  # noqa: SLF001 - the driver we subclass reads it, too
        deadline = time.monotonic() + (timeout or 0.0)
        while True:
            for tp, result in fetcher._records.items():  # noqa: SLF001
                if type(result) is FetchResult and type(result._partition_records) is PartitionRecords:  # noqa: SLF001
                    result._partition_records = _Unpacking(tp, result._partition_records)  # noqa: SLF001
            records = await super()._fetch_records(consumer, active_partitions, timeout=0)
            left_s = deadline - time.monotonic()
            if records or left_s <= 0:
                return records
            waiter = fetcher._create_fetch_waiter()  # noqa: SLF001
            await asyncio.wait([waiter], timeout=left_s)
            if not waiter.done():
                waiter.cancel()
                return {}
            waiter.result()  # such as that we may not read the topic


class _Unpacking:
    """Takes the place of aiokafka's `PartitionRecords`; can be iterated over once."""

    def __init__(self, tp: TopicPartition, packed: Any) -> None:
        self._tp = tp
        self._packed = packed
        self.next_fetch_offset: int = packed.next_fetch_offset

    def __iter__(self) -> Iterator[InRecord]:
        topic, partition = self._tp
        batches = self._packed._records  # noqa: SLF001 - aiokafka's class has no other way to them
        while batches.has_next():
            batch = batches.next_batch()
            if self._packed._check_crcs and not batch.validate_crc():  # noqa: SLF001
                raise CorruptRecordException(f"Invalid CRC - {self._tp}")
            if not batch.is_control_batch:
                first = self.next_fetch_offset  # within the batch, when its first records were read before
                for record in batch:
                    if record.offset >= first:
                        yield InRecord(
                            topic, partition, record.offset, record.timestamp, record.key, record.value, record.headers
                        )
            self.next_fetch_offset = batch.next_offset  # compaction may have removed the last record
