"""Topics that take no writes: whatever is written there, the worker holds, says why, and goes on afterwards."""

from __future__ import annotations

import asyncio
import re
from functools import partial

import pytest

from agents import exits
from agents.topics import BRAND_STATE, SOURCE_CLOCK, changelog
from tests.brokers.client import alter_topic
from tests.faults.logs import talk, with_bad_records
from tests.faults.oracle import truth_of
from tests.faults.trial import Trial
from tests.live.vigie import until

pytestmark = pytest.mark.kafka

REFUSING = {"max.message.bytes": "1"}


def test_a_worker_holds_while_any_of_its_topics_refuses_writes_and_recovers(trial: Trial) -> None:
    topics = trial.settings.topics
    stages = {
        topics.mentions: "enrich",
        topics.deadletters: "enrich",
        changelog(trial.settings, "enrich", SOURCE_CLOCK): "enrich",
        topics.windows: "track",
        changelog(trial.settings, "track", BRAND_STATE): "track",
        topics.crises: "track",
    }
    # The crisis is in the second half.
    shares = (0.1, 0.16, 0.22, 0.28, 0.34, 0.4, 1.0)
    log = with_bad_records(talk(seed=501, records=6000, partitions=2)).closed()
    expected = truth_of(trial.settings, log)
    assert expected.crises, "the crises topic is to be written to"
    recovery_s = 0.0
    with trial.worker("worker") as worker:
        trial.feed(log.part(0.0, shares[0]))
        trial.settle(worker)
        for turn, (topic, role) in enumerate(stages.items()):
            asyncio.run(alter_topic(trial.settings.brokers, topic, REFUSING))
            trial.feed(log.part(shares[turn], shares[turn + 1]))
            until(partial(held, trial, topic, 3), what=f"the worker holds for {topic}", trial=trial)
            before = trial.committed(role)
            until(partial(held, trial, topic, 4), what=f"the worker holds for {topic}", trial=trial)
            assert trial.committed(role) == before, f"{role} acked while {topic} refused writes"
            asyncio.run(alter_topic(trial.settings.brokers, topic, {}, delete=REFUSING))
            recovery_s = max(recovery_s, trial.recovery_s())
        trial.settle(worker)
    trial.judge(expected, fault="a topic refuses writes", injected=len(stages), recovery_s=recovery_s)


def test_a_worker_gives_up_on_a_topic_that_refuses_for_too_long_and_its_successor_goes_on(trial: Trial) -> None:
    log = talk(seed=502, records=2500, partitions=2).closed()
    expected = truth_of(trial.settings, log)
    windows = trial.settings.topics.windows
    asyncio.run(alter_topic(trial.settings.brokers, windows, REFUSING))
    with trial.crew(1, retry_timeout_s=2.0) as crew:
        trial.feed(log)
        until(lambda: crew.codes, what="the worker gives up", trial=trial)
        asyncio.run(alter_topic(trial.settings.brokers, windows, {}, delete=REFUSING))
        recovery_s = trial.recovery_s()
        trial.settle()
    assert set(crew.codes) == {exits.WRITES_REFUSED}
    trial.judge(expected, fault="windows refuse writes for too long", injected=1, recovery_s=recovery_s)


def held(trial: Trial, topic: str, times: int) -> bool:
    """Whether the worker has said so many times that it holds for a topic."""
    return len(re.findall(rf"holding, nothing is acked: .*{re.escape(topic)}", trial.logs(whole=True))) >= times
