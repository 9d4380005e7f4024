"""Partitions that move while there is work, on purpose or not."""

from __future__ import annotations

import signal
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.brokers.base import Broker
from tests.faults.logs import talk
from tests.faults.oracle import truth_of
from tests.faults.trial import Trial
from tests.live.vigie import end, signal_all

ROUNDS = {False: 2, True: 8}


@pytest.fixture
def trial(broker: Broker, topic_prefix: str, tmp_path: Path) -> Trial:
    """More partitions than workers, so that each rebalance moves some and leaves some."""
    return Trial(broker, tmp_path, topic_prefix, partitions=(4, 6))


def test_workers_that_join_and_leave_under_load_lose_and_double_nothing(trial: Trial, full: bool) -> None:
    log = talk(seed=201, records=3000 * ROUNDS[full], partitions=4).closed()
    expected = truth_of(trial.settings, log)
    recovery_s = 0.0
    with trial.crew(1), trial.load(log, over_s=16.0 * ROUNDS[full]):
        for guest in range(ROUNDS[full]):
            with trial.worker(f"guest{guest}"), trial.worker(f"other{guest}"):  # two at once
                recovery_s = max(recovery_s, trial.recovery_s())
            # What moved to the guests comes back to where it was before: with it, keys that are out of date there.
            recovery_s = max(recovery_s, trial.recovery_s())
        trial.settle()
    trial.judge(expected, fault="two workers join, then leave", injected=2 * ROUNDS[full], recovery_s=recovery_s)


def test_a_rolling_restart_under_load_loses_and_doubles_nothing(trial: Trial, full: bool) -> None:
    log = talk(seed=202, records=2500 * ROUNDS[full], partitions=4).closed()
    expected = truth_of(trial.settings, log)
    recovery_s = 0.0
    with ExitStack() as stack, trial.load(log, over_s=16.0 * ROUNDS[full]):
        workers = [stack.enter_context(trial.worker(f"first{n}")) for n in range(2)]
        trial.until_committed("track", 1)
        for turn in range(2 * ROUNDS[full]):
            assert end(workers.pop(0)) == 0, trial.logs()
            workers.append(stack.enter_context(trial.worker(f"next{turn}")))
            recovery_s = max(recovery_s, trial.recovery_s())
        trial.settle(*workers)
    trial.judge(expected, fault="rolling restart", injected=2 * ROUNDS[full], recovery_s=recovery_s)


def test_a_worker_frozen_past_its_session_and_thawed_overwrites_nothing(trial: Trial, full: bool) -> None:
    rounds = ROUNDS[full]
    log = talk(seed=203, records=3000 * rounds, partitions=4).closed()
    expected = truth_of(trial.settings, log)
    recovery_s = 0.0
    with ExitStack() as stack, trial.load(log, over_s=18.0 * rounds):
        workers = [stack.enter_context(trial.worker(f"worker{n}")) for n in range(2)]
        trial.until_committed("track", 1)
        for turn in range(rounds):
            frozen = workers[turn % 2]
            signal_all(frozen, signal.SIGSTOP)
            time.sleep(trial.settings.session_timeout_s * 1.5)  # how long it is frozen
            recovery_s = max(recovery_s, trial.recovery_s())  # somebody else has taken over
            signal_all(frozen, signal.SIGCONT)
            recovery_s = max(recovery_s, trial.recovery_s())
        trial.settle(*workers)
    trial.judge(expected, fault="worker frozen past its session, thawed", injected=rounds, recovery_s=recovery_s)
