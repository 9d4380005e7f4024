"""Short ways to make topics, write records, read them back and see what groups did with them, on any broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from agents.transport import end_offsets
from tests.brokers.asking import answers_of, topic_config, view

_WAIT_SECONDS = 10


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


async def create_topics(
    bootstrap: str, partitions: Mapping[str, int], config: Mapping[str, str] | None = None, *, replication: int = 1
) -> None:
    """Make topics with these numbers of partitions, and return when every node knows all of their leaders.

    Raises
    ------
    RuntimeError
        The broker refused one, for instance because it exists.
    TimeoutError
        A partition has no leader after 10 seconds.
    """
    topics = [
        NewTopic(name, count, replication_factor=replication, topic_configs=dict(config or {}))
        for name, count in partitions.items()
    ]
    async with _admin(bootstrap) as admin:
        answer = await admin.create_topics(topics)
    if refused := [error for error in answer.topic_errors if error[1]]:
        raise RuntimeError(f"topics not made: {refused}")

    def led(address: str) -> bool:
        seen = view(address)
        return all(len(seen.leaders_of(name)) == count for name, count in partitions.items())

    await _every_node(bootstrap, led)


async def alter_topic(bootstrap: str, topic: str, config: Mapping[str, str], *, delete: Collection[str] = ()) -> None:
    """Change settings of a topic, and return when every node shows them; the others stay as they are.

    Parameters
    ----------
    bootstrap, topic
        Which topic, and where. Not on the embedded broker, which has no such request.
    config
        Settings to put on the topic.
    delete
        Names of settings to take off it, back to the broker's default.

    Raises
    ------
    LookupError
        There is no such topic.
    RuntimeError
        The broker refused a setting.
    TimeoutError
        A node does not show them after 10 seconds.
    """
    # The only request that this library has for it replaces all settings at once.
    own = (await asyncio.to_thread(answers_of, bootstrap, lambda address: topic_config(address, topic)))[0]
    wanted = {name: value for name, value in {**own, **config}.items() if name not in delete}
    async with _admin(bootstrap) as admin:
        [answer] = await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, wanted)])
    if refused := [error for error in answer.resources if error[0]]:
        raise RuntimeError(f"settings not changed: {refused}")
    await _every_node(bootstrap, lambda address: topic_config(address, topic) == wanted)


async def delete_topics(bootstrap: str, names: Collection[str]) -> None:
    """Remove topics with all their records, and return when no node knows them any more.

    Raises
    ------
    RuntimeError
        The broker refused one, for instance because it does not exist.
    TimeoutError
        A node still has one after 10 seconds.
    """
    async with _admin(bootstrap) as admin:
        answer = await admin.delete_topics(list(names))
    if refused := [error for error in answer.topic_error_codes if error[1]]:
        raise RuntimeError(f"topics not deleted: {refused}")
    await _every_node(bootstrap, lambda address: not any(name in names for name, _ in view(address).partitions))


async def partitions_of(bootstrap: str, topic: str) -> list[int]:
    """Return the numbers of a topic's partitions, in order; none when there is no such topic."""
    async with _admin(bootstrap) as admin:
        # Of all topics: on the embedded broker, asking for one by name makes it.
        found = [each for each in await admin.describe_topics() if each["topic"] == topic]
    return sorted(each["partition"] for described in found for each in described["partitions"])


async def end_offsets_of(bootstrap: str, topic: str) -> dict[int, int]:
    """Return the offset after the last record of each partition, exact on every broker.

    Raises
    ------
    LookupError
        There is no such topic.
    TimeoutError
        The broker did not answer.
    """
    async with _reader(bootstrap, topic) as consumer:
        ends = await end_offsets(consumer, consumer.assignment())
    return {place.partition: end for place, end in sorted(ends.items())}


async def committed_offsets(
    bootstrap: str, group: str, topic: str, *, timeout_seconds: float = 20.0
) -> dict[int, int | None]:
    """Return the offset that a group committed for each partition, none where it did not; the group is not joined.

    Raises
    ------
    LookupError
        There is no such topic.
    TimeoutError
        The group's coordinator did not answer.
    """
    partitions = await partitions_of(bootstrap, topic)
    if not partitions:
        raise LookupError(f"there is no topic {topic}")
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False)
    async with asyncio.timeout(timeout_seconds), consumer:
        return {each: await consumer.committed(TopicPartition(topic, each)) for each in partitions}


async def produce(
    bootstrap: str, topic: str, records: Iterable[Record | bytes], *, timeout_seconds: float = 40.0
) -> list[Record]:
    """Write records in order, and return them with their partition and offset when all are acknowledged.

    Where no timestamp is given, the one returned is that of the first record sent with it: some milliseconds off.

    Raises
    ------
    KafkaError
        One was refused; what may pass is tried again until the timeout.
    """
    wanted = [Record(value=each) if isinstance(each, bytes) else each for each in records]
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", linger_ms=5, request_timeout_ms=round(timeout_seconds * 1000)
    )
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


@asynccontextmanager
async def _admin(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


async def _every_node(bootstrap: str, agrees: Callable[[str], bool]) -> None:
    """Wait until this is true of each node that answers."""
    async with asyncio.timeout(_WAIT_SECONDS):
        # A broker tells nobody what it has learnt: ask again.
        while not _unanimous(await asyncio.to_thread(answers_of, bootstrap, agrees)):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def _unanimous(answers: Collection[bool]) -> bool:
    return bool(answers) and all(answers)


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
