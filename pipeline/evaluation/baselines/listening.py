"""Rules that social listening products document for their alerts."""

from __future__ import annotations

from math import sqrt

from pipeline.evaluation.baselines.hourly import HourlyRule

__all__ = ["DayAgainstWeek", "LastHour"]

_DAY = 24
_WEEK = 7 * _DAY


class _Remembering(HourlyRule):
    """Keeps the counts of a week."""

    def __init__(self) -> None:
        super().__init__()
        self._counts: dict[int, float] = {}

    def take(self, hour: int, count: float) -> None:
        """Keep the count for a week."""
        self._counts[hour] = count
        while (oldest := next(iter(self._counts))) <= hour - _WEEK:
            del self._counts[oldest]

    def _known(self, first: int, last: int) -> list[float]:
        """Return the counts of the hours from the first to the one before the last, as far as they were seen."""
        return [self._counts[hour] for hour in range(first, last) if hour in self._counts]


class LastHour(_Remembering):
    """The last hour against the hourly mean of the 12 hours before, with yesterday and last week as a check.

    The score is how many times the count is the largest of: that mean, the same hour yesterday, the same hour a
    week ago. What was not seen is left out; the 12 hours must have been. A reference below one mention counts as
    one. Products let users choose the factor; 2 ("mentions double compared to hourly baseline",
    docs.kommonpoll.com/setting-up-alert-rules) is the one given as an example.
    """

    def judge(self, hour: int, count: float) -> float:
        """Score by the largest reference; 0 until 12 hours were seen."""
        recent = self._known(hour - 12, hour)
        if len(recent) < 12:
            return 0.0
        yesterday, last_week = self._counts.get(hour - _DAY, 0.0), self._counts.get(hour - _WEEK, 0.0)
        return count / max(1.0, sum(recent) / 12, yesterday, last_week)


class DayAgainstWeek(_Remembering):
    """The mean of the last 24 hours against the mean of the last 7 days, in standard deviations of hourly counts.

    Socialmetrix documents it for its "variation alerts" (support article 1000143951), checked once an hour, with
    1.5, 2 or 3 standard deviations to choose from; 2 is its middle setting. Until 7 days were seen, what was seen
    stands for them. A day is part of its week: where all that differs is that one of seven days is higher, the score
    is the square root of 6, 2.45, and the hours' own ups and downs lower it. So the rule is nearly silent.
    """

    def judge(self, hour: int, count: float) -> float:
        """Score by how far the day is above the week; 0 where all hours are alike."""
        day = [*self._known(hour - _DAY + 1, hour), count]
        week = [*self._known(hour - _WEEK + 1, hour), count]
        mean = sum(week) / len(week)
        deviation = sqrt(sum((each - mean) ** 2 for each in week) / len(week))
        return max(0.0, sum(day) / len(day) - mean) / deviation if deviation > 0.0 else 0.0
