"""Deploys that go wrong, or roll over workers that still run the old version."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from agents import exits
from schemas.crisis import CrisisEvent
from schemas.reading import read_crisis_record
from tests.faults.logs import Log, Raw, talk
from tests.faults.oracle import truth_of
from tests.faults.trial import Trial
from tests.live.vigie import end

BAD = 3000
AMID_THE_CRISIS = 0.7


def test_a_deploy_that_can_use_nothing_halts_before_it_drains_the_topic(trial: Trial) -> None:
    good = talk(seed=1101, records=2500, partitions=2)
    bad = [Raw(at % 2, None, b"\xff\xfe not ours %d" % at, good.records[-1].time_ms) for at in range(BAD)]
    log = Log((*good.records, *bad, *talk(seed=1102, records=500, partitions=2).records), 2).closed()
    expected = truth_of(trial.settings, log)
    judged = trial.settings.deadletter_limit_records
    trial.feed(log)
    starts = 3
    for turn in range(starts):
        with trial.worker(f"halts{turn}") as worker:
            assert worker.wait(60) == exits.BAD_INPUT, trial.logs()
    assert "could not be used, for example: not_json" in trial.logs(whole=True)
    letters = len(trial.read(trial.settings.topics.deadletters))
    assert letters < starts * judged, "each start lets fewer than it takes to judge through"
    assert sum(trial.committed("enrich").values()) < len(good.records) + starts * judged
    with trial.worker("put-right", deadletter_limit_share=1.0) as worker:  # somebody looked, and wants them gone
        recovery_s = trial.recovery_s()
        trial.settle(worker)
    trial.judge(expected, fault="bad deploy halted by the dead-letter limit", injected=starts, recovery_s=recovery_s)


def test_a_new_model_that_rolls_over_the_workers_loses_no_count_and_no_crisis(trial: Trial, tmp_path: Path) -> None:
    log = talk(seed=1003, records=12_000, partitions=2).closed()
    expected = truth_of(trial.settings, log)
    # Python runs a module of this name first: the next model, as far as its state is concerned.
    (tmp_path / "sitecustomize.py").write_text("import pipeline.detection.detector as d\nd._VERSION += 1\n")
    new = {"PYTHONPATH": os.pathsep.join([str(tmp_path), *filter(None, sys.path)])}
    with ExitStack() as stack:
        old = [stack.enter_context(trial.worker(f"old{n}")) for n in range(2)]
        trial.feed(log.part(0.0, AMID_THE_CRISIS))
        trial.settle(*old)
        opened = lives(trial)
        assert any(types[-1] != "resolved" for types in opened.values()), "a crisis is open as the model changes"
        following = []
        with trial.load(log.part(AMID_THE_CRISIS, 1.0), over_s=60.0):
            for turn, worker in enumerate(old):
                assert end(worker) == 0, trial.logs()
                following.append(stack.enter_context(trial.worker(f"new{turn}", new)))
                trial.until_ready(f"new{turn}")
        recovery_s = trial.recovery_s()
        trial.settle(*following)
    assert "unknown_detector" in trial.logs(whole=True)
    trial.judge(expected, fault="model changed, rolling deploy", injected=2, recovery_s=recovery_s, counts_only=True)
    for crisis, types in lives(trial).items():
        assert types.count("opened") == 1
        assert types.count("resolved") <= 1
        assert types[: len(opened.get(crisis, []))] == opened.get(crisis, []), "what was told stays told"


def lives(trial: Trial) -> dict[str, list[str]]:
    """Types of the events of each crisis in order; their sequence numbers have no holes."""
    found: dict[str, list[str]] = {}
    for payloads in trial.events(trial.settings.topics.crises).payloads.values():
        for event in map(read_crisis_record, payloads):
            if not isinstance(event, CrisisEvent):
                continue
            types = found.setdefault(event.crisis_id, [])
            assert event.sequence == len(types)
            types.append(event.type.value)
    return found


def test_a_change_of_configuration_that_rolls_over_the_workers_loses_and_doubles_nothing(trial: Trial) -> None:
    # Tweets here are at most 8 s late, so both lateness settings count the same ones.
    log = talk(seed=1001, records=12_000, partitions=2).closed()
    expected = truth_of(trial.settings, log)
    changed: dict[str, Any] = {"allowed_lateness_s": 20.0, "max_batch_records": 77, "duplicate_memory": 5_000}
    with ExitStack() as stack, trial.load(log, over_s=90.0):
        old = [stack.enter_context(trial.worker(f"old{n}")) for n in range(2)]
        trial.until_ready("old0")
        trial.until_ready("old1")
        new, recovery_s = [], 0.0
        for turn, worker in enumerate(old):
            assert end(worker) == 0, trial.logs()
            new.append(stack.enter_context(trial.worker(f"new{turn}", **changed)))
            trial.until_ready(f"new{turn}")
            recovery_s = max(recovery_s, trial.recovery_s())
        trial.settle(*new)
    trial.judge(expected, fault="configuration changed, rolling deploy", injected=2, recovery_s=recovery_s)
