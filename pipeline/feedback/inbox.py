"""The feedback of one brand that waits for its minute, and what has been heard before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipeline.feedback.records import Held
from schemas.deadletter import DeadLetterReason
from schemas.window import Level

__all__ = ["MOST_WAITING", "Inbox", "Intake"]

MOST_WAITING = 8
"""Feedback that waits for its minute, of one brand. A minute is soon over, so more is somebody's mistake."""
_MOST_KNOWN = 8
_MOST_OFFSET = 1 << 63


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What became of a record when it was taken in."""

    held_from_ms: int | None = None
    """End of the first minute that it may take effect in; none when it was not taken."""
    reason: DeadLetterReason | None = None
    """Why it was refused; none when it was taken, or had been heard before."""
    message: str = ""
    """What was wrong, without quoting it."""
    peak_level: Level = Level.CALM
    """The crisis's highest level so far."""
    is_first: bool = False
    """Whether it is the first such verdict on the crisis."""


class Inbox:
    """What people have said of a brand's crises.

    What is in here before a minute closes takes effect in it, so it must be stored before: then the minute can be
    closed again with the same result. The brand's feedback comes in the order of one partition, so the highest offset
    tells what has been heard. IDs are remembered as well, the last 8: whoever writes a record again after a
    timeout says nothing new.
    """

    __slots__ = ("_known", "_offset", "_waiting")

    def __init__(self) -> None:
        self._offset = -1
        self._known: list[str] = []
        self._waiting: list[Held] = []

    @property
    def waiting(self) -> tuple[Held, ...]:
        """What waits for its minute, in the order in which it will take effect."""
        return tuple(self._waiting)

    @property
    def is_full(self) -> bool:
        """Whether there is no room for more."""
        return len(self._waiting) >= MOST_WAITING

    def is_known(self, offset: int, name: str) -> bool:
        """Whether the record at an offset, of an ID, has been heard before."""
        return offset <= self._offset or name in self._known

    def note(self, offset: int) -> None:
        """Remember that a record was heard, whatever became of it."""
        self._offset = max(self._offset, offset)

    def take(self, held: Held) -> None:
        """Keep feedback until its minute. Of one minute, what came first takes effect first."""
        self._known = [*self._known, held.id][-_MOST_KNOWN:]
        self.expect(held)

    def expect(self, held: Held) -> None:
        """Keep feedback that a replay knows beforehand: without a bound, and without remembering its ID."""
        self._waiting.append(held)
        self._waiting.sort(key=lambda each: each.from_ms)

    def due(self, end_ms: int) -> list[Held]:
        """Take out what takes effect in the minute that ends at a time."""
        count = sum(held.from_ms <= end_ms for held in self._waiting)
        due, self._waiting = self._waiting[:count], self._waiting[count:]
        return due

    def forget_others(self, crisis: str | None) -> None:
        """Drop what waits for other crises than the one that is open: to make room."""
        self._waiting = [held for held in self._waiting if held.crisis_id == crisis]

    def state(self) -> list[Any]:
        """State as JSON has it; empty when nobody has ever said anything. At most 5 KiB, without `expect`."""
        if self._offset < 0 and not self._waiting:
            return []
        return [self._offset, self._known, [held.state() for held in self._waiting]]

    @classmethod
    def restore(cls, state: list[Any]) -> Inbox:
        """Return what gave a state; ``TypeError``, ``ValueError`` or ``LookupError`` when it is none."""
        inbox = cls()
        if not state:
            return inbox
        offset, known, waiting = state
        if type(offset) is not int or not -1 <= offset < _MOST_OFFSET or len(known) > _MOST_KNOWN:
            raise ValueError("not what was heard of feedback")
        if not all(isinstance(name, str) for name in known):
            raise TypeError("not the names of feedback")
        inbox._offset, inbox._known = offset, list(known)
        inbox._waiting = [Held.restore(held) for held in waiting]
        if inbox._waiting != sorted(inbox._waiting, key=lambda held: held.from_ms):
            raise ValueError("feedback out of order")
        return inbox
