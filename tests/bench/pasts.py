"""Brands that have a past: what the changelog of track holds of them, written before a worker starts.

Detection has to learn for a day before it raises anything, so a bench that began with nothing would have no crisis.
The states are what `Tracker.step` makes of two days of seeded talk, and are copied for as many brands as are wanted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from functools import cache
from random import Random

from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import DefaultPartitioner

from agents.settings import Settings
from agents.state import EPOCH_HEADER
from agents.topics import BRAND_STATE, changelog
from pipeline.settings import EngineSettings
from pipeline.statevalue import unwrap, wrap
from pipeline.tracker import Tracker
from tests.bench.load import START_MS
from tests.bench.state import CRISIS_MINUTES, DAY, MINUTE_MS, Kind, batches

__all__ = ["keyed", "learnt_states", "of_partition", "write_states"]

DAYS = 2
_ELSEWHERE = (9_999,)
"""The raw partition that the past came by. No load has it, so nothing of a load is taken for a repeat."""
_AT_ONCE = 1_000


def learnt_states(kind: Kind, variants: int) -> list[bytes]:
    """Return values of the state table of so many brands, each after two days of ordinary talk until a load begins."""
    return [_learnt(kind, seed) for seed in range(variants)]


@cache
def _learnt(kind: Kind, seed: int) -> bytes:
    tracker, value, minutes = Tracker(EngineSettings(), 0), b"", DAYS * DAY
    begin_ms = START_MS - minutes * MINUTE_MS
    past = batches(Random(seed), "b", kind, minutes + CRISIS_MINUTES, start_ms=begin_ms, sources=_ELSEWHERE)
    for minute, records in past:
        if minute == minutes:  # only the ordinary part of it
            break
        value = tracker.step(records).states.get("b", value)
    return value


def of_partition(value: bytes, partition: int) -> bytes:
    """Return a value as a mentions partition holds it: it names its partition."""
    return wrap(partition, *unwrap(value)[1])


def keyed(keys: Sequence[str], values: Sequence[bytes], partitions: int) -> Iterable[tuple[bytes, int, bytes]]:
    """Yield key, mentions partition and value of each brand, where enrich would send its mentions."""
    for number, key in enumerate(keys):
        partition = partition_of(key.encode(), partitions)
        yield key.encode(), partition, of_partition(values[number % len(values)], partition)


def partition_of(key: bytes, partitions: int) -> int:
    """Return the partition of a key, as Kafka's clients choose it."""
    everywhere = list(range(partitions))
    chosen: int = DefaultPartitioner()(key, everywhere, everywhere)
    return chosen


async def write_states(settings: Settings, states: Iterable[tuple[bytes, int, bytes]]) -> int:
    """Append states to the changelog of track; return the bytes of their values."""
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.brokers, acks="all", linger_ms=20, max_batch_size=1 << 20, compression_type="lz4"
    )
    await producer.start()
    topic, size, headers = changelog(settings, "track", BRAND_STATE), 0, [(EPOCH_HEADER, b"1")]
    pending = []
    try:
        for key, partition, value in states:
            size += len(value)
            pending.append(await producer.send(topic, value=value, key=key, partition=partition, headers=headers))
            if len(pending) == _AT_ONCE:
                await asyncio.gather(*pending)
                pending.clear()
        await asyncio.gather(*pending)
    finally:
        await producer.stop()
    return size
