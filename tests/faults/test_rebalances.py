"""Partitions that move while there is work, on purpose or not."""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from tests.faults.logs import talk
from tests.faults.oracle import truth_of
from tests.faults.trial import Trial
from tests.live.vigie import end, signal_all

ROUNDS = {False: 2, True: 8}


@pytest.fixture
def trial(make_trial: Callable[..., Trial]) -> Trial:
    """More partitions than workers, so that each rebalance moves some and leaves some."""
    return make_trial(partitions=(4, 6))


def test_workers_that_join_and_leave_under_load_lose_and_double_nothing(trial: Trial, full: bool) -> None:
    log = talk(seed=201, records=6000 * ROUNDS[full], partitions=4).closed()
    expected = truth_of(trial.settings, log)
    recovery_s = 0.0
    with trial.crew(1), trial.load(log, over_s=40.0 * ROUNDS[full]):
        for guest in range(ROUNDS[full]):
            with trial.worker(f"guest{guest}"), trial.worker(f"other{guest}"):  # two at once
                trial.until_ready(f"guest{guest}")
                trial.until_ready(f"other{guest}")
                recovery_s = max(recovery_s, trial.recovery_s())
            # What moved to the guests comes back to where it was before: with it, keys that are out of date there.
            recovery_s = max(recovery_s, trial.recovery_s())
        trial.settle()
    trial.judge(expected, fault="two workers join, then leave", injected=2 * ROUNDS[full], recovery_s=recovery_s)


def test_a_rolling_restart_under_load_loses_and_doubles_nothing(trial: Trial, full: bool) -> None:
    log = talk(seed=202, records=6000 * ROUNDS[full], partitions=4).closed()
    expected = truth_of(trial.settings, log)
    recovery_s = 0.0
    with ExitStack() as stack, trial.load(log, over_s=40.0 * ROUNDS[full]):
        workers = [stack.enter_context(trial.worker(f"first{n}")) for n in range(2)]
        trial.until_ready("first0")
        trial.until_ready("first1")
        for turn in range(2 * ROUNDS[full]):
            assert end(workers.pop(0)) == 0, trial.logs()
            workers.append(stack.enter_context(trial.worker(f"next{turn}")))
            trial.until_ready(f"next{turn}")
            recovery_s = max(recovery_s, trial.recovery_s())
        trial.settle(*workers)
    trial.judge(expected, fault="rolling restart", injected=2 * ROUNDS[full], recovery_s=recovery_s)


def test_a_worker_frozen_past_its_session_and_thawed_overwrites_nothing(trial: Trial, full: bool) -> None:
    rounds = ROUNDS[full]
    log = talk(seed=203, records=6000 * rounds, partitions=4).closed()
    expected = truth_of(trial.settings, log)
    recovery_s = 0.0
    with ExitStack() as stack, trial.load(log, over_s=40.0 * rounds):
        workers = [stack.enter_context(trial.worker(f"worker{n}")) for n in range(2)]
        trial.until_ready("worker0")
        trial.until_ready("worker1")
        for turn in range(rounds):
            frozen, other = workers[turn % 2], f"worker{1 - turn % 2}"
            readied = trial.readied(other)
            signal_all(frozen, signal.SIGSTOP)
            trial.until_ready(other, readied + 2)  # both of its roles have taken over
            recovery_s = max(recovery_s, trial.recovery_s())
            signal_all(frozen, signal.SIGCONT)
            recovery_s = max(recovery_s, trial.recovery_s())
        trial.settle(*workers)
    trial.judge(expected, fault="worker frozen past its session, thawed", injected=rounds, recovery_s=recovery_s)
