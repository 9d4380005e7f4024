"""A source topic that is deleted and made again: its offsets begin anew, the state remembers the old ones."""

from __future__ import annotations

import asyncio

import pytest

from agents import exits
from tests.brokers.client import delete_topics
from tests.faults.logs import talk
from tests.faults.oracle import Truth, truth_of
from tests.faults.trial import Trial
from tests.live.vigie import end

WEEK_MS = 7 * 24 * 3_600_000


@pytest.mark.kafka
@pytest.mark.parametrize("records", [1500, 5000], ids=["shorter than it was", "longer than it was"])
def test_a_recreated_source_halts_the_worker_and_the_runbook_gets_it_going_again(trial: Trial, records: int) -> None:
    before = talk(seed=1301, records=3000, partitions=2).closed()
    after = talk(seed=1302, records=records, partitions=2, start_ms=before.records[-1].time_ms + WEEK_MS).closed()
    expected = both(truth_of(trial.settings, before), truth_of(trial.settings, after))
    with trial.worker("before") as worker:
        trial.feed(before)
        trial.settle(worker)
        assert end(worker) == 0
    topics = trial.settings.topics
    asyncio.run(delete_topics(trial.settings.brokers, [topics.raw]))
    trial.create_topics(raw_partitions=2, partitions=2)
    trial.feed(after)
    with trial.worker("halts") as worker:
        assert worker.wait(60) == exits.CONFIG, trial.logs()
    assert "the topic was deleted and made again" in trial.logs(whole=True)
    # deploy/runbooks/source-topic-recreated.md
    asyncio.run(delete_topics(trial.settings.brokers, [topics.mentions]))
    trial.settings = trial.settings.model_copy(update={"app_id": "vigie2"})
    trial.create_topics(raw_partitions=2, partitions=2)
    with trial.worker("after") as worker:
        trial.settle(worker)
    what = "longer" if len(after.records) > len(before.records) else "shorter"
    trial.judge(expected, fault=f"source topic recreated, {what}, runbook followed", injected=1)


def both(one: Truth, other: Truth) -> Truth:
    """What two runs publish together, one after the other."""
    merged = Truth(letters=one.letters | other.letters)
    for truth in (one, other):
        for kind in ("windows", "crises"):
            for brand, payloads in getattr(truth, kind).items():
                getattr(merged, kind).setdefault(brand, []).extend(payloads)
    return merged
