from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pipeline.ingest.coverage import Coverage, GapReason, Missing

times = st.lists(st.integers(0, 200), max_size=30)


def test_nothing_is_missing_before_the_very_first_connection() -> None:
    coverage = Coverage()
    assert coverage.lost(50) is None
    assert coverage.seen(100, 100) is None
    assert coverage.until_ms == 100


def test_what_lies_between_two_connections_is_missing_once() -> None:
    coverage = Coverage()
    coverage.seen(0, 100)
    assert coverage.seen(160, 170) == Missing(100, 160)
    assert coverage.seen(160, 180) is None
    assert coverage.until_ms == 180


def test_a_connection_that_reaches_back_far_enough_leaves_no_gap() -> None:
    coverage = Coverage(100)
    assert coverage.seen(100, 100) is None
    assert coverage.seen(40, 180) is None
    assert coverage.until_ms == 180


def test_a_connection_that_has_delivered_nothing_yet_tells_at_once_what_it_will_not_bring() -> None:
    coverage = Coverage(100)
    assert coverage.seen(160, 90) == Missing(100, 160)
    assert coverage.until_ms == 160


def test_a_crash_is_a_gap_from_the_last_mark_on() -> None:
    assert Coverage(1_000).seen(5_000, 5_100) == Missing(1_000, 5_000)


def test_what_another_open_connection_may_yet_bring_is_not_missing() -> None:
    coverage = Coverage(100)
    assert coverage.seen(120, 140, open_since_ms=0) is None
    assert coverage.until_ms == 100
    assert coverage.seen(0, 130) is None
    assert coverage.seen(120, 150) is None
    assert coverage.until_ms == 150


def test_what_another_connection_took_with_it_when_it_died_is_missing() -> None:
    coverage = Coverage(100)
    assert coverage.seen(120, 140, open_since_ms=0) is None
    assert coverage.seen(120, 150) == Missing(100, 120)


def test_only_what_no_open_connection_may_yet_bring_is_missing() -> None:
    coverage = Coverage(100)
    assert coverage.seen(120, 140, open_since_ms=110) == Missing(100, 110)
    assert coverage.until_ms == 110
    assert coverage.seen(110, 125) is None
    assert coverage.seen(120, 140) is None
    assert coverage.until_ms == 140


@given(pieces=times, start=st.integers(0, 200))
def test_what_is_lost_in_pieces_is_what_is_lost_at_once(pieces: list[int], start: int) -> None:
    coverage, whole = Coverage(start), Coverage(start)
    found = [missing for before in pieces if (missing := coverage.lost(before)) is not None]
    at_once = whole.lost(max(pieces, default=0))

    assert all(one.end_ms == next_one.start_ms for one, next_one in pairwise(found))
    assert (Missing(found[0].start_ms, found[-1].end_ms) if found else None) == at_once
    assert coverage.until_ms == whole.until_ms


@dataclass
class Connection:
    since: int
    until: int = field(init=False)
    """Up to here it has delivered everything."""

    def __post_init__(self) -> None:
        self.until = self.since


class History(RuleBasedStateMachine):
    """Connections that come and go, deliver late, and may reach back; times by the source's clock."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1_000
        self.coverage = Coverage()
        self.began: int | None = None
        self.open: list[Connection] = []
        self.delivered: list[tuple[int, int]] = []
        self.missing: list[Missing] = []
        self.highest = 0

    def _took(self, missing: Missing | None) -> None:
        if missing is not None:
            self.missing.append(missing)
            assert all(one.since >= missing.end_ms for one in self.open), "it may come yet"

    def _tell(self, one: Connection) -> None:
        others = [other.since for other in self.open if other is not one]
        self._took(self.coverage.seen(one.since, one.until, open_since_ms=min(others, default=None)))
        if self.began is None:
            self.began = one.since

    @rule(passed=st.integers(1, 40))
    def time_passes(self, passed: int) -> None:
        self.now += passed

    @rule(backfill=st.sampled_from([0, 0, 5, 60]))
    def a_connection_is_made(self, backfill: int) -> None:
        if len(self.open) < 3:
            one = Connection(self.now - backfill)
            self.open.append(one)
            self._tell(one)

    @rule(which=st.integers(0, 2), share=st.floats(0, 1))
    def a_connection_delivers(self, which: int, share: float) -> None:
        if which < len(self.open):
            one = self.open[which]
            one.until += int((self.now - one.until) * share)
            self.delivered.append((one.since, one.until))
            self._tell(one)

    @rule(which=st.integers(0, 2))
    def a_connection_ends(self, which: int) -> None:
        if which < len(self.open):
            self.open.pop(which)

    @rule(backfill=st.sampled_from([0, 5]))
    def nothing_is_open_and_it_is_too_late(self, backfill: int) -> None:
        if not self.open:
            self._took(self.coverage.lost(self.now - backfill))

    @rule()
    def the_ingester_is_killed(self) -> None:
        self.open.clear()
        self.coverage = Coverage(self.coverage.until_ms)

    @invariant()
    def every_instant_was_delivered_or_is_missing(self) -> None:
        if self.began is None or self.coverage.until_ms is None:
            return
        known = [*self.delivered, *((gap.start_ms, gap.end_ms) for gap in self.missing)]
        reached = self.began
        for start, end in sorted(known):
            if start > reached:
                break
            reached = max(reached, end)
        assert reached >= self.coverage.until_ms

    @invariant()
    def no_instant_is_missing_twice(self) -> None:
        assert all(one.end_ms <= next_one.start_ms for one, next_one in pairwise(self.missing))

    @invariant()
    def coverage_never_goes_back(self) -> None:
        until_ms = self.coverage.until_ms or 0
        assert until_ms >= self.highest
        self.highest = until_ms


TestHistory: Any = History.TestCase


@given(
    cuts=st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=20),
    start=st.integers(0, 50),
)
def test_two_connections_that_overlap_always_leave_no_gap(cuts: list[tuple[int, int]], start: int) -> None:
    coverage, until = Coverage(start), start
    for back, forth in cuts:
        since, until = until - back, until + forth
        assert coverage.seen(since, until) is None
    assert coverage.until_ms == until


@pytest.mark.parametrize("end_ms", [5, 4, -1])
def test_a_gap_ends_after_it_begins(end_ms: int) -> None:
    with pytest.raises(ValueError, match="a gap ends after it begins"):
        Missing(5, end_ms)


def test_the_reasons_are_those_that_everybody_agreed_on() -> None:
    assert set(GapReason) == {
        "disconnected",
        "stalled",
        "restart",
        "spool_full",
        "spool_expired",
        "rate_limited",
        "refused",
    }
