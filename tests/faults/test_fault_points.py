"""An exception, a sudden death, at every step of every stage."""

from __future__ import annotations

import pytest

from agents import exits
from agents.faultpoints import FaultPoint
from tests.faults.logs import talk
from tests.faults.oracle import truth_of
from tests.faults.test_refused_writes import with_bad_records
from tests.faults.trial import Trial

POINTS = [point for point in FaultPoint if point is not FaultPoint.ENRICH_IDLE]  # no log waits for idleness here


@pytest.mark.timeout(1200)
def test_a_worker_that_fails_at_any_step_loses_and_doubles_nothing(trial: Trial, full: bool) -> None:
    actions = ("raise", "kill") if full else ("kill",)
    plans = [f"{point}:{action}@{2 + at % 2}" for action in actions for at, point in enumerate(POINTS)]
    if not full:
        # Both stages fail in one life each: whichever comes first ends the worker.
        plans += [f"{FaultPoint.ENRICH_MENTIONS}:raise@1", f"{FaultPoint.TRACK_WINDOWS}:raise@1"]
    log = with_bad_records(talk(seed=901, records=900 * len(plans), partitions=2)).closed()
    expected = truth_of(trial.settings, log)
    share = 1 / (len(plans) + 1)
    trial.feed(log.part(0.0, share))
    codes = []
    for turn, plan in enumerate(plans):
        trial.feed(log.part((turn + 1) * share, (turn + 2) * share))
        with trial.worker(f"fails{turn}", fault_points=plan) as worker:
            codes.append(worker.wait(60))
        assert f"fault point {plan.partition(':')[0]}" in trial.logs(whole=True)
    assert set(codes) <= {exits.BUG, 128 + 9}, codes
    with trial.worker("last") as worker:
        recovery_s = trial.recovery_s()
        trial.settle(worker)
    trial.judge(expected, fault="failure at each step of each stage", injected=len(plans), recovery_s=recovery_s)
