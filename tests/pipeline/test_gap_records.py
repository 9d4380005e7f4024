"""What becomes of a gap record, from the raw log to the baseline: whatever the order in which partitions are read."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.detection import Detector
from pipeline.engine import Engine
from pipeline.records import Record
from pipeline.settings import EngineSettings
from pipeline.text import StandardAnalyzer
from pipeline.tracker import Tracker
from schemas.codec import decode, encode
from schemas.crisis import CrisisEvent
from schemas.deadletter import DeadLetterReason
from schemas.mention import Gap, MentionRecord
from schemas.times import from_rfc3339
from schemas.tweet import Tweet
from schemas.window import WindowClosed
from tests.pipeline.logs import (
    LATENESS_MS,
    MINUTE_MS,
    START_MS,
    interleaved,
    published,
    published_by_a_worker_that_crashes,
)
from tests.pipeline.outages import WATCHLIST, Outages, enricher, mentions_of, outages, told_in_time

seeds = st.integers(0, 2**32)


def mixed(rng: Random, found: Outages) -> list[MentionRecord]:
    """Return a mentions partition: what enrich made of each raw partition, in some order."""
    count = len(found.logs)
    return interleaved(rng, [mentions_of(rng, log, number, count) for number, log in enumerate(found.logs)])


def minute_of(window: WindowClosed) -> int:
    return from_rfc3339(window.window_end) // MINUTE_MS - 1


@settings(max_examples=20)
@given(seed=seeds, partitions=st.integers(1, 3))
def test_whatever_the_order_a_minute_that_was_missing_in_time_is_unobserved_everywhere_and_raises_nothing(
    seed: int, partitions: int
) -> None:
    rng = Random(seed)
    found = outages(rng, partitions)
    in_time = set().union(*(told_in_time(log) for log in found.logs))
    touched = {minute for piece in found.pieces for minute in piece.minutes}

    events = Tracker(EngineSettings(), 0).step(mixed(rng, found)).events

    windows = [event for event in events if isinstance(event, WindowClosed)]
    unobserved = {minute_of(window) for window in windows if not window.observed}
    assert in_time == unobserved
    assert unobserved == touched if found.is_alone else unobserved <= touched
    for window in windows:
        last_hour = {minute_of(window) - ago for ago in range(60)}
        assert window.observed is (minute_of(window) not in in_time)
        assert window.observed or window.detection.score == 0.0
        assert window.unobserved.get("1m", 0) == (not window.observed)
        assert window.unobserved.get("1h", 0) == len(last_hour & in_time)
    steps = [event for event in events if isinstance(event, CrisisEvent)]
    assert not {from_rfc3339(step.time) // MINUTE_MS - 1 for step in steps} & in_time


@settings(max_examples=10)
@given(seed=seeds, partitions=st.integers(1, 3))
def test_replay_equals_live_with_gaps_whatever_the_order_the_batches_and_the_crashes(
    seed: int, partitions: int
) -> None:
    rng = Random(seed)
    found = outages(rng, partitions)
    log = mixed(rng, found)
    once = published(log, factory=Detector)

    assert published(mixed(rng, found), batch=rng.randint(1, 9), factory=Detector) == once
    assert list(dict.fromkeys(published_by_a_worker_that_crashes(rng, log, factory=Detector))) == once


@settings(max_examples=10)
@given(seed=seeds, partitions=st.integers(1, 3))
def test_what_is_there_of_a_missing_minute_teaches_nothing(seed: int, partitions: int) -> None:
    learnt = []
    for spoken in (True, False):
        tracker = Tracker(EngineSettings(), 0)
        tracker.step(mixed(Random(seed), outages(Random(seed), partitions, spoken=spoken, live=True)))
        learnt.append({name: _learnt(tracker, name) for name in tracker.brands()})

    assert learnt[0] == learnt[1]


def _learnt(tracker: Tracker, brand: str) -> dict[str, Any]:
    """Return everything that a brand was taught: model and concerns."""
    state: dict[str, Any] = tracker._brands[brand]._detector.state()
    return {name: state[name] for name in ("model", "talk")}


def gap(start_ms: int, end_ms: int, **more: object) -> bytes:
    return encode({"type": "gap", "start_ms": start_ms, "end_ms": end_ms, "source": "x", **more})


def post(number: int, time_ms: int) -> bytes:
    return encode(Tweet(id=str(number), created_at_ms=time_ms, text="acme is late"))


def engine_over(values: Sequence[tuple[int, bytes]]) -> tuple[list[Any], Engine]:
    """Run records with their timestamps through the whole pipeline."""
    engine = Engine(EngineSettings(), WATCHLIST, StandardAnalyzer())
    return engine.process([Record(n, stamp, None, value) for n, (stamp, value) in enumerate(values)]).events, engine


def test_a_gap_that_is_told_of_while_it_lasts_closes_its_minutes_though_nobody_speaks() -> None:
    pieces = range(START_MS, START_MS + 5 * MINUTE_MS, 10_000)
    told = [(end + 10_000, gap(end, end + 10_000)) for end in pieces]

    events, _ = engine_over([(START_MS, post(1, START_MS)), *told])

    windows = [event for event in events if isinstance(event, WindowClosed)]
    assert [window.observed for window in windows] == [False] * 4
    assert from_rfc3339(windows[-1].window_end) == START_MS + 4 * MINUTE_MS
    assert windows[-1].unobserved == {"1m": 1, "5m": 4, "15m": 4, "1h": 4, "6h": 4, "24h": 4}


def test_a_gap_moves_the_clock_no_further_than_its_own_record_and_nothing_is_missing_yet_of_what_comes_after() -> None:
    settings_ = EngineSettings()
    one = enricher()
    clock = one.new_clock(0)

    out = one.enrich(clock, [Record(0, START_MS, None, gap(START_MS - MINUTE_MS, START_MS + 10**10))])

    assert clock.newest_ms == START_MS
    assert [(each.start_ms, each.end_ms) for each in out.gaps] == [
        (START_MS - MINUTE_MS, START_MS + settings_.future_tolerance_ms)
    ]


def test_a_gap_that_begins_in_the_future_is_a_dead_letter() -> None:
    one = enricher()
    clock = one.new_clock(0)

    out = one.enrich(clock, [Record(0, START_MS, None, gap(START_MS + 10**9, START_MS + 10**10))])

    assert ([letter.reason for letter in out.rejected], out.gaps) == ([DeadLetterReason.IN_THE_FUTURE], [])
    assert clock.newest_ms is None


def test_a_gap_of_compliance_notices_is_counted_and_marks_nothing_and_moves_nothing() -> None:
    value = gap(START_MS, START_MS + 9 * MINUTE_MS, of="compliance")
    later = START_MS + 9 * MINUTE_MS

    events, engine = engine_over([(START_MS, post(1, START_MS)), (later, value)])
    out = enricher().enrich(enricher().new_clock(0), [Record(0, later, None, value)])

    assert events == []
    assert engine.tracker.missing == []
    assert (out.gaps, out.rejected, out.counts["compliance_gaps"], out.counts["gaps"]) == ([], [], 1, 0)


def test_what_was_counted_before_a_gap_was_known_is_told_of() -> None:
    one = enricher()
    records = [
        Record(0, START_MS, None, post(1, START_MS)),
        Record(1, START_MS, None, gap(START_MS - 2 * MINUTE_MS, START_MS - MINUTE_MS, reason="restart")),
        Record(2, START_MS, None, gap(START_MS - 2 * MINUTE_MS, START_MS, reason="restart", posts=7)),
    ]

    out = one.enrich(one.new_clock(0), records)

    assert [(part.start_ms, part.end_ms) for part in out.missed] == [
        (START_MS - 2 * MINUTE_MS, START_MS - MINUTE_MS),
        (START_MS - 2 * MINUTE_MS, START_MS - LATENESS_MS),
    ]
    assert out.gaps == [
        Gap(
            source_partition=0,
            offset=2,
            start_ms=START_MS - LATENESS_MS,
            end_ms=START_MS,
            reason="restart",
            source="x",
            posts=7,
            late_from_ms=START_MS - 2 * MINUTE_MS,
        )
    ]
    assert {name: out.counts[name] for name in ("gaps", "gaps_cut", "gaps_too_late")} == {
        "gaps": 1,
        "gaps_cut": 1,
        "gaps_too_late": 1,
    }


@pytest.mark.parametrize(
    ("changes", "mark"),
    [
        ({}, "marked"),
        ({"late_from_ms": START_MS - 5 * MINUTE_MS}, "cut"),
        ({"end_ms": START_MS + 8 * 24 * 60 * MINUTE_MS}, "cut"),
        ({"start_ms": START_MS - 5 * MINUTE_MS}, "cut"),
        ({"start_ms": START_MS - 5 * MINUTE_MS, "end_ms": START_MS - MINUTE_MS}, "closed"),
    ],
)
def test_trackers_say_what_became_of_gaps(changes: dict[str, int], mark: str) -> None:
    from tests.pipeline.logs import watermark  # noqa: PLC0415 - a name that tests here use otherwise

    whole = Gap(source_partition=0, offset=1, start_ms=START_MS, end_ms=START_MS + 3 * MINUTE_MS)
    changed = decode(encode(whole)) | changes
    tracker = Tracker(EngineSettings(), 0)
    tracker.step([watermark(START_MS)])

    step = tracker.step([Gap(**{name: value for name, value in changed.items() if name not in ("type", "brands")})])

    assert step.gaps == {mark: 1}
    assert replace(step).gaps is step.gaps
