"""Reading every topic from its beginning to its end, and telling what of what is looked for is where."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from agents.compliance.records import anatomies, named_in
from agents.compliance.rules import Found, judged
from agents.compliance.sought import Search
from agents.connection import client_options
from agents.history import read_past
from agents.settings import Settings
from agents.topics import BrokerUnreachable, TopicSpec, check_topics, topic_specs
from agents.transport import end_offsets

__all__ = ["Progress", "TopicScan", "scan"]

Progress = Callable[[str, int], None]
"""Told the topic that is read, and how many records of it have been."""

_CONNECT_S = 5.0


@dataclass(slots=True, kw_only=True)
class TopicScan:
    """What a topic was found to hold."""

    spec: TopicSpec
    records: int = 0
    """How many were read."""
    found: list[Found] = field(default_factory=list)
    """By partition and offset."""


async def scan(settings: Settings, search: Search, *, now_ms: int, progress: Progress) -> list[TopicScan]:
    """Read each topic of ours up to what is its end now. It asks for nothing but the right to read.

    All of them side by side, as each waits for the broker now and then. What retention removes meanwhile is gone.

    Parameters
    ----------
    settings : Settings
        Which broker and topics.
    search : Search
        What is looked for.
    now_ms : int
        Epoch milliseconds.
    progress : callable
        Told now and then how far it has come.

    Raises
    ------
    BrokerUnreachable, TopicProblem
        The second when a topic is missing.
    """
    counts = await check_topics(settings, timeout_s=_CONNECT_S)
    specs, known = list(topic_specs(settings)), anatomies(settings)
    ends = await _ends(settings, counts)

    async def read(spec: TopicSpec) -> TopicScan:
        held = _Held(spec)
        for partition in range(counts[spec.name]):
            tp = TopicPartition(spec.name, partition)
            async for records in read_past(settings, tp, 0, ends[tp]):
                for record in records:
                    held.take(record, named_in(record, known[spec.name], search))
                progress(spec.name, held.records)
        return TopicScan(spec=spec, records=held.records, found=held.judged(now_ms))

    return await asyncio.gather(*map(read, specs))


async def _ends(settings: Settings, counts: Mapping[str, int]) -> dict[TopicPartition, int]:
    consumer = AIOKafkaConsumer(**client_options(settings), enable_auto_commit=False)
    try:
        await consumer.start()
        tps = [TopicPartition(name, partition) for name, count in counts.items() for partition in range(count)]
        consumer.assign(tps)
        return await end_offsets(consumer, tps)
    except (KafkaError, TimeoutError) as exc:
        raise BrokerUnreachable(f"{settings.brokers}: where topics end cannot be learnt: {exc!r}") from exc
    finally:
        await consumer.stop()


class _Held:
    """A topic while it is read."""

    def __init__(self, spec: TopicSpec) -> None:
        self.records = 0
        self._spec = spec
        self._is_compacted = "compact" in spec.config.get("cleanup.policy", "")
        self._newest: dict[tuple[int, bytes], int] = {}
        """Offset of the newest record of each key, by partition: on a compacted topic."""
        self._found: list[tuple[Found, bytes | None]] = []

    def take(self, record: Any, named: Any) -> None:
        """Take in the next record of a partition, and what is named in it."""
        self.records += 1
        if self._is_compacted and record.key is not None:
            self._newest[record.partition, record.key] = record.offset
        for one, what in named:
            found = Found(
                sought=one,
                what=what,
                topic=record.topic,
                partition=record.partition,
                offset=record.offset,
                time_ms=record.timestamp,
            )
            self._found.append((found, record.key))

    def judged(self, now_ms: int) -> list[Found]:
        """Return what was found, in order, with what the rules say of it."""
        return sorted(
            (judged(found, self._spec, now_ms, replaced=self._is_replaced(found, key)) for found, key in self._found),
            key=lambda found: (found.partition, found.offset, found.sought.kind, found.sought.value, found.what),
        )

    def _is_replaced(self, found: Found, key: bytes | None) -> bool:
        return key is not None and self._newest.get((found.partition, key), found.offset) > found.offset
