"""Quiet hours: when a route tells less, in the time of day of the people it tells.

Decision: *a stretch of quiet hours is computed from its two local times, each turned into UTC by itself.* So "22:00 to
07:00" ends at seven o'clock on the clock on the wall, also in the two nights of a year in which the clocks change. A
time that comes twice that night begins quiet hours at its first coming, and ends them at its second; a time that is
left out is the same moment as if the clocks had not been changed yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from schemas.window import Level

__all__ = ["DAYS", "QuietHours", "quiet_until"]

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""As the notification file names them, in the order of `datetime.weekday`."""

_MOST_STRETCHES = 8
"""Stretches that may follow one another without a break: every day of a week, and the first once more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """A time of day, on some days, in which only what is bad enough is told.

    >>> nights = QuietHours(start=time(22), end=time(7), timezone=ZoneInfo("Europe/Paris"))
    >>> datetime.fromtimestamp(nights.end_ms(1774735200000) / 1000, UTC).isoformat()  # the clocks go forward that night
    '2026-03-29T05:00:00+00:00'
    >>> nights.end_ms(1774760400000)
    0
    """

    start: time
    """When they begin."""
    end: time
    """When they end, on the next day unless it is later than `start`; the same time makes a whole day."""
    days: frozenset[int] = frozenset(range(7))
    """Days on which they begin, 0 for Monday."""
    timezone: ZoneInfo
    """Whose clock."""
    below_level: Level = Level.SEVERE
    """Levels below this one wait."""

    def end_ms(self, now_ms: int) -> int:
        """Return when the quiet hours that a moment lies in end, epoch milliseconds; 0 when it lies in none."""
        today = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(self.timezone).date()
        for day in (today - timedelta(days=1), today):
            if day.weekday() not in self.days:
                continue
            last = day if self.end > self.start else day + timedelta(days=1)
            start_ms = _ms(datetime.combine(day, self.start, self.timezone))
            end = datetime.combine(last, self.end, self.timezone)
            end_ms = max(_ms(end), _ms(end.replace(fold=1)))
            if start_ms <= now_ms < end_ms:
                return end_ms
        return 0


def quiet_until(stretches: tuple[QuietHours, ...], level: Level, now_ms: int) -> int:
    """Return until when a level waits, epoch milliseconds; 0 when it is told at once.

    Quiet hours that follow one another without a break are one.
    """
    until_ms = 0
    for _ in range(_MOST_STRETCHES):
        moment_ms = until_ms or now_ms
        later_ms = max((quiet.end_ms(moment_ms) for quiet in stretches if level < quiet.below_level), default=0)
        if not later_ms:
            break
        until_ms = later_ms
    return until_ms


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
