"""Vigie's own detector of volume, as it decides on watch, on five-minute counts."""

from __future__ import annotations

from collections import deque
from typing import Any

from river import base

from pipeline.detection.peaks import OnePage, PeakModel
from pipeline.settings import DetectionSettings

__all__ = ["Pages"]

_STEP_MINUTES = 5
_STEPS = 3
"""A quarter of an hour."""


class Pages(base.AnomalyDetector):
    """The first bucket of each page that `OnePage` lets through has the score of `PeakModel`; later ones have none.

    Scores below the threshold are those of `PeakModel`. A sample is ``{"end_minute": int, "volume": float}``.

    Examples
    --------
    >>> pages = Pages()
    >>> for minute in range(5, 4 * 1440, 5):
    ...     pages.learn_one({"end_minute": minute, "volume": 4})
    >>> burst, told = {"end_minute": 5760, "volume": 40}, {"end_minute": 5765, "volume": 40}
    >>> round(pages.score_one(burst), 1)
    18.3
    >>> pages.learn_one(burst)
    >>> pages.score_one(told)
    0.0
    """

    def __init__(self) -> None:
        self._peaks = PeakModel(step_minutes=_STEP_MINUTES)
        self._page = OnePage(DetectionSettings().watch_days)
        self._minute = 0
        self._last: deque[float] = deque(maxlen=_STEPS - 1)

    def _sample(self, x: dict[Any, Any]) -> dict[Any, Any]:
        minute = x.get("end_minute", self._minute + _STEP_MINUTES)
        return {"end_minute": minute, "volume_15m": sum(self._last) + x.get("volume", 0)}

    def score_one(self, x: dict[Any, Any]) -> float:
        """Return the days of a new page, or what is below the threshold; at least 0."""
        sample = self._sample(x)
        days = self._peaks.score_one(sample)
        if days < self._page.threshold or self._page.begins(days, sample["end_minute"]):
            return days
        return 0.0

    def learn_one(self, x: dict[Any, Any]) -> None:
        """Take in a bucket of five minutes."""
        sample = self._sample(x)
        self._minute = sample["end_minute"]
        self._page.step(self._peaks.score_one(sample), self._minute)
        self._peaks.learn_one(sample)
        self._last.append(x.get("volume", 0))
