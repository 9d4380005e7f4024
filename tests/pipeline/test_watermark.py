from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.watermark import Clock

HOUR = 3_600_000


def say(
    clock: Clock, partition: int, watermark_ms: int | None, offset: int = 0, *, idle: bool = False, of: int = 2
) -> None:
    clock.advance(partition, offset=offset, watermark_ms=watermark_ms, idle=idle, source_partitions=of)


def test_there_is_no_time_before_every_raw_partition_has_been_heard() -> None:
    clock = Clock()
    say(clock, 0, HOUR)
    assert clock.time_ms is None

    say(clock, 1, 2 * HOUR)
    assert clock.time_ms == HOUR


def test_time_is_the_minimum_of_the_raw_partitions() -> None:
    clock = Clock()
    for partition, watermark_ms in ((0, 5 * HOUR), (1, 3 * HOUR), (0, 6 * HOUR)):
        say(clock, partition, watermark_ms)

    assert clock.time_ms == 3 * HOUR


def test_a_partition_without_tweets_holds_time_back_until_it_is_idle() -> None:
    clock = Clock()
    say(clock, 0, HOUR)
    say(clock, 1, None, -1)
    assert clock.time_ms is None

    say(clock, 1, None, -1, idle=True)
    assert clock.time_ms == HOUR


def test_when_all_are_idle_time_is_the_maximum() -> None:
    clock = Clock()
    say(clock, 0, HOUR, idle=True)
    say(clock, 1, 3 * HOUR, idle=True)

    assert clock.time_ms == 3 * HOUR


def test_when_all_are_idle_and_none_has_spoken_there_is_no_time() -> None:
    clock = Clock()
    say(clock, 0, None, -1, idle=True, of=1)

    assert clock.time_ms is None


def test_time_never_goes_back_when_an_idle_partition_speaks_of_the_past() -> None:
    clock = Clock()
    say(clock, 0, HOUR, 4, idle=True)
    say(clock, 1, 3 * HOUR)
    say(clock, 0, 2 * HOUR, 5)
    assert clock.time_ms == 3 * HOUR

    say(clock, 1, 9 * HOUR)
    assert clock.time_ms == 3 * HOUR, "it holds time back again"


def test_a_mention_of_an_idle_partition_makes_it_hold_time_back() -> None:
    clock = Clock()
    say(clock, 0, HOUR, 4, idle=True)
    say(clock, 1, 2 * HOUR)
    clock.heard(0, 5)
    say(clock, 1, 3 * HOUR)

    assert clock.time_ms == 2 * HOUR


@pytest.mark.parametrize("offset", [3, 4])
def test_what_was_said_before_it_fell_idle_does_not_wake_a_partition(offset: int) -> None:
    clock = Clock()
    say(clock, 0, HOUR, 4, idle=True)
    clock.heard(0, offset)
    say(clock, 0, HOUR, offset)
    say(clock, 1, 3 * HOUR)

    assert clock.time_ms == 3 * HOUR


def test_time_waits_for_partitions_that_are_added() -> None:
    clock = Clock()
    say(clock, 0, HOUR, of=1)
    say(clock, 0, 2 * HOUR, of=2)
    assert clock.time_ms == HOUR

    say(clock, 1, 5 * HOUR, of=2)
    assert clock.time_ms == 2 * HOUR


@pytest.mark.parametrize("watermark_ms", [-1, 253_402_300_800_000, 2**62])
def test_a_watermark_outside_of_the_years_1970_to_9999_moves_nothing(watermark_ms: int) -> None:
    clock = Clock()
    say(clock, 0, watermark_ms, of=1)

    assert clock.time_ms is None


words = st.tuples(
    st.integers(0, 2),
    st.one_of(st.none(), st.integers(0, 20)),
    st.integers(-1, 6),
    st.booleans(),
    st.booleans(),
)


def tell(clock: Clock, word: tuple[int, int | None, int, bool, bool]) -> None:
    partition, watermark_ms, offset, idle, mention = word
    if mention:
        clock.heard(partition, offset)
    else:
        say(clock, partition, watermark_ms, offset, idle=idle, of=3)


@given(said=st.lists(words, max_size=30), seed=st.integers(0, 999))
def test_saying_things_again_in_any_order_changes_nothing(
    said: list[tuple[int, int | None, int, bool, bool]], seed: int
) -> None:
    clock = Clock()
    for word in said:
        tell(clock, word)
    before = clock.state()
    clock.changed = False

    again = said * 2
    Random(seed).shuffle(again)
    for word in again:
        tell(clock, word)

    assert (clock.state(), clock.changed) == (before, False)


@given(said=st.lists(words, max_size=30))
def test_time_never_goes_back_and_survives_a_restart(said: list[tuple[int, int | None, int, bool, bool]]) -> None:
    clock, times = Clock(), []
    for word in said:
        clock = Clock.restore(clock.state())
        tell(clock, word)
        times.append(-1 if clock.time_ms is None else clock.time_ms)

    assert all(a <= b for a, b in pairwise(times))


@pytest.mark.parametrize(
    "state",
    [
        *([], [None, 1], [None, "1", []], [-5, 1, []], [None, -1, []], [None, 2**32, []], [1, 1, 1]),
        *([None, 1, [[0, "x", 0, False]]], [None, 1, [[-1, 1, 0, False]]], [None, 1, [[0, 1, 2**64 - 1, False]]]),
    ],
)
def test_a_damaged_clock_is_told_apart(state: list[object]) -> None:
    with pytest.raises((TypeError, ValueError)):
        Clock.restore(state)
