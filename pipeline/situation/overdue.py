"""When the brand should have said something."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.playbook import Playbook
from pipeline.situation.course import Course
from pipeline.situation.moments import MINUTE_MS, later
from schemas.window import Level

__all__ = ["Due", "update_due"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """The next update."""

    at_ms: int
    """When it is due: an interval after the last one, or after the alert when that was later."""
    interval_minutes: int

    @property
    def interval_ms(self) -> int:
        """The interval of the level now."""
        return self.interval_minutes * MINUTE_MS

    def missed(self, end_ms: int) -> int:
        """Return how many intervals have passed without an update."""
        return max(0, (end_ms - self.at_ms) // self.interval_ms + 1)

    def is_to_be_said(self, course: Course, end_ms: int) -> bool:
        """Whether at the end of a minute it is to be said that the update is overdue, for the first time or again.

        Once an interval. While the crisis is snoozed nothing is said, nor of minutes that were not observed: what the
        brand posted then is not known. What became due meanwhile is said once, afterwards.
        """
        said_ms = course.overdue_ms if course.overdue_ms >= self.at_ms else 0
        snoozed = end_ms < course.snoozed_until_ms
        return not snoozed and end_ms >= self.at_ms and (not said_ms or end_ms >= said_ms + self.interval_ms)


def update_due(playbook: Playbook, course: Course, last_update_ms: int) -> Due | None:
    """Return when the next update is due; none at a level that asks for none.

    A crisis that falls below alert and rises again gives the brand its time anew.
    """
    rhythm = playbook.rhythms.get(course.level)
    if course.level < Level.ALERT or rhythm is None or not rhythm.update_every_minutes:
        return None
    at_ms = later(max(course.tense_ms, last_update_ms), rhythm.update_every_minutes)
    return Due(at_ms=at_ms, interval_minutes=rhythm.update_every_minutes)
