"""The evidence is an account of the score: its parts are the score, and nothing else."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.detection import laws
from pipeline.detection.account import decisive, of_negativity, of_volume, readings
from pipeline.detection.model import BrandModel
from pipeline.detection.severity import judge
from pipeline.detection.tails import beta_binomial_surprise, count_surprise, joined, normal_surprise
from pipeline.settings import DetectionSettings
from schemas.codec import encode
from schemas.crisis import CrisisEvent, Law, Signal
from schemas.window import Level
from tests.pipeline.detection.streams import DAY, HOUR, Minute, closed, talk, watch

SETTINGS = DetectionSettings()
MINUTE = 90_000


def learnt(rate: float, share: float) -> BrandModel:
    """A model that has learnt three days of even talk."""
    model = BrandModel()
    for minute in range(MINUTE - 3 * DAY, MINUTE):
        model.learn_one(window(minute, rate * HOUR, rate * HOUR * share))
    return model


def window(minute: int, hourly: float, negative: float) -> dict[str, Any]:
    x: dict[str, Any] = {"end_minute": minute, "volume_1m": hourly / HOUR}
    for name, hours in (("15m", 0.25), ("1h", 1), ("6h", 6)):
        x |= {f"volume_{name}": int(hourly * hours), f"negative_{name}": int(negative * hours)}
        x |= {f"authors_{name}": int(hourly * hours)}
    return x


MODELS = [learnt(rate, share) for rate, share in ((0.02, 0.3), (0.5, 0.2), (6.0, 0.45), (40.0, 0.1))]


@st.composite
def any_windows(draw: st.DrawFn) -> dict[str, Any]:
    """Windows of any counts, as far as the longer hold the shorter."""
    x: dict[str, Any] = {"end_minute": MINUTE}
    volume = 0
    for name in ("15m", "1h", "6h"):
        volume += draw(st.integers(0, 60) | st.integers(0, 4_000))
        x[f"volume_{name}"] = volume
        x[f"negative_{name}"] = draw(st.integers(0, volume))
        x[f"authors_{name}"] = draw(st.integers(0, volume))
        x[f"repeats_{name}"] = draw(st.integers(0, volume))
        if draw(st.booleans()):
            x[f"negative_authors_{name}"] = draw(st.integers(0, volume))
    return x


@settings(max_examples=150)
@given(st.sampled_from(MODELS), any_windows())
def test_the_parts_add_up_to_the_score_that_the_level_is_read_from(model: BrandModel, x: dict[str, Any]) -> None:
    assessment = model.assess(x)
    view, by_volume = decisive(assessment, SETTINGS)
    read = readings(model, x, view.horizon)
    parts = of_volume(assessment, SETTINGS) if by_volume else of_negativity(view, read)
    assert sum(parts) == pytest.approx(judge(assessment, 1.0, SETTINGS).score, abs=1e-9)


@settings(max_examples=150)
@given(st.sampled_from(MODELS), any_windows(), st.integers(0, 2))
def test_discounts_never_add_and_surprises_never_take_away(model: BrandModel, x: dict[str, Any], horizon: int) -> None:
    view = model.assess(x).views[horizon]
    parts = of_negativity(view, readings(model, x, horizon))
    assert parts.copies <= 0.0
    assert parts.authors <= 0.0
    assert parts.volume >= -1e-12
    assert parts.negative_share >= 0.0


@settings(max_examples=200)
@given(st.sampled_from(MODELS), any_windows(), st.integers(0, 2))
def test_the_last_reading_is_the_one_that_the_model_tests(model: BrandModel, x: dict[str, Any], horizon: int) -> None:
    view = model.assess(x).views[horizon]
    plain, _, tested = readings(model, x, horizon)
    assert (tested.hits, tested.trials, tested.surprise) == (view.negative, view.trials, view.share_surprise)
    assert (plain.hits, plain.trials) == (x[f"negative_{WINDOWS[horizon]}"], x[f"volume_{WINDOWS[horizon]}"])


WINDOWS = ("15m", "1h", "6h")


def test_copies_and_repeated_authors_each_bear_what_they_take_away() -> None:
    model = MODELS[1]
    x = window(MINUTE, 60, 40)
    for name, share in (("repeats", 0.2), ("authors", 0.3)):
        x |= {f"{name}_{w}": int(x[f"volume_{w}"] * share) for w in WINDOWS}
    view = model.assess(x).views[1]
    plain, fewer, tested = readings(model, x, 1)
    assert (plain.hits, plain.trials) == (40, 60)
    assert (fewer.hits, fewer.trials) == (28, 48)
    assert (tested.hits, tested.trials) == (28 * 36 / 48, 36)
    parts = of_negativity(view, (plain, fewer, tested))
    assert parts.copies < -1.0
    assert parts.authors < -0.5


def test_what_one_account_posts_beyond_one_negative_post_is_taken_away_as_authors() -> None:
    model = MODELS[1]
    x = window(MINUTE, 60, 40) | {"negative_authors_15m": 2, "negative_authors_1h": 10, "negative_authors_6h": 60}
    plain, fewer, tested = readings(model, x, 1)
    assert (plain.hits, plain.trials) == (fewer.hits, fewer.trials) == (40, 60)
    assert (tested.hits, tested.trials) == pytest.approx((12.6, 32.6))
    assert of_negativity(model.assess(x).views[1], (plain, fewer, tested)).authors < -1.0


def test_a_surprise_of_volume_counts_in_proportion_to_the_shares() -> None:
    model = MODELS[1]
    x = window(MINUTE, 90, 60)
    view = model.assess(x).views[1]
    parts = of_negativity(view, readings(model, x, 1))
    counted = min(view.volume_surprise, view.share_surprise)
    assert parts.volume / parts.negative_share == pytest.approx(counted / view.share_surprise)
    assert joined(view.share_surprise, view.volume_surprise) == pytest.approx(parts.volume + parts.negative_share)


@given(st.floats(0, 3_000), st.floats(0.01, 2_000), st.floats(1e-6, 50))
def test_the_law_of_a_count_is_the_one_its_surprise_was_taken_from(count: float, mean: float, spread: float) -> None:
    law, width = laws.of_count(count, mean, spread)
    surprise = count_surprise(count, mean, spread)
    if law is Law.NORMAL:
        assert surprise == pytest.approx(normal_surprise((count - mean) / width))
    else:
        assert law is Law.NEGATIVE_BINOMIAL
        assert surprise == count_surprise(count, mean, width)


@given(st.integers(0, 2_000), st.integers(1, 2_000), st.floats(0.02, 0.9), st.floats(1e-6, 1.0))
def test_the_law_of_a_share_is_the_one_its_surprise_was_taken_from(
    hits: int, trials: int, share: float, correlation: float
) -> None:
    hits = min(hits, trials)
    law, width = laws.of_share(hits, trials, share, correlation)
    surprise = beta_binomial_surprise(hits, trials, share, correlation)
    if law is Law.NORMAL:
        assert surprise == pytest.approx(normal_surprise((hits / trials - share) / width), abs=1e-9)
    else:
        assert law in (Law.BETA_BINOMIAL, Law.BETA)
        assert surprise == beta_binomial_surprise(hits, trials, share, width)


def incident() -> list[CrisisEvent]:
    rng = Random(21)
    crisis = [
        Minute(volume=m.volume, negative=m.negative, authors=m.volume * 2 // 3, repeats=m.volume // 5)
        for m in talk(rng, 3 * HOUR, rate=5.0, share=0.8)
    ]
    minutes = [*talk(rng, 2 * DAY, rate=0.6, share=0.2), *crisis, *talk(rng, DAY, rate=0.6, share=0.2)]
    return watch(closed(minutes)).events


INCIDENT = incident()


def by_name(event: CrisisEvent) -> dict[str, Signal]:
    return {signal.name: signal for signal in event.evidence.signals}


def test_the_incident_goes_through_every_level_and_back() -> None:
    assert {event.level for event in INCIDENT} >= {Level.CALM, Level.WATCH, Level.ALERT}
    assert max(event.level for event in INCIDENT) >= Level.CRISIS


def test_what_is_published_adds_up_to_six_digits() -> None:
    for event in INCIDENT:
        total = sum(signal.contribution for signal in event.evidence.signals)
        assert total * event.evidence.learning == pytest.approx(event.evidence.score, abs=5e-5, rel=1e-5)


def test_every_signal_is_named_once_whether_it_counts_or_not() -> None:
    for event in INCIDENT:
        names = [signal.name for signal in event.evidence.signals]
        assert len(names) == len(set(names))
        assert {"volume", "negative_share", "copies", "authors", "looks", "question_share", "reach"} <= set(names)
        assert by_name(event)["question_share"].contribution == by_name(event)["reach"].contribution == 0.0


def test_a_level_that_rose_was_earned_as_long_as_it_must_be_or_was_overwhelming() -> None:
    for event in INCIDENT:
        decision = event.evidence.decision
        assert decision is not None
        if event.level > event.previous_level:
            place = event.level - 1
            lasted = decision.earned_minutes[place] >= decision.rise_minutes[place]
            assert lasted or decision.at_once >= event.level
            assert decision.earned >= event.level


def test_a_level_that_fell_had_not_been_held_for_as_long_as_it_must() -> None:
    fallen = [event for event in INCIDENT if event.level < event.previous_level]
    assert fallen
    for event in fallen:
        decision = event.evidence.decision
        assert decision is not None
        for given_up in range(event.level, event.previous_level):
            assert decision.missed_minutes[given_up] >= decision.fall_minutes[given_up]
        assert decision.held < event.previous_level


def test_volume_alone_is_cut_off_below_alert_and_says_so() -> None:
    rng = Random(22)
    minutes = [*talk(rng, 2 * DAY, rate=1.0, share=0.3), *talk(rng, HOUR, rate=25.0, share=0.25)]
    event = watch(closed(minutes)).events[-1]
    signals = by_name(event)
    assert event.level is Level.WATCH
    assert signals["limit"].contribution < 0.0
    assert signals["negative_share"].contribution == signals["copies"].contribution == 0.0
    assert event.evidence.score < SETTINGS.alert_score


def test_a_brand_that_is_being_learnt_says_what_is_missing() -> None:
    rng = Random(23)
    minutes = [*talk(rng, 14 * HOUR, rate=0.5, share=0.2), *talk(rng, HOUR, rate=20.0, share=0.9)]
    event = watch(closed(minutes)).events[-1]
    evidence = event.evidence
    assert event.level is Level.WATCH
    assert 0.0 < evidence.learning < 1.0
    assert evidence.to_learn is not None
    assert evidence.to_learn.minutes == pytest.approx(DAY * (1 - evidence.learning), abs=1.5)
    assert (evidence.to_learn.mentions, evidence.to_learn.hours) == (0, 0)
    total = sum(signal.contribution for signal in evidence.signals)
    assert total > evidence.score == pytest.approx(total * evidence.learning, rel=1e-4)


def test_a_brand_that_has_been_learnt_misses_nothing() -> None:
    assert INCIDENT[-1].evidence.learning == 1.0
    assert INCIDENT[-1].evidence.to_learn is None


def test_whatever_is_published_was_judged_at_its_own_minute() -> None:
    """Also in minutes without a mention: a verdict of minutes ago would not follow from the windows of now."""
    minutes = talk(Random(24), 2 * DAY, rate=0.5, share=0.2)
    burst = [Minute(volume=12, negative=12), *(Minute() for _ in range(6))] * 3
    for event in watch(closed(minutes + burst)).events:
        evidence = event.evidence
        total = sum(signal.contribution for signal in evidence.signals)
        assert total * evidence.learning == pytest.approx(evidence.score, abs=5e-5)


def test_an_event_fits_in_four_kib() -> None:
    assert max(len(encode(event)) for event in INCIDENT) <= 4096
