"""Short ways to make topics, write records and read them back, on any broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A Kafka record, to be written or as it was read."""

    value: bytes | None
    key: bytes | None = None
    partition: int | None = None
    """Chosen from the key when none is given."""
    headers: tuple[tuple[str, bytes], ...] = ()
    timestamp_ms: int | None = None
    """The moment of writing when none is given."""
    offset: int | None = None
    """Only on records that were read or written."""


async def create_topics(bootstrap: str, partitions: Mapping[str, int], config: Mapping[str, str] | None = None) -> None:
    """Make topics with these numbers of partitions, and return when all of them have a leader.

    Raises
    ------
    RuntimeError
        The broker refused one, for instance because it exists.
    TimeoutError
        A partition has no leader after 10 seconds.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        topics = [
            NewTopic(name, count, replication_factor=1, topic_configs=dict(config or {}))
            for name, count in partitions.items()
        ]
        answer = await admin.create_topics(topics)
        if refused := [error for error in answer.topic_errors if error[1]]:
            raise RuntimeError(f"topics not made: {refused}")
        async with asyncio.timeout(10):
            # A broker tells nobody when a leader is elected: ask again.
            while not _all_led(await admin.describe_topics(list(partitions)), partitions):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    finally:
        await admin.close()


async def partitions_of(bootstrap: str, topic: str) -> list[int]:
    """Return the numbers of a topic's partitions, in order; none when there is no such topic."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        # Of all topics: on the embedded broker, asking for one by name makes it.
        found = [each for each in await admin.describe_topics() if each["topic"] == topic]
    finally:
        await admin.close()
    return sorted(each["partition"] for described in found for each in described["partitions"])


async def produce(bootstrap: str, topic: str, records: Iterable[Record | bytes]) -> list[Record]:
    """Write records in order, and return them with their partition and offset when all are acknowledged."""
    wanted = [Record(value=each) if isinstance(each, bytes) else each for each in records]
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=5)
    await producer.start()
    try:
        sent = [
            await producer.send(
                topic,
                value=record.value,
                key=record.key,
                partition=record.partition,
                timestamp_ms=record.timestamp_ms,
                headers=list(record.headers),
            )
            for record in wanted
        ]
        await producer.flush()
        return [_as_written(record, await each) for record, each in zip(wanted, sent, strict=True)]
    finally:
        await producer.stop()


async def consume_all(
    bootstrap: str, topic: str, *, count: int | None = None, timeout_seconds: float = 20.0
) -> list[Record]:
    """Read a topic from its beginning, in no consumer group; records of one partition are in order.

    Parameters
    ----------
    bootstrap, topic
        Where to read.
    count
        Return after this many records, waiting for them; by default, what is there at the time of the call.
    timeout_seconds
        How long to wait in all.

    Raises
    ------
    LookupError
        There is no such topic.
    TimeoutError
        The records did not all come; the message says how many did.
    """
    records: list[Record] = []
    try:
        async with asyncio.timeout(timeout_seconds), _reader(bootstrap, topic) as consumer:
            places = sorted(consumer.assignment())
            ends = await consumer.end_offsets(places) if count is None else None
            while not await _finished(consumer, ends, count, len(records)):
                for batch in (await consumer.getmany(timeout_ms=200)).values():
                    records += [_as_read(message) for message in batch]
    except TimeoutError:
        raise TimeoutError(f"{topic}: {len(records)} records in {timeout_seconds} s, wanted {count}") from None
    return records if count is None else records[:count]


@asynccontextmanager
async def _reader(bootstrap: str, topic: str) -> AsyncIterator[Any]:
    places = [TopicPartition(topic, each) for each in await partitions_of(bootstrap, topic)]
    if not places:
        raise LookupError(f"there is no topic {topic}")
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        yield consumer
    finally:
        await consumer.stop()


async def _finished(consumer: Any, ends: Mapping[Any, int] | None, count: int | None, read: int) -> bool:
    if ends is None:
        return count is not None and read >= count
    return all([await consumer.position(place) >= end for place, end in ends.items()])


def _all_led(described: list[dict[str, Any]], partitions: Mapping[str, int]) -> bool:
    led = {topic["topic"]: sum(partition["leader"] >= 0 for partition in topic["partitions"]) for topic in described}
    return led == partitions


def _as_written(record: Record, place: Any) -> Record:
    return Record(
        value=record.value,
        key=record.key,
        headers=record.headers,
        partition=place.partition,
        timestamp_ms=place.timestamp,
        offset=place.offset,
    )


def _as_read(message: Any) -> Record:
    return Record(
        value=message.value,
        key=message.key,
        headers=tuple(message.headers),
        partition=message.partition,
        timestamp_ms=message.timestamp,
        offset=message.offset,
    )
