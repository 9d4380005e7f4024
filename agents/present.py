"""Reading the present: the end of the topics of windows and crises, without the month that lies before it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from agents.connection import client_options
from agents.reading import is_about, is_redacted, partitions_of
from agents.reports import crisis_records, window_records
from agents.settings import Settings
from agents.topics import BrokerUnreachable, admin_client
from agents.transport import end_offsets
from pipeline.archive.texts import TextSearch
from pipeline.present import Presents, last_versions
from pipeline.replay import CRISES_FILE, WINDOWS_FILE
from schemas.reading import SchemaError, read_crisis_record, read_window
from schemas.situation import CrisisRecord
from schemas.times import from_rfc3339
from schemas.window import WindowClosed

__all__ = ["MAX_CRISIS_RECORDS", "MAX_WINDOWS", "presents_of", "raw_texts", "records_of", "watch_topics", "windows_of"]

MAX_WINDOWS = 100_000
"""Windows read back from the end of a partition, at most: an hour of 1,600 brands."""
MAX_CRISIS_RECORDS = 5_000
"""Records of crises read back from the end of a partition, at most. A crisis that is open says something at least at
every situation report; one that is further back than this is not known. Redacted events, published again, count."""

_HOUR_MS = 61 * 60_000
_FIRST_STEP = 500
_FETCH_MS = 500
_ANSWER_S = 20.0
_CONNECT_S = 5.0
_SILENT_FETCHES = 20
"""After so many fetches with nothing in them, it is asked whether the broker is still there."""

Record: TypeAlias = Any
"""An aiokafka ``ConsumerRecord[bytes, bytes]`` (which ships no types)."""


def presents_of(folder: Path) -> Presents:
    """Read the present where the files of a replay end.

    Raises
    ------
    ArchiveError
        A file cannot be read.
    SchemaError
        A line is not what the file should hold.
    """
    presents = Presents()
    for window in window_records(folder / WINDOWS_FILE):
        presents.see_window(window)
    for record in crisis_records(folder / CRISES_FILE):
        presents.see_crisis(record)
    return presents


async def watch_topics(settings: Settings, *, follow: bool) -> AsyncGenerator[Presents, None]:
    """Yield the present, the same object each time: once the end has been read, then at each news or half a second.

    What cannot be read is passed over: a topic may hold records of a version to come.

    Parameters
    ----------
    settings : Settings
        Which broker.
    follow : bool
        Go on for ever; else yield once and end.

    Raises
    ------
    BrokerUnreachable
        Nobody answers, or nobody does any more.
    TopicProblem
        A topic is missing.
    """
    presents = Presents()
    windows, crises = settings.topics.windows, settings.topics.crises
    async with _consumer(settings, (windows, crises)) as (consumer, tps):
        ends = await end_offsets(consumer, tps)
        reach = {windows: (MAX_WINDOWS, _an_hour_back), crises: (MAX_CRISIS_RECORDS, _never)}
        intake = _Intake(presents, windows, await _seek_back(consumer, ends, reach))
        async for records in _until(consumer, ends):
            intake.take(records)
        yield presents
        silent = 0
        while follow:
            fetched = await consumer.getmany(timeout_ms=_FETCH_MS, max_records=2_000)
            silent = 0 if fetched else silent + 1
            for records in fetched.values():
                intake.take(records)
            if silent >= _SILENT_FETCHES:
                silent = 0
                async with admin_client(settings, timeout_s=_CONNECT_S):
                    pass
            yield presents


class _Intake:
    """Takes records into the present, but for redacted events of a time before the one that reading began in.

    They are at the end of the topic, however old they are. Of a crisis of which nothing else is known they say nothing
    of the present: its end may lie before that place.
    """

    def __init__(self, presents: Presents, windows: str, whole: Collection[TopicPartition]) -> None:
        self._presents = presents
        self._windows = windows
        self._since = dict.fromkeys(whole, "")
        """By partition, the time that reading began in, RFC 3339; empty where all of it is read."""

    def take(self, records: Iterable[Record]) -> None:
        """Take in records of one partition, in their order."""
        for record in records:
            try:
                if record.topic == self._windows:
                    self._presents.see_window(read_window(record.value))
                else:
                    self._take(record, read_crisis_record(record.value))
            except SchemaError:
                continue

    def _take(self, record: Record, event: CrisisRecord) -> None:
        tp = TopicPartition(record.topic, record.partition)
        if not is_redacted(record):
            self._since.setdefault(tp, event.time)
        elif self._is_of_before(event, self._since.get(tp)):
            return
        self._presents.see_crisis(event)

    def _is_of_before(self, event: CrisisRecord, since: str | None) -> bool:
        brand = self._presents.brands.get(event.brand)
        known = brand is not None and event.crisis_id in brand.crises
        return not known and (since is None or event.time < since)


async def windows_of(settings: Settings, brand: str, since_ms: int) -> list[WindowClosed]:
    """Return the windows of a brand that end at ``since_ms`` or later, as far as `MAX_WINDOWS` go back.

    Raises as `watch_topics`.
    """
    topic = settings.topics.windows

    def far_enough(record: Record, _: Record) -> bool:
        return _time_of(record) <= since_ms

    async with _consumer(settings, (topic,)) as (consumer, tps):
        ends = await end_offsets(consumer, tps)
        await _seek_back(consumer, ends, {topic: (MAX_WINDOWS, far_enough)})
        found = [window async for records in _until(consumer, ends) for window in _windows_in(records, brand)]
    return [window for window in found if from_rfc3339(window.window_end) >= since_ms]


def _windows_in(records: Iterable[Record], brand: str) -> Iterator[WindowClosed]:
    for record in records:
        if is_about(record, brand):
            try:
                yield read_window(record.value)
            except SchemaError:
                continue


async def records_of(settings: Settings, brand: str) -> list[CrisisRecord]:
    """Return the records of a brand on the topic of crises, all that it holds, each event once, as it is now.

    Raises as `watch_topics`.
    """
    topic = settings.topics.crises
    found: list[CrisisRecord] = []
    async with _consumer(settings, (topic,)) as (consumer, tps):
        ends = await end_offsets(consumer, tps)
        await consumer.seek_to_beginning(*tps)
        async for records in _until(consumer, ends):
            for record in records:
                if is_about(record, brand):
                    try:
                        found.append(read_crisis_record(record.value))
                    except SchemaError:
                        continue
    return last_versions(found)


async def raw_texts(settings: Settings, wanted: Iterable[str], since_ms: int) -> tuple[dict[str, str], int]:
    """Read the raw topic from a time on for the texts of a few tweets; return them, and how many are missing.

    A record is never appended before its tweet was written, so what was appended before ``since_ms`` holds nothing
    of later tweets. The compliance messages are read behind it: what was withdrawn is missing. Raises as
    `watch_topics`.
    """
    search = TextSearch(list(wanted), max_bytes=settings.max_record_bytes)
    for topic in (settings.topics.raw, settings.topics.compliance):
        async with _consumer(settings, (topic,)) as (consumer, tps):
            ends = await end_offsets(consumer, tps)
            places = await consumer.offsets_for_times(dict.fromkeys(tps, since_ms))
            for tp in tps:
                place = places.get(tp)
                consumer.seek(tp, ends[tp] if place is None else place.offset)
            async for records in _until(consumer, ends):
                for record in records:
                    search.read(record.value)
    return search.texts, search.missing


@asynccontextmanager
async def _consumer(
    settings: Settings, topics: Iterable[str]
) -> AsyncIterator[tuple[AIOKafkaConsumer, list[TopicPartition]]]:
    async with admin_client(settings, timeout_s=_CONNECT_S):
        pass  # says in plain words when nobody answers
    consumer = AIOKafkaConsumer(**client_options(settings), enable_auto_commit=False, auto_offset_reset="earliest")
    try:
        await consumer.start()
        tps = [tp for topic in topics for tp in await partitions_of(consumer, topic)]
        consumer.assign(tps)
        yield consumer, tps
    except (KafkaError, TimeoutError) as exc:
        raise BrokerUnreachable(f"the broker at {settings.brokers} does not answer: {exc!r}") from exc
    finally:
        await consumer.stop()


_Enough = Callable[[Record, Record], bool]
"""Says of a record, and the last of its partition, whether it lies far enough back."""


async def _seek_back(
    consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int], reach: Mapping[str, tuple[int, _Enough]]
) -> list[TopicPartition]:
    """Seek each partition to where reading has to begin: in growing steps from its end, a record looked at each.

    Returns those of which that is the first record.
    """
    firsts = await consumer.beginning_offsets(list(ends))
    whole = []
    for tp, end in ends.items():
        most, enough = reach[tp.topic]
        at, step = end, min(_FIRST_STEP, most)
        last = await _record_at(consumer, tp, end - 1) if end > firsts[tp] else None
        while last is not None and at > firsts[tp]:
            at = max(firsts[tp], end - step)
            seen = await _record_at(consumer, tp, at)
            if step >= most or seen is None or enough(seen, last):
                break
            step = min(step * 4, most)
        consumer.seek(tp, at)
        if at <= firsts[tp]:
            whole.append(tp)
    return whole


async def _record_at(consumer: AIOKafkaConsumer, tp: TopicPartition, offset: int) -> Record | None:
    """Return the first record from an offset on; none when nothing comes, as of a log that ends in a marker."""
    consumer.seek(tp, offset)
    fetched = (await consumer.getmany(tp, timeout_ms=4 * _FETCH_MS, max_records=1)).get(tp)
    return fetched[0] if fetched else None


def _an_hour_back(record: Record, last: Record) -> bool:
    return _time_of(record) <= _time_of(last) - _HOUR_MS


def _never(record: Record, last: Record) -> bool:
    del record, last
    return False


def _time_of(record: Record) -> int:
    """Return the event time of a window; one that cannot be read is of now, so that reading goes further back."""
    try:
        return from_rfc3339(read_window(record.value).window_end)
    except (SchemaError, ValueError):
        return int(record.timestamp)


async def _until(consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int]) -> AsyncGenerator[list[Record], None]:
    """Yield what there is up to the ends."""
    loop = asyncio.get_running_loop()
    progressed = loop.time()
    while any([await consumer.position(tp) < end for tp, end in ends.items()]):
        fetched = await consumer.getmany(timeout_ms=_FETCH_MS, max_records=5_000)
        for records in fetched.values():
            yield records
        if fetched:
            progressed = loop.time()
        elif loop.time() - progressed > _ANSWER_S:
            raise BrokerUnreachable(f"nothing has come for {_ANSWER_S:.0f} s of what the broker says is there")
