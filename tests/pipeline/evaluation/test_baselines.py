"""Each published rule against its formula, worked out by hand."""

from math import erfc, sqrt
from statistics import fmean, pstdev
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from river import anomaly, base
from scipy.stats import poisson  # type: ignore[import-untyped]

from pipeline.evaluation.baselines import (
    CyclePoisson,
    DayAgainstWeek,
    LastHour,
    PointPoisson,
    StandardDeviations,
    WindowedGaussian,
)
from pipeline.evaluation.baselines.gnip import eta

WEEK = 168


def hourly(model: base.AnomalyDetector, hours: list[float]) -> list[float]:
    """Scores at the ends of whole hours; the twelve buckets of each share its count."""
    scores = []
    for hour, count in enumerate(hours):
        for bucket in range(1, 13):
            x: dict[Any, Any] = {"end_minute": 60 * (500_000 + hour) + 5 * bucket, "volume": count / 12}
            score = model.score_one(x)
            model.learn_one(x)
            if bucket == 12:
                scores.append(score)
            else:
                assert score == 0.0, "between two hours nothing is decided"
    return scores


def test_point_poisson_counts_intervals_above_the_hour_before() -> None:
    scores = hourly(PointPoisson(), [24, 24, 60, 48, 0, 12])
    low, high = poisson.interval(0.99, 24)
    assert scores == pytest.approx([0, 0, (60 - 24) / (high - low), 0, 0, 0])


@given(st.floats(0.01, 2_000), st.floats(0, 5_000), st.sampled_from([0.9, 0.99]))
def test_eta_measures_with_the_poisson_interval(mean: float, count: float, alpha: float) -> None:
    low, high = poisson.interval(alpha, mean)
    assert eta(count, mean, alpha) == pytest.approx(max(0.0, count - mean) / max(1.0, high - low))


def test_cycle_poisson_compares_with_the_same_hour_of_earlier_days() -> None:
    quiet_but_at_noon = [120.0 if hour % 24 == 12 else 12.0 for hour in range(72)]
    model = CyclePoisson()
    assert hourly(model, quiet_but_at_noon) == [0.0] * 72
    low, high = poisson.interval(0.99, 12)
    x = {"end_minute": 60 * (500_000 + 73), "volume": 60}
    assert model.score_one(x) == pytest.approx((60 - 12) / (high - low))


def test_the_last_hour_is_compared_with_the_twelve_before_yesterday_and_last_week() -> None:
    usual = hourly(LastHour(), [*[12.0] * 12, 36.0])
    assert usual == pytest.approx([0.0] * 12 + [3.0])
    as_yesterday = hourly(LastHour(), [12.0] * 6 + [36.0] + [12.0] * 23 + [36.0])
    assert as_yesterday[-1] == pytest.approx(1.0)
    as_last_week = hourly(LastHour(), [12.0] * 6 + [24.0] + [12.0] * (WEEK - 1) + [36.0])
    assert as_last_week[-1] == pytest.approx(1.5)


def test_a_reference_below_one_mention_counts_as_one() -> None:
    assert hourly(LastHour(), [0.0] * 20 + [6.0])[-1] == pytest.approx(6.0)


def test_a_day_is_compared_with_its_week_in_standard_deviations() -> None:
    hours = [float(10 + hour % 5) for hour in range(WEEK)] + [30.0] * 24
    scores, week = hourly(DayAgainstWeek(), hours), hours[-WEEK:]
    assert scores[-1] == pytest.approx((30 - fmean(week)) / pstdev(week))
    assert hourly(DayAgainstWeek(), hours[:24])[-1] == 0.0


def test_hours_that_were_not_seen_are_left_out() -> None:
    model = PointPoisson()
    hourly(model, [24, 24])
    late = {"end_minute": 60 * (500_000 + 5), "volume": 600}
    assert model.score_one(late) == 0.0


def test_buckets_that_do_not_end_with_the_hour_are_summed_all_the_same() -> None:
    model, scores = PointPoisson(), []
    for i in range(36):
        x = {"end_minute": 60 * 500_000 + 2 + 5 * i, "volume": 8 if i > 24 else 2}
        scores.append(model.score_one(x))
        model.learn_one(x)
    assert [i for i, score in enumerate(scores) if score] == []
    x = {"end_minute": 60 * 500_000 + 2 + 5 * 36, "volume": 8}
    low, high = poisson.interval(0.99, 24)
    assert model.score_one(x) == pytest.approx((96 - 24) / (high - low))


@given(st.lists(st.integers(0, 50), min_size=1, max_size=60))
def test_the_windowed_gaussian_is_that_of_nab(counts: list[int]) -> None:
    model = WindowedGaussian(window=20, step=7)
    window: list[int] = []
    waiting: list[int] = []
    mean, deviation = 0.0, 1.0
    for count in counts:
        tail = 0.5 * erfc(abs(count - mean) / deviation / sqrt(2))
        assert model.score_one({"volume": count}) == pytest.approx(1 - tail if window else 0.0, abs=1e-9)
        model.learn_one({"volume": count})
        if len(window) < 20:
            window.append(count)
        else:
            waiting.append(count)
            if len(waiting) == 7:
                window, waiting = window[7:] + waiting, []
        if not waiting:
            mean, deviation = fmean(window), pstdev(window) or 1e-6


def test_the_windowed_gaussian_reaches_its_threshold_where_a_float_ends() -> None:
    model = WindowedGaussian()
    for count in [0, 2] * 50:
        model.learn_one({"volume": count})
    assert model.score_one({"volume": 9.0}) < 1.0 == model.score_one({"volume": 10.0})


def test_standard_deviations_are_those_of_river() -> None:
    ours: Any = StandardDeviations()
    theirs: Any = anomaly.StandardAbsoluteDeviation()
    for count in (3, 5, 4, 100, 0):
        assert ours.score_one({"volume": count}) == theirs.score_one(None, count)
        ours.learn_one({"volume": count})
        theirs.learn_one(None, count)
