"""Input is missing: what that does to a crisis that is open, and to what follows."""

from random import Random

import pytest

from pipeline.detection import Detector
from pipeline.settings import DetectionSettings
from schemas.crisis import CrisisEventType
from schemas.window import Level
from tests.pipeline.detection.streams import DAY, HOUR, Minute, Watched, closed, talk, watch

ALERT, CRISIS = Level.ALERT, Level.CRISIS


def lost(minutes: int) -> list[Minute]:
    """Nothing comes: input is missing."""
    return [Minute(observed=False) for _ in range(minutes)]


def silence(minutes: int) -> list[Minute]:
    """Nothing comes, for nobody speaks."""
    return [Minute() for _ in range(minutes)]


def stormy(rng: Random, minutes: int) -> list[Minute]:
    return talk(rng, minutes, rate=6.0, share=0.75)


@pytest.mark.parametrize("hours", [1, 7, 30])
def test_a_crisis_stays_as_it_is_while_input_is_missing_and_is_held_by_what_comes_then(hours: int) -> None:
    rng = Random(1)
    calm, storm, after = talk(rng, 3 * DAY, rate=1.0, share=0.2), stormy(rng, 2 * HOUR), stormy(rng, 3 * HOUR)
    before = watch(closed([*calm, *storm]))

    seen = watch(closed([*calm, *storm, *lost(hours * HOUR), *after]))

    assert before.detections[-1].level >= CRISIS
    at = len(calm) + len(storm)
    assert set(seen.levels(at)) == {before.detections[-1].level}
    assert {event.type for event in seen.events[len(before.events) :]} <= {CrisisEventType.UPDATED}


def test_a_silence_that_is_known_to_be_one_ends_a_crisis_and_one_that_is_missing_input_does_not() -> None:
    rng = Random(2)
    calm, storm = talk(rng, 3 * DAY, rate=1.0, share=0.2), stormy(rng, 2 * HOUR)

    quiet = watch(closed([*calm, *storm, *silence(20 * HOUR)]))
    blind = watch(closed([*calm, *storm, *lost(20 * HOUR)]))

    assert quiet.detections[-1].level is Level.CALM
    assert blind.detections[-1].level >= CRISIS


def falls(seen: Watched, at: int) -> int:
    """Return how many minutes after ``at`` the level falls for the first time."""
    levels = seen.levels(at - 1)
    return next(i for i, level in enumerate(levels) if level < levels[0])


def test_minutes_whose_windows_are_mostly_missing_do_not_count_towards_the_end_of_a_crisis() -> None:
    rng = Random(3)
    calm, storm, after = (
        talk(rng, 3 * DAY, rate=1.0, share=0.2),
        stormy(rng, 2 * HOUR),
        talk(rng, 9 * HOUR, rate=1.0, share=0.2),
    )
    at = len(calm) + len(storm)

    short = watch(closed([*calm, *storm, *lost(2 * HOUR), *after]))
    long = watch(closed([*calm, *storm, *lost(7 * HOUR), *after]))

    assert falls(short, at + 2 * HOUR) >= HOUR // 2 - 1 + HOUR
    assert falls(long, at + 7 * HOUR) >= 3 * HOUR - 1 + HOUR
    assert long.detections[-1].level < CRISIS, "in the end it does"


def test_a_stream_that_breaks_off_every_other_minute_is_neither_loud_nor_keeps_a_crisis_open() -> None:
    rng = Random(4)
    calm, storm = talk(rng, 3 * DAY, rate=2.0, share=0.2), stormy(rng, 2 * HOUR)
    broken = talk(rng, 30 * HOUR, rate=2.0, share=0.2)
    for minute in broken[::2]:
        minute.observed = False  # a second is missing, and all else is there

    assert watch(closed([*calm, *broken])).highest(len(calm)) is Level.CALM
    assert watch(closed([*calm, *storm, *broken])).detections[-1].level is Level.CALM


@pytest.mark.parametrize("gap", [5, HOUR, 6 * HOUR])
def test_a_gap_in_ordinary_talk_raises_nothing_and_teaches_nothing_that_was_not_true(gap: int) -> None:
    rng = Random(5)
    minutes = talk(rng, 6 * DAY, rate=2.0, share=0.2)
    at = 4 * DAY + 9 * HOUR + 7
    holed = [*minutes[:at], *lost(gap), *minutes[at + gap :]]

    whole, seen = watch(closed(minutes)), watch(closed(holed))

    assert seen.highest() is Level.CALM
    assert seen.detections[-1].expected_1h == pytest.approx(whole.detections[-1].expected_1h, rel=0.02)
    assert seen.detections[-1].negative_share_expected == pytest.approx(
        whole.detections[-1].negative_share_expected, rel=0.05
    )
    assert seen.detector._model.peaks.usual_peak == pytest.approx(whole.detector._model.peaks.usual_peak, rel=0.05)


def test_a_crisis_that_began_unseen_is_raised_soon_after() -> None:
    rng = Random(6)
    calm = talk(rng, 4 * DAY, rate=2.0, share=0.2)

    seen = watch(closed([*calm, *lost(HOUR), *stormy(rng, HOUR)]))

    assert seen.highest(len(calm) + HOUR, len(calm) + HOUR + 15) >= ALERT


def test_a_new_model_does_not_take_missing_input_for_the_silence_that_ends_a_crisis() -> None:
    rng = Random(7)
    calm, storm = talk(rng, 3 * DAY, rate=1.0, share=0.2), stormy(rng, 2 * HOUR)
    known = watch(closed([*calm, *storm]))
    alarm = known.detector.alarm
    alarm.carry()
    carried = Watched([], [], Detector("acme", DetectionSettings(), alarm))
    buckets = list(closed([*calm, *storm, *lost(8 * HOUR), *silence(5 * HOUR)]))[len(calm) + len(storm) :]

    assert watch(buckets, after=carried).detections[-1].level >= CRISIS
