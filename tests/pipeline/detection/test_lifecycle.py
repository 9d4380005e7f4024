from hypothesis import given
from hypothesis import strategies as st

from pipeline.detection.lifecycle import LifeCycle, Step
from schemas.codec import decode, encode
from schemas.crisis import CrisisEventType
from schemas.ids import crisis_id
from schemas.window import Level
from tests.pipeline.detection.streams import START_MS

CALM, WATCH, ALERT, CRISIS, SEVERE = Level
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS


def lived(levels: list[Level], update_interval_ms: int = HOUR_MS) -> list[Step]:
    life = LifeCycle("acme", update_interval_ms)
    steps = [life.step(level, START_MS + i * MINUTE_MS) for i, level in enumerate(levels)]
    return [step for step in steps if step]


def test_a_crisis_is_opened_escalated_deescalated_and_resolved() -> None:
    steps = lived([CALM, WATCH, WATCH, ALERT, CRISIS, WATCH, CALM, CALM])
    assert [(step.type.value, step.previous_level, step.level, step.peak_level) for step in steps] == [
        ("opened", CALM, WATCH, WATCH),
        ("escalated", WATCH, ALERT, ALERT),
        ("escalated", ALERT, CRISIS, CRISIS),
        ("deescalated", CRISIS, WATCH, CRISIS),
        ("resolved", WATCH, CALM, CRISIS),
    ]
    assert {step.crisis_id for step in steps} == {crisis_id("acme", START_MS + MINUTE_MS)}
    assert {step.opened_at_ms for step in steps} == {START_MS + MINUTE_MS}


def test_an_alert_is_updated_when_nothing_was_said_for_the_interval() -> None:
    steps = lived([ALERT] * 150 + [CRISIS] * 61)
    assert [(step.type.value, step.sequence) for step in steps] == [
        ("opened", 0),
        ("updated", 1),
        ("updated", 2),
        ("escalated", 3),
        ("updated", 4),
    ]


def test_a_watch_does_not_chatter() -> None:
    assert [step.type for step in lived([WATCH] * 1000)] == [CrisisEventType.OPENED]


def test_the_next_incident_is_another_crisis() -> None:
    first, _, second = lived([WATCH, CALM, CRISIS])
    assert first.crisis_id != second.crisis_id
    assert (second.sequence, second.peak_level) == (0, CRISIS)


@given(st.lists(st.sampled_from(Level), max_size=300), st.integers(0, 300))
def test_every_life_is_whole_and_survives_a_restart(levels: list[Level], cut: int) -> None:
    life, steps = LifeCycle("acme", 20 * MINUTE_MS), []
    for i, level in enumerate(levels):
        if i == cut:
            state = decode(encode(life.state()))
            life = LifeCycle("acme", 20 * MINUTE_MS)
            life.restore(state)
        if step := life.step(level, START_MS + i * MINUTE_MS):
            steps.append(step)
    assert steps == lived(levels, 20 * MINUTE_MS)
    level, sequence = CALM, -1
    for step in steps:
        assert (step.type is CrisisEventType.OPENED) == (level is CALM)
        assert (step.type is CrisisEventType.RESOLVED) == (step.level is CALM)
        assert step.previous_level is level
        assert step.sequence == (0 if level is CALM else sequence + 1)
        level, sequence = step.level, step.sequence


def test_the_baseline_is_protected_for_three_days_and_then_told_once_to_accept() -> None:
    life, told, protected = LifeCycle("acme", HOUR_MS), [], []
    for minute in range(4 * 24 * 60):
        time_ms = START_MS + minute * MINUTE_MS
        life.step(ALERT, time_ms)
        protected.append(life.is_protected(time_ms))
        if life.accepts(time_ms):
            told.append(time_ms)
    assert told == [START_MS + 3 * DAY_MS]
    assert protected.index(False) == 3 * 24 * 60


def test_a_watch_protects_nothing() -> None:
    life = LifeCycle("acme", HOUR_MS)
    life.step(WATCH, START_MS)
    assert not life.is_protected(START_MS)
    assert not life.accepts(START_MS + 10 * DAY_MS)
