from __future__ import annotations

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import PartitionRecords
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from hypothesis import given
from hypothesis import strategies as st

from agents.transport.thread import _Unpacking

TP0 = TopicPartition("t", 0)
HEADERS = [("name", b"value"), ("none", None)]


def log_of(sizes: list[int], base: int = 0) -> bytes:
    """Batches of so many records each, as a broker sends them."""
    log = bytearray()
    for size in sizes:
        builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 1 << 20)
        for place in range(size):
            builder.append(place, 1000 + base + place, key=b"k", value=b"%d" % (base + place), headers=HEADERS)
        batch = builder.build()
        batch[:8] = base.to_bytes(8, "big")  # a broker writes the first offset; the checksum does not cover it
        log += batch
        base += size
    return bytes(log)


def packed(log: bytes, start: int = 0) -> PartitionRecords:
    return PartitionRecords(TP0, MemoryRecords(log), None, start, None, None, True, 0)  # noqa: FBT003


@given(st.lists(st.integers(1, 5), min_size=1, max_size=4), st.data())
def test_records_are_unpacked_as_aiokafka_does_wherever_a_fetch_begins(sizes: list[int], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, sizes[0] - 1))
    stock = packed(log_of(sizes), start)
    ours = _Unpacking(TP0, packed(log_of(sizes), start))
    expected = [(r.topic, r.partition, r.offset, r.timestamp, r.key, r.value, tuple(r.headers)) for r in stock]
    found = [(r.topic, r.partition, r.offset, r.timestamp, r.key, r.value, tuple(r.headers)) for r in ours]
    assert found == expected
    assert [offset for _, _, offset, *_ in found] == list(range(start, sum(sizes)))
    assert ours.next_fetch_offset == stock.next_fetch_offset == sum(sizes)


def test_a_damaged_batch_is_refused() -> None:
    log = bytearray(log_of([3]))
    log[-1] ^= 1
    with pytest.raises(CorruptRecordException, match="Invalid CRC"):
        list(_Unpacking(TP0, packed(bytes(log))))
