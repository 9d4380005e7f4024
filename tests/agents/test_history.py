from __future__ import annotations

import asyncio

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaConnectionError

from agents import history
from agents.settings import Settings, load_settings
from agents.topics import BrokerUnreachable, create_topics
from tests.brokers.base import Broker
from tests.brokers.client import produce


class Late(AIOKafkaConsumer):  # type: ignore[misc]
    """A consumer that finds nobody as often as it is told."""

    left = 0

    async def start(self) -> None:
        if Late.left:
            Late.left -= 1
            raise KafkaConnectionError
        await super().start()


@pytest.fixture
async def settings(broker: Broker, topic_prefix: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    made = load_settings(brokers=broker.bootstrap, topic_prefix=topic_prefix)
    await create_topics(made, raw_partitions=1, partitions=1, replication=1)
    await produce(made.brokers, made.topics.raw, [b"0", b"1", b"2"])
    monkeypatch.setattr(history, "AIOKafkaConsumer", Late)
    monkeypatch.setattr(history, "_BACK_OFF_S", 0.01)
    return made


async def past(settings: Settings) -> list[bytes | None]:
    tp = TopicPartition(settings.topics.raw, 0)
    async with asyncio.timeout(60):
        return [record.value async for records in history.read_past(settings, tp, 1, 3) for record in records]


async def test_a_broker_that_is_just_starting_anew_is_waited_for(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Late, "left", 3)
    assert await past(settings) == [b"1", b"2"]


async def test_a_broker_that_stays_away_is_given_up(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Late, "left", 1 << 30)
    with pytest.raises(BrokerUnreachable, match="the past cannot be read"):
        await past(settings.model_copy(update={"retry_timeout_s": 0.05}))
