"""``vigie explain`` on the topics: what the agents published, recomputed from the raw topic."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from agents import exits
from agents.processes import role_environment
from agents.settings import Settings
from pipeline.erasure import named_ids, redacted
from pipeline.simulate import demo_watchlist
from schemas.cloudevents import REDACTED_HEADER
from schemas.codec import decode, encode
from schemas.crisis import CrisisEvent
from schemas.reading import read_crisis_record
from tests.brokers.base import Broker
from tests.brokers.client import consume_all, produce
from tests.feed import feed
from tests.live.vigie import Vigie, now_ms, oracle
from tests.pipeline.explain.logs import records

TIMEOUT_S = 60.0


def explain(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "agents.cli.run", "explain", *arguments]
    environment = os.environ | role_environment(settings)
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)


async def redact_one(settings: Settings, crisis_id: str) -> frozenset[str]:
    """Publish all steps of a crisis again, without the posts that its last one names; return these."""
    topic = settings.topics.crises
    read = [(record, read_crisis_record(record.value)) for record in await consume_all(settings.brokers, topic)]
    steps = [(r, e) for r, e in read if isinstance(e, CrisisEvent) and e.crisis_id == crisis_id]
    gone = named_ids(steps[-1][1])
    again = [
        replace(
            record,
            value=encode(redacted(event, gone, ())),
            headers=(*record.headers, (REDACTED_HEADER, b"1")),
            timestamp_ms=None,
        )
        for record, event in steps
    ]
    await produce(settings.brokers, topic, again)
    return gone


@pytest.mark.embedded
def test_what_the_agents_published_comes_out_of_the_raw_topic_again(
    broker: Broker, topic_prefix: str, tmp_path: Path
) -> None:
    vigie = Vigie(broker, tmp_path, topic_prefix, demo_watchlist())
    vigie.create_topics(raw_partitions=3, partitions=2)
    expected = oracle(vigie.settings, records(), read_at_ms=now_ms())
    crisis_id = decode(expected.crises["nimbus-mobile"][-1])["crisis_id"]
    with vigie.worker() as worker:
        asyncio.run(feed(vigie.settings, records()))
        topic = vigie.settings.topics.crises
        vigie.published(topic, until=expected.crises, running=[worker], timeout_s=TIMEOUT_S)
    told = explain(vigie.settings, crisis_id[:8], "--json")
    assert told.returncode == exits.OK, told.stderr
    found = decode(told.stdout)
    assert found["identical"] is True
    of_it = [record for record in map(decode, expected.crises["nimbus-mobile"]) if record["crisis_id"] == crisis_id]
    assert [step["event"] for step in found["steps"]] == [record for record in of_it if "evidence" in record]
    assert explain(vigie.settings, "00000000").returncode == exits.BAD_INPUT
    written = asyncio.run(consume_all(vigie.settings.brokers, topic))
    assert {record.key for record in written} == {decode(record.value or b"")["id"].encode() for record in written}
    assert len({record.partition for record in written}) == 1, "it is the brand that chooses"
    withdrawn = asyncio.run(redact_one(vigie.settings, crisis_id))
    told = explain(vigie.settings, crisis_id[:8])
    assert told.returncode == exits.OK, told.stderr
    assert "were withdrawn since" in " ".join(told.stdout.split())
    assert not [tweet_id for tweet_id in withdrawn if tweet_id in told.stdout]
