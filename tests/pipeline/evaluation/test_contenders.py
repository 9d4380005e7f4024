"""What every detector under evaluation keeps: river's contract, and that it does not see the future."""

import pickle
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from river import base

from pipeline.evaluation import Contender, Misbehaves, detectors
from tests.pipeline.riverchecks import GENERAL_CHECKS, STREAM_CHECKS

EVERY = pytest.mark.parametrize("contender", detectors(), ids=lambda contender: contender.name)
START = 24_000_007
"""An epoch minute; the buckets do not end with the hours, as in the benchmark."""

counts = st.lists(st.integers(0, 300) | st.just(0), min_size=2, max_size=400)


def buckets(volumes: list[int]) -> list[tuple[int, float]]:
    return [(START + 5 * i, float(volume)) for i, volume in enumerate(volumes)]


class Stream:
    """Three days of counts, with a surge, as river's checks want them."""

    def __init__(self, rows: int = 864) -> None:
        rng = Random(9)
        surge = range(rows - 40, rows - 20)
        self.rows: list[tuple[dict[Any, Any], bool]] = [
            ({"end_minute": START + 5 * i, "volume": rng.randint(0, 20) + (200 if i in surge else 0)}, i in surge)
            for i in range(rows)
        ]

    def __iter__(self) -> Iterator[tuple[dict[Any, Any], bool]]:
        return ((dict(x), y) for x, y in self.rows)


@EVERY
@settings(max_examples=25)
@given(volumes=counts, cut=st.integers(0, 400))
def test_scores_do_not_change_when_the_series_goes_on(contender: Contender, volumes: list[int], cut: int) -> None:
    series = buckets(volumes)
    assert list(contender.scores(series))[:cut] == list(contender.scores(series[:cut]))


@EVERY
@settings(max_examples=25)
@given(volumes=counts, others=counts, cut=st.integers(0, 400))
def test_scores_do_not_depend_on_what_comes_later(
    contender: Contender, volumes: list[int], others: list[int], cut: int
) -> None:
    same, different = buckets(volumes), buckets(volumes[:cut] + others)
    assert list(contender.scores(same))[:cut] == list(contender.scores(different))[: len(volumes[:cut])]


@EVERY
def test_scoring_teaches_nothing(contender: Contender) -> None:
    model, other = contender.make(), contender.make()
    for x, _ in Stream():
        model.score_one(x | {"volume": 1_000})
        assert model.score_one(x) == model.score_one(x) == other.score_one(x)
        model.learn_one(x)
        other.learn_one(x)


@EVERY
def test_a_pickled_detector_goes_on_as_the_first(contender: Contender) -> None:
    rows = [x for x, _ in Stream()]
    model = contender.make()
    for x in rows[:500]:
        model.learn_one(x)
    other = pickle.loads(pickle.dumps(model))  # noqa: S301 - our own
    for x in rows[500:]:
        assert other.score_one(x) == model.score_one(x)
        model.learn_one(x)
        other.learn_one(x)


@EVERY
@pytest.mark.parametrize("volume", [0, 7])
def test_a_series_that_never_changes_raises_no_alarm(contender: Contender, volume: int) -> None:
    scores = list(contender.scores(buckets([volume] * 2_500)))
    assert max(scores[288:]) < contender.threshold


@EVERY
@pytest.mark.parametrize("check", GENERAL_CHECKS, ids=lambda check: check.__name__)
def test_it_is_a_river_estimator(contender: Contender, check: Any) -> None:
    check(contender.make())


@EVERY
@pytest.mark.parametrize("check", STREAM_CHECKS, ids=lambda check: check.__name__)
def test_it_behaves_as_river_asks_on_a_stream(contender: Contender, check: Any) -> None:
    check(contender.make(), dataset=Stream())


def test_names_differ_and_can_be_file_names() -> None:
    names = [contender.name for contender in detectors()]
    assert len(set(names)) == len(names)
    assert all(name.replace("-", "").isalnum() for name in names)


class Broken(base.AnomalyDetector):
    def score_one(self, x: dict[Any, Any]) -> float:
        return float("nan") if x["volume"] > 2 else -1.0

    def learn_one(self, x: dict[Any, Any]) -> None:
        pass


def test_a_score_that_is_no_number_is_refused() -> None:
    contender = Contender(name="broken", rule="", make=Broken, threshold=1.0)
    assert list(contender.scores(buckets([1, 2]))) == [0.0, 0.0]
    with pytest.raises(Misbehaves, match=r"broken: its score of bucket 3 \(volume 3.0\) is not a number"):
        list(contender.scores(buckets([1, 2, 3])))


@pytest.mark.parametrize("threshold", [0.0, -1.0, float("nan")])
def test_a_threshold_must_be_above_nothing(threshold: float) -> None:
    with pytest.raises(ValueError, match="must be above 0"):
        Contender(name="broken", rule="", make=Broken, threshold=threshold)
