"""Reading topics from outside a worker: for ``vigie tail``, the demo and the doctor."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from agents.connection import client_options
from agents.settings import Settings
from agents.topics import TopicProblem
from agents.transport import end_offsets
from schemas.cloudevents import REDACTED_HEADER

__all__ = ["is_about", "is_redacted", "partitions_of", "read_topic"]


def is_about(record: ConsumerRecord[bytes, bytes], brand: str) -> bool:
    """Say whether a record of ours is about a brand: by its subject, or, where it has none, by its key."""
    told: bytes | None = dict(record.headers).get("ce_subject", record.key)
    return told == brand.encode()


def is_redacted(record: ConsumerRecord[bytes, bytes]) -> bool:
    """Say whether an event of a crisis is published again, without posts that were withdrawn."""
    return any(name == REDACTED_HEADER for name, _ in record.headers)


async def read_topic(
    settings: Settings, topic: str, *, from_beginning: bool, follow: bool
) -> AsyncGenerator[ConsumerRecord[bytes, bytes], None]:
    """Yield the records of a topic, in order within each partition. Close it (``aclosing``) when done early.

    Parameters
    ----------
    settings : Settings
        Which broker.
    topic : str
        Its full name.
    from_beginning : bool
        From the first record that is there, else from now on.
    follow : bool
        Go on for ever; else stop at what was the end when the call began.

    Raises
    ------
    TopicProblem
        There is no such topic.
    """
    # Where retention overtakes the reader it goes on with what is left; by default it would jump to the end.
    consumer = AIOKafkaConsumer(**client_options(settings), enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        tps = await partitions_of(consumer, topic)
        consumer.assign(tps)
        ends = await end_offsets(consumer, tps)
        if from_beginning:
            await consumer.seek_to_beginning(*tps)
        else:
            for tp, end in ends.items():
                consumer.seek(tp, end)
        while follow or await _behind(consumer, ends):
            for records in (await consumer.getmany(timeout_ms=200, max_records=2000)).values():
                for record in records:
                    yield record
    finally:
        await consumer.stop()


async def partitions_of(consumer: AIOKafkaConsumer, topic: str) -> list[TopicPartition]:
    """Return the partitions of a topic, for a started consumer.

    Raises
    ------
    TopicProblem
        There is no such topic.
    """
    await consumer._client.force_metadata_update()  # noqa: SLF001 - no public way to ask without subscribing
    found = consumer._client.cluster.partitions_for_topic(topic)  # noqa: SLF001
    if not found:
        raise TopicProblem(f"topic {topic} is missing; create it with: vigie topics create")
    return [TopicPartition(topic, partition) for partition in sorted(found)]


async def _behind(consumer: AIOKafkaConsumer, ends: dict[TopicPartition, int]) -> bool:
    return any([await consumer.position(tp) < end for tp, end in ends.items()])
