"""The batch of records that travels through Faust as one event, and the topic that carries it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import faust
from faust.types import EventT, Message

if TYPE_CHECKING:
    from aiokafka import ConsumerRecord

__all__ = ["BatchTopic", "RecordBatch", "split"]


class RecordBatch:
    """Consecutive records of one partition, in offset order; never empty.

    The agent that has done everything the batch asks for (results acknowledged by the broker, state
    written) calls :meth:`complete`. Only then may its offsets be committed: leaving the loop body by an
    exception, or never entering it because of a rebalance, leaves the batch incomplete, and it is read
    again. An agent that writes its state later calls :meth:`processed` first: then nothing of the batch waits
    to be worked on, though a crash would have it read again.
    """

    __slots__ = (
        "__weakref__",
        "completed",
        "first_offset",
        "highwater",
        "is_processed",
        "next_offset",
        "partition",
        "records",
        "topic",
    )

    def __init__(
        self, topic: str, partition: int, records: Sequence[ConsumerRecord[bytes, bytes]], highwater: int
    ) -> None:
        self.topic = topic
        self.partition = partition
        self.records = records
        self.highwater = highwater
        """Offset after the partition's last record when this batch was fetched."""
        self.first_offset = int(records[0].offset)
        """Offset of the first record."""
        self.next_offset = int(records[-1].offset) + 1
        """Offset after the last record: what a commit of the batch commits."""
        self.is_processed = False
        self.completed = False

    def processed(self) -> None:
        """Say that the batch's work is done, and let go of its records."""
        self.is_processed = True
        self.records = ()

    def complete(self) -> None:
        """Say that the batch's work is done and durable."""
        self.is_processed = self.completed = True

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[ConsumerRecord[bytes, bytes]]:
        return iter(self.records)

    def __repr__(self) -> str:
        state = "complete" if self.completed else "open"
        return f"<RecordBatch {self.topic}[{self.partition}] {self.first_offset}..{self.next_offset - 1} {state}>"


def split(records: Sequence[Any], max_records: int, max_bytes: int) -> Iterator[Sequence[Any]]:
    """Cut fetched records into runs of at most ``max_records`` records and about ``max_bytes`` of values.

    A run closes after the record that passes ``max_bytes``, so a single huge record is a run of its own.
    """
    start, size = 0, 0
    for index, record in enumerate(records):
        size += len(record.value or b"")
        if index + 1 - start >= max_records or size >= max_bytes:
            yield records[start : index + 1]
            start, size = index + 1, 0
    if start < len(records):
        yield records[start:]


class BatchTopic(faust.Topic):
    """A topic whose events are :class:`RecordBatch` values. There is nothing to decode."""

    committed = True
    """Whether its offsets are committed once a batch is complete (a changelog's are not)."""

    def _compile_decode(self) -> None:
        # As Faust's own Topic does: the decoder is an attribute of the instance.
        self.decode = self._pass_through  # type: ignore[method-assign]

    async def _pass_through(self, message: Message, *, propagate: bool = False) -> EventT[Any]:
        del propagate  # nothing here can fail to decode
        return self._create_event(message.key, message.value, message.headers, message=message)
