"""How far track has come, by what it has committed: whether it can still publish what it knew before an erasure."""

from __future__ import annotations

from typing import NamedTuple

from aiokafka import AIOKafkaConsumer

from agents.connection import client_options
from agents.reading import partitions_of
from agents.settings import Settings

__all__ = ["TrackPlace", "track_places"]


class TrackPlace(NamedTuple):
    """One partition of the mentions."""

    end: int
    """Offset after its last record."""
    committed: int
    """Offset that track has committed, with all that came of what lies before it; -1 before the first commit."""


async def track_places(settings: Settings) -> dict[int, TrackPlace]:
    """Return the end of each partition of the mentions, and how far track has come. Nothing is read, nobody joins.

    On the embedded broker an end is that of the first record of the last batch: a batch of track holds all of it.

    Raises
    ------
    aiokafka.errors.KafkaError, OSError, agents.topics.TopicProblem
        The broker does not say.
    """
    consumer = AIOKafkaConsumer(**client_options(settings), group_id=settings.group("track"), enable_auto_commit=False)
    await consumer.start()
    try:
        tps = await partitions_of(consumer, settings.topics.mentions)
        consumer.assign(tps)
        ends = await consumer.end_offsets(tps)
        committed = {tp: await consumer.committed(tp) for tp in tps}
        return {tp.partition: TrackPlace(ends[tp], -1 if (offset := committed[tp]) is None else offset) for tp in tps}
    finally:
        await consumer.stop()
