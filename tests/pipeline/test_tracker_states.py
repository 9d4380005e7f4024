"""Damaged states and states of another model: a tracker goes on whatever it is given."""

from functools import cache
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.settings import EngineSettings
from pipeline.tracker import Tracker
from schemas.crisis import CrisisEvent, CrisisEventType
from schemas.times import from_rfc3339
from tests.pipeline.incident import CALMS, STORED, incident_in_batches
from tests.pipeline.logs import (
    MINUTE_MS,
    START_MS,
    FakeDetector,
    damage,
    put_together,
    raw_log,
    taken_apart,
    watermark,
)


@settings(max_examples=100)
@given(data=st.data())
def test_no_damage_to_the_state_makes_restoring_or_going_on_raise(data: st.DataObject) -> None:
    rng = Random(data.draw(st.integers(0, 99)))
    log = raw_log(rng, 0, 1, length=20, end_ms=START_MS + 30 * MINUTE_MS)
    states = Tracker(EngineSettings(), 0, FakeDetector).step(log[:-3]).states
    junk = st.sampled_from([None, -1, 0, 1.5, "x", "AAAA", [], [1], {}, {"en": -1}, True, 2**63 - 1])
    tracker = Tracker(EngineSettings(), 0, FakeDetector)
    for key, value in states.items():
        partition, damaged = taken_apart(value)
        damage(damaged, rng, data.draw(junk))
        tracker.restore(key, put_together(partition, damaged))

    tracker.step(log)


def lived(change: Any) -> list[CrisisEvent]:
    """Return the life of the incident's crises when the detector's state is changed in the midst of it."""
    states, events = dict(eventful()[0]), list(eventful()[1])
    partition, state = taken_apart(states["acme"])
    change(state["detector"])
    states["acme"] = put_together(partition, state)
    tracker = Tracker(EngineSettings(), 0)
    for key, value in states.items():
        tracker.restore(key, value)
    assert tracker.problems == {"unknown_detector": 1}
    for records in incident_in_batches(STORED, STORED + 3 * 24 * 60, minutes=60):
        events += tracker.step(records).events
    return [event for event in events if isinstance(event, CrisisEvent)]


@pytest.mark.parametrize(
    "change",
    [
        lambda detector: detector.update(version="of tomorrow"),
        lambda detector: detector.clear(),
        lambda detector: detector["model"].update(clock=None),
        lambda detector: detector["model"]["volume"].update(level=[-1.0, 1e300]),
    ],
)
def test_an_open_crisis_outlives_its_model_and_is_resolved_in_the_end(change: Any) -> None:
    events = lived(change)

    assert len({event.crisis_id for event in events}) == 1
    assert [event.sequence for event in events] == list(range(len(events)))
    assert [event.type for event in events].count(CrisisEventType.OPENED) == 1
    assert events[-1].type is CrisisEventType.RESOLVED
    stored_ms = START_MS + STORED * MINUTE_MS
    after = [event for event in events if from_rfc3339(event.time) > stored_ms]
    fallen = [event for event in after if event.type is not CrisisEventType.UPDATED]
    assert from_rfc3339(fallen[0].time) > START_MS + CALMS * MINUTE_MS, "not while it goes on"
    assert from_rfc3339(events[-1].time) <= stored_ms + (24 + 7) * 60 * MINUTE_MS


NUMBERS = (-1, 0, 1, 5, 1.5, 1e-300, 1e15, 1e300, 2**31, 2**53, 2**63 - 1, 2**64 - 1)
JUNK: tuple[Any, ...] = (*NUMBERS, None, "x", "", [], [1], {}, True)


@settings(max_examples=80)
@given(seed=st.integers(0, 2**32))
def test_a_state_that_was_accepted_never_makes_the_real_detector_raise(seed: int) -> None:
    rng = Random(seed)
    tracker = Tracker(EngineSettings(), 0)
    for key, value in eventful()[0].items():
        partition, state = taken_apart(value)
        for _ in range(rng.randint(1, 3) if key == "acme" else 0):
            damage(state, rng, rng.choice(JUNK))
        tracker.restore(key, put_together(partition, state))
    for records in incident_in_batches(STORED, STORED + 130, minutes=10):
        tracker.step(records)
    again = Tracker(EngineSettings(), 0)
    step = tracker.step([watermark(START_MS + (STORED + 131) * MINUTE_MS, 10**7)])
    for key, value in step.states.items():
        again.restore(key, value)
    assert again.problems == {}, "what we write we can read"


@cache
def eventful() -> tuple[dict[str, bytes], tuple[Any, ...]]:
    """What is stored, and has been published, in the midst of the incident."""
    tracker, states, events = Tracker(EngineSettings(), 0), dict[str, bytes](), list[Any]()
    for records in incident_in_batches(0, STORED, minutes=30):
        step = tracker.step(records)
        states |= step.states
        events += step.events
    return states, tuple(events)
