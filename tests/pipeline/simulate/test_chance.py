from collections import Counter

import pytest

from pipeline.simulate.chance import Chance


def test_the_stream_is_the_same_on_every_machine() -> None:
    chance = Chance(7, "talk")
    assert [chance.unit() for _ in range(3)] == [0.18838241098663744, 0.1824105868162017, 0.13942066509793805]


def test_streams_of_different_names_differ() -> None:
    assert Chance(7, "a").unit() != Chance(7, "b").unit()
    assert Chance(7, "a").unit() != Chance(8, "a").unit()
    assert Chance(1, "1a").unit() != Chance(11, "a").unit()


def test_units_are_spread_evenly_below_one() -> None:
    chance = Chance(1)
    tenths = Counter(int(chance.unit() * 10) for _ in range(20_000))
    assert sorted(tenths) == list(range(10))
    assert all(1_850 < amount < 2_150 for amount in tenths.values())


@pytest.mark.parametrize("mean", [0.0, 0.3, 5.0, 60.0, 900.0])
def test_poisson_counts_have_mean_and_variance_alike(mean: float) -> None:
    chance = Chance(2, str(mean))
    counts = [chance.poisson(mean) for _ in range(3_000)]
    average = sum(counts) / len(counts)
    variance = sum((c - average) ** 2 for c in counts) / len(counts)
    assert average == pytest.approx(mean, rel=0.06)
    assert variance == pytest.approx(mean, rel=0.15)


def test_gamma_numbers_have_their_mean_and_variance() -> None:
    chance = Chance(3)
    values = [chance.gamma(4.0, 0.5) for _ in range(6_000)]
    mean = sum(values) / len(values)
    assert mean == pytest.approx(2.0, rel=0.05)
    assert sum((v - mean) ** 2 for v in values) / len(values) == pytest.approx(1.0, rel=0.12)
