"""Redriving dead letters: each record goes once more to the topic it came from, and its letter is marked.

A record is acknowledged by the broker before its letter is marked, and the mark is a record of the dead-letter topic
itself: no other memory is needed, and what was redriven is known for as long as the letter is kept. A crash
between the two leaves a letter unmarked, so that it is redriven twice at worst; enrich drops the repeat by its tweet
ID while it remembers it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from agents.connection import client_options
from agents.deadletters import MAX_LETTER_BYTES
from agents.letters.letter import Choice, Letter, Mark, Place, Progress, read_letters
from agents.letters.redactions import Redactions, event_of, read_redactions
from agents.settings import Settings
from agents.topics import BrokerUnreachable, TopicProblem, check_topics
from agents.transport import OutRecord
from schemas.deadletter import MARK_HEADER, REDRIVEN_CHANNEL_HEADER, REDRIVEN_HEADER, REDRIVEN_ORIGIN_HEADER
from schemas.topics import Topics

__all__ = ["Plan", "Redriven", "mark", "original", "plan", "redrive", "refusal"]

_CHUNK_LETTERS = 500
_CHUNK_BYTES = 8 * 1024 * 1024
_ROOM_FOR_OURS = 64 * 1024
_REDACTED = (
    "posts that the event names have been withdrawn since; vigie situation and vigie tail crises tell it without them"
)


def refusal(letter: Letter, topics: Topics) -> str | None:
    """Say why a letter cannot be redriven; None when it can."""
    sources = {"enrich": topics.raw, "notify": topics.crises}
    if letter.origin is None or not letter.stage:
        return "not a letter that Vigie wrote"
    if letter.stage == "track":
        return (
            f"a mention that is written once more is dropped as a repeat; replay it from {topics.raw}: "
            "deploy/runbooks/replay-after-bad-configuration.md"
        )
    if letter.omitted:
        return "the record was too large to be kept; the original is where the letter says, while its topic keeps it"
    if letter.stage not in sources:
        return f"of an unknown stage, {letter.stage!r}: a newer Vigie wrote it"
    if letter.topic != sources[letter.stage]:
        return f"it came from {letter.topic}, which is not read with this VIGIE_TOPIC_PREFIX"
    return None


def original(letter: Letter) -> OutRecord:
    """Return the record as it came, bound for the partition it came from, and the header that says it was redriven."""
    ours = [(REDRIVEN_HEADER, b"%d:%d" % letter.place)]
    if letter.channel:
        ours.append((REDRIVEN_CHANNEL_HEADER, letter.channel.encode("utf-8", "replace")))
    if letter.origin:
        ours.append((REDRIVEN_ORIGIN_HEADER, b"%d:%d" % letter.origin))
    source = letter.origin[0] if letter.origin else None
    return OutRecord(letter.record.key, letter.record.value, [*letter.original_headers, *ours], source)


def mark(place: Place) -> OutRecord:
    """Return the record that says that a letter was redriven."""
    return OutRecord(None, b"", [(MARK_HEADER, b"%d:%d" % place)], place[0])


@dataclass(slots=True, kw_only=True)
class Plan:
    """What there is to redrive, known after one reading of the topic. About 300 bytes of memory a chosen letter."""

    choice: Choice
    topics: Topics
    again: bool = False
    """Letters that were redriven before as well."""
    chosen: dict[Place, str] = field(default_factory=dict)
    """Letters to redrive, and the topic of each."""
    refused: Counter[str] = field(default_factory=Counter)
    """Chosen letters that cannot be redriven, by why."""
    marked: set[Place] = field(default_factory=set)
    """All letters that were redriven before."""
    events: dict[Place, tuple[bytes | None, int]] = field(default_factory=dict)
    """Of chosen letters of crises the event, and the offset of the version that the letter has."""

    def take(self, item: Letter | Mark) -> None:
        """Take in the next item of the topic."""
        if isinstance(item, Mark):
            self.marked.add(item.letter)
        elif self.choice.takes(item):
            why = refusal(item, self.topics)
            if why is None:
                self.chosen[item.place] = item.topic
                if item.topic == self.topics.crises and item.origin is not None:
                    self.events[item.place] = (event_of(item), item.origin[1])
            else:
                self.refused[why] += 1

    def withhold(self, redactions: Redactions) -> None:
        """Refuse letters of events that have been redacted since: their content would be the last version again."""
        for place, (event, offset) in self.events.items():
            if event is not None and redactions.get(event, -1) > offset:
                del self.chosen[place]
                self.refused[_REDACTED] += 1

    @property
    def done_before(self) -> int:
        """How many of the chosen letters were redriven before."""
        return len(self.chosen.keys() & self.marked)

    @property
    def wanted(self) -> set[Place]:
        """Letters to redrive now."""
        return set(self.chosen) if self.again else self.chosen.keys() - self.marked

    @property
    def by_topic(self) -> Counter[str]:
        """How many letters go to which topic."""
        return Counter(self.chosen[place] for place in self.wanted)


@dataclass(slots=True, kw_only=True)
class Redriven:
    """What became of it."""

    records: int = 0
    """Written to the topics they came from, and acknowledged."""
    letters: int = 0
    """Marked. More than one may be of the same record: of a response with several bad posts, for instance."""
    too_large: list[Place] = field(default_factory=list)
    """Letters of records that their topic no longer takes, for their size."""


async def plan(settings: Settings, choice: Choice, *, again: bool, progress: Progress) -> Plan:
    """Read the topic and say what there is to do. Writes nothing.

    Raises
    ------
    BrokerUnreachable, TopicProblem
        As :func:`agents.letters.letter.read_letters`.
    """
    found = Plan(choice=choice, topics=settings.topics, again=again)
    async with aclosing(read_letters(settings, progress=progress)) as letters:
        async for item in letters:
            found.take(item)
    if found.events:
        found.withhold(await read_redactions(settings))
    return found


async def redrive(settings: Settings, what: Plan, *, progress: Progress) -> Redriven:
    """Write the chosen records once more, and mark their letters.

    Raises
    ------
    BrokerUnreachable
        Nobody answered.
    TopicProblem
        A topic is missing or takes no records. What was acknowledged by then is marked: the same call again goes on.
    """
    counts = await check_topics(settings, timeout_s=5.0)
    async with _producer(settings) as producer:
        run = _Run(producer, settings.topics.deadletters, counts)
        async for chunk in _chunks(settings, what.wanted):
            await run.take(chunk)
            progress(run.done.letters)
    return run.done


class _Run:
    """Writes chunk after chunk. Remembers which records it wrote: several letters may be of the same one."""

    def __init__(self, producer: AIOKafkaProducer, letters_topic: str, partitions: Mapping[str, int]) -> None:
        self.done = Redriven()
        self._producer = producer
        self._letters_topic = letters_topic
        self._partitions = partitions
        self._written: set[tuple[str, Place | None]] = set()

    async def take(self, chunk: Sequence[Letter]) -> None:
        fresh: dict[tuple[str, Place | None], Letter] = {}
        for letter in chunk:
            if (of := (letter.topic, letter.origin)) not in self._written:
                fresh.setdefault(of, letter)
        answers = await self._send((letter.topic, original(letter)) for letter in fresh.values())
        problem = ""
        for (of, letter), answer in zip(fresh.items(), answers, strict=True):
            if answer is None:
                self._written.add(of)
                self.done.records += 1
            elif isinstance(answer, MessageSizeTooLargeError):
                self.done.too_large.append(letter.place)
            else:
                problem = problem or f"{letter.topic} refused the record of letter {_said(letter.place)}: {answer!r}"
        await self._mark([letter.place for letter in chunk if (letter.topic, letter.origin) in self._written])
        if problem:
            raise TopicProblem(f"{problem}; {self.done.letters} letters were redriven. Run it again to go on")

    async def _mark(self, places: Sequence[Place]) -> None:
        answers = await self._send((self._letters_topic, mark(place)) for place in places)
        self.done.letters += answers.count(None)
        if refused := [answer for answer in answers if answer is not None]:
            raise TopicProblem(
                f"{self._letters_topic} refused {len(refused)} marks: {refused[0]!r}; their letters were redriven and "
                "are not known to be: redriving them again is harmless while enrich remembers the tweets"
            )

    async def _send(self, records: Iterable[tuple[str, OutRecord]]) -> list[BaseException | None]:
        """Send records in order, and return what the broker said of each: None when it has it."""
        sent = [await self._sent(topic, record) for topic, record in records]
        answers = await asyncio.gather(*sent, return_exceptions=True)
        return [answer if isinstance(answer, BaseException) else None for answer in answers]

    async def _sent(self, topic: str, record: OutRecord) -> Awaitable[Any]:
        wanted = record.partition
        # Of a topic that was made again with fewer partitions, the key chooses.
        partition = wanted if wanted is not None and wanted < self._partitions[topic] else None
        try:
            pending: Awaitable[Any] = await self._producer.send(
                topic, key=record.key, value=record.value, headers=list(record.headers), partition=partition
            )
        except KafkaError as exc:  # such as a record that is too large for the client's own limit
            pending = asyncio.get_running_loop().create_future()
            pending.set_exception(exc)
        return pending


def _said(place: Place) -> str:
    return f"{place[0]}:{place[1]}"


async def _chunks(settings: Settings, wanted: set[Place]) -> AsyncIterator[list[Letter]]:
    """Yield the wanted letters in order, so many together as memory should hold."""
    chunk: list[Letter] = []
    size, missing = 0, len(wanted)
    async with aclosing(read_letters(settings, progress=lambda _: None)) as letters:
        async for item in letters:
            if not missing:
                break
            if isinstance(item, Mark) or item.place not in wanted:
                continue
            missing -= 1
            chunk.append(item)
            size += len(item.record.value or b"")
            if len(chunk) >= _CHUNK_LETTERS or size >= _CHUNK_BYTES:
                yield chunk
                chunk, size = [], 0
    if chunk:
        yield chunk


@asynccontextmanager
async def _producer(settings: Settings) -> AsyncIterator[AIOKafkaProducer]:
    # Not idempotent: aiokafka counts the sequence number of a record that was refused, and every record behind it
    # would be refused, too. A record that a retry doubles is dropped by its tweet ID; order is not promised here.
    producer = AIOKafkaProducer(
        **client_options(settings),
        acks="all",
        enable_idempotence=False,
        compression_type=None if settings.compression == "none" else settings.compression,
        linger_ms=5,
        max_request_size=MAX_LETTER_BYTES + _ROOM_FOR_OURS,
        request_timeout_ms=round(settings.request_timeout_s * 1000),
    )
    try:
        await producer.start()
    except (KafkaError, OSError) as exc:
        await producer.stop()
        raise BrokerUnreachable(f"no Kafka broker answered at {settings.brokers} ({exc})") from exc
    try:
        yield producer
    finally:
        await producer.stop()
