"""The watchdog: it ends a worker that is stuck, and no other."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from agents import exits
from tests.faults.logs import talk
from tests.faults.oracle import truth_of
from tests.faults.trial import Trial

LIMIT_S = 6.0


@pytest.fixture
def trial(make_trial: Callable[..., Trial]) -> Trial:
    return make_trial(stuck_after_s=LIMIT_S)


def test_a_wedged_agent_and_a_blocked_loop_are_shown_and_ended(trial: Trial) -> None:
    log = talk(seed=1201, records=3000, partitions=2).closed()
    expected = truth_of(trial.settings, log)
    trial.feed(log)
    codes = []
    for plan in ("enrich.mentions-written:block@3", "track.computed:hang@3"):
        with trial.worker(plan.partition(":")[0], fault_points=plan) as worker:
            codes.append(worker.wait(60))
    assert codes == [exits.STUCK] * 2, trial.logs()
    said = trial.logs(whole=True)
    assert "there is work, and nothing has moved for" in said
    assert "the event loop has been blocked for" in said
    assert "in FaultPoints._fail" in said, "a task says where it waits"
    assert "in _fail\n" in said, "a thread says where it is blocked"
    with trial.worker("last") as worker:
        recovery_s = trial.recovery_s()
        trial.settle(worker)
    trial.judge(expected, fault="wedged agent, blocked event loop", injected=2, recovery_s=recovery_s)


@pytest.mark.kafka
def test_the_watchdog_is_quiet_while_the_broker_pauses_and_while_nothing_comes(trial: Trial) -> None:
    log = talk(seed=1202, records=3000, partitions=2).closed()
    expected = truth_of(trial.settings, log)
    with trial.crew(1) as crew:
        trial.feed(log.part(0.0, 0.5))
        trial.settle()
        time.sleep(2 * LIMIT_S)  # nothing comes
        with trial.load(log.part(0.5, 1.0), over_s=40.0):
            trial.broker.pause()
            time.sleep(2 * LIMIT_S)  # nobody answers
            trial.broker.resume()
            recovery_s = trial.recovery_s()
        trial.settle()
    assert crew.codes == [], trial.logs()
    trial.judge(expected, fault="no false bite: silence, broker paused", injected=2, recovery_s=recovery_s)
