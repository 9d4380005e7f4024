"""What the baseline learns, its parts and the whole: from ordinary times, from a crisis, from a lasting change."""

from collections import Counter
from copy import deepcopy
from functools import cache
from itertools import islice
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.detection.dispersion import Dispersion
from pipeline.detection.season import Season
from pipeline.detection.share import ShareModel
from pipeline.detection.volume import VolumeModel
from schemas.crisis import CrisisEvent, CrisisEventType
from schemas.times import to_rfc3339
from schemas.window import Level
from tests.pipeline.detection import streams
from tests.pipeline.detection.streams import Minute, Watched, closed, poisson, talk, watch

MONDAY = 20_514 * 24  # 2 March 2026, epoch hours
QUARTER, HOUR, SIX_HOURS = range(3)


def busy_by_day(hour: int) -> float:
    return 40.0 if 8 <= hour % 24 < 20 else 8.0


def test_hours_that_are_busier_are_learnt_as_busier() -> None:
    season = Season()
    for hour in range(MONDAY, MONDAY + 14 * 24):
        season.learn(hour, busy_by_day(hour), 0.1, 1.0)
    noon, night = season.factor(MONDAY + 14 * 24 + 12), season.factor(MONDAY + 14 * 24 + 2)
    assert noon == pytest.approx(40 / 24, rel=0.1)
    assert night == pytest.approx(8 / 24, rel=0.25)


def test_quiet_weekends_are_told_from_weekdays() -> None:
    season = Season()
    for hour in range(MONDAY, MONDAY + 28 * 24):
        weekend = hour // 24 % 7 in {(MONDAY // 24 + 5) % 7, (MONDAY // 24 + 6) % 7}
        season.learn(hour, 20.0 if weekend else 100.0, 0.1, 1.0)
    wednesday, saturday = MONDAY + (28 + 2) * 24 + 12, MONDAY + (28 + 5) * 24 + 12
    assert season.factor(saturday) < 0.5 * season.factor(wednesday)


def test_one_day_is_not_enough_to_believe_in_a_rhythm() -> None:
    season = Season()
    assert season.factor(MONDAY) == 1.0
    for hour in range(MONDAY, MONDAY + 24):
        season.learn(hour, busy_by_day(hour), 0.25, 1.0)
    assert 8 / 24 < season.factor(MONDAY + 24 + 2) < 0.95
    assert season.doubt < 0.25


@given(st.integers(0, 10**8), st.integers(1, 5000))
def test_an_average_week_is_as_many_average_hours_as_it_has(start: int, minutes: int) -> None:
    assert Season().exposure(start + minutes, minutes) == pytest.approx(minutes / 60)


def test_dispersion_finds_what_varies_beyond_sampling() -> None:
    rng = Random(1)
    spread = Dispersion(prior=0.25, looks=24.0)
    for _ in range(3000):
        count = poisson(rng, 50 * rng.gammavariate(5, 1 / 5))
        spread.learn(error=count - 50.0, sampling=50.0, scale=2500.0, keep=0.999, weight=1.0)
    assert spread.value == pytest.approx(0.2, abs=0.05)


def test_windows_with_hardly_a_mention_leave_the_belief_as_it_was() -> None:
    spread = Dispersion(prior=0.25, looks=24.0)
    for _ in range(500):
        spread.learn(error=-0.01, sampling=0.01, scale=0.0001, keep=1.0, weight=1.0)
    assert spread.value == pytest.approx(0.25, rel=0.06)


def learnt_volume(rate: float, days: int = 14) -> VolumeModel:
    rng, volume = Random(2), VolumeModel()
    for hour in range(MONDAY + 1, MONDAY + days * 24):
        count = poisson(rng, rate)
        volume.learn_window(HOUR, hour * 60, count, weight=1.0, clip=True)
        volume.learn_level(count, volume.season.exposure(hour * 60, 60), 1.0)
    return volume


@pytest.mark.parametrize("rate", [0.5, 12.0, 900.0])
def test_the_level_is_learnt_at_any_scale(rate: float) -> None:
    mean, dispersion = learnt_volume(rate).predict(HOUR, (MONDAY + 15 * 24) * 60)
    assert mean == pytest.approx(rate, rel=0.35)
    assert dispersion < 0.4


def test_a_brand_hardly_seen_has_a_wide_prediction() -> None:
    new, known = VolumeModel(), learnt_volume(12.0)
    assert new.predict(HOUR, MONDAY * 60)[1] > 5 * known.predict(HOUR, MONDAY * 60)[1]


def test_a_spike_teaches_no_more_than_what_is_well_above_the_prediction() -> None:
    volume = learnt_volume(12.0)
    end = (MONDAY + 15 * 24) * 60
    mean, dispersion = volume.predict(HOUR, end)
    taught = volume.learn_window(HOUR, end, 5000, weight=1.0, clip=True)
    assert taught == pytest.approx(mean + 3 * (mean + dispersion * mean**2) ** 0.5)


def test_without_weight_nothing_is_learnt() -> None:
    volume, share = learnt_volume(12.0), ShareModel(0.25)
    before = volume.state(), share.numbers()
    volume.learn_window(HOUR, (MONDAY + 15 * 24) * 60, 500, weight=0.0, clip=True)
    volume.learn_level(500, 1.0, 0.0)
    share.learn_window(HOUR, 50, 60, weight=0.0, clip=True)
    share.learn_share(50, 60, 0.0)
    assert volume.state()["level"] == before[0]["level"]
    assert share.numbers()[:3] == before[1][:3]


def test_accepting_a_new_level_keeps_a_day_of_the_old() -> None:
    volume = learnt_volume(12.0)
    level = volume.level
    volume.accept()
    assert volume.hours == pytest.approx(24.0)
    assert volume.level == pytest.approx(level, rel=0.05)


def test_a_change_of_share_is_judged_by_how_many_say_so() -> None:
    share = ShareModel(0.25)
    for _ in range(100):
        share.learn_share(12, 30, 1.0)
    assert share.usual == pytest.approx(0.4, abs=0.01)
    surprises = [share.surprise(HOUR, 0.68 * n, n) for n in (4, 25, 100)]
    assert surprises[0] < 1 < surprises[1] < surprises[2]
    assert share.surprise(HOUR, 10, 30) == 0.0


def test_a_brand_whose_share_wanders_by_itself_is_given_more_room() -> None:
    steady, moody = ShareModel(0.25), ShareModel(0.25)
    for i in range(24 * 14):
        for share, hits in ((steady, 40), (moody, 20 if i % 2 else 60)):
            share.learn_window(HOUR, hits, 100, weight=1.0, clip=True)
            share.learn_share(hits, 100, 1.0)
    assert moody.usual == pytest.approx(steady.usual, abs=0.02)
    assert moody.surprise(HOUR, 70, 100) < 0.6 * steady.surprise(HOUR, 70, 100)


# -- the whole: protected learning -------------------------------------------------------------------

DAY = 24 * 60


def since(seen: Watched, minute: int) -> list[CrisisEvent]:
    begin = to_rfc3339(streams.START_MS + minute * 60_000)
    return [event for event in seen.events if event.time > begin]


def crises(events: list[CrisisEvent]) -> set[str]:
    return {event.crisis_id for event in events if event.peak_level >= Level.ALERT}


@pytest.mark.parametrize(("rate", "times"), [(0.3, 5), (3.0, 5), (0.5, 60)])
def test_an_open_crisis_does_not_teach_the_baseline_that_crisis_is_normal(rate: float, times: int) -> None:
    rng = Random(21)
    ordinary, crisis = talk(rng, 4 * DAY, rate=rate, share=0.2), talk(rng, 2 * DAY, rate=times * rate, share=0.6)
    seen = watch(closed([*ordinary, *crisis]))
    before, after = seen.detections[4 * DAY - 1], seen.detections[-1]
    assert min(seen.levels(4 * DAY + 60)) >= Level.ALERT, "it is not taken for granted while it lasts"
    assert after.expected_1h < 1.5 * before.expected_1h
    assert after.negative_share_expected < before.negative_share_expected + 0.1 * (0.6 - 0.2)


@pytest.mark.parametrize("rate", [0.3, 3.0])
def test_five_times_the_mentions_for_good_are_usual_within_a_week(rate: float) -> None:
    rng = Random(22)
    seen = watch(closed(talk(rng, 7 * DAY, rate=rate, share=0.25) + talk(rng, 9 * DAY, rate=5 * rate, share=0.25)))
    assert seen.highest(7 * DAY) is Level.WATCH, "volume alone"
    assert seen.highest(14 * DAY) is Level.CALM
    assert seen.detections[-1].expected_1h == pytest.approx(5 * 60 * rate, rel=0.2)


@pytest.mark.parametrize("rate", [0.3, 3.0])
def test_a_worse_share_for_good_is_a_crisis_for_days_and_then_usual(rate: float) -> None:
    rng = Random(23)
    seen = watch(closed(talk(rng, 7 * DAY, rate=rate, share=0.2) + talk(rng, 11 * DAY, rate=rate, share=0.45)))
    assert min(seen.levels(8 * DAY, 10 * DAY)) >= Level.ALERT, "protected for three days"
    assert seen.highest(14 * DAY) <= Level.WATCH
    assert seen.highest(17 * DAY) is Level.CALM
    assert seen.detections[-1].negative_share_expected == pytest.approx(0.45, abs=0.04)
    assert len(crises(since(seen, 7 * DAY))) == 1


def incidents(apart: int, seed: int) -> list[Minute]:
    """Two incidents of an hour and a half with so many ordinary minutes between."""
    rng = Random(seed)
    incident = [talk(rng, 90, rate=4.0, share=0.75) for _ in range(2)]
    return [
        *talk(rng, 4 * DAY, rate=1.0, share=0.25),
        *incident[0],
        *talk(rng, apart, rate=1.0, share=0.25),
        *incident[1],
        *talk(rng, DAY, rate=1.0, share=0.25),
    ]


@cache
def before_the_incidents(seed: int) -> Watched:
    return watch(closed(incidents(0, seed)[: 4 * DAY]))


@pytest.mark.parametrize(("apart", "number"), [(30, 1), (4 * 60, 1), (2 * DAY, 2)])
def test_incidents_of_one_morning_are_one_crisis_and_those_of_different_days_are_not(apart: int, number: int) -> None:
    for seed in range(3):
        seen = watch(islice(closed(incidents(apart, seed)), 4 * DAY, None), after=before_the_incidents(seed))
        assert len(crises(since(seen, 4 * DAY))) == number
        assert seen.detections[-1].level is Level.CALM


@cache
def before_the_share_flaps() -> tuple[Random, list[Minute], Watched]:
    """Four ordinary days, and the chance that goes on from there."""
    rng = Random(24)
    minutes = talk(rng, 4 * DAY, rate=2.0, share=0.25)
    return rng, minutes, watch(closed(minutes))


@pytest.mark.parametrize("period", [10, 20, 60])
@pytest.mark.parametrize("share", [0.4, 0.5])
def test_a_share_that_flaps_around_the_threshold_gives_few_changes_of_level(share: float, period: int) -> None:
    after, ordinary, before = before_the_share_flaps()
    rng, minutes = deepcopy(after), [*ordinary]
    while len(minutes) < 5 * DAY:
        minutes += [*talk(rng, period, rate=2.0, share=share), *talk(rng, period, rate=2.0, share=0.25)]
    minutes += talk(rng, DAY, rate=2.0, share=0.25)
    seen = watch(islice(closed(minutes), 4 * DAY, None), after=before)
    kinds = Counter(event.type for event in since(seen, 4 * DAY))
    assert kinds[CrisisEventType.OPENED] <= 1
    assert sum(kinds.values()) - kinds[CrisisEventType.UPDATED] <= 10, "in a day, of 24 to 144 changes of the share"
