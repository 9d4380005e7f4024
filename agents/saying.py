"""Saying something of a crisis: what is open, writing the record, and seeing what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from agents.connection import client_options
from agents.reading import partitions_of
from agents.settings import Settings
from agents.topics import BrokerUnreachable, TopicProblem
from agents.transport import end_offsets
from pipeline.explain import CrisisNotFound, choose
from schemas import cloudevents
from schemas.cloudevents import EventType
from schemas.codec import encode
from schemas.crisis import CrisisEvent, CrisisEventType
from schemas.deadletter import HEADER_PREFIX
from schemas.feedback import Feedback
from schemas.reading import SchemaError, read_crisis_record
from schemas.times import from_rfc3339

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from agents.rawlog import Published

__all__ = ["Outcome", "Said", "open_crises", "saying", "the_open_one"]


def open_crises(published: Published) -> dict[str, list[CrisisEvent]]:
    """Return the events of each crisis that is open, by its ID."""
    listed = {crisis: [event for _, (event, _) in sorted(steps.items())] for crisis, steps in published.items()}
    return {crisis: steps for crisis, steps in listed.items() if steps[-1].type is not CrisisEventType.RESOLVED}


def the_open_one(wanted: str, crises: Mapping[str, list[CrisisEvent]]) -> CrisisEvent:
    """Return the last event of the open crisis of a brand, or of an ID or the beginning of one.

    Raises
    ------
    CrisisNotFound
        None is meant, or more than one. The message names those that are open.
    """
    of_brand = [steps[-1] for steps in crises.values() if steps[-1].brand == wanted]
    if of_brand:
        return max(of_brand, key=lambda event: event.opened_at)
    if not crises:
        raise CrisisNotFound("no crisis is open: there is nothing to say anything of")
    try:
        return crises[choose(wanted, crises)][-1]
    except CrisisNotFound as exc:
        listed = "\n".join(f"  {crisis}  {steps[-1].brand}" for crisis, steps in crises.items())
        raise CrisisNotFound(f"no open crisis is of a brand or of an ID {wanted!r}; open are:\n{listed}") from exc


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of feedback: one of the three."""

    event: CrisisEvent | None = None
    """The event that it led to."""
    ended: CrisisEvent | None = None
    """The crisis ended before it took effect."""
    refused: str = ""
    """Track refused it, for this reason."""


class Said:
    """Feedback that the broker has acknowledged."""

    def __init__(self, settings: Settings, consumer: AIOKafkaConsumer, feedback: Feedback, at: tuple[int, int]) -> None:
        self._topics = settings.topics
        self._consumer = consumer
        self._feedback = feedback
        self._at = at

    async def outcome(self) -> Outcome:
        """Wait for what comes of it, without a limit."""
        while True:
            async for record in self._consumer:
                outcome = self._letter(record) if record.topic == self._topics.deadletters else self._event(record)
                if outcome is not None:
                    return outcome

    def _event(self, record: ConsumerRecord[bytes, bytes]) -> Outcome | None:
        try:
            event = read_crisis_record(record.value)
        except SchemaError:
            return None
        if not isinstance(event, CrisisEvent) or event.crisis_id != self._feedback.crisis_id:
            return None
        if event.feedback is not None and event.feedback.id == self._feedback.id:
            return Outcome(event=event)
        return Outcome(ended=event) if event.type is CrisisEventType.RESOLVED else None

    def _letter(self, record: ConsumerRecord[bytes, bytes]) -> Outcome | None:
        headers = {name: (value or b"").decode("utf-8", "replace") for name, value in record.headers}
        place = (
            headers.get(f"{HEADER_PREFIX}topic"),
            headers.get(f"{HEADER_PREFIX}partition"),
            headers.get(f"{HEADER_PREFIX}offset"),
        )
        if place != (self._topics.feedback, *map(str, self._at)):
            return None
        return Outcome(refused=headers.get(f"{HEADER_PREFIX}exception.message", "for no reason that is told"))


@asynccontextmanager
async def saying(settings: Settings, feedback: Feedback) -> AsyncIterator[Said]:
    """Write feedback, and stay to see what comes of it.

    Raises
    ------
    BrokerUnreachable, TopicProblem
        The second when a topic is missing, or refuses the record.
    """
    topics = settings.topics
    consumer = AIOKafkaConsumer(**client_options(settings), enable_auto_commit=False)
    try:
        await consumer.start()
        # From what is the end before anything is written: the answer cannot be missed.
        tps = [tp for topic in (topics.crises, topics.deadletters) for tp in await partitions_of(consumer, topic)]
        consumer.assign(tps)
        for tp, end in (await end_offsets(consumer, tps)).items():
            consumer.seek(tp, end)
        at = await _write(settings, feedback)
        yield Said(settings, consumer, feedback, (at.partition, at.offset))
    except KafkaError as exc:
        raise BrokerUnreachable(f"{settings.brokers}: {exc!r}") from exc
    finally:
        await consumer.stop()


@dataclass(frozen=True, slots=True)
class _Place:
    partition: int
    offset: int


async def _write(settings: Settings, feedback: Feedback) -> _Place:
    topic = settings.topics.feedback
    headers = cloudevents.headers(
        id=feedback.id,
        type=EventType.FEEDBACK,
        subject=feedback.brand,
        time_ms=from_rfc3339(feedback.time),
        stage="feedback",
    )
    producer = AIOKafkaProducer(**client_options(settings), acks="all", enable_idempotence=settings.idempotent_producer)
    await producer.start()
    try:
        # A producer waits long for the metadata of a topic that is not there.
        if TopicPartition(topic, 0) not in await _known(producer, topic):
            raise TopicProblem(f"topic {topic} is missing; create it with: vigie topics create")
        done = await producer.send_and_wait(topic, encode(feedback), key=feedback.brand.encode(), headers=headers)
    except KafkaError as exc:
        raise TopicProblem(f"{topic} refused the record: {exc!r}") from exc
    finally:
        await producer.stop()
    return _Place(done.partition, done.offset)


async def _known(producer: AIOKafkaProducer, topic: str) -> set[TopicPartition]:
    await producer.client.force_metadata_update()
    return {TopicPartition(topic, partition) for partition in producer.client.cluster.partitions_for_topic(topic) or ()}
