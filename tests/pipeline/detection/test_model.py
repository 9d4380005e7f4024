from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from river.base import AnomalyDetector

from pipeline.detection.model import BrandModel
from pipeline.detection.peaks import PeakModel
from pipeline.detection.reading import features
from pipeline.settings import DetectionSettings
from schemas.codec import decode, encode
from tests.pipeline.detection.streams import closed, talk
from tests.pipeline.riverchecks import GENERAL_CHECKS, MEMORY_CHECK, STREAM_CHECKS


class Stream:
    """Windows of a brand in river's form: features, and whether it was a crisis."""

    def __init__(self, minutes: int) -> None:
        self.rows: list[tuple[dict[str, float], bool]] = []
        rng = Random(3)
        calm = talk(rng, minutes, rate=1.0, share=0.2)
        crisis = talk(rng, minutes // 10, rate=4.0, share=0.8)
        for i, bucket in enumerate(closed(calm + crisis)):
            self.rows.append((features(bucket.end_ms // 60_000, bucket.windows), i >= minutes))

    def __iter__(self) -> Iterator[tuple[dict[str, float], bool]]:
        return iter(self.rows)


STREAM = Stream(3 * 1440)
SHORT = Stream(400)


@pytest.mark.parametrize("check", GENERAL_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("model", [BrandModel, PeakModel])
def test_it_is_a_river_estimator(model: type[AnomalyDetector], check: Any) -> None:
    check(model())


@pytest.mark.parametrize("check", [*STREAM_CHECKS, MEMORY_CHECK], ids=lambda check: check.__name__)
def test_it_behaves_as_river_asks_on_a_stream(check: Any) -> None:
    check(BrandModel(), dataset=SHORT)


def test_it_ranks_a_crisis_above_ordinary_minutes() -> None:
    model, scores = BrandModel(), []
    for x, crisis in STREAM:
        scores.append((model.score_one(x), crisis))
        model.learn_one(x)
    ordinary = sorted(score for score, crisis in scores[1440:] if not crisis)
    assert max(ordinary) < max(score for score, crisis in scores if crisis) / 3
    assert ordinary[len(ordinary) * 99 // 100] < 3.0


def test_scoring_teaches_nothing() -> None:
    model = BrandModel()
    for x, _ in SHORT:
        model.learn_one(x)
    before = encode(model.state())
    for x, _ in SHORT:
        assert model.score_one(x) >= 0.0
    assert encode(model.state()) == before


@settings(max_examples=20)
@given(cut=st.integers(0, 439), seed=st.integers(0, 99))
def test_a_restored_model_goes_on_bit_for_bit(cut: int, seed: int) -> None:
    rows = [x for x, _ in SHORT]
    model = BrandModel()
    for x in rows[:cut]:
        model.learn_one(x)
    other = BrandModel()
    other.restore(decode(encode(model.state())))
    for x in rows[cut:]:
        assert other.score_one(x) == model.score_one(x)
        model.learn_one(x)
        other.learn_one(x)
    assert encode(other.state()) == encode(model.state())


def learnt(minutes: int = 2 * 1440) -> BrandModel:
    model = BrandModel()
    for x, _ in STREAM.rows[:minutes]:
        model.learn_one(x)
    return model


def hour(model: BrandModel, **counts: float) -> dict[str, float]:
    x: dict[str, float] = {"end_minute": model.clock}
    for name, count in counts.items():
        for window, part in (("15m", 0.25), ("1h", 1.0), ("6h", 1.0)):
            x[f"{name}_{window}"] = count * part
    return x


def test_a_wave_of_negative_copies_is_no_evidence() -> None:
    model = learnt()
    genuine = hour(model, volume=200, negative=150, authors=200)
    copies = hour(model, volume=200, negative=150, authors=200, repeats=140)
    assert model.score_one(genuine) > 6
    assert model.score_one(copies) < 2


def test_a_cascade_of_retweets_of_one_complaint_is_no_evidence() -> None:
    model = learnt()
    usual = int(60 * model.negative.usual)
    cascade = hour(model, volume=200, negative=usual + 140, authors=200, retweets=140, negative_retweets=140)
    assert model.score_one(cascade) < 1


def test_retweets_do_not_hide_what_people_write_themselves() -> None:
    model = learnt()
    assert model.score_one(hour(model, volume=200, negative=90, authors=200, retweets=100, negative_retweets=5)) > 6
    assert model.score_one(hour(model, volume=200, negative=90, authors=200, retweets=100, negative_retweets=90)) == 0


def test_what_is_tested_is_what_people_wrote_themselves() -> None:
    model = learnt()
    x = hour(model, volume=200, negative=90, authors=200, retweets=100, negative_retweets=20)
    view = model.assess(x).views[1]
    assert (view.volume, view.trials, view.negative) == (200, 100, 70)


def test_copies_do_not_hide_a_crisis_they_cannot_explain() -> None:
    model = learnt()
    assert model.score_one(hour(model, volume=200, negative=180, authors=200, repeats=60)) > 5


def test_one_author_who_posts_a_hundred_times_is_one_voice() -> None:
    model = learnt()
    assert model.score_one(hour(model, volume=100, negative=100, authors=100)) > 6
    assert model.score_one(hour(model, volume=100, negative=100, authors=1)) < 3


def test_one_author_among_others_is_one_voice_however_often_it_is_raised() -> None:
    model = learnt()
    others = {"volume": 60, "negative": 9, "authors": 60, "negative_authors": 9}
    assert model.score_one(hour(model, **others)) == 0.0
    for posts in (10, 100, 10_000):
        one = {"volume": posts, "negative": posts, "authors": 1, "negative_authors": 1}
        assert model.score_one(hour(model, **{name: others[name] + one[name] for name in others})) < 2
    crowd = {name: others[name] + 100 for name in others}
    assert model.score_one(hour(model, **crowd)) > 6


@pytest.mark.parametrize("factor", [3, 10, 100])
def test_any_number_of_mentions_no_worse_than_usual_scores_nothing(factor: int) -> None:
    model = learnt()
    x = hour(model, volume=60 * factor, negative=int(60 * factor * model.negative.usual), authors=60 * factor)
    assert model.score_one(x) == 0.0
    assert (model.assess(x).peak_days > DetectionSettings().watch_days) == (factor > 3)


def test_a_long_window_says_nothing_once_the_last_hour_is_back_to_usual() -> None:
    model = learnt()
    x = hour(model, volume=300, negative=240, authors=300) | {"volume_15m": 15, "negative_15m": 3, "authors_15m": 15}
    over = x | {"volume_1h": 60, "negative_1h": 12, "authors_1h": 60}
    silent = x | {"volume_1h": 0, "negative_1h": 0, "authors_1h": 0}
    assert model.score_one(over) < 2
    assert model.score_one(silent) > 6  # silence is no evidence of calm


def test_a_window_is_never_tested_against_a_baseline_that_holds_it() -> None:
    model = learnt()
    usual = model.negative.usual
    for _ in range(5 * 60):
        model.learn_one(hour(model, volume=60, negative=60, authors=60) | {"volume_1m": 1})
    assert model.negative.usual == pytest.approx(usual, abs=0.01)
    for _ in range(12 * 60):
        model.learn_one(hour(model, volume=60, negative=60, authors=60) | {"volume_1m": 1})
    assert model.negative.usual > usual + 0.02


def test_minutes_that_were_not_observed_leave_no_window_to_learn_from() -> None:
    model = learnt()
    before = model.volume.state(), model.negative.numbers(), list(model.pending)
    for _ in range(300):
        model.skip(model.clock)
    for _ in range(10):
        model.learn_one(hour(model, volume=0))
    assert (model.volume.state(), model.negative.numbers(), model.pending) == before


def fed(per_minute: int, every: int, minutes: int) -> BrandModel:
    """A model that was given so many mentions every so many minutes."""
    model = BrandModel()
    for minute in range(60_000, 60_000 + minutes):
        volume = per_minute if minute % every == 0 else 0
        model.learn_one({"end_minute": minute, "volume_1m": volume, "volume_1h": per_minute * 60 / every})
    return model


def test_learning_needs_a_day_and_thirty_mentions_in_twelve_hours() -> None:
    assert fed(1, 10, 720).learning == 0.5
    assert fed(1, 10, 1440).learning == 1.0
    assert fed(1, 96, 1440).learning == 0.5
    assert fed(1, 96, 2880).learning == 1.0


def test_a_storm_after_days_of_silence_does_not_complete_the_learning() -> None:
    model = BrandModel()
    for minute in range(5 * 1440):
        model.learn_one({"end_minute": 60_000 + minute, "volume_1m": 1 if minute % 1440 == 0 else 0})
    for minute in range(5 * 1440, 5 * 1440 + 180):
        model.learn_one({"end_minute": 60_000 + minute, "volume_1m": 100, "volume_1h": 6000})
    assert model.learning < 0.5
