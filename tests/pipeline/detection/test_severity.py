from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.detection.assessment import Assessment, HorizonView, Support
from pipeline.detection.severity import Hysteresis, Verdict, judge
from pipeline.settings import DetectionSettings
from schemas.window import Level

SETTINGS = DetectionSettings()
CALM, WATCH, ALERT, CRISIS, SEVERE = Level


def assessed(
    *, crisis: float = 0.0, attention: float = 0.0, authors: float = 100.0, support: float = 0.0
) -> Assessment:
    view = HorizonView(
        horizon=1,
        volume=100.0,
        expected=20.0,
        volume_surprise=attention,
        negative=60.0,
        trials=100.0,
        share_surprise=crisis,
        crisis=crisis,
        authors=authors,
        negative_authors=authors,
    )
    return Assessment((view,), peak_days(attention), support=Support(reach_surprise=support))


def peak_days(attention: float) -> float:
    """Return the days whose attention this is."""
    return float(SETTINGS.watch_days * 10.0 ** (attention - SETTINGS.watch_score)) if attention else 0.0


@pytest.mark.parametrize(
    ("crisis", "level"),
    [(0.0, CALM), (2.9, CALM), (3.0, WATCH), (4.0, ALERT), (5.9, ALERT), (6.0, CRISIS), (9.0, CRISIS)],
)
def test_a_share_worse_than_usual_earns_the_level_of_its_odds(crisis: float, level: Level) -> None:
    assert judge(assessed(crisis=crisis), 1.0, SETTINGS).earned is level


def test_severe_asks_for_volume_or_reach_beside() -> None:
    assert judge(assessed(crisis=9.0, attention=3.0), 1.0, SETTINGS).earned is SEVERE
    assert judge(assessed(crisis=9.0, support=3.0), 1.0, SETTINGS).earned is SEVERE
    assert judge(assessed(crisis=9.0, attention=2.0), 1.0, SETTINGS).earned is CRISIS


@given(st.floats(0, 300))
def test_volume_alone_is_never_above_watch(attention: float) -> None:
    verdict = judge(assessed(attention=attention), 1.0, SETTINGS)
    assert verdict.earned is (WATCH if peak_days(attention) >= SETTINGS.watch_days else CALM)
    assert max(verdict.held, verdict.at_once) <= WATCH
    assert verdict.score < SETTINGS.alert_score


def test_a_crowd_that_was_told_of_is_held_and_earns_nothing() -> None:
    told = judge(assessed(attention=3.5)._replace(is_told=True), 1.0, SETTINGS)
    assert (told.earned, told.held) == (CALM, WATCH)
    over = judge(assessed(attention=2.9), 1.0, SETTINGS)
    assert (over.earned, over.held) == (CALM, CALM)


@pytest.mark.parametrize(("authors", "level"), [(2, CALM), (4, WATCH), (9, ALERT), (29, CRISIS), (30, SEVERE)])
def test_few_authors_make_no_crisis_however_strong_it_looks(authors: int, level: Level) -> None:
    assert judge(assessed(crisis=50.0, attention=50.0, authors=authors), 1.0, SETTINGS).earned is level


@given(st.floats(0, 0.999), st.floats(0, 300), st.floats(0, 300))
def test_nothing_is_above_watch_while_the_baseline_is_being_learnt(
    learning: float, crisis: float, attention: float
) -> None:
    verdict = judge(assessed(crisis=crisis, attention=attention), learning, SETTINGS)
    assert max(verdict.earned, verdict.held, verdict.at_once) <= WATCH


def test_what_is_hardly_learnt_is_hardly_a_surprise() -> None:
    assert judge(assessed(attention=50.0), 0.1, SETTINGS).earned is CALM
    assert judge(assessed(attention=50.0), 0.9, SETTINGS).earned is WATCH


@given(crisis=st.floats(0, 30), attention=st.floats(0, 30), authors=st.floats(0, 60), support=st.floats(0, 9))
def test_what_is_earned_is_held_and_what_is_earned_at_once_is_earned(
    crisis: float, attention: float, authors: float, support: float
) -> None:
    verdict = judge(assessed(crisis=crisis, attention=attention, authors=authors, support=support), 1.0, SETTINGS)
    assert verdict.at_once <= verdict.earned <= verdict.held


def verdict(level: Level, *, at_once: Level = CALM, held: Level | None = None) -> Verdict:
    return Verdict(float(level), level, at_once, level if held is None else held)


def after(hysteresis: Hysteresis, minutes: int, one: Verdict) -> Level:
    for _ in range(minutes):
        hysteresis.step(one)
    return hysteresis.level


@pytest.mark.parametrize(("level", "minutes"), [(WATCH, 5), (ALERT, 5), (CRISIS, 10), (SEVERE, 30)])
def test_a_level_must_last_before_it_is_given(level: Level, minutes: int) -> None:
    hysteresis = Hysteresis(SETTINGS)
    assert after(hysteresis, minutes - 1, verdict(level)) < level
    assert hysteresis.step(verdict(level)) is level


def test_a_break_of_a_minute_starts_the_count_again() -> None:
    hysteresis = Hysteresis(SETTINGS)
    for _ in range(20):
        after(hysteresis, 4, verdict(ALERT))
        assert hysteresis.step(verdict(CALM)) is CALM


def test_what_overwhelms_need_not_last() -> None:
    assert Hysteresis(SETTINGS).step(verdict(SEVERE, at_once=CRISIS)) is CRISIS


def test_a_level_falls_after_an_hour_below_it_to_what_was_held_meanwhile() -> None:
    hysteresis = Hysteresis(SETTINGS)
    after(hysteresis, 10, verdict(CRISIS))
    assert after(hysteresis, 59, verdict(CALM, held=WATCH)) is CRISIS
    assert hysteresis.step(verdict(CALM, held=WATCH)) is WATCH


def test_a_minute_that_holds_the_level_starts_the_hour_again() -> None:
    hysteresis = Hysteresis(SETTINGS)
    after(hysteresis, 10, verdict(CRISIS))
    for _ in range(5):
        after(hysteresis, 59, verdict(CALM))
        assert hysteresis.step(verdict(CALM, held=CRISIS)) is CRISIS


def test_watch_is_given_up_only_after_the_calm_that_the_settings_ask_for() -> None:
    hysteresis = Hysteresis(replace(SETTINGS, resolve_after_ms=90 * 60_000))
    after(hysteresis, 5, verdict(WATCH))
    assert after(hysteresis, 89, verdict(CALM)) is WATCH
    assert hysteresis.step(verdict(CALM)) is CALM


@given(st.lists(st.sampled_from(Level), max_size=400))
def test_a_level_that_rose_stays_for_an_hour_whatever_follows(levels: list[Level]) -> None:
    hysteresis = Hysteresis(SETTINGS)
    seen = [CALM, *(hysteresis.step(verdict(level)) for level in levels)]
    falls = [i for i in range(1, len(seen)) if seen[i] < seen[i - 1]]
    rises = [i for i in range(1, len(seen)) if seen[i] > seen[i - 1]]
    assert all(max((r for r in rises if r < fall), default=0) <= fall - 60 for fall in falls)
