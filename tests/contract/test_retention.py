"""Topics as Vigie makes them keep personal data for as long as they should; others are told of."""

from __future__ import annotations

import pytest

from agents.retention import retention_of
from agents.settings import Settings, load_settings
from agents.topics import create_topics, topic_specs
from tests.brokers.base import Broker
from tests.brokers.client import alter_topic


@pytest.fixture
async def settings(broker: Broker, topic_prefix: str) -> Settings:
    made = load_settings(brokers=broker.bootstrap, topic_prefix=topic_prefix)
    await create_topics(made, raw_partitions=1, partitions=1, replication=1)
    return made


async def test_topics_as_vigie_makes_them_keep_nothing_for_longer_than_they_should(settings: Settings) -> None:
    found = await retention_of(settings)
    assert found.problems == []
    assert found.unknown == {}


async def test_with_texts_in_the_mentions_their_topic_is_too_long_as_it_was_made(settings: Settings) -> None:
    (problem,) = (await retention_of(settings.model_copy(update={"keep_text": True}))).problems
    assert f"topic {settings.topics.mentions} keeps the texts of tweets (keep_text is on)" in problem
    assert "retention.ms is 604800000 and should be 79200000" in problem


@pytest.mark.kafka
@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"retention.ms": "-1"}, "retention.ms is -1 and should be 31536000000"),
        ({"segment.ms": "604800000"}, "segment.ms is 604800000 and should be 3600000"),
        ({"max.compaction.lag.ms": "9223372036854775807"}, "max.compaction.lag.ms is 9223372036854775807"),
        ({"cleanup.policy": "delete"}, "--add-config 'cleanup.policy=[compact,delete]'"),
    ],
)
async def test_a_topic_that_keeps_it_for_longer_is_named_with_what_to_do(
    settings: Settings, config: dict[str, str], said: str
) -> None:
    await alter_topic(settings.brokers, settings.topics.crises, config)
    (problem,) = (await retention_of(settings)).problems
    assert problem.startswith(f"topic {settings.topics.crises} keeps personal data for longer than it should: ")
    assert said in problem


@pytest.mark.kafka
async def test_a_topic_of_texts_that_goes_by_the_clock_of_whoever_writes_is_named(settings: Settings) -> None:
    await alter_topic(settings.brokers, settings.topics.raw, {"message.timestamp.type": "CreateTime"})
    (problem,) = (await retention_of(settings)).problems
    assert "message.timestamp.type is CreateTime and should be LogAppendTime" in problem


@pytest.mark.kafka
async def test_a_topic_that_is_kept_for_less_is_nobodys_trouble(settings: Settings) -> None:
    for spec in topic_specs(settings):
        if "retention.ms" in spec.config:
            await alter_topic(settings.brokers, spec.name, {"retention.ms": "3600000"})
    assert (await retention_of(settings)).problems == []


def test_every_topic_with_texts_is_kept_for_less_than_a_day_by_the_segment() -> None:
    day_ms = 24 * 3600 * 1000
    for keep_text in (False, True):
        settings = Settings(keep_text=keep_text)
        names = {settings.topics.raw, settings.topics.deadletters, *([settings.topics.mentions] if keep_text else [])}
        specs = [spec for spec in topic_specs(settings) if spec.name in names]
        assert len(specs) == len(names)
        for spec in specs:
            assert spec.personal
            # And the five minutes after which Kafka looks, and the one after which it removes the file.
            assert int(spec.config["retention.ms"]) + int(spec.config["segment.ms"]) + 6 * 60_000 < day_ms
