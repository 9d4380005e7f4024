"""What faults on Apache Kafka do: nodes that are lost, and topics that are changed under way."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka.errors import MessageSizeTooLargeError, NotEnoughReplicasError

from tests.brokers.asking import topic_config, view
from tests.brokers.base import Broker
from tests.brokers.client import (
    alter_topic,
    committed_offsets,
    consume_all,
    create_topics,
    delete_topics,
    end_offsets_of,
    partitions_of,
    produce,
)
from tests.brokers.cluster import KafkaCluster

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

_SMALL = b"small"
_LARGE = b"x" * 20_000


@pytest.fixture
async def topic(broker: Broker, topic_prefix: str) -> str:
    """One partition on the single broker."""
    name = f"{topic_prefix}tweets"
    await create_topics(broker.bootstrap, {name: 1})
    return name


@pytest.fixture
async def copied_topic(cluster: KafkaCluster, topic_prefix: str) -> str:
    """One partition on each of the three nodes."""
    name = f"{topic_prefix}tweets"
    await create_topics(cluster.bootstrap, {name: 1}, {"min.insync.replicas": "2"}, replication=3)
    return name


async def test_acknowledged_records_survive_the_kill_of_a_leader(cluster: KafkaCluster, copied_topic: str) -> None:
    values = [b"%d" % n for n in range(500)]
    await produce(cluster.bootstrap, copied_topic, values)
    leader = cluster.leader_of(copied_topic, 0)
    leader.kill()
    assert cluster.leader_of(copied_topic, 0) is not leader
    await produce(cluster.bootstrap, copied_topic, [b"after"])
    assert await _values(cluster, copied_topic) == [*values, b"after"]


async def test_records_under_way_when_their_leader_is_killed_are_written_at_the_next_one(
    cluster: KafkaCluster, copied_topic: str
) -> None:
    leader = cluster.leader_of(copied_topic, 0)
    leader.pause()
    writing = asyncio.create_task(produce(cluster.bootstrap, copied_topic, [b"under way"], timeout_seconds=20))
    done, _ = await asyncio.wait([writing], timeout=0.5)
    assert not done
    leader.kill()
    await writing
    assert b"under way" in await _values(cluster, copied_topic)


async def test_a_paused_leader_is_replaced_and_agrees_when_it_is_resumed(
    cluster: KafkaCluster, copied_topic: str
) -> None:
    first = cluster.leader_of(copied_topic, 0)
    first.pause()
    second = cluster.leader_of(copied_topic, 0)
    assert second is not first
    assert first.running
    first.resume()
    assert cluster.leader_of(copied_topic, 0) is second


async def test_the_cluster_is_whole_again_after_any_loss(cluster: KafkaCluster, copied_topic: str) -> None:
    await produce(cluster.bootstrap, copied_topic, [b"kept"])
    one, other, _ = cluster.nodes
    one.kill()
    other.pause()
    cluster.recover()
    for node in cluster.nodes:
        assert node.running
        seen = view(node.bootstrap)
        assert seen.nodes == {1, 2, 3}
        assert seen.partitions[copied_topic, 0].in_sync == {1, 2, 3}
    assert await _values(cluster, copied_topic) == [b"kept"]


async def test_all_nodes_killed_at_once_come_back_with_every_record(cluster: KafkaCluster, copied_topic: str) -> None:
    values = [b"%d" % n for n in range(50)]
    await produce(cluster.bootstrap, copied_topic, values)
    bootstrap = cluster.bootstrap
    cluster.kill()
    assert not any(node.running for node in cluster.nodes)
    cluster.start()
    assert cluster.bootstrap == bootstrap
    assert await _values(cluster, copied_topic) == values


async def test_offsets_of_groups_are_on_three_nodes_and_two_must_have_them(cluster: KafkaCluster) -> None:
    assert topic_config(cluster.nodes[0].bootstrap, "__consumer_offsets")["min.insync.replicas"] == "2"
    partitions = view(cluster.nodes[0].bootstrap).partitions
    assert [each.replicas for (name, _), each in partitions.items() if name == "__consumer_offsets"] == [{1, 2, 3}] * 4


async def test_too_few_copies_in_sync_refuse_records_until_the_node_is_back(
    cluster: KafkaCluster, copied_topic: str
) -> None:
    await alter_topic(cluster.bootstrap, copied_topic, {"min.insync.replicas": "3"})
    await produce(cluster.bootstrap, copied_topic, [b"all three have it"])
    leader = cluster.leader_of(copied_topic, 0)
    leader.kill()
    assert cluster.leader_of(copied_topic, 0) is not leader
    with pytest.raises(NotEnoughReplicasError):
        await produce(cluster.bootstrap, copied_topic, [b"refused"], timeout_seconds=2)
    cluster.recover()
    await produce(cluster.bootstrap, copied_topic, [b"taken"])
    assert await _values(cluster, copied_topic) == [b"all three have it", b"taken"]


async def test_a_topic_of_one_copy_takes_records_whatever_it_asks_to_be_in_sync(broker: Broker, topic: str) -> None:
    # Apache Kafka never asks for more copies in sync than there are (KAFKA-15583): refusal needs a cluster.
    await alter_topic(broker.bootstrap, topic, {"min.insync.replicas": "2"})
    assert await produce(broker.bootstrap, topic, [_SMALL], timeout_seconds=5)


async def test_records_above_a_topics_limit_are_refused_until_the_limit_is_taken_off(
    broker: Broker, topic: str
) -> None:
    await produce(broker.bootstrap, topic, [_LARGE])
    await alter_topic(broker.bootstrap, topic, {"max.message.bytes": "10000"})
    with pytest.raises(MessageSizeTooLargeError):
        await produce(broker.bootstrap, topic, [_LARGE])
    await produce(broker.bootstrap, topic, [_SMALL])
    await alter_topic(broker.bootstrap, topic, {}, delete=["max.message.bytes"])
    await produce(broker.bootstrap, topic, [_LARGE])
    assert await _values(broker, topic) == [_LARGE, _SMALL, _LARGE]


async def test_changing_one_setting_of_a_topic_leaves_the_others(broker: Broker, topic: str) -> None:
    await alter_topic(broker.bootstrap, topic, {"max.message.bytes": "10000", "retention.ms": "60000"})
    await alter_topic(broker.bootstrap, topic, {"max.message.bytes": "20000"})
    assert topic_config(broker.bootstrap, topic) == {"max.message.bytes": "20000", "retention.ms": "60000"}
    await alter_topic(broker.bootstrap, topic, {}, delete=["max.message.bytes", "retention.ms"])
    assert topic_config(broker.bootstrap, topic) == {}


async def test_a_setting_that_makes_no_sense_is_refused_and_changes_nothing(broker: Broker, topic: str) -> None:
    with pytest.raises(RuntimeError, match="settings not changed"):
        await alter_topic(broker.bootstrap, topic, {"max.message.bytes": "many"})
    assert topic_config(broker.bootstrap, topic) == {}


async def test_a_topic_is_changed_and_deleted_with_a_node_down(cluster: KafkaCluster, copied_topic: str) -> None:
    cluster.leader_of(copied_topic, 0).kill()
    cluster.leader_of(copied_topic, 0)
    await alter_topic(cluster.bootstrap, copied_topic, {"max.message.bytes": "10000"})
    with pytest.raises(MessageSizeTooLargeError):
        await produce(cluster.bootstrap, copied_topic, [_LARGE])
    await produce(cluster.bootstrap, copied_topic, [_SMALL])
    assert await end_offsets_of(cluster.bootstrap, copied_topic) == {0: 1}
    assert await committed_offsets(cluster.bootstrap, f"{copied_topic}-group", copied_topic) == {0: None}
    await delete_topics(cluster.bootstrap, [copied_topic])
    assert await partitions_of(cluster.bootstrap, copied_topic) == []
    await create_topics(cluster.bootstrap, {copied_topic: 1}, replication=2)
    await produce(cluster.bootstrap, copied_topic, [b"new"])
    assert await _values(cluster, copied_topic) == [b"new"]


async def _values(broker: Broker, topic: str) -> list[bytes | None]:
    return [record.value for record in await consume_all(broker.bootstrap, topic)]
