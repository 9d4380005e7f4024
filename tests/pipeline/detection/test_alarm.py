from typing import Any

import pytest

from pipeline.detection import Alarm, Detector
from pipeline.detection.lifecycle import Step
from pipeline.detection.severity import CALM, Verdict
from pipeline.settings import DetectionSettings
from schemas.codec import decode, encode
from schemas.crisis import CrisisEventType
from schemas.window import Level
from tests.pipeline.detection.streams import DAY, HOUR, START_MS

SETTINGS = DetectionSettings()
MINUTE_MS = 60_000
BAD = Verdict(7.0, Level.CRISIS, Level.CRISIS, Level.CRISIS)
RESOLVE = SETTINGS.resolve_after_ms // MINUTE_MS


def in_a_crisis() -> Alarm:
    alarm = Alarm("acme", SETTINGS)
    for minute in range(3):
        alarm.step(BAD, START_MS + minute * MINUTE_MS, learning=1.0, silent=False)
    assert alarm.level is Level.CRISIS
    return alarm


def ignorant(alarm: Alarm, minutes: int, *, learning: float = 0.5, silent: bool = False) -> list[tuple[int, Step]]:
    """Return (minute, step) of what comes of minutes in which a model finds nothing."""
    steps: list[tuple[int, Step]] = []
    for minute in range(minutes):
        end_ms = START_MS + (3 + minute) * MINUTE_MS
        steps += [(minute, step) for step in alarm.step(CALM, end_ms, learning=learning, silent=silent)]
    return steps


def test_an_open_crisis_is_carried_for_a_day_and_then_resolved_like_any_other() -> None:
    alarm = in_a_crisis()
    alarm.carry()
    steps = ignorant(alarm, 3 * DAY)

    assert [step.sequence for _, step in steps] == list(range(1, len(steps) + 1))
    assert len({step.crisis_id for _, step in steps}) == 1
    of_the_day = [step for minute, step in steps if minute < DAY]
    assert {(step.type, step.level) for step in of_the_day} == {(CrisisEventType.UPDATED, Level.CRISIS)}
    minute, last = steps[-1]
    assert last.type is CrisisEventType.RESOLVED
    assert minute <= DAY + RESOLVE + HOUR


def test_a_crisis_that_is_not_carried_is_closed_by_ignorance() -> None:
    """Why `carry` is there."""
    assert ignorant(in_a_crisis(), DAY)[-1][1].type is CrisisEventType.RESOLVED


def test_a_model_that_has_learnt_is_taken_at_its_word() -> None:
    alarm = in_a_crisis()
    alarm.carry()
    ignorant(alarm, 2 * HOUR)

    minute, last = ignorant(alarm, DAY, learning=1.0)[-1]
    assert (last.type, minute) == (CrisisEventType.RESOLVED, RESOLVE - 1)


def test_silence_is_no_ignorance() -> None:
    alarm = in_a_crisis()
    alarm.carry()

    minute, last = ignorant(alarm, DAY, silent=True)[-1]
    assert (last.type, minute) == (CrisisEventType.RESOLVED, RESOLVE - 1)


def test_changing_the_model_again_and_again_does_not_carry_a_crisis_for_ever() -> None:
    alarm = in_a_crisis()
    steps = []
    for _ in range(8 * DAY // HOUR):
        alarm.carry()
        steps += ignorant(alarm, HOUR)
        alarm = Alarm.restore("acme", SETTINGS, decode(encode(alarm.state())))

    assert steps[-1][1].type is CrisisEventType.RESOLVED


def test_there_is_nothing_to_carry_while_all_is_calm() -> None:
    alarm = Alarm("acme", SETTINGS)
    alarm.carry()

    assert alarm.state() == Alarm("acme", SETTINGS).state()


def test_the_carried_crisis_survives_a_restart() -> None:
    alarm = in_a_crisis()
    alarm.carry()
    ignorant(alarm, 100)
    again = Alarm.restore("acme", SETTINGS, decode(encode(alarm.state())))

    assert again.state() == alarm.state()
    assert ignorant(again, 2 * DAY) == ignorant(alarm, 2 * DAY)


@pytest.mark.parametrize(
    "state",
    [
        [],
        [[0, [0] * 4, [0] * 4], [0] * 7],
        [[0, [0] * 3, [0] * 4], [0] * 7, [0, 0]],
        [[0, [0] * 4, [-1] * 4], [0] * 7, [0, 0]],
        [[2, [0] * 4, [0] * 4], [2, 2, 0, 0, 0, 0, 0], [0, 0]],
        [[2, [0] * 4, [0] * 4], [2, 1, 0, 9, 9, 0, 0], [0, 0]],
        [[2, [0] * 4, [0] * 4], [2, 2, 0, 10**16, 9, 0, 0], [0, 0]],
        [[2, [0] * 4, [0] * 4], [2, 2, 0, "9", 9, 0, 0], [0, 0]],
        [[2, [0] * 4, [0] * 4], [3, 3, 0, 9, 9, 0, 0], 0],
        [[0, [0] * 4, [0] * 4], [0] * 7, [1, DAY + 1]],
        [[0, [0] * 4, [0] * 4], [0] * 7, 0],
    ],
)
def test_what_is_no_state_of_an_alarm_is_refused(state: list[Any]) -> None:
    with pytest.raises((TypeError, ValueError, LookupError)):
        Alarm.restore("acme", SETTINGS, state)


def test_a_new_detector_has_an_alarm_of_its_own_unless_told() -> None:
    alarm = in_a_crisis()

    assert Detector("acme", SETTINGS).alarm.level is Level.CALM
    assert Detector("acme", SETTINGS, alarm).alarm is alarm
