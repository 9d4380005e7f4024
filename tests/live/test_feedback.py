"""Feedback on a running Vigie: it takes effect once, whatever happens to workers, and a replay of it is identical."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from agents import exits
from agents.connection import client_options
from agents.faultpoints import FaultPoint
from agents.processes import role_environment
from agents.reading import read_topic
from agents.settings import Settings
from pipeline.feedback.log import read_log
from pipeline.simulate import demo_watchlist
from schemas.codec import decode, encode
from schemas.deadletter import HEADER_PREFIX
from schemas.times import from_rfc3339
from tests.brokers.base import Broker
from tests.feed import feed
from tests.live.vigie import Vigie, differences, now_ms, oracle, until
from tests.pipeline.explain.logs import records

TIMEOUT_S = 120.0
BRAND = "nimbus-mobile"
CUT = from_rfc3339("2025-02-07T09:20:00Z")
"""The crisis has been opened and has risen by then, and goes on for hours."""


def command(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "agents.cli.run", *arguments]
    environment = os.environ | role_environment(settings)
    return subprocess.run(line, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)


def started(settings: Settings, *arguments: str) -> subprocess.Popen[str]:
    """``vigie feedback`` that waits for what comes of it."""
    line = [sys.executable, "-m", "agents.cli.run", "feedback", *arguments]
    environment = os.environ | role_environment(settings)
    return subprocess.Popen(line, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def say(settings: Settings, *arguments: str) -> str:
    done = command(settings, "feedback", *arguments)
    assert done.returncode == exits.OK, done.stderr
    return done.stdout


async def write(settings: Settings, values: list[bytes]) -> None:
    async with AIOKafkaProducer(**client_options(settings)) as producer:
        for value in values:
            await producer.send_and_wait(settings.topics.feedback, value, key=BRAND.encode())


async def reasons(settings: Settings) -> list[bytes]:
    """Why feedback was refused, each once."""
    letters = read_topic(settings, settings.topics.deadletters, from_beginning=True, follow=False)
    headers = [dict(record.headers) async for record in letters]
    topic = settings.topics.feedback.encode()
    of_feedback = {
        (each[HEADER_PREFIX + "offset"], each[HEADER_PREFIX + "reason"])
        for each in headers
        if each[HEADER_PREFIX + "topic"] == topic
    }
    return sorted(reason for _, reason in of_feedback)


# A kill between states and feedback proves more over a durable log and idempotent producers.
@pytest.mark.kafka
def test_live_feedback_is_obeyed_and_a_replay_of_its_log_is_identical(
    broker: Broker, topic_prefix: str, tmp_path: Path
) -> None:
    vigie = Vigie(broker, tmp_path, topic_prefix, demo_watchlist())
    vigie.create_topics(raw_partitions=1, partitions=2)
    settings, topics = vigie.settings, vigie.settings.topics
    before = [record for record in records() if (record.time_ms or 0) < CUT]
    plain = oracle(settings, records(), read_at_ms=now_ms())
    opened = oracle(settings, before, read_at_ms=now_ms())

    with vigie.worker("killed", fault_points=f"{FaultPoint.FEEDBACK_STATES}:kill@1") as worker:
        asyncio.run(feed(settings, before))
        vigie.published(topics.crises, until=opened.crises, running=[worker], timeout_s=TIMEOUT_S)
        say(settings, "confirm", BRAND, "--by", "press office", "--at", "2025-02-07T09:12:00Z", "--no-wait")
        until(lambda: "feedback.states-written: kill" in vigie.logs(whole=True), what="the kill", trial=vigie)
    waiting = started(settings, "snooze", BRAND, "--at", "2025-02-07T10:00:00Z", "--for", "2h")
    say(settings, "dismiss", BRAND, "--at", "2025-02-07T13:00:30Z", "--reason", "old_news", "--no-wait")
    asyncio.run(write(settings, [b"{}", encode(unknown())]))
    with vigie.worker("one") as one, vigie.worker("two") as two:
        until(lambda: vigie.logs(whole=True).count("from the minute that ends") == 2, what="feedback", trial=vigie)
        asyncio.run(feed(settings, records()[len(before) :]))
        windows = vigie.published(topics.windows, until=plain.windows, running=[one, two], timeout_s=TIMEOUT_S)
        log = tmp_path / "feedback.jsonl"
        log.write_text(say(settings, "log"))
        expected = oracle(settings, records(), read_at_ms=now_ms(), feedback=read_log(log))
        crises = vigie.published(topics.crises, until=expected.crises, running=[one, two], timeout_s=TIMEOUT_S)

    said, problem = waiting.communicate(timeout=TIMEOUT_S)
    assert (waiting.returncode, problem) == (exits.OK, "")
    assert "Held from 2025-02-07T10:01:00Z" in said
    assert not differences(windows, expected.windows), "\n".join(differences(windows, expected.windows))
    assert not differences(crises, expected.crises), "\n".join(differences(crises, expected.crises))
    steps = [step for step in map(decode, crises[BRAND]) if "evidence" in step]
    held = {step["feedback"]["verdict"]: step for step in steps if step.get("feedback")}
    assert list(held) == ["confirm", "snooze", "dismiss"]
    assert held["confirm"]["feedback"]["held_from"] > "2025-02-07T09:13", "it came late"
    assert held["snooze"]["time"] == "2025-02-07T10:01:00Z"
    assert (held["dismiss"]["type"], held["dismiss"]["time"]) == ("resolved", "2025-02-07T13:01:00Z")
    assert steps[-1] == held["dismiss"]
    assert not [step for step in steps if "2025-02-07T10:01:00Z" < step["time"] < "2025-02-07T12:00:00Z"]
    assert asyncio.run(reasons(settings)) == [b"bad_field", b"unknown_crisis"]
    explained = decode(command(settings, "explain", steps[0]["crisis_id"][:8], "--json").stdout)
    assert explained["identical"] is True, explained["comparison"]


def unknown() -> dict[str, str]:
    """Feedback on a crisis that nobody knows."""
    time = "2025-02-07T09:12:00Z"
    return {"id": "x", "brand": BRAND, "crisis_id": "00000000", "verdict": "confirm", "time": time}
