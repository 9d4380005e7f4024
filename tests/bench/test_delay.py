import doctest

import pytest

import tests.bench.delay
from tests.bench.arrivals import Batch, Closing, Told
from tests.bench.delay import Delays, append_times, rate_of_closings


def test_docstrings() -> None:
    assert doctest.testmod(tests.bench.delay).failed == 0


def test_the_capacity_is_the_rate_of_the_minutes_after_the_first_third() -> None:
    closings = [Closing(minute * 60_000, minute * 9_000, 0.0, 0) for minute in range(6)]
    windows = {0: 0, 60_000: 40_000, 120_000: 50_000, 180_000: 51_000, 240_000: 52_000, 300_000: 53_000}
    assert rate_of_closings(closings, windows) == pytest.approx(9_000.0)


def test_a_capacity_is_not_made_of_two_minutes() -> None:
    closings = [Closing(minute * 60_000, minute, 0.0, 0) for minute in range(3)]
    with pytest.raises(SystemExit, match="only 2 minutes"):
        rate_of_closings(closings, {0: 0, 60_000: 1, 120_000: 2})


def test_a_tweet_was_appended_with_the_batch_that_holds_its_offset() -> None:
    batches = [Batch(0, 0, 0.0, 100), Batch(1, 0, 0.0, 105), Batch(0, 10, 0.0, 110), Batch(1, 7, 0.0, 120)]
    appended_ms = append_times(Told(count=0, batches=batches, closings=[], woken_ms=[]))
    assert [appended_ms(*place) for place in ((0, 0), (0, 9), (0, 10), (1, 6), (1, 7), (1, 99))] == [
        100,
        100,
        110,
        105,
        120,
        120,
    ]


def test_the_figures_are_those_of_crises_and_the_rest_is_told_beside_them() -> None:
    found = Delays(crises=[40.0] * 98 + [80.0, 900.0], windows=[30.0], behind=[1.0, 2.0], closings=7, waiting=12)
    figures = found.figures(0.7, 7_000.0, 10_000.0)
    assert (figures.p50_ms, figures.p99_ms, figures.max_ms, figures.samples) == (40.0, 80.0, 900.0, 100)
    assert sum(count for _, count in figures.histogram) == 100
    for told in ("capacity 10,000", "7 closed minutes", "windows: p50 30", "after they were due: p50 1", "12 records"):
        assert told in figures.note


def test_a_load_without_a_crisis_has_no_figures() -> None:
    with pytest.raises(SystemExit, match="no crisis event"):
        Delays(windows=[30.0]).figures(0.7, 7_000.0, 10_000.0)
