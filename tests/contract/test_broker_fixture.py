"""What every broker under Vigie must do, checked over each that the tests can run on."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from agents.embedded.probe import cluster_id
from tests.brokers.base import Broker
from tests.brokers.client import (
    Record,
    committed_offsets,
    consume_all,
    create_topics,
    delete_topics,
    end_offsets_of,
    partitions_of,
    produce,
)

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def topic(broker: Broker, topic_prefix: str) -> str:
    name = f"{topic_prefix}tweets"
    await create_topics(broker.bootstrap, {name: 3})
    return name


async def test_a_thousand_records_come_back_in_order_in_each_partition(broker: Broker, topic: str) -> None:
    written = await produce(
        broker.bootstrap,
        topic,
        [Record(value=b"%d" % number, key=b"k", partition=number % 3) for number in range(1000)],
    )
    read = await consume_all(broker.bootstrap, topic)
    for partition in range(3):
        values = [record.value for record in read if record.partition == partition]
        assert values == [b"%d" % number for number in range(partition, 1000, 3)]
    assert sorted((each.partition, each.offset) for each in read) == sorted(
        (each.partition, each.offset) for each in written
    )


async def test_keys_headers_timestamps_and_tombstones_come_back_as_written(broker: Broker, topic: str) -> None:
    headers = (("ce_id", b"1"), ("empty", b""))
    await produce(
        broker.bootstrap,
        topic,
        [
            Record(value=b"\x00\xff", key=b"brand", partition=0, headers=headers, timestamp_ms=1_500_000_000_000),
            Record(value=None, key=b"brand", partition=0),
        ],
    )
    record, tombstone = await consume_all(broker.bootstrap, topic, count=2)
    assert record == Record(
        value=b"\x00\xff",
        key=b"brand",
        partition=0,
        headers=headers,
        timestamp_ms=1_500_000_000_000,
        offset=0,
    )
    assert tombstone.value is None


async def test_a_topic_without_records_reads_as_empty(broker: Broker, topic: str) -> None:
    assert await consume_all(broker.bootstrap, topic) == []


async def test_waiting_for_more_records_than_there_are_says_how_many_came(broker: Broker, topic: str) -> None:
    await produce(broker.bootstrap, topic, [b"only"])
    with pytest.raises(TimeoutError, match="1 records in 1 s, wanted 2"):
        await consume_all(broker.bootstrap, topic, count=2, timeout_seconds=1)


async def test_a_topic_cannot_be_made_twice(broker: Broker, topic: str) -> None:
    with pytest.raises(RuntimeError, match="topics not made"):
        await create_topics(broker.bootstrap, {topic: 3})


async def test_ends_of_partitions_count_every_record(broker: Broker, topic: str) -> None:
    assert await end_offsets_of(broker.bootstrap, topic) == {0: 0, 1: 0, 2: 0}
    await produce(broker.bootstrap, topic, [Record(value=b"%d" % n, partition=0) for n in range(7)])
    await produce(broker.bootstrap, topic, [Record(value=b"one", partition=2)])
    await produce(broker.bootstrap, topic, [Record(value=b"%d" % n, partition=0) for n in range(5)])
    assert await end_offsets_of(broker.bootstrap, topic) == {0: 12, 1: 0, 2: 1}


async def test_what_is_asked_of_a_topic_that_does_not_exist_is_an_error_and_does_not_make_it(
    broker: Broker, topic_prefix: str
) -> None:
    missing = f"{topic_prefix}missing"
    with pytest.raises(LookupError):
        await end_offsets_of(broker.bootstrap, missing)
    with pytest.raises(LookupError):
        await committed_offsets(broker.bootstrap, f"{missing}-group", missing)
    with pytest.raises(RuntimeError, match="topics not deleted"):
        await delete_topics(broker.bootstrap, [missing])
    assert await partitions_of(broker.bootstrap, missing) == []


async def test_committed_offsets_say_what_a_group_committed_and_where_it_did_not(broker: Broker, topic: str) -> None:
    await produce(broker.bootstrap, topic, [Record(value=b"%d" % n, partition=n % 2) for n in range(10)])
    group = f"{topic}-group"
    assert await committed_offsets(broker.bootstrap, group, topic) == {0: None, 1: None, 2: None}
    async with _member(broker, topic) as member:
        await member.getone()
        await member.commit({TopicPartition(topic, 0): 4, TopicPartition(topic, 1): 0})
        assert await committed_offsets(broker.bootstrap, group, topic) == {0: 4, 1: 0, 2: None}
    assert await committed_offsets(broker.bootstrap, group, topic) == {0: 4, 1: 0, 2: None}
    assert await committed_offsets(broker.bootstrap, f"{group}-other", topic) == {0: None, 1: None, 2: None}


async def test_a_deleted_topic_is_gone_and_one_made_anew_has_none_of_its_records(broker: Broker, topic: str) -> None:
    other = f"{topic}-other"
    await create_topics(broker.bootstrap, {other: 1})
    await produce(broker.bootstrap, topic, [b"old"])
    await produce(broker.bootstrap, other, [b"stays"])
    await delete_topics(broker.bootstrap, [topic])
    assert await partitions_of(broker.bootstrap, topic) == []
    await create_topics(broker.bootstrap, {topic: 3})
    assert await consume_all(broker.bootstrap, topic) == []
    assert [record.value for record in await consume_all(broker.bootstrap, other)] == [b"stays"]


async def test_a_group_goes_on_from_the_offset_it_committed(broker: Broker, topic: str) -> None:
    place = TopicPartition(topic, 0)
    await produce(broker.bootstrap, topic, [Record(value=b"%d" % n, partition=0) for n in range(10)])
    async with _member(broker, topic) as first:
        assert (await first.getone()).value == b"0"
        await first.commit({place: 4})
    async with _member(broker, topic) as second:
        assert await second.committed(place) == 4
        assert (await second.getone()).value == b"4"


async def test_two_members_share_the_partitions_and_one_takes_over_all(broker: Broker, topic: str) -> None:
    async with _member(broker, topic) as first:
        async with _member(broker, topic) as second:
            async with asyncio.timeout(30):
                while not _shared_out(first.assignment(), second.assignment()):
                    await asyncio.gather(first.getmany(timeout_ms=50), second.getmany(timeout_ms=50))
        async with asyncio.timeout(30):
            while len(first.assignment()) < 3:
                await first.getmany(timeout_ms=50)


async def test_a_paused_broker_answers_nobody_until_it_is_resumed(broker: Broker) -> None:
    broker.pause()
    with pytest.raises(TimeoutError):
        cluster_id(broker.bootstrap, timeout_seconds=0.3)
    broker.resume()
    assert cluster_id(broker.bootstrap, timeout_seconds=10)


async def test_a_killed_broker_comes_back_on_the_same_address(broker: Broker) -> None:
    bootstrap = broker.bootstrap
    broker.kill()
    assert not broker.running
    with pytest.raises(OSError, match="refused"):
        cluster_id(bootstrap)
    broker.start()
    assert cluster_id(bootstrap)
    assert broker.bootstrap == bootstrap


async def test_a_durable_broker_keeps_its_records_over_restart_and_kill(broker: Broker, topic: str) -> None:
    await produce(broker.bootstrap, topic, [b"kept"])
    broker.restart()
    broker.kill()
    broker.start()
    if broker.durable:
        assert [record.value for record in await consume_all(broker.bootstrap, topic)] == [b"kept"]
    else:
        with pytest.raises(LookupError):
            await consume_all(broker.bootstrap, topic)


def _shared_out(one: set[TopicPartition], other: set[TopicPartition]) -> bool:
    return bool(one and other) and len(one | other) == len(one) + len(other) == 3


def _member(broker: Broker, topic: str) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(
        topic,
        bootstrap_servers=broker.bootstrap,
        group_id=f"{topic}-group",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        # The embedded broker lets a joining member wait for half of these.
        rebalance_timeout_ms=2000,
        session_timeout_ms=2000,
        heartbeat_interval_ms=200,
    )
