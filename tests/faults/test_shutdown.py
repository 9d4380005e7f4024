"""Workers that are asked to stop while there is work."""

from __future__ import annotations

import signal
import time

import pytest

from agents.topics import SOURCE_CLOCK, changelog
from schemas.codec import decode
from tests.faults.logs import talk
from tests.faults.oracle import truth_of
from tests.faults.trial import Trial

GRACE_S = 10.0
RATE_S = 20.0
"""Seconds of load for each stop."""


def test_a_stop_under_load_ends_in_order_in_time_and_replays_at_most_one_commit_interval(
    trial: Trial, full: bool
) -> None:
    stops = 8 if full else 2
    log = talk(seed=301, records=4000 * stops, partitions=2).closed()
    expected = truth_of(trial.settings, log)
    slowest_s, recovery_s = 0.0, 0.0
    with trial.load(log, over_s=RATE_S * stops):
        for turn in range(stops):
            with trial.worker(f"worker{turn}") as worker:
                recovery_s = max(recovery_s, trial.recovery_s())
                began = time.monotonic()
                worker.send_signal(signal.SIGTERM)
                assert worker.wait(GRACE_S) == 0, trial.logs()
                slowest_s = max(slowest_s, time.monotonic() - began)
            assert replayed(trial) <= at_most_in_one_interval(trial, len(log.records) / (RATE_S * stops))
    with trial.worker("last") as worker:
        trial.settle(worker)
    trial.judge(
        expected, fault=f"SIGTERM under load (slowest {slowest_s:.1f} s)", injected=stops, recovery_s=recovery_s
    )


def replayed(trial: Trial) -> int:
    """How many raw records have been enriched and are not committed: the next worker reads them again."""
    topic = changelog(trial.settings, "enrich", SOURCE_CLOCK)
    enriched = {}
    for record in trial.read(topic):
        if record.key is not None and record.key.startswith(b"clock/"):
            enriched[record.partition] = decode(record.value)["next_offset"]
    return sum(next_offset - trial.committed("enrich")[partition] for partition, next_offset in enriched.items())


def at_most_in_one_interval(trial: Trial, records_a_second: float) -> int:
    return round(records_a_second * trial.settings.commit_interval_s) + trial.settings.max_batch_records


@pytest.mark.kafka
def test_a_stop_while_nobody_answers_ends_in_time_too(trial: Trial) -> None:
    log = talk(seed=302, records=3000, partitions=2).closed()
    expected = truth_of(trial.settings, log)
    trial.feed(log)
    with trial.worker("stopped") as worker:
        trial.until_committed("track", 1)
        trial.broker.pause()
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(GRACE_S) == 0, trial.logs()
        trial.broker.resume()
    with trial.worker("last") as worker:
        recovery_s = trial.recovery_s()
        trial.settle(worker)
    trial.judge(expected, fault="SIGTERM while the broker is paused", injected=1, recovery_s=recovery_s)
