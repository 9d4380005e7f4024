"""The dead-letter topic as ``vigie dlq`` reads it: letters, marks of what was redriven, and a choice among them."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from agents.connection import client_options
from agents.history import read_past
from agents.reading import read_topic
from agents.settings import Settings
from agents.topics import TopicProblem, admin_client
from agents.transport import end_offsets
from schemas.deadletter import (
    CHANNEL_HEADER,
    HEADER_PREFIX,
    MARK_HEADER,
    OMITTED_HEADER,
    REDRIVEN_HEADER,
    read_place,
)

__all__ = ["Choice", "Letter", "Mark", "NoSuchLetter", "Place", "letter_at", "read_letter", "read_letters"]

Place = tuple[int, int]
"""Partition and offset."""

Progress = Callable[[int], None]
"""Told how many records have been read."""

_SAY_EVERY = 1000


class NoSuchLetter(Exception):
    """The topic holds no record there; the message says which offsets it holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A dead letter. What its headers do not say, or say wrongly, is None or empty: anybody may write to a topic."""

    place: Place
    """Where it is in the dead-letter topic."""
    time_ms: int
    """When it was written."""
    topic: str
    """The topic the record was read from."""
    origin: Place | None
    """Where the record was read there."""
    stage: str
    """What failed on it."""
    reason: str
    """Why, as in `DeadLetterReason`; a newer Vigie may know more reasons."""
    message: str
    """Why, in words, without any text of the tweet."""
    channel: str
    """Of stage notify: the channel the record could not be delivered to."""
    omitted: str
    """The record's size, when it was too large to be kept."""
    record: Any
    """All of it, an aiokafka ``ConsumerRecord``."""

    @property
    def original_headers(self) -> list[tuple[str, bytes]]:
        """The headers the record came with, without any of ours."""
        ours = (HEADER_PREFIX, REDRIVEN_HEADER)
        return [(name, value) for name, value in self.record.headers if not name.startswith(ours)]

    def without_content(self) -> Letter:
        """Return the letter with key and value left out, for keeping many."""
        record = self.record
        headers = tuple(header for header in record.headers if header[0].startswith(HEADER_PREFIX))
        return replace(self, record=replace(record, key=None, value=None, headers=headers))


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Says that a letter was redriven."""

    place: Place
    """Where the mark is in the dead-letter topic."""
    time_ms: int
    """When it was written."""
    letter: Place
    """Which letter."""


def read_letter(record: ConsumerRecord[bytes, bytes]) -> Letter | Mark:
    """Tell what a record of the dead-letter topic is."""
    place = (record.partition, record.offset)
    ours = {name: value or b"" for name, value in record.headers if name.startswith(HEADER_PREFIX)}
    if (marked := read_place(ours.get(MARK_HEADER, b""))) is not None:
        return Mark(place=place, time_ms=record.timestamp, letter=marked)

    def said(suffix: str) -> str:
        return ours.get(HEADER_PREFIX + suffix, b"").decode("utf-8", "replace")

    return Letter(
        place=place,
        time_ms=record.timestamp,
        topic=said("topic"),
        origin=read_place(f"{said('partition')}:{said('offset')}".encode()),
        stage=said("stage"),
        reason=said("reason"),
        message=said("exception.message"),
        channel=ours.get(CHANNEL_HEADER, b"").decode("utf-8", "replace"),
        omitted=ours.get(OMITTED_HEADER, b"").decode("utf-8", "replace"),
        record=record,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which letters are meant; what is left empty is not asked for."""

    stages: Sequence[str] = ()
    reasons: Sequence[str] = ()
    topic: str | None = None
    since_ms: int | None = None
    offsets: Sequence[tuple[int, int]] = field(default=())
    """Stretches of the dead-letter topic, both ends included."""

    def takes(self, letter: Letter) -> bool:
        """Say whether a letter is meant."""
        return (
            (not self.stages or letter.stage in self.stages)
            and (not self.reasons or letter.reason in self.reasons)
            and (self.topic is None or letter.topic == self.topic)
            and (self.since_ms is None or letter.time_ms >= self.since_ms)
            and (not self.offsets or any(first <= letter.place[1] <= last for first, last in self.offsets))
        )


async def read_letters(
    settings: Settings, *, progress: Progress, timeout_s: float = 5.0
) -> AsyncGenerator[Letter | Mark, None]:
    """Yield what the topic holds now, oldest first within each partition. Close it (``aclosing``) when done early.

    Raises
    ------
    BrokerUnreachable, TopicProblem
        As :func:`agents.reading.read_topic`.
    """
    async with admin_client(settings, timeout_s=timeout_s):
        pass
    count, said_s = 0, time.monotonic()
    topic = settings.topics.deadletters
    async with aclosing(read_topic(settings, topic, from_beginning=True, follow=False)) as records:
        async for record in records:
            count += 1
            if count % _SAY_EVERY == 0 and time.monotonic() - said_s > 0.1:
                progress(count)
                said_s = time.monotonic()
            yield read_letter(record)


async def letter_at(settings: Settings, place: Place, *, timeout_s: float = 5.0) -> Letter | Mark:
    """Return what stands at one place of the topic.

    Raises
    ------
    NoSuchLetter
        Nothing does.
    BrokerUnreachable, TopicProblem
        As :func:`agents.reading.read_topic`.
    """
    partition, offset = place
    tp = TopicPartition(settings.topics.deadletters, partition)
    async with admin_client(settings, timeout_s=timeout_s):
        pass
    begin, end = await _extent(settings, tp)
    if begin <= offset < end:
        found = [record async for records in read_past(settings, tp, offset, offset + 1) for record in records]
        if found:
            return read_letter(found[0])
    held = f"offsets {begin} to {end - 1}" if end > begin else "nothing"
    raise NoSuchLetter(f"there is no letter at {partition}:{offset}: {tp.topic}[{partition}] holds {held}")


async def _extent(settings: Settings, tp: TopicPartition) -> Place:
    """Return the first offset of a partition, and the one after its last."""
    consumer = AIOKafkaConsumer(**client_options(settings), enable_auto_commit=False)
    await consumer.start()
    try:
        await consumer._client.force_metadata_update()  # noqa: SLF001 - as in agents/reading.py
        found: Iterable[int] = consumer._client.cluster.partitions_for_topic(tp.topic) or ()  # noqa: SLF001
        if tp.partition not in found:
            said = f"it has {len(set(found))} partitions" if found else "create it with: vigie topics create"
            raise TopicProblem(f"{tp.topic} has no partition {tp.partition}; {said}")
        consumer.assign([tp])
        end = (await end_offsets(consumer, [tp]))[tp]
        return (await consumer.beginning_offsets([tp]))[tp], end
    finally:
        await consumer.stop()
