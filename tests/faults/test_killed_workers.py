"""Workers that die without a word."""

from __future__ import annotations

import time
from random import Random

import pytest

from tests.faults.logs import talk
from tests.faults.oracle import truth_of
from tests.faults.trial import Trial


@pytest.mark.timeout(1800)
def test_workers_killed_at_random_moments_lose_and_double_nothing(trial: Trial, full: bool) -> None:
    kills = 50 if full else 3
    log = talk(seed=101, records=kills * 3000, partitions=2).closed()
    expected = truth_of(trial.settings, log)
    rng, recovery_s = Random(1), 0.0
    with trial.crew(2) as crew, trial.load(log, over_s=kills * 25.0):
        for _ in range(kills):
            time.sleep(rng.uniform(1.0, 3.0))  # the moment is what is random here
            crew.kill_one(rng)
            recovery_s = max(recovery_s, trial.recovery_s())
        trial.settle()
    assert set(crew.codes) == {-9}, f"none ended in another way\n{trial.logs()}"
    trial.judge(expected, fault="kill -9 of one of two workers", injected=kills, recovery_s=recovery_s)
