"""Looking planned events up."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import planned
from pipeline.planned import NOTHING_PLANNED, Calendar, PlannedEvent

MINUTES = 60
TIMES = st.integers(0, MINUTES)
EVENTS = st.builds(
    lambda name, bounds, expect: PlannedEvent(name=name, start=min(bounds), end=max(bounds), expect=expect),
    st.sampled_from("abc"),
    st.tuples(TIMES, TIMES).filter(lambda bounds: bounds[0] != bounds[1]),
    st.sampled_from((1.5, 2.0, 10.0)),
)
CALENDARS = st.lists(EVENTS, max_size=6).map(lambda events: Calendar(tuple(events)))


def event(start: int, end: int, expect: float = 10.0, name: str = "launch") -> PlannedEvent:
    return PlannedEvent(name=name, start=start, end=end, expect=expect)


def test_every_number_in_the_docstrings_is_right() -> None:
    tried = doctest.testmod(planned)
    assert tried.attempted > 0
    assert tried.failed == 0


def test_a_brand_without_events_has_a_calendar_that_is_false() -> None:
    assert not NOTHING_PLANNED
    assert Calendar((event(1, 2),))
    assert NOTHING_PLANNED.at(0) is None
    assert NOTHING_PLANNED.factor(0) == 1.0


@given(CALENDARS, st.integers(-1, MINUTES + 1))
def test_a_minute_is_expected_to_have_the_largest_factor_of_its_events(calendar: Calendar, minute: int) -> None:
    running = [e.expect for e in calendar.events if e.start <= minute < e.end]
    assert calendar.factor(minute) == max(running, default=1.0)


@given(CALENDARS, TIMES, TIMES)
def test_stretches_say_of_every_minute_what_it_says_itself(calendar: Calendar, start: int, end: int) -> None:
    told = {}
    for first, after, each in calendar.within(start, end):
        assert start <= first < after <= end
        for minute in range(first, after):
            assert minute not in told
            told[minute] = each
    asked = {minute: found for minute in range(start, end) if (found := calendar.at(minute))}
    assert told == asked


@given(st.lists(EVENTS, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_the_entries_does_not_matter(events: list[PlannedEvent], rng: st.DrawFn) -> None:
    shuffled = list(events)
    rng.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = Calendar(tuple(events)), Calendar(tuple(shuffled))
    assert [one.at(minute) for minute in range(MINUTES)] == [other.at(minute) for minute in range(MINUTES)]


def test_of_several_events_in_a_window_the_one_that_expects_most_leads() -> None:
    small, large = event(10, 20, 3.0), event(15, 30, 8.0)
    calendar = Calendar((small, large))
    assert calendar.leading(0, 10) is None
    assert calendar.leading(10, 15) == small
    assert calendar.leading(10, 16) == large


@pytest.mark.parametrize("minute", [9, 20])
def test_an_event_ends_with_its_last_minute(minute: int) -> None:
    assert Calendar((event(10, 20),)).at(minute) is None
