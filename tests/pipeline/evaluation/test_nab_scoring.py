"""NAB's rules on cases small enough to work out by hand, and against an independent scorer on its data."""

import importlib.util
import os
from math import exp
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.evaluation import baselines
from pipeline.evaluation.nab import Corpus, anomaly_scores, evaluate
from pipeline.evaluation.nab.scoring import ABOVE_ALL, Curve, Profile, Thresholds, Truth, normalised

SHARED = Path(__file__).parents[4] / "shared"
SCORER, NAB = SHARED / "tools" / "nab_score.py", SHARED / "data" / "nab"
STANDARD = Profile(name="standard", hit=1.0, miss=1.0, false_alarm=0.11)
LOW_FN = Profile(name="reward_low_FN", hit=1.0, miss=2.0, false_alarm=0.11)


def worth(position: float) -> float:
    """NAB's scaled sigmoid as its paper writes it."""
    return 2 / (1 + exp(5 * position)) - 1


def curve(alarms: dict[int, float], *windows: tuple[int, int], rows: int = 100, profile: Profile = STANDARD) -> Curve:
    """Rows a second apart; the first 15 are probation."""
    scores = np.zeros(rows)
    for row, score in alarms.items():
        scores[row] = score
    return Curve(Truth.mark(range(rows), windows), scores, profile)


def score(of: Curve, threshold: float = 0.5, profile: Profile = STANDARD) -> float:
    found = normalised(of.at(threshold).raw, [of.truth], profile)
    assert found is not None
    return found


def test_no_alarm_is_worth_nothing() -> None:
    silent = curve({}, (40, 49))
    assert (silent.at(0.5).raw, silent.at(0.5).hit, score(silent)) == (-1.0, 0, 0.0)


def test_a_window_hit_at_its_first_row_is_worth_everything() -> None:
    assert score(curve({40: 0.9}, (40, 49))) == pytest.approx(100)


def test_a_window_caught_late_is_worth_less() -> None:
    half, last = curve({45: 0.9}, (40, 49)), curve({49: 0.9}, (40, 49))
    assert half.at(0.5).raw == pytest.approx(worth(-0.5) / worth(-1))
    assert last.at(0.5).raw == pytest.approx(worth(-0.1) / worth(-1))
    assert score(half) == pytest.approx(50 * (worth(-0.5) / worth(-1) + 1))


def test_of_several_alarms_in_a_window_the_earliest_counts() -> None:
    both = curve({43: 0.6, 47: 0.9}, (40, 49))
    assert both.at(0.5).raw == curve({43: 0.6}, (40, 49)).at(0.5).raw
    assert both.at(0.7).raw == curve({47: 0.9}, (40, 49)).at(0.7).raw
    assert both.at(0.5).hit == 1


def test_alarms_outside_windows_cost_less_shortly_after_one() -> None:
    early, soon, late = (curve({40: 1.0, row: 1.0}, (40, 49)).at(0.5) for row in (30, 52, 90))
    assert early.raw == pytest.approx(1 - 0.11)
    assert soon.raw == pytest.approx(1 + 0.11 * worth(3 / 9))
    assert late.raw == pytest.approx(1 - 0.11)
    assert early.false_alarms == soon.false_alarms == late.false_alarms == 1


def test_the_row_after_a_window_of_a_single_row_is_far_from_it() -> None:
    assert curve({41: 1.0}, (40, 40)).at(0.5).raw == pytest.approx(-1 - 0.11)


def test_alarms_in_the_probation_do_not_count() -> None:
    assert curve({14: 1.0}).at(0.5).false_alarms == 0
    assert curve({15: 1.0}).at(0.5).false_alarms == 1


def test_the_probation_has_at_most_750_rows() -> None:
    truth = Truth.mark(range(20_000), [])
    assert (truth.counted[749], truth.counted[750]) == (False, True)


def test_a_window_within_the_probation_can_be_neither_hit_nor_missed() -> None:
    inside, across = curve({5: 1.0}, (4, 8)), curve({12: 1.0, 17: 1.0}, (10, 19))
    assert (inside.at(0.5).raw, inside.truth.windows, inside.truth.labelled) == (0.0, 0, 1)
    assert normalised(0.0, [inside.truth], STANDARD) is None
    assert across.at(0.5).raw == pytest.approx(worth(-0.3) / worth(-1))
    assert across.truth.windows == 1


def test_a_missed_window_costs_what_the_profile_says() -> None:
    assert curve({}, (40, 49), (60, 69), profile=LOW_FN).at(0.5).raw == -4
    assert score(curve({40: 1.0}, (40, 49), (60, 69), profile=LOW_FN), profile=LOW_FN) == pytest.approx(50)


def test_of_rows_with_the_same_time_the_first_is_the_edge() -> None:
    times = [*range(50), 49, *range(50, 99)]
    truth = Truth.mark(times, [(40, 49)])
    assert np.flatnonzero(truth.window == 0).tolist() == list(range(40, 50))


@pytest.mark.parametrize("windows", [[(40, 101)], [(40, 50), (45, 60)], [(60, 70), (40, 50)], [(50, 40)]])
def test_windows_that_the_data_cannot_have_are_refused(windows: list[tuple[int, int]]) -> None:
    with pytest.raises(ValueError, match=r"window [12] begins"):
        Truth.mark(range(100), windows)


def test_no_alarm_at_all_is_the_best_threshold_where_every_alarm_costs() -> None:
    assert Thresholds([curve({30: 0.9}, (40, 49))]).best() == ABOVE_ALL


def test_the_best_threshold_is_that_of_the_series_that_have_a_say() -> None:
    clean, noisy = curve({40: 0.4}, (40, 49)), curve(dict.fromkeys(range(60, 90), 0.4) | {40: 0.8}, (40, 49))
    both = Thresholds([clean, noisy])
    assert (both.best(), both.best([1]), both.best([0])) == (0.8, 0.4, 0.8)


@st.composite
def labelled(draw: st.DrawFn) -> tuple[Truth, np.ndarray[Any, Any]]:
    rows = draw(st.integers(20, 80))
    edges = sorted(draw(st.sets(st.integers(0, rows - 1), max_size=8)))
    windows = list(zip(edges[::2], edges[1::2], strict=False))
    scores = draw(st.lists(st.sampled_from([0.0, 0.1, 0.5, 0.50001, 0.9, 1.0]), min_size=rows, max_size=rows))
    return Truth.mark(range(rows), windows), np.array(scores)


@settings(max_examples=150)
@given(st.lists(labelled(), min_size=1, max_size=4))
def test_no_threshold_beats_the_best_one(series: list[tuple[Truth, np.ndarray[Any, Any]]]) -> None:
    curves = [Curve(truth, scores, STANDARD) for truth, scores in series]
    best = sum(one.at(Thresholds(curves).best()).raw for one in curves)
    for threshold in (0.0, 0.1, 0.3, 0.5, 0.50001, 0.9, 1.0, ABOVE_ALL):
        assert sum(one.at(threshold).raw for one in curves) <= best + 1e-9


@settings(max_examples=150)
@given(labelled(), st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.9, 1.0]))
def test_the_curve_is_the_score_row_by_row(series: tuple[Truth, np.ndarray[Any, Any]], threshold: float) -> None:
    truth, scores = series
    alarms = (scores >= threshold) & truth.counted
    raw = 0.11 * truth.worth[alarms & (truth.window < 0)].sum()
    for window in set(truth.window[truth.counted & (truth.window >= 0)].tolist()):
        hits = truth.worth[alarms & (truth.window == window)]
        raw += hits.max() / worth(-1) if hits.size else -1.0
    outcome = Curve(truth, scores, STANDARD).at(threshold)
    assert outcome.raw == pytest.approx(raw)
    assert outcome.false_alarms == int((alarms & (truth.window < 0)).sum())


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    if not NAB.exists():
        pytest.skip("the benchmark is not beside the project")
    return Corpus.read(NAB)


@pytest.fixture(scope="module")
def scorer() -> ModuleType:
    if not SCORER.exists():
        pytest.skip("the independent scorer is not beside the project")
    spec = importlib.util.spec_from_file_location("nab_score", SCORER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "NAB_ROOT", str(NAB))
        spec.loader.exec_module(module)
    return module


def real(corpus: Corpus) -> list[Any]:
    gaussian, deviation = baselines()[2], baselines()[5]
    return [[anomaly_scores(each, series) for series in corpus.series] for each in (gaussian, deviation)]


def random(corpus: Corpus) -> list[Any]:
    rng = np.random.default_rng(5)
    fine = [rng.random(len(series.rows)) for series in corpus.series]
    spiky = [rng.random(len(series.rows)) ** 40 for series in corpus.series]
    return [fine, spiky, [scores.round(1) for scores in fine], [np.zeros(len(scores)) for scores in fine]]


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # the scorer leaves a file to be closed by itself
def test_scores_equal_those_of_an_independent_scorer(corpus: Corpus, scorer: ModuleType) -> None:
    names = [series.name for series in corpus.series]
    windows = scorer.json.loads((NAB / "labels" / "combined_windows.json").read_bytes())
    files = {name: scorer.File(name, str(NAB), windows[name]) for name in names}
    for scores in (*random(corpus), *real(corpus)):
        mine = evaluate(corpus, baselines()[:1], {baselines()[0].name: scores})[0]["profiles"]
        named = dict(zip(names, scores, strict=True))
        theirs = scorer.score_detector(named, files)
        fixed = scorer.score_detector(named, files, dict.fromkeys(scorer.PROFILES, 0.5))
        for profile in scorer.PROFILES:
            own = mine[profile.removesuffix("_rate")]
            for found, expected in ((own["optimised"], theirs[profile]), (own["default"], fixed[profile])):
                assert found["score"] == pytest.approx(expected["norm"], abs=0.0051)
                assert (found["hit"], found["false_positives"]) == (expected["windows_hit"], expected["fp"])
            assert own["optimised"]["threshold"] == theirs[profile]["threshold"]
