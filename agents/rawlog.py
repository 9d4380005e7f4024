"""Crises of a log read once more: what ``vigie explain`` reads, from a file or from the topics."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import aclosing
from itertools import islice
from pathlib import Path

from aiokafka import ConsumerRecord

from agents.reading import read_topic
from agents.settings import Settings
from agents.topics import check_topics
from pipeline.archive import ArchiveRecord
from pipeline.archive.source import Source, lines
from pipeline.explain import Rebuild
from pipeline.feedback import feedback_of
from pipeline.records import Record
from pipeline.watchlist import Watchlist
from schemas.crisis import CrisisEvent
from schemas.feedback import Feedback
from schemas.reading import SchemaError, read_crisis_record

__all__ = ["Published", "feedback_held", "published_file", "published_topic", "rebuild_file", "rebuild_topic"]

Published = dict[str, dict[int, tuple[CrisisEvent, bytes]]]
"""Published events by crisis and sequence, each with its bytes."""

Progress = Callable[[int], None]
"""Told how many records have been read."""

_CHUNK = 1000


def published_file(path: Path) -> Published:
    """Read the ``crises.jsonl`` of a replay.

    Raises
    ------
    ArchiveError
        The file cannot be read.
    SchemaError
        A line is no record of crises; the message names it.
    """
    found: Published = {}
    source = Source(path, None)
    with source.open() as stream:
        for number, line in enumerate(lines(stream), 1):
            try:
                _keep(found, line)
            except SchemaError as error:
                raise SchemaError(f"{path}, line {number}: no crisis event: {error}") from error
    return found


async def published_topic(settings: Settings) -> Published:
    """Read what the topic of crises holds; what cannot be read there is passed over.

    Raises
    ------
    BrokerUnreachable, TopicProblem
        As `check_topics`.
    """
    await check_topics(settings, timeout_s=5.0)
    found: Published = {}
    topic = settings.topics.crises
    async with aclosing(read_topic(settings, topic, from_beginning=True, follow=False)) as records:
        async for record in records:
            try:
                _keep(found, record.value or b"")
            except SchemaError:
                continue
    return found


def feedback_held(published: Published) -> list[Feedback]:
    """Return the feedback that published events say took effect, as a replay needs it."""
    events = [event for steps in published.values() for _, (event, _) in sorted(steps.items())]
    return [held for event in events if (held := feedback_of(event))]


def _keep(found: Published, payload: bytes) -> None:
    """Keep a step of a crisis, of what else there is nothing; of one that was published again the last version."""
    event = read_crisis_record(payload)
    if isinstance(event, CrisisEvent):
        found.setdefault(event.crisis_id, {})[event.sequence] = (event, payload)


def rebuild_file(
    settings: Settings,
    watchlist: Watchlist,
    archive: Iterable[ArchiveRecord],
    *,
    read_at_ms: int,
    until: Collection[str],
    progress: Progress,
    feedback: Iterable[Feedback] = (),
) -> Rebuild:
    """Run the pure engine over an archive, until all the events wanted have come out of it.

    Parameters
    ----------
    settings, watchlist
        As for ``vigie replay``.
    archive : iterable of ArchiveRecord
        In the order of the log.
    read_at_ms : int
        The records' timestamp, epoch milliseconds.
    until : collection of str
        IDs of events after which there is nothing more to learn; empty to read all.
    progress : callable
        Told how many records have been read.
    feedback : iterable of Feedback
        What people said of crises, as it took effect (`feedback_held`).
    """
    rebuild = Rebuild(settings.engine(), watchlist, settings.analyzer(), feedback=feedback)
    records = (Record(offset, read_at_ms, item.key, item.value) for offset, item in enumerate(archive))
    for chunk in _chunks(records):
        rebuild.read(0, chunk)
        progress(rebuild.log.records)
        if until and rebuild.payloads.keys() >= set(until):
            return rebuild
    rebuild.end(0)
    return rebuild


def _chunks(records: Iterator[Record]) -> Iterator[list[Record]]:
    while chunk := list(islice(records, _CHUNK)):
        yield chunk


async def rebuild_topic(
    settings: Settings,
    watchlist: Watchlist,
    *,
    until: Collection[str],
    progress: Progress,
    feedback: Iterable[Feedback] = (),
) -> Rebuild:
    """Run the pure engine over what the raw topic still holds; otherwise as `rebuild_file`.

    Raises
    ------
    BrokerUnreachable, TopicProblem
        As `check_topics`.
    """
    topic = settings.topics.raw
    partitions = (await check_topics(settings, timeout_s=5.0))[topic]
    rebuild = Rebuild(settings.engine(), watchlist, settings.analyzer(), partitions=partitions, feedback=feedback)
    begun: set[int] = set()
    run: list[ConsumerRecord[bytes, bytes]] = []

    def read() -> bool:
        """Take in the run, and say whether that was enough."""
        first = run[0]
        if first.partition not in begun:
            begun.add(first.partition)
            rebuild.begin(first.partition, first.offset)
        rebuild.read(first.partition, run)
        run.clear()
        progress(rebuild.log.records)
        return bool(until) and rebuild.payloads.keys() >= set(until)

    async with aclosing(read_topic(settings, topic, from_beginning=True, follow=False)) as records:
        async for record in records:
            if run and (record.partition != run[0].partition or len(run) >= _CHUNK) and read():
                return rebuild
            run.append(record)
    if run and read():
        return rebuild
    for partition in range(partitions):
        rebuild.end(partition)
    return rebuild
