"""A stage of erase on a broker that exists in the test only."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka import ConsumerRecord

from agents.erase import stage as module
from agents.erase.stage import EraseStage
from agents.erase.trackplace import TrackPlace
from agents.metrics import Metrics
from agents.settings import Settings
from agents.transport import OutRecord, RecordBatch
from schemas.codec import encode
from schemas.mention import Erasure
from schemas.reading import read_mention_record
from tests.schemas.events import NOON_MS

PARTITIONS = 3


def record_of(
    value: bytes | None,
    *,
    topic: str = "tweets.compliance",
    partition: int = 0,
    offset: int = 0,
    key: bytes | None = None,
    timestamp: int | None = NOON_MS,
    headers: Sequence[tuple[str, bytes]] = (),
) -> ConsumerRecord[bytes, bytes]:
    return ConsumerRecord(topic, partition, offset, cast("int", timestamp), 0, key, value, None, 0, 0, tuple(headers))


def deletion(tweet_id: str) -> bytes:
    return encode({"delete": {"status": {"id_str": tweet_id, "user_id_str": "7"}, "timestamp_ms": str(NOON_MS)}})


class Batch(RecordBatch):
    """A batch that one can wait for."""

    def __init__(self, records: Sequence[ConsumerRecord[bytes, bytes]]) -> None:
        super().__init__("tweets.compliance", 0, records, 1 << 40)
        self.proven = asyncio.Event()

    def complete(self) -> None:
        super().complete()
        self.proven.set()


class Bench:
    """What the stage is given, and what it did, in order."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, compacts: bool = True, fault_points: str = "") -> None:
        self.written: list[tuple[str, list[OutRecord]]] = []
        self.crises: list[ConsumerRecord[bytes, bytes]] = []
        self.places = {0: TrackPlace(5, -1)}
        self.unreachable: list[Exception] = []
        self.at_end: Callable[[], None] = lambda: None
        """Called when a sweep has read all."""
        self.metrics = Metrics()
        self._offset = -1
        monkeypatch.setattr(module, "track_places", self._places)
        monkeypatch.setattr(module, "read_topic", self._read)
        self.settings = Settings(
            brokers="127.0.0.1:1", idempotent_producer=compacts, fault_points=fault_points, erase_interval_s=0.01
        )
        publisher = SimpleNamespace(write=self._write, partitions=self._partitions)
        self.stage = EraseStage(self.settings, cast("Any", publisher), self.metrics)

    async def _write(self, topic: str, records: Sequence[OutRecord]) -> None:
        if records:
            self.written.append((topic, list(records)))
        if topic == "vigie.crises":
            for each in records:
                self.publish(each.value, key=each.key or b"", partition=each.partition or 0, headers=each.headers)

    async def _partitions(self, topic: str) -> int:
        assert topic == "vigie.mentions"
        return PARTITIONS

    async def _places(self, _settings: Settings) -> dict[int, TrackPlace]:
        if self.unreachable:
            raise self.unreachable.pop()
        return self.places

    async def _read(
        self, _settings: Settings, topic: str, *, from_beginning: bool, follow: bool
    ) -> AsyncGenerator[ConsumerRecord[bytes, bytes], None]:
        assert (topic, from_beginning, follow) == ("vigie.crises", True, False)
        for record in tuple(self.crises):
            yield record
        self.at_end()

    def publish(
        self,
        value: bytes | None,
        *,
        key: bytes,
        partition: int = 0,
        headers: Sequence[tuple[str, bytes]] = (),
    ) -> None:
        self.crises.append(
            record_of(
                value, topic="vigie.crises", partition=partition, offset=len(self.crises), key=key, headers=headers
            )
        )

    def compact(self) -> None:
        """Keep the last version of each key."""
        newest = {(record.partition, record.key): record for record in self.crises}
        self.crises = [record for record in self.crises if newest[record.partition, record.key] is record]

    def batch(self, *values: bytes | None) -> Batch:
        records = []
        for value in values:
            self._offset += 1
            records.append(record_of(value, offset=self._offset))
        return Batch(records)

    async def take(self, *values: bytes | None) -> Batch:
        batch = self.batch(*values)
        await self.stage.process(batch)
        return batch

    def passes(self) -> None:
        """Track commits all that was there."""
        self.places = {0: TrackPlace(5, 5)}

    def to(self, topic: str) -> list[OutRecord]:
        return [record for name, records in self.written for record in records if name == topic]

    def broadcast(self) -> list[Erasure]:
        """What partition 0 of the mentions was told."""
        records = self.to("vigie.mentions")
        erasures = [read_mention_record(record.value) for record in records if record.partition == 0]
        assert all(isinstance(each, Erasure) for each in erasures)
        return cast("list[Erasure]", erasures)

    def unproven_since_ms(self) -> int | None:
        return self.stage.facts(0).unproven_since_ms


def ids_of(erasures: Iterable[Erasure]) -> list[str]:
    return [tweet_id for erasure in erasures for tweet_id in erasure.tweet_ids]
