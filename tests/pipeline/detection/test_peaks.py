from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.detection.peaks import OnePage, PeakModel
from schemas.codec import decode, encode

DAY = 24 * 60


def after(days: int, peaks: list[int]) -> PeakModel:
    """Return a model of so many whole days, whose peaks are those in turn."""
    model = PeakModel()
    for minute in range(1, days * DAY + 1):
        peak = peaks[(minute - 1) // DAY % len(peaks)]
        model.learn_one({"end_minute": minute, "volume_15m": peak if minute % DAY == 600 else peak // 3})
    model.learn_one({"end_minute": days * DAY + 1, "volume_15m": 0})
    return model


def days_of(model: PeakModel, volume: float, **more: float) -> float:
    return model.score_one({"end_minute": 0, "volume_15m": volume, **more})


def test_nothing_is_a_surprise_before_the_first_day_is_over() -> None:
    model = PeakModel()
    model.learn_one({"end_minute": 1, "volume_15m": 5})
    assert days_of(model, 10_000) == 0.0


@pytest.mark.parametrize("peak", [1, 10, 1000])
def test_a_usual_peak_is_no_page_and_twice_of_it_is_one_for_quiet_and_busy_brands_alike(peak: int) -> None:
    model = after(14, [peak])
    assert days_of(model, peak) < 2.0
    assert days_of(model, 2 * peak + 1) > 2.0


def test_what_was_higher_within_the_week_is_no_page() -> None:
    model = after(14, [10, 12, 9, 11, 60, 10, 8])
    assert days_of(model, 30) < 2.0
    assert days_of(model, 90) > 2.0


def test_a_peak_is_forgotten_over_weeks() -> None:
    spiked = after(3, [10, 10, 200])
    before = days_of(spiked, 60)
    for minute in range(3 * DAY + 2, 31 * DAY):
        spiked.learn_one({"end_minute": minute, "volume_15m": 10})
    assert before < 1.0
    assert days_of(spiked, 60) > 2.0


def test_a_day_that_was_seen_in_part_counts_in_part() -> None:
    whole, half = PeakModel(), PeakModel()
    for minute in range(1, DAY + 2):
        whole.learn_one({"end_minute": minute, "volume_15m": 4})
        half.learn_one({"end_minute": minute, "volume_15m": 4}, w=1.0 if minute <= DAY // 2 else 0.1)
    assert (whole.weight, half.weight) == (1.0, 0.5)


def test_what_is_planned_or_protected_teaches_nothing() -> None:
    model, again = after(3, [10]), after(3, [10])
    for minute in range(3 * DAY + 2, 4 * DAY + 2):
        model.learn_one({"end_minute": minute, "volume_15m": 500}, w=0.1)
        again.learn_one({"end_minute": minute, "volume_15m": 500, "planned": 5.0})
    assert days_of(model, 30) == pytest.approx(days_of(after(3, [10]), 30), rel=0.01)
    assert days_of(again, 30) == pytest.approx(days_of(after(3, [10]), 30), rel=0.01)


def test_a_planned_crowd_is_divided_by_what_is_expected() -> None:
    model = after(7, [10])
    assert days_of(model, 300, planned=10.0) == days_of(model, 30)


def test_a_lasting_level_is_accepted_within_a_week() -> None:
    model = after(14, [10])
    told = 0
    for day in range(14, 21):
        told += days_of(model, 50) >= 2.0
        for minute in range(day * DAY + 2, (day + 1) * DAY + 2):
            model.learn_one({"end_minute": minute, "volume_15m": 50})
    assert 1 <= told <= 5
    assert days_of(model, 50) < 2.0


counts = st.lists(st.integers(0, 50) | st.integers(0, 10_000), min_size=1, max_size=60)


@given(counts, st.integers(0, 40), st.integers(0, 3))
def test_the_score_of_a_prefix_never_changes_when_the_series_goes_on(series: list[int], cut: int, w: int) -> None:
    def scores(values: list[int]) -> list[float]:
        model, found = PeakModel(step_minutes=240), []
        for i, value in enumerate(values):
            x: dict[str, Any] = {"end_minute": 240 * (i + 1), "volume_15m": value}
            found.append(model.score_one(x))
            model.learn_one(x, w=1.0 if w else 0.1)
        return found

    assert scores(series)[:cut] == scores(series[:cut])


@given(counts)
def test_more_mentions_are_never_less_of_a_surprise(series: list[int]) -> None:
    model = after(2, series)
    found = [days_of(model, volume) for volume in range(0, 2000, 40)]
    assert found == sorted(found)


@given(counts)
@settings(max_examples=30)
def test_a_restored_model_goes_on_to_the_bit(series: list[int]) -> None:
    model = after(3, series)
    again = PeakModel()
    again.restore(decode(encode(model.numbers())))
    for minute in range(3 * DAY + 2, 5 * DAY, 97):
        x: dict[str, Any] = {"end_minute": minute, "volume_15m": minute % 53}
        assert model.score_one(x) == again.score_one(x)
        model.learn_one(x)
        again.learn_one(x)
    assert model.numbers() == again.numbers()


@pytest.mark.parametrize(
    "numbers", [[], [1.0] * 5, [-1.0, 1, 1, 1, 1, 1], ["1", 1, 1, 1, 1, 1], [1.0, 1, 99.0, 1, 1, 1]]
)
def test_what_is_no_state_is_refused(numbers: list[Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        PeakModel().restore(numbers)


def test_a_score_teaches_nothing() -> None:
    model = after(3, [10])
    before = model.numbers()
    days_of(model, 400)
    assert model.numbers() == before


def test_one_incident_is_one_page() -> None:
    rng, one, told = Random(4), OnePage(2.0), 0
    active = False
    for minute in range(DAY):
        let_through = one.step(3.0 + 4.0 * rng.random() if minute % 60 < 20 else 0.5, minute)
        told += let_through and not active
        active = let_through
    assert told == 1


def test_the_next_day_has_a_page_of_its_own_and_ten_times_rarer_has_one_at_once() -> None:
    one = OnePage(2.0)
    assert one.step(2.0, DAY)
    assert not one.step(1.9, DAY + 1)
    assert not one.step(19.0, DAY + 2)
    assert one.step(20.0, DAY + 3)
    assert not one.step(0.0, DAY + 4)
    assert one.step(2.0, 2 * DAY + 3)
