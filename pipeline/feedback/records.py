"""What a feedback record must say, and the part of it that waits for its minute."""

from __future__ import annotations

from typing import Any, NamedTuple

from schemas.crisis import CrisisEvent
from schemas.feedback import DismissReason, Feedback, FeedbackHeld, FeedbackVerdict
from schemas.times import from_rfc3339, to_rfc3339

__all__ = ["LONGEST_SNOOZE_MS", "Held", "feedback_of", "first_end_after", "problem_of"]

LONGEST_SNOOZE_MS = 24 * 3_600_000
"""Nobody is put off for longer than a day: whoever is still at it tomorrow can say so tomorrow."""
_MINUTE_MS = 60_000
_LAST_MS = 253_402_300_799_999
"""The year 9999 ends."""


def first_end_after(time_ms: int) -> int:
    """Return the end of the first minute that ends after a time.

    >>> first_end_after(59_999), first_end_after(60_000)
    (60000, 120000)
    """
    return (time_ms // _MINUTE_MS + 1) * _MINUTE_MS


def problem_of(feedback: Feedback) -> str | None:
    """Return what is wrong with a record, in words that quote nothing of it; none when nothing is."""
    if not feedback.id:
        return "id: empty"
    if (feedback.reason is not None) is not (feedback.verdict is FeedbackVerdict.DISMISS):
        return "reason: a dismissal has one, and nothing else has"
    if (feedback.until is not None) is not (feedback.verdict is FeedbackVerdict.SNOOZE):
        return "until: a snooze has one, and nothing else has"
    return _problem_of_times(feedback.time, feedback.until)


def _problem_of_times(time: str, until: str | None) -> str | None:
    time_ms = _read(time)
    if time_ms is None:
        return "time: no RFC 3339 time with an offset between 1970 and 9999"
    if until is None:
        return None
    until_ms = _read(until)
    if until_ms is None:
        return "until: no RFC 3339 time with an offset between 1970 and 9999"
    if not 0 < until_ms - time_ms <= LONGEST_SNOOZE_MS:
        return "until: a snooze ends after its time, within 24 hours"
    return None


def _read(text: str) -> int | None:
    try:
        time_ms = from_rfc3339(text)
    except (OverflowError, ValueError):
        return None
    return time_ms if 0 <= time_ms <= _LAST_MS - _MINUTE_MS else None


class Held(NamedTuple):
    """Feedback that waits for its minute, or takes effect in it. Times are epoch milliseconds."""

    id: str
    crisis_id: str
    verdict: FeedbackVerdict
    reason: DismissReason | None
    until_ms: int
    """Of a snooze, when it ends; 0 of anything else."""
    by: str
    from_ms: int
    """End of the first minute that it may take effect in."""

    @classmethod
    def of(cls, feedback: Feedback, next_end_ms: int = 0) -> Held:
        """Return what is held of a record without a problem (`problem_of`).

        Parameters
        ----------
        feedback : Feedback
            What was said.
        next_end_ms : int
            End of the minute that the brand closes next: what has been closed is not changed by late feedback.
        """
        return cls(
            id=feedback.id,
            crisis_id=feedback.crisis_id,
            verdict=feedback.verdict,
            reason=feedback.reason,
            until_ms=0 if feedback.until is None else from_rfc3339(feedback.until),
            by=feedback.by,
            from_ms=max(first_end_after(from_rfc3339(feedback.time)), next_end_ms),
        )

    def published(self, end_ms: int) -> FeedbackHeld:
        """Return what the event says that it led to in the minute that ends at a time."""
        return FeedbackHeld(
            id=self.id,
            verdict=self.verdict,
            reason=self.reason,
            until=to_rfc3339(self.until_ms) if self.until_ms else None,
            by=self.by,
            held_from=to_rfc3339(end_ms),
        )

    def state(self) -> list[str | int | None]:
        """State as JSON has it."""
        return [self.id, self.crisis_id, self.verdict, self.reason, self.until_ms, self.by, self.from_ms]

    @classmethod
    def restore(cls, state: list[Any]) -> Held:
        """Return what gave a state; ``TypeError`` or ``ValueError`` when it is none."""
        name, crisis, verdict, reason, until_ms, by, from_ms = state
        if not (isinstance(name, str) and isinstance(crisis, str) and isinstance(by, str)):
            raise TypeError("not the words of feedback")
        if not (type(until_ms) is int and type(from_ms) is int and 0 <= until_ms <= _LAST_MS >= from_ms >= 0):
            raise ValueError("not the times of feedback")
        held = FeedbackVerdict(verdict)
        if (held is FeedbackVerdict.SNOOZE) is not bool(until_ms):
            raise ValueError("not the end of a snooze")
        return cls(name, crisis, held, None if reason is None else DismissReason(reason), until_ms, by, from_ms)


def feedback_of(event: CrisisEvent) -> Feedback | None:
    """Return the record that a replay needs for an event that feedback led to; none when nobody had to say anything.

    It is dated a millisecond before the minute that it held from, so that it is on time there, however late it
    was said.
    """
    held = event.feedback
    if held is None:
        return None
    return Feedback(
        id=held.id,
        brand=event.brand,
        crisis_id=event.crisis_id,
        verdict=held.verdict,
        reason=held.reason,
        until=held.until,
        time=to_rfc3339(from_rfc3339(held.held_from) - 1),
        by=held.by,
    )
