"""A record of a log, as the pipeline needs it: what Kafka's consumer returns fits without a copy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

__all__ = ["LogRecord", "Record"]


class LogRecord(Protocol):
    """One record of one partition. aiokafka's ``ConsumerRecord`` satisfies it."""

    @property
    def offset(self) -> int:
        """Offset in its partition."""

    @property
    def timestamp(self) -> int | None:
        """The record's own timestamp, epoch milliseconds (set by its producer or by the broker)."""

    @property
    def key(self) -> bytes | None:
        """Key, or none."""

    @property
    def value(self) -> bytes | None:
        """Value; none is a tombstone."""

    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]:
        """Headers, in order."""


class Record(NamedTuple):
    """A record that did not come from Kafka: from a file, or a test."""

    offset: int
    timestamp: int | None
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]] = ()
