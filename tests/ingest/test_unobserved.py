"""From the stream to what people see: minutes in which nobody listened are unobserved, and not calm."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from agents.processes import role_environment
from agents.reading import read_topic
from agents.topics import create_topics
from schemas.codec import decode
from schemas.times import from_rfc3339
from tests.ingest.trial import Trial

pytestmark = pytest.mark.kafka

_MINUTE_MS = 60_000


@contextmanager
def _worker(trial: Trial) -> Iterator[None]:
    """Run enrich, track and erase during the block."""
    command = [sys.executable, "-m", "agents.cli.run", "worker"]
    settings = trial.settings.model_copy(update={"idle_timeout_s": 3600.0})
    with (trial.folder / "worker.log").open("ab") as log:
        worker = subprocess.Popen(command, env=role_environment(settings), stdout=log, stderr=log)
        try:
            yield
        finally:
            worker.terminate()
            worker.wait(20)


def _published(trial: Trial, topic: str) -> list[dict[str, object]]:
    async def everything() -> list[dict[str, object]]:
        records = read_topic(trial.settings, topic, from_beginning=True, follow=False)
        return [decode(record.value) async for record in records if record.value]

    return asyncio.run(everything())


def test_ten_minutes_in_which_the_stream_was_down_are_unobserved_and_alarm_nobody(
    make_ingest_trial: Callable[..., Trial],
) -> None:
    trial = make_ingest_trial(raw_topic=False)
    topics = trial.settings.topics
    asyncio.run(create_topics(trial.settings, raw_partitions=trial.partitions, partitions=1, replication=1))
    x = trial.x(backfill=True, skew_ms=-40 * _MINUTE_MS, rate=30.0)
    with _worker(trial):
        ingester = trial.ingest("x")
        trial.connected(x)
        trial.flows(x)
        down_ms = x.now_ms()
        ingester.kill()
        trial.until(lambda: not x.open(), "X has noticed")
        x.ask("jump", ms=15 * _MINUTE_MS, posts=900)
        trial.ingest("x")
        trial.connected(x)
        trial.flows(x)
        up_ms = x.now_ms() - 5 * _MINUTE_MS  # so far back the next one begins

        def windows() -> dict[int, dict[str, object]]:
            found = _published(trial, topics.windows)
            return {from_rfc3339(str(each["window_end"])): each for each in found if each["brand"] == "contoso"}

        trial.until(lambda: max(windows(), default=0) >= up_ms + 4 * _MINUTE_MS, "windows after the gap are closed")
        trial.settle(x)
    outcome = trial.judge("10 minutes down, with a worker", x, lost=True)
    assert outcome.missing == pytest.approx(600, abs=40)
    assert outcome.gap_s == pytest.approx(600, abs=30)
    seen = windows()
    inside = [end for end in seen if down_ms + _MINUTE_MS <= end - _MINUTE_MS and end <= up_ms - _MINUTE_MS]
    outside = [end for end in seen if end <= down_ms - _MINUTE_MS or end - _MINUTE_MS >= up_ms + _MINUTE_MS]
    assert len(inside) >= 7
    assert len(outside) >= 3
    assert not any(seen[end]["observed"] for end in inside), "a minute in which nobody listened is no calm one"
    assert all(seen[end]["observed"] for end in outside)
    assert not _published(trial, topics.crises)
