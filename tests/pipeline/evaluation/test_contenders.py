"""What every detector under evaluation keeps: river's contract, and that it does not see the future."""

import pickle
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from river import base, checks

from pipeline.evaluation import Contender, Misbehaves, detectors

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
@settings(max_examples=25, deadline=None)
@given(volumes=counts, cut=st.integers(0, 400))
def test_scores_do_not_change_when_the_series_goes_on(contender: Contender, volumes: list[int], cut: int) -> None:
    series = buckets(volumes)
    assert list(contender.scores(series))[:cut] == list(contender.scores(series[:cut]))


@EVERY
@settings(max_examples=25, deadline=None)
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
@pytest.mark.parametrize(
    "check",
    [
        checks.common.check_repr,
        checks.common.check_str,
        checks.common.check_tags,
        checks.common.check_clone_same_class,
        checks.common.check_clone_is_idempotent,
        checks.common.check_init_has_default_params_for_tests,
        checks.common.check_init_default_params_are_not_mutable,
        checks.common.check_doc,
        checks.common.check_clone_changes_memory_addresses,
        checks.common.check_mutate_can_be_idempotent,
        checks.common.check_pickling_supports_roundtrip,
        checks.common.check_repr_roundtrips_clone,
        checks.common.check_clone_with_new_params_applies,
        checks.common.check_get_params_matches_signature,
    ],
    ids=lambda check: check.__name__,
)
def test_it_is_a_river_estimator(contender: Contender, check: Any) -> None:
    check(contender.make())


@EVERY
@pytest.mark.parametrize(
    "check",
    [
        checks.common.check_learn_one,
        checks.common.check_pickling,
        checks.common.check_shuffle_features_no_impact,
        checks.common.check_emerging_features,
        checks.common.check_disappearing_features,
        checks.common.check_radically_disappearing_features,
        checks.common.check_predict_one_pure,
        checks.common.check_predict_one_before_any_learn,
        checks.common.check_no_state_aliasing_with_input,
        checks.common.check_clone_is_independent,
    ],
    ids=lambda check: check.__name__,
)
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
