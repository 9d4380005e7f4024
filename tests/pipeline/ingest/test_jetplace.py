"""Where to go on from, and from when on a connection has everything."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.ingest.jetplace import RUN, JetstreamPlace

S = 1_000_000
NOW = 1_725_911_162 * S
HOUR = 3600 * S
DAY = 24 * HOUR


def place(newest_us: int | None = NOW, clock_us: int = NOW + 3 * DAY) -> JetstreamPlace:
    return JetstreamPlace(newest_us, quiet_us=30 * S, clock_us=lambda: clock_us)


def test_the_first_connection_asks_for_what_is_new_and_has_everything_from_its_first_event_on() -> None:
    first = place(None)
    assert first.begin() is None
    assert [first.take(NOW), first.take(NOW + 1)] == [False, True]
    assert (first.since_us, first.newest_us) == (NOW, NOW + 1)


def test_the_next_one_asks_for_a_little_more_than_is_new() -> None:
    again = place()
    assert again.begin() == NOW - 5 * S
    again.take(NOW - 4 * S)
    assert (again.take(NOW - 3 * S), again.since_us, again.newest_us) == (True, NOW - 5 * S, NOW)


def test_a_server_that_begins_much_later_than_it_was_asked_to_does_not_have_what_lies_between() -> None:
    again = place()
    again.begin()
    again.take(NOW + DAY)
    again.take(NOW + DAY + S)
    assert (again.since_us, again.newest_us) == (NOW + DAY, NOW + DAY + S)


def test_one_absurd_time_moves_nothing() -> None:
    again = place()
    again.begin()
    for time_us in (9 * NOW, NOW + S, NOW + 2 * S, 0, 9 * NOW, NOW + 3 * S, NOW + 4 * S):
        again.take(time_us)
    assert (again.since_us, again.newest_us) == (NOW - 5 * S, NOW + 4 * S)


def test_an_event_without_a_time_says_nothing_of_the_place() -> None:
    again = place()
    again.begin()
    assert [again.take(None), again.take(NOW), again.take(None), again.take(NOW + 1), again.take(None)] == [
        False,
        False,
        False,
        True,
        True,
    ]


@given(st.lists(st.none() | st.integers(-3 * HOUR, 3 * HOUR), max_size=30), st.lists(st.integers(0, 30), max_size=3))
def test_the_place_never_goes_back_and_is_never_ahead_of_what_was_said(
    steps: list[int | None], cuts: list[int]
) -> None:
    going = place()
    going.begin()
    before, said = NOW, NOW
    for number, step in enumerate(steps):
        if number in cuts:
            going.begin()
        time_us = None if step is None else NOW + step
        said = max(said, time_us or 0)
        going.take(time_us)
        assert going.newest_us is not None
        assert before <= going.newest_us <= said
        before = going.newest_us


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(0, RUN - 1), st.integers(2, 10_000)), max_size=12))
def test_absurd_times_ahead_of_our_clock_move_nothing_however_they_are_mixed_in(
    parts: list[tuple[int, int, int]],
) -> None:
    going = place(clock_us=NOW)
    going.begin()
    honest = NOW
    for good, bad, hours in parts:
        for _ in range(good):
            honest += 1000
            going.take(honest)
        for number in range(bad):
            going.take(NOW + hours * HOUR + number)
        assert (going.newest_us or 0) <= honest


@given(
    bad=st.lists(st.integers(-10 * DAY, 900 * DAY), max_size=20),
    again=st.sampled_from([1, 2, 31, 32, 40]),
    wrong_s=st.sampled_from([0, -50 * 365 * 86_400, 86_400]),
)
def test_whatever_was_said_and_by_our_clock_a_run_of_honest_events_puts_the_place_right(
    bad: list[int], again: int, wrong_s: int
) -> None:
    going = place(clock_us=NOW + wrong_s * S)
    going.begin()
    for number in range(2 * RUN):
        going.take(NOW + number)
    for off in bad:
        for number in range(again):
            going.take(NOW + off + number)
    for number in range(2 * RUN + 2):
        going.take(NOW + 2 * S + number)
    # What is ahead by less than servers differ is no harm.
    assert 0 <= (going.newest_us or 0) - (NOW + 2 * S + 2 * RUN + 1) <= 60 * S
    assert going.since_us is not None
    assert going.since_us <= NOW + 2 * S


def test_a_cursor_in_the_future_is_recognised_by_older_events() -> None:
    again = place(NOW + HOUR // 6)
    again.begin()
    for number in range(RUN + 1):
        again.take(NOW + number)
    assert (again.since_us, again.newest_us, again.put_back_us) == (NOW, NOW + RUN - 1 + 1, NOW)


def test_what_is_certain_is_what_was_before_the_jump_also_in_the_next_connection() -> None:
    going = place(clock_us=NOW + DAY)
    going.begin()
    for time_us in (NOW, NOW + S, NOW + 9 * HOUR, NOW + 9 * HOUR + 1):
        going.take(time_us)
    assert going.begin() == NOW + 9 * HOUR + 1 - 5 * S
    for number in range(RUN + 1):
        going.take(NOW + 600 * S + number)
    assert (going.put_back_us, going.since_us) == (NOW + S, NOW + 600 * S)
