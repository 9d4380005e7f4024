from __future__ import annotations

import asyncio
from collections.abc import Set as AbstractSet
from typing import Any, cast

import pytest
from aiokafka.errors import MessageSizeTooLargeError
from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st

from agents.transport import BatchProducer, OutRecord, PublishError

TOPIC = "t"


class Batch:
    """A batch that holds at most three records."""

    def __init__(self) -> None:
        self.values: list[bytes | None] = []
        self.closed = False

    def append(self, *, timestamp: None, key: bytes | None, value: bytes | None, headers: Any) -> object | None:
        if self.closed or len(self.values) == 3:
            return None
        self.values.append(value)
        return object()

    def close(self) -> None:
        self.closed = True


class Kafka:
    """What aiokafka's producer does for ours: acknowledges in any order, refuses what it is told to."""

    def __init__(self, refused: AbstractSet[bytes] = frozenset()) -> None:
        self.refused = refused
        self.log: dict[int, list[bytes | None]] = {0: [], 1: [], 2: []}
        self.stopped = False

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        self.stopped = True

    async def partitions_for(self, topic: str) -> set[int]:
        return set(self.log) if topic == TOPIC else set()

    def create_batch(self) -> Batch:
        return Batch()

    async def send_batch(self, batch: Batch, topic: str, *, partition: int) -> asyncio.Task[None]:
        return asyncio.create_task(self._write(batch, partition))

    async def _write(self, batch: Batch, partition: int) -> None:
        await asyncio.sleep(0)
        if self.refused & set(batch.values):
            raise MessageSizeTooLargeError
        self.log[partition] += batch.values


def producer_on(kafka: Kafka) -> BatchProducer:
    producer = object.__new__(BatchProducer)
    producer._producer = cast("Any", kafka)
    producer._partition_of = {}
    producer.partitioner = DefaultPartitioner()
    return producer


def records(values: list[int], partition: int | None = 0) -> list[OutRecord]:
    return [OutRecord(None, b"%d" % value, (), partition) for value in values]


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 99)), max_size=40))
async def test_records_of_a_partition_are_written_in_order(wanted: list[tuple[int, int]]) -> None:
    kafka = Kafka()
    out = [OutRecord(None, b"%d" % value, (), partition) for partition, value in wanted]
    assert await producer_on(kafka).publish(TOPIC, out) == len(wanted)
    for partition, written in kafka.log.items():
        assert written == [b"%d" % value for where, value in wanted if where == partition]


@given(st.integers(0, 11))
async def test_nothing_is_written_behind_a_batch_that_was_refused(bad: int) -> None:
    kafka = Kafka(refused={b"%d" % bad})
    with pytest.raises(PublishError, match="1 of 1 batches to t"):
        await producer_on(kafka).publish(TOPIC, records(list(range(12))))
    assert kafka.log[0] == [b"%d" % value for value in range(bad // 3 * 3)]


async def test_a_refusal_waits_for_what_is_under_way_elsewhere() -> None:
    kafka = Kafka(refused={b"0"})
    with pytest.raises(PublishError):
        await producer_on(kafka).publish(TOPIC, [*records([0], 0), *records([1], 1)])
    assert kafka.log[1] == [b"1"]


@given(st.lists(st.tuples(st.binary(min_size=1, max_size=9), st.sampled_from([b"acme", b"bolt", b"corail"]))))
async def test_a_record_lies_where_the_key_lies_that_it_is_placed_by(keys: list[tuple[bytes, bytes]]) -> None:
    kafka = Kafka()
    await producer_on(kafka).publish(TOPIC, [OutRecord(key, brand, placed_by=brand) for key, brand in keys])
    by_key = Kafka()
    await producer_on(by_key).publish(TOPIC, [OutRecord(brand, brand) for _, brand in keys])
    assert kafka.log == by_key.log


async def test_an_unknown_topic_says_how_to_make_it() -> None:
    with pytest.raises(PublishError, match="vigie topics create"):
        await producer_on(Kafka()).publish("unknown", records([1]))


async def test_an_idempotent_producer_is_replaced_after_a_refusal_and_another_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spent, fresh = Kafka(), Kafka()
    producer = producer_on(spent)
    monkeypatch.setattr(producer, "_new_producer", lambda: fresh, raising=False)
    producer.idempotent = False
    await producer.renew()
    assert producer._producer is cast("Any", spent)
    producer.idempotent = True
    await producer.renew()
    assert spent.stopped
    await producer.publish(TOPIC, records([1]))
    assert fresh.log[0] == [b"1"]
