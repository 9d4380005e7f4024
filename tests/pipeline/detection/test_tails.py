import doctest
import math
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.concerns import contrast, trend
from pipeline.detection import dispersion, laws, model, rounding, season, tails
from pipeline.detection.tails import (
    beta_binomial_surprise,
    combined,
    count_interval,
    count_surprise,
    log10_beta_cdf,
    normal_surprise,
)

MODULES = [contrast, dispersion, laws, model, rounding, season, tails, trend]


@pytest.mark.parametrize("module", MODULES, ids=lambda m: m.__name__)
def test_every_number_in_the_docstrings_is_right(module: object) -> None:
    tried = doctest.testmod(module)  # type: ignore[arg-type]
    assert tried.attempted > 0
    assert tried.failed == 0


def exact_count_tail(count: int, mean: Fraction, size: int) -> Fraction:
    """P(X >= count) of a negative binomial with a whole size, in exact arithmetic, by the sum below."""
    p = mean / (mean + size)
    below = sum((math.comb(k + size - 1, k) * p**k * (1 - p) ** size for k in range(count)), Fraction(0))
    return 1 - below


def exact_share_tail(hits: int, trials: int, a: int, b: int) -> Fraction:
    """P(K >= hits) of a beta-binomial with whole parameters, in exact arithmetic."""

    def rising(x: int, n: int) -> int:
        return math.prod(range(x, x + n))

    ways = sum(math.comb(trials, k) * rising(a, k) * rising(b, trials - k) for k in range(hits, trials + 1))
    return Fraction(ways, rising(a + b, trials))


def bans(probability: Fraction) -> float:
    return math.log10(probability.denominator) - math.log10(probability.numerator)


@given(count=st.integers(1, 60), mean=st.integers(1, 200), size=st.integers(1, 12))
@example(count=60, mean=1, size=12)
def test_the_tail_of_counts_is_exact_down_to_tiny_probabilities(count: int, mean: int, size: int) -> None:
    expected = Fraction(mean, 10)
    surprise = count_surprise(count, mean / 10, 1 / size)
    if count <= expected:
        assert surprise == 0.0
    elif (count - expected) ** 2 < Fraction(9, 4) * (expected + expected**2 / size):
        assert 0.0 < surprise < 1.2  # within 1.5 standard deviations the normal tail stands in
    else:
        assert surprise == pytest.approx(bans(exact_count_tail(count, expected, size)), abs=1e-6)


@given(trials=st.integers(1, 60), part=st.integers(0, 60), a=st.integers(1, 20), b=st.integers(2, 20))
@example(trials=60, part=60, a=1, b=20)
def test_the_tail_of_shares_is_exact_down_to_tiny_probabilities(trials: int, part: int, a: int, b: int) -> None:
    hits, share, correlation = min(part, trials), a / (a + b), 1 / (a + b + 1)
    surprise = beta_binomial_surprise(hits, trials, share, correlation)
    spread = trials * share * (1 - share) * (1 + (trials - 1) * correlation)
    if hits <= trials * share:
        assert surprise == 0.0
    elif (hits - trials * share) ** 2 >= 2.25 * spread * 1.0001:
        assert surprise == pytest.approx(bans(exact_share_tail(hits, trials, a, b)), abs=1e-6)


def test_many_trials_are_the_continuous_limit_to_two_per_cent() -> None:
    for hits in range(560, 900, 20):
        exact = bans(exact_share_tail(hits, 1000, 12, 18))
        assert beta_binomial_surprise(hits, 1000, 0.4, 1 / 31) == pytest.approx(exact, rel=0.02)


@given(st.floats(0.01, 1e4), st.floats(0.0, 10.0), st.integers(0, 20_000), st.integers(1, 1000))
def test_more_mentions_are_never_less_surprising(mean: float, spread: float, count: int, more: int) -> None:
    few, many = count_surprise(count, mean, spread), count_surprise(count + more, mean, spread)
    assert math.isfinite(few)
    assert math.isfinite(many)
    if few > 1.3:  # beyond where the normal tail stands in
        assert many >= few


def test_one_in_ten_to_the_forty_is_no_infinity() -> None:
    assert log10_beta_cdf(1e-20, 3.0, 2.0) == pytest.approx(math.log10(4) - 60)
    assert 1000 < count_surprise(1000, 1.0, 0.01) < 3000
    assert normal_surprise(1e9) == normal_surprise(30.0) == pytest.approx(197.3, abs=0.1)


@given(st.floats(0, 300), st.floats(0, 300))
def test_two_surprises_together_are_less_than_their_sum(a: float, b: float) -> None:
    assert combined(a, b) == combined(b, a)
    assert -1e-12 <= combined(a, b) <= a + b + 1e-12


@given(mean=st.floats(0.001, 1e5), spread=st.floats(0.0, 5.0))
def test_the_interval_holds_the_middle_and_is_whole_numbers(mean: float, spread: float) -> None:
    low, high = count_interval(mean, spread)
    assert 0 <= low <= high
    assert low == int(low)
    assert high == int(high)
    assert low <= mean + 1
    assert high + 1 >= mean or spread > 1


def test_the_interval_leaves_one_per_cent_on_each_side() -> None:
    for mean, size in ((2, 4), (12, 3), (30, 5)):
        low, high = count_interval(float(mean), 1 / size)
        assert exact_count_tail(int(high) + 1, Fraction(mean), size) <= Fraction(1, 100)
        assert exact_count_tail(int(high), Fraction(mean), size) > Fraction(1, 100)
        assert 1 - exact_count_tail(int(low), Fraction(mean), size) < Fraction(1, 100)
