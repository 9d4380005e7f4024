"""The life of a crisis: one incident is one crisis, from opened to resolved, counted without holes."""

from __future__ import annotations

from typing import Any, NamedTuple

from pipeline.detection.standing import Standing
from pipeline.feedback import Held
from schemas.crisis import CrisisEventType
from schemas.feedback import FeedbackHeld, FeedbackVerdict
from schemas.ids import crisis_id
from schemas.window import Level

__all__ = ["LifeCycle", "Step"]

_ACCEPT_AFTER_MS = 3 * 24 * 3_600_000
"""A crisis that lasts for three days is the new ordinary: the baseline learns again.

Measured, from 18 to 600 mentions an hour (tests/pipeline/detection/test_learning.py has some of it): a negative share
that goes from 0.2 to 0.45 for good is an alert for 4 to 6 days, below alert within 7 and calm within 10. Five times the
mentions for good at the usual share are a watch, which protects nothing, and calm within a week: the first weekend at
the new level is what takes longest.
"""
_CONFIRMED_AFTER_MS = 14 * 24 * 3_600_000
"""One that somebody has confirmed is no ordinary talk, however long it lasts: the baseline is protected from it until
it is resolved, at most for two weeks. Then it has to learn all the same, or a permanent change would never end."""
_LAST_MS = 253_402_300_799_999
"""The year 9999 ends: no time text exists after it."""
_PLAIN = 7
"""Numbers in a state of before there was feedback."""


class Step(NamedTuple):
    """One step in the life of a crisis, to be published."""

    crisis_id: str
    type: CrisisEventType
    sequence: int
    level: Level
    previous_level: Level
    peak_level: Level
    opened_at_ms: int
    feedback: FeedbackHeld | None = None
    """What people said that made this step."""


class LifeCycle:
    """Turns the level of each minute, and what people say of a crisis, into the steps of its life.

    *Snoozed.* Until the snooze ends nothing is told of but a rise above the level and the end, and either ends the
    snooze. What is not told of has not happened: a level that falls meanwhile is held, and falls when the snooze ends
    if it has not risen again. So events and windows agree, and each event's previous level is that of the one before.
    """

    __slots__ = (
        "_update_interval_ms",
        "accepted",
        "alert_ms",
        "brand",
        "confirmed",
        "level",
        "opened_ms",
        "peak",
        "sequence",
        "snoozed_ms",
        "told_ms",
    )

    def __init__(self, brand: str, update_interval_ms: int) -> None:
        self.brand = brand
        self._update_interval_ms = update_interval_ms
        self.level = Level.CALM
        self.peak = Level.CALM
        self.sequence = 0
        self.opened_ms = 0
        """When the open crisis was opened; 0 while there is none."""
        self.told_ms = 0
        """When its last event was published."""
        self.alert_ms = 0
        """When it first reached alert; 0 before."""
        self.accepted = False
        """Whether the baseline has been told to accept it."""
        self.confirmed = False
        """Whether somebody has confirmed it."""
        self.snoozed_ms = 0
        """Until when somebody has put it off; 0 for not."""

    def step(self, level: Level, time_ms: int) -> Step | None:
        """Take in the level of a minute and return the step to publish, if there is one.

        Parameters
        ----------
        level : Level
            After hysteresis; calm is taken at its word, so whoever decides it has waited long enough.
        time_ms : int
            End of the minute, epoch milliseconds.
        """
        if time_ms >= self.snoozed_ms or level > self.level or level is Level.CALM:
            self.snoozed_ms = 0
        kind = None if self.snoozed_ms else self._kind(level, time_ms)
        return None if kind is None else self._tell(kind, level, time_ms)

    def obey(self, held: Held, time_ms: int) -> Step | None:
        """Do what somebody said of the open crisis; of any other, and while there is none, nothing.

        Parameters
        ----------
        held : Held
            What was said.
        time_ms : int
            End of the minute in which it takes effect, epoch milliseconds; before the minute's own step.
        """
        if self.level is Level.CALM or held.crisis_id != crisis_id(self.brand, self.opened_ms):
            return None
        kind = CrisisEventType.UPDATED
        match held.verdict:
            case FeedbackVerdict.CONFIRM:
                self.confirmed = True
            case FeedbackVerdict.SNOOZE:
                self.snoozed_ms = held.until_ms if held.until_ms > time_ms else 0
            case FeedbackVerdict.DISMISS:
                kind, self.snoozed_ms = CrisisEventType.RESOLVED, 0
        level = Level.CALM if kind is CrisisEventType.RESOLVED else self.level
        return self._tell(kind, level, time_ms)._replace(feedback=held.published(time_ms))

    def _tell(self, kind: CrisisEventType, level: Level, time_ms: int) -> Step:
        previous, self.level = self.level, level
        if kind is CrisisEventType.OPENED:
            self.opened_ms, self.sequence, self.peak = time_ms, 0, level
            self.alert_ms, self.accepted, self.confirmed = 0, False, False
        else:
            self.sequence += 1
            self.peak = max(self.peak, level)
        if level >= Level.ALERT and not self.alert_ms:
            self.alert_ms = time_ms
        self.told_ms = time_ms
        opened_ms = self.opened_ms
        if kind is CrisisEventType.RESOLVED:
            self.opened_ms, self.confirmed = 0, False
        return Step(
            crisis_id=crisis_id(self.brand, opened_ms),
            type=kind,
            sequence=self.sequence,
            level=level,
            previous_level=previous,
            peak_level=self.peak,
            opened_at_ms=opened_ms,
        )

    def _kind(self, level: Level, time_ms: int) -> CrisisEventType | None:
        if level == self.level:
            due = level >= Level.ALERT and time_ms - self.told_ms >= self._update_interval_ms
            return CrisisEventType.UPDATED if due else None
        if self.level is Level.CALM:
            return CrisisEventType.OPENED
        if level is Level.CALM:
            return CrisisEventType.RESOLVED
        return CrisisEventType.ESCALATED if level > self.level else CrisisEventType.DEESCALATED

    @property
    def standing(self) -> Standing | None:
        """The open crisis; none while there is none."""
        if self.level is Level.CALM:
            return None
        return Standing(
            crisis_id=crisis_id(self.brand, self.opened_ms),
            level=self.level,
            peak_level=self.peak,
            opened_ms=self.opened_ms,
            alert_ms=self.alert_ms,
            confirmed=self.confirmed,
            snoozed_until_ms=self.snoozed_ms,
        )

    def is_protected(self, time_ms: int) -> bool:
        """Whether the baseline is to be protected from what is going on."""
        longest_ms = _CONFIRMED_AFTER_MS if self.confirmed else _ACCEPT_AFTER_MS
        return self.level >= Level.ALERT and not self.accepted and time_ms - self.alert_ms < longest_ms

    def is_unusual(self) -> bool:
        """Whether the open crisis has reached alert, and has not become the new ordinary."""
        return self.level > Level.CALM and self.alert_ms > 0 and not self.accepted

    def accepts(self, time_ms: int) -> bool:
        """Whether a crisis has now lasted long enough to be the new ordinary; true once a crisis."""
        if self.accepted or self.level < Level.ALERT or self.is_protected(time_ms):
            return False
        self.accepted = True
        return True

    def state(self) -> list[int]:
        """State as JSON has it."""
        return [
            int(self.level),
            int(self.peak),
            self.sequence,
            self.opened_ms,
            self.told_ms,
            self.alert_ms,
            int(self.accepted),
            int(self.confirmed),
            self.snoozed_ms,
        ]

    def restore(self, state: list[Any]) -> None:
        """Take over what `state` gave; ``TypeError`` or ``ValueError`` when it is something else."""
        if len(state) == _PLAIN:
            state = [*state, 0, 0]
        level, peak, sequence, opened_ms, told_ms, alert_ms, accepted, confirmed, snoozed_ms = state
        for number in state:
            if type(number) is not int or not 0 <= number <= _LAST_MS:
                raise ValueError("not the life of a crisis")
        self.level, self.peak, self.accepted = Level(level), Level(peak), bool(accepted)
        self.sequence, self.opened_ms, self.told_ms, self.alert_ms = sequence, opened_ms, told_ms, alert_ms
        self.confirmed, self.snoozed_ms = bool(confirmed), snoozed_ms
        if (self.level is Level.CALM) != (not opened_ms) or self.peak < self.level:
            raise ValueError("a crisis without a beginning or an end")
        if self.level is Level.CALM and (confirmed or snoozed_ms):
            raise ValueError("feedback on no crisis")
