"""What the life of a crisis does when people say something of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.detection import Alarm
from pipeline.detection.lifecycle import LifeCycle, Step
from schemas.codec import decode, encode
from schemas.crisis import CrisisEventType
from schemas.deadletter import DeadLetterReason
from schemas.feedback import FeedbackVerdict
from schemas.ids import crisis_id
from schemas.window import Level
from tests.pipeline.feedback.said import MINUTE_MS, QUIET, SETTINGS, said, verdict_of
from tests.pipeline.logs import START_MS

CALM, WATCH, ALERT, CRISIS, SEVERE = Level
CONFIRM, DISMISS, SNOOZE = FeedbackVerdict
DAY_MINUTES = 24 * 60


@dataclass
class Life:
    """An alarm whose minutes and feedback a test writes down."""

    alarm: Alarm = field(default_factory=lambda: Alarm("acme", SETTINGS))
    minute: int = 0
    offset: int = -1
    steps: list[Step] = field(default_factory=list)

    @property
    def end_ms(self) -> int:
        """End of the minute that comes next."""
        return START_MS + (self.minute + 1) * MINUTE_MS

    def live(self, *levels: Level) -> list[Step]:
        """Return the steps of minutes that earn these levels at once."""
        steps: list[Step] = []
        for level in levels:
            steps += self.alarm.step(verdict_of(level), self.end_ms, learning=1.0, silent=False)
            self.minute += 1
        self.steps += steps
        return steps

    def hear(self, verdict: FeedbackVerdict, *, minutes: int = 60) -> None:
        """Say something of the open crisis, in time for the next minute."""
        standing = self.alarm.standing
        self.offset += 1
        crisis = "" if standing is None else standing.crisis_id
        record = said(verdict, crisis, time_ms=self.end_ms - 1, minutes=minutes, id=f"said-{self.offset}")
        self.alarm.hear(self.offset, record, self.end_ms)

    def restart(self) -> None:
        state = decode(encode(self.alarm.state()))
        self.alarm = Alarm.restore("acme", SETTINGS, state)
        assert self.alarm.state() == state


def kinds(steps: Sequence[Step]) -> list[tuple[str, Level, bool]]:
    return [(step.type.value, step.level, step.feedback is not None) for step in steps]


def test_a_confirmation_is_an_update_and_is_known_until_the_end() -> None:
    life = Life()
    life.live(ALERT)
    life.hear(CONFIRM)

    (step,) = life.live(ALERT)
    assert kinds([step]) == [("updated", ALERT, True)]
    assert step.sequence == 1
    assert life.alarm.standing is not None
    assert life.alarm.standing.confirmed
    life.live(*[CALM] * QUIET, ALERT)
    assert not life.alarm.standing.confirmed


def test_the_baseline_is_protected_from_what_was_confirmed_for_two_weeks_and_from_the_rest_for_three_days() -> None:
    days: dict[bool, int] = {}
    for confirmed in (False, True):
        life = LifeCycle("acme", SETTINGS.update_interval_ms)
        life.step(ALERT, START_MS)
        life.confirmed = confirmed
        ends = (START_MS + minute * MINUTE_MS for minute in range(0, 20 * DAY_MINUTES, 60))
        days[confirmed] = next((end - START_MS) // (DAY_MINUTES * MINUTE_MS) for end in ends if life.accepts(end))
    assert days == {False: 3, True: 14}


def test_what_was_accepted_is_not_protected_again_by_a_late_confirmation() -> None:
    life = LifeCycle("acme", SETTINGS.update_interval_ms)
    life.step(ALERT, START_MS)
    later_ms = START_MS + 4 * DAY_MINUTES * MINUTE_MS
    assert life.accepts(later_ms)
    life.confirmed = True
    assert not life.is_protected(later_ms)


def test_a_dismissal_is_the_end_at_once_and_the_same_talk_opens_nothing() -> None:
    life = Life()
    life.live(ALERT, CRISIS, ALERT)
    life.hear(DISMISS)

    assert kinds(life.live(CRISIS)) == [("resolved", CALM, True)]
    assert life.alarm.level is CALM
    assert not life.alarm.is_protected(life.end_ms)
    assert not life.live(*[CRISIS, WATCH, ALERT] * 50)
    assert not life.live(*[CALM] * (QUIET - 1), WATCH, *[CALM] * (QUIET - 1))  # not calm for long enough
    assert not life.live(CRISIS)
    assert not life.live(*[CALM] * QUIET)
    assert kinds(life.live(WATCH)) == [("opened", WATCH, False)]


def test_a_level_above_the_peak_of_what_was_dismissed_is_another_crisis() -> None:
    life = Life()
    life.live(WATCH)
    life.hear(DISMISS)
    first = life.live(WATCH)

    second = life.live(WATCH, ALERT)
    assert kinds(second) == [("opened", ALERT, False)]
    assert second[0].crisis_id != first[0].crisis_id


def test_a_minute_that_goes_beyond_the_peak_is_told_of_though_the_crisis_is_dismissed_in_it() -> None:
    life = Life()
    life.live(ALERT)
    life.hear(DISMISS)
    assert kinds(life.live(SEVERE)) == [("resolved", CALM, True), ("opened", SEVERE, False)]


def test_a_snoozed_crisis_says_nothing_until_the_time_is_over() -> None:
    life = Life()
    life.live(CRISIS)
    life.hear(SNOOZE, minutes=100)

    assert kinds(life.live(CRISIS)) == [("updated", CRISIS, True)]
    assert not life.live(*[ALERT] * 99)  # less than crisis for more than an hour
    assert life.alarm.level is CRISIS  # what is not told of has not happened
    assert kinds(life.live(ALERT, ALERT)) == [("deescalated", ALERT, False)]
    assert life.alarm.level is ALERT


def test_after_a_snooze_an_update_follows_when_it_is_due() -> None:
    life = Life()
    life.live(ALERT)
    life.hear(SNOOZE, minutes=10)
    life.live(ALERT)

    assert not life.live(*[ALERT] * 19)
    assert kinds(life.live(ALERT)) == [("updated", ALERT, False)]


def test_a_rise_breaks_a_snooze() -> None:
    life = Life()
    life.live(ALERT)
    life.hear(SNOOZE, minutes=600)
    life.live(ALERT)

    assert kinds(life.live(CRISIS)) == [("escalated", CRISIS, False)]
    assert kinds(life.live(*[CRISIS] * 20)) == [("updated", CRISIS, False)]
    assert life.alarm.standing is not None
    assert not life.alarm.standing.snoozed_until_ms


def test_a_snoozed_crisis_ends_like_any_other() -> None:
    life = Life()
    life.live(ALERT)
    life.hear(SNOOZE, minutes=600)
    life.live(ALERT)

    assert kinds(life.live(*[CALM] * QUIET)) == [("resolved", CALM, False)]
    assert kinds(life.live(ALERT, *[ALERT] * 20)) == [("opened", ALERT, False), ("updated", ALERT, False)]


def test_the_standing_says_until_when_a_crisis_is_snoozed() -> None:
    life = Life()
    life.live(ALERT)
    life.hear(SNOOZE, minutes=30)
    until_ms = life.end_ms - 1 + 30 * MINUTE_MS
    life.live(ALERT)
    assert life.alarm.standing is not None
    assert life.alarm.standing.snoozed_until_ms == until_ms


def test_what_is_said_of_another_crisis_or_of_none_is_refused() -> None:
    life = Life()
    calm = life.alarm.hear(0, said(CONFIRM, "", time_ms=START_MS), None)
    life.live(ALERT)
    other = life.alarm.hear(1, said(CONFIRM, "another", time_ms=START_MS), life.end_ms)

    assert calm.reason is DeadLetterReason.UNKNOWN_CRISIS
    assert other.reason is DeadLetterReason.UNKNOWN_CRISIS


def test_after_a_crash_a_crisis_that_is_to_be_opened_once_more_is_known() -> None:
    """Its event was published, its state was not written, and somebody was quick."""
    life = Life()
    life.live(CALM)
    opened_ms = life.end_ms
    crisis = crisis_id("acme", opened_ms)
    taken = life.alarm.hear(0, said(CONFIRM, crisis, time_ms=opened_ms + 1), life.end_ms)
    unborn = life.alarm.hear(1, said(CONFIRM, crisis, time_ms=opened_ms - 1, id="too early"), life.end_ms)

    assert taken.held_from_ms == opened_ms + MINUTE_MS
    assert unborn.reason is DeadLetterReason.UNKNOWN_CRISIS
    assert kinds(life.live(ALERT, ALERT)) == [("opened", ALERT, False), ("updated", ALERT, True)]


def test_feedback_dated_days_ahead_of_the_brand_is_refused_and_takes_no_room() -> None:
    """Somebody's clock says now where the log is of last year."""
    life = Life()
    life.live(ALERT)
    assert life.alarm.standing is not None
    crisis, day_ms = life.alarm.standing.crisis_id, 24 * 60 * MINUTE_MS
    ahead = life.alarm.hear(0, said(CONFIRM, crisis, time_ms=life.end_ms + day_ms + 1), life.end_ms)
    tomorrow = life.alarm.hear(1, said(CONFIRM, crisis, time_ms=life.end_ms + day_ms, id="tomorrow"), life.end_ms)

    assert (ahead.reason, ahead.held_from_ms) == (DeadLetterReason.BAD_FIELD, None)
    assert tomorrow.held_from_ms is not None


def test_too_much_feedback_at_once_is_refused() -> None:
    life = Life()
    life.live(ALERT)
    assert life.alarm.standing is not None
    crisis = life.alarm.standing.crisis_id
    intakes = [life.alarm.hear(i, said(CONFIRM, crisis, time_ms=life.end_ms, id=str(i)), life.end_ms) for i in range(9)]
    assert [intake.reason for intake in intakes] == [None] * 8 + [DeadLetterReason.BAD_FIELD]
    assert [intake.is_first for intake in intakes[:8]] == [True] + [False] * 7


Word = Level | tuple[FeedbackVerdict, int]
WORDS: st.SearchStrategy[Word] = st.one_of(
    st.sampled_from(Level),
    st.sampled_from([CALM, ALERT]),
    st.tuples(st.sampled_from(FeedbackVerdict), st.integers(1, 90)),
)


@settings(max_examples=60)
@given(st.lists(st.tuples(WORDS, st.integers(1, 40)), max_size=40))
def test_whatever_is_said_lives_are_whole_and_survive_a_restart_at_any_minute(words: list[tuple[Word, int]]) -> None:
    life, restarted = Life(), Life()
    for word, times in words:
        for each in (life, restarted):
            match word:
                case Level():
                    each.live(*[word] * times)
                case (verdict, minutes):
                    each.hear(verdict, minutes=minutes)
                    each.alarm.hear(each.offset, said(DISMISS, "again"), each.end_ms)
        restarted.restart()
    assert restarted.steps == life.steps

    level, sequence, crises = CALM, -1, set()
    for step in life.steps:
        assert (step.type is CrisisEventType.OPENED) == (level is CALM)
        assert (step.type is CrisisEventType.RESOLVED) == (step.level is CALM)
        assert step.previous_level is level
        assert step.sequence == (0 if level is CALM else sequence + 1)
        if step.type is CrisisEventType.OPENED:
            assert step.crisis_id not in crises
            crises.add(step.crisis_id)
        level, sequence = step.level, step.sequence
    assert level is life.alarm.level


@settings(max_examples=100)
@given(st.lists(st.sampled_from([CALM, *Level]), min_size=1, max_size=300), st.data())
def test_what_was_dismissed_never_opens_again_for_the_same_talk(levels: list[Level], data: st.DataObject) -> None:
    """The same talk: no minute is above the peak, and calm never lasts for as long as it takes to be resolved."""
    life = Life()
    life.live(*data.draw(st.lists(st.sampled_from([WATCH, ALERT, CRISIS]), min_size=1, max_size=9)))
    peak = max(step.peak_level for step in life.steps)
    life.hear(DISMISS)
    (end,) = life.live(WATCH)
    assert end.type is CrisisEventType.RESOLVED

    calm = 0
    for level in levels:
        calm = calm + 1 if level is CALM and calm < QUIET - 1 else 0
        assert not life.live(CALM if calm else max(WATCH, min(level, peak)))


@pytest.mark.parametrize(
    "state",
    [
        [[2, [0] * 4, [0] * 4], [0] * 9, [0, 0], [0]],
        [[2, [0] * 4, [0] * 4], [2, 2, 0, 9, 9, 9, 0, 0, 0], [0, 0], [2]],
        [[0, [0] * 4, [0] * 4], [0] * 9, [0, 0], [7]],
        [[0, [0] * 4, [0] * 4], [0] * 9, [0, 0], []],
        [[0, [0] * 4, [0] * 4], [0, 0, 0, 0, 0, 0, 0, 1, 0], [0, 0], [0]],
        [[0, [0] * 4, [0] * 4], [0, 0, 0, 0, 0, 0, 0, 0, 5], [0, 0], [0]],
        [[0, [0] * 4, [0] * 4], [0] * 8, [0, 0], [0]],
        [[0, [0] * 4, [0] * 4], [0] * 9, [0, 0], [0, 1]],
    ],
)
def test_what_is_no_state_of_an_alarm_with_feedback_is_refused(state: list[object]) -> None:
    with pytest.raises((TypeError, ValueError, LookupError)):
        Alarm.restore("acme", SETTINGS, state)


def test_a_state_of_before_there_was_feedback_is_read() -> None:
    life = Life()
    life.live(ALERT, CRISIS)
    levels, (*lived, _, _), carried, _ = life.alarm.state()

    assert Alarm.restore("acme", SETTINGS, [levels, lived, carried]).state() == life.alarm.state()


def test_a_snooze_that_ends_while_a_new_model_carries_the_crisis_survives_a_restart() -> None:
    life = Life()
    life.live(CRISIS)
    life.hear(SNOOZE, minutes=90)
    life.live(*[ALERT] * 80)
    assert life.alarm.level is CRISIS, "held by the snooze"
    life.alarm.carry()
    for _ in range(20):
        life.alarm.step(verdict_of(CALM), life.end_ms, learning=0.1, silent=False)
        life.minute += 1
    assert life.alarm.standing is not None
    assert life.alarm.standing.snoozed_until_ms == 0

    life.restart()
    assert life.alarm.level is CRISIS
    assert kinds(life.live(ALERT)) == [("deescalated", ALERT, False)], "the new model has learnt"
