"""A rule on hourly counts, checked once an hour as its sources say, fed with buckets of five minutes."""

from __future__ import annotations

from abc import abstractmethod
from collections import deque
from collections.abc import Mapping
from typing import Any

from river import base

__all__ = ["HourlyRule"]

_HOUR = 60
_BUCKET = 5


class HourlyRule(base.AnomalyDetector):
    """Sums the last 60 minutes at the first bucket that ends in a new hour of the clock, and asks the rule.

    Buckets between two checks score 0: one decision an hour is what these rules make. An hour that was not seen
    from its beginning is not asked about.
    """

    def __init__(self) -> None:
        self._buckets: deque[tuple[int, float]] = deque()
        self._first: int | None = None
        self._end = 0
        self._checked = 0

    @abstractmethod
    def judge(self, hour: int, count: float) -> float:
        """Score the count of an hour.

        Parameters
        ----------
        hour : int
            Hours since the epoch at which it ended, rounded down; rises from check to check.
        count : float
            What was counted in it; at least 0.
        """

    @abstractmethod
    def take(self, hour: int, count: float) -> None:
        """Learn the count of an hour, after it was judged."""

    def score_one(self, x: dict[Any, Any]) -> float:
        """Score a bucket that was not learnt yet.

        Parameters
        ----------
        x
            ``end_minute`` and ``volume``; without the first, a bucket is five minutes after the last.
        """
        end = self._ended(x)
        return self.judge(end // _HOUR, self._count(end) + _volume(x)) if self._due(end) else 0.0

    def learn_one(self, x: dict[Any, Any]) -> None:
        """Learn a bucket."""
        end = self._ended(x)
        if self._first is None:
            self._first, self._checked = end, end // _HOUR
        if self._due(end):
            self.take(end // _HOUR, self._count(end) + _volume(x))
        self._checked = max(self._checked, end // _HOUR)
        self._end = end
        self._buckets.append((end, _volume(x)))
        while self._buckets[0][0] <= end - _HOUR:
            self._buckets.popleft()

    def _ended(self, x: Mapping[Any, Any]) -> int:
        return int(x.get("end_minute", self._end + _BUCKET))

    def _due(self, end: int) -> bool:
        return self._first is not None and end // _HOUR > self._checked and end - self._first >= _HOUR - _BUCKET

    def _count(self, end: int) -> float:
        """Sum what is known of the hour up to this end."""
        return sum(volume for ended, volume in self._buckets if ended > end - _HOUR)


def _volume(x: Mapping[Any, Any]) -> float:
    return max(0.0, float(x.get("volume", 0)))
