"""The heart: nothing counted twice, nothing lost, and what is published does not depend on how the log came."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pipeline.brandstate
from pipeline.settings import EngineSettings
from pipeline.tracker import Tracker, clock_key
from schemas.codec import decode, encode
from schemas.mention import Mention
from schemas.window import WindowClosed
from tests.pipeline.logs import (
    MINUTE_MS,
    SHORT_LIVED,
    START_MS,
    FakeDetector,
    interleaved,
    published,
    published_by_a_worker_that_crashes,
    raw_log,
    with_erasures,
)

END_MS = START_MS + 70 * MINUTE_MS


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32), partitions=st.integers(1, 4))
def test_closed_buckets_depend_neither_on_interleaving_nor_on_where_batches_are_cut(seed: int, partitions: int) -> None:
    rng = Random(seed)
    logs = [raw_log(rng, p, partitions, length=rng.randint(0, 40), end_ms=END_MS) for p in range(partitions)]
    one_after_the_other = published([record for log in logs for record in log])

    assert published(interleaved(rng, logs)) == one_after_the_other
    assert published(interleaved(rng, logs), batch=rng.randint(1, 9)) == one_after_the_other


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32), partitions=st.integers(1, 4))
def test_crashes_and_repeated_delivery_publish_the_same_events_and_lose_none(seed: int, partitions: int) -> None:
    rng = Random(seed)
    logs = [
        raw_log(rng, p, partitions, length=rng.randint(0, 40), end_ms=END_MS, idles=True) for p in range(partitions)
    ]
    log = interleaved(rng, logs)
    once = published(log, batch=1)

    again = published_by_a_worker_that_crashes(rng, log)

    assert len(once) == len(set(once))
    assert list(dict.fromkeys(again)) == once, "in order, and nothing but equal bytes for equal IDs"
    assert len({decode(event)["id"] for event in again}) == len(once)


@settings(max_examples=6)
@given(seed=st.integers(0, 2**32))
def test_the_same_holds_with_the_real_detector(seed: int) -> None:
    from pipeline.detection import Detector  # noqa: PLC0415 - only here

    rng = Random(seed)
    log = interleaved(rng, [raw_log(rng, p, 2, length=40, end_ms=END_MS, idles=True) for p in range(2)])

    again = published_by_a_worker_that_crashes(rng, log, factory=Detector)

    assert list(dict.fromkeys(again)) == published(log, batch=1, factory=Detector)


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32))
def test_with_erasures_neither_cuts_nor_crashes_nor_repeated_delivery_change_what_is_published(seed: int) -> None:
    rng = Random(seed)
    logs = [raw_log(rng, p, 2, length=rng.randint(0, 40), end_ms=END_MS, idles=True) for p in range(2)]
    log = with_erasures(rng, interleaved(rng, logs))
    once = published(log, batch=1)

    assert published(log) == once
    assert published(log, batch=rng.randint(2, 9)) == once
    assert list(dict.fromkeys(published_by_a_worker_that_crashes(rng, log))) == once


@settings(max_examples=3)
@given(seed=st.integers(0, 2**32))
def test_the_same_holds_for_brands_that_fall_asleep(seed: int) -> None:
    rng = Random(seed)
    day = 24 * 60 * MINUTE_MS
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline.brandstate, "_ASLEEP_AFTER", 1455)
        logs = [
            raw_log(rng, p, 2, length=3, end_ms=START_MS + 4 * day, steps_ms=(1_000, 50_000, day + 7 * 3_600_000))
            for p in range(2)
        ]
        log = interleaved(rng, logs)

        once = published(log)

        assert published(interleaved(rng, logs), batch=3) == once
        assert list(dict.fromkeys(published_by_a_worker_that_crashes(rng, log))) == once


@given(seed=st.integers(0, 2**32))
@settings(max_examples=30)
def test_the_volume_of_all_closed_minutes_is_the_number_of_mentions_that_are_not_late(seed: int) -> None:
    rng = Random(seed)
    log = interleaved(rng, [raw_log(rng, p, 2, length=40, end_ms=END_MS) for p in range(2)])
    tracker = Tracker(EngineSettings(), 0, FakeDetector)

    step = tracker.step(log)

    counted = [m for m in log if isinstance(m, Mention) and not m.late and not m.official]
    closed = [m for m in counted if m.time_ms // MINUTE_MS < (tracker.time_ms or 0) // MINUTE_MS]
    assert sum(window.windows["1m"].volume for window in step.events if isinstance(window, WindowClosed)) == len(closed)


def test_every_prefix_of_the_states_of_a_step_is_a_state_to_go_on_from() -> None:
    rng = Random(4)
    log = interleaved(rng, [raw_log(rng, p, 2, length=50, end_ms=END_MS) for p in range(2)])
    expected = published(log)
    half = len(log) // 2
    tracker = Tracker(SHORT_LIVED, 0, FakeDetector)
    first, second = tracker.step(log[:half]), tracker.step(log[half:])
    entries = list(second.states.items())
    for length in range(len(entries) + 1):
        table = first.states | dict(entries[:length])
        restarted = Tracker(SHORT_LIVED, 0, FakeDetector)
        for key, value in table.items():
            restarted.restore(key, value)
        events = [*first.events, *second.events, *restarted.step(log[half:]).events]

        assert set(map(encode, events)) == set(expected)


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32))
def test_a_restored_tracker_writes_the_states_it_was_restored_from(seed: int) -> None:
    rng = Random(seed)
    tracker = Tracker(EngineSettings(), 0)
    log = interleaved(rng, [raw_log(rng, p, 2, length=40, end_ms=END_MS) for p in range(2)])
    states = tracker.step(log[: rng.randrange(len(log) + 1)]).states
    again = Tracker(EngineSettings(), 0)
    for key, value in states.items():
        again.restore(key, value)

    assert again.problems == {}
    assert again._states(again.brands()) == {key: value for key, value in states.items() if key != clock_key(0)}
