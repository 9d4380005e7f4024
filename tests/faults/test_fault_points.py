"""An exception, a sudden death, at every step of every stage."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from agents import exits
from agents.faultpoints import FaultPoint
from tests.faults.logs import talk, with_bad_records
from tests.faults.oracle import truth_of
from tests.faults.trial import Trial

BETWEEN_RESULTS_AND_STATE = {FaultPoint.ENRICH_MENTIONS, FaultPoint.TRACK_WINDOWS}


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("stage", ["enrich", "track"])
def test_a_worker_that_fails_at_any_step_loses_and_doubles_nothing(
    make_trial: Callable[..., Trial], full: bool, stage: str
) -> None:
    # With one partition of each, no batch waits for another partition's time: each of them closes windows.
    trial = make_trial(partitions=(1, 1))
    # Idleness has a test of its own, in test_disordered_input.
    points = [point for point in FaultPoint if point.startswith(stage) and point is not FaultPoint.ENRICH_IDLE]
    raising = points if full else [point for point in points if point in BETWEEN_RESULTS_AND_STATE]
    deaths = [*((point, "kill") for point in points), *((point, "raise") for point in raising)]
    # Later each time: none of them lives until a commit, so each begins with what those before have done.
    plans = [f"{point}:{action}@{at + 2}" for at, (point, action) in enumerate(deaths)]
    log = with_bad_records(talk(seed=901, records=900 * len(plans), partitions=1)).closed()
    expected = truth_of(trial.settings, log)
    share = 1 / (len(plans) + 1)
    trial.feed(log.part(0.0, share))
    codes = []
    for turn, plan in enumerate(plans):
        trial.feed(log.part((turn + 1) * share, (turn + 2) * share))
        with trial.worker(f"fails{turn}", fault_points=plan) as worker:
            codes.append(worker.wait(60))
        assert f"fault point {plan.partition(':')[0]}" in trial.logs(whole=True)
    assert set(codes) == {exits.BUG, 128 + 9}, codes
    with trial.worker("last") as worker:
        recovery_s = trial.recovery_s()
        trial.settle(worker)
    outcome = trial.judge(
        expected, fault=f"failure at each step of {stage}", injected=len(plans), recovery_s=recovery_s
    )
    assert outcome.repeated, "the deaths between results and state are told twice"
