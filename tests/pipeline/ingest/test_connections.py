"""Redundant connections that come and go: every instant was delivered, or is missing, once."""

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pipeline.ingest.connections import Connections, Held
from pipeline.ingest.coverage import Coverage, Missing
from pipeline.ingest.recorded import Recorded


class Stream(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = 1000
        self.held = Connections(Coverage(900))
        self.open: list[Held] = []
        self.delivered: list[tuple[int, int]] = [(0, 900)]
        self.missing: list[Missing] = []

    def _took(self, pieces: list[Missing]) -> None:
        self.missing += pieces
        for piece in pieces:
            assert all(one.since_ms >= piece.end_ms for one in self.open), "an open connection may yet deliver it"

    @rule(passed=st.integers(1, 50))
    def time_passes(self, passed: int) -> None:
        self.now += passed

    @rule(back=st.sampled_from([0, 0, 0, 30, 100]))
    def one_is_made(self, back: int) -> None:
        if len(self.open) < 3:
            one = Held(self.now - back)
            self.open.append(one)
            self._took(self.held.opened(one))

    @rule(which=st.integers(0, 2), behind=st.integers(0, 20))
    def one_delivers(self, which: int, behind: int) -> None:
        if which < len(self.open):
            one = self.open[which]
            self.delivered.append((one.since_ms, self.now - behind))
            self._took(self.held.heard(one, self.now - behind))

    @rule(which=st.integers(0, 2))
    def one_ends(self, which: int) -> None:
        if which < len(self.open):
            one = self.open.pop(which)
            self._took(self.held.closed(one))

    @rule(reach=st.sampled_from([0, 60]))
    def time_is_lost(self, reach: int) -> None:
        self._took(self.held.lost(self.now - reach))

    @invariant()
    def every_instant_is_accounted_for(self) -> None:
        assert self.held.until_ms is not None
        assert self.held.until_ms <= self.now
        reached = 0
        for start, end in sorted([*self.delivered, *((gap.start_ms, gap.end_ms) for gap in self.missing)]):
            if start > reached:
                break
            reached = max(reached, end)
        assert reached >= self.held.until_ms

    @invariant()
    def nothing_is_missing_twice(self) -> None:
        assert all(one.end_ms <= other.start_ms for one, other in pairwise(self.missing))

    @invariant()
    def nothing_is_lost_while_one_is_open_that_has_it(self) -> None:
        if self.open:
            assert self.held.any_open


TestStream: Any = Stream.TestCase


def test_a_connection_that_is_not_through_yet_covers_nothing() -> None:
    held = Connections(Coverage(100))
    one = Held(50)
    assert held.opened(one) == []
    assert held.until_ms == 100
    assert held.closed(one) == []
    assert held.lost(140) == [Missing(100, 140)]


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(1, 30)), max_size=20))
def test_what_was_recorded_is_recorded_once_and_all_of_it(gaps: list[tuple[int, int]]) -> None:
    recorded, told = Recorded(), list[Missing]()
    for start, length in gaps:
        told += recorded.new(Missing(start, start + length))
    instants = [instant for gap in told for instant in range(gap.start_ms, gap.end_ms)]

    assert len(instants) == len(set(instants))
    assert set(instants) == {instant for start, length in gaps for instant in range(start, start + length)}
