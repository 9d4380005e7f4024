"""NAB's windowed Gaussian detector."""

from __future__ import annotations

from collections import deque
from math import erfc, sqrt
from typing import Any

from river import base

__all__ = ["WindowedGaussian"]


class WindowedGaussian(base.AnomalyDetector):
    """One less the normal distribution's tail at a count, with mean and deviation of a window of counts before it.

    As in NAB (``nab/detectors/gaussian/windowedGaussian_detector.py``): both tails, so that half the mean is as
    odd as it is far; the window grows by each count until it is full and then moves a step at a time; no
    averaging of scores over time. Scores lie between 0.5 and 1 and reach 1 about 8.3 deviations from the mean,
    where the tail is less than a float tells. The threshold that NAB itself uses is 1.

    Parameters
    ----------
    window
        Counts in the window.
    step
        Counts by which a full window moves.
    """

    def __init__(self, window: int = 6400, step: int = 100) -> None:
        self.window = window
        self.step = step
        self._counts: deque[float] = deque()
        self._waiting: list[float] = []
        self._sum = 0.0
        self._squares = 0.0

    def score_one(self, x: dict[Any, Any]) -> float:
        """Score a count: 0 before the first was learnt, then at least 0.5."""
        n = len(self._counts)
        if not n:
            return 0.0
        mean = self._sum / n
        deviation = sqrt(max(0.0, self._squares / n - mean * mean)) or 1e-6
        return 1.0 - 0.5 * erfc(abs(x.get("volume", 0) - mean) / deviation / sqrt(2.0))

    def learn_one(self, x: dict[Any, Any]) -> None:
        """Take a count into the window, or let it wait for the next step."""
        count = float(x.get("volume", 0))
        if len(self._counts) < self.window:
            self._add(count)
            return
        self._waiting.append(count)
        if len(self._waiting) == self.step:
            for _ in range(self.step):
                gone = self._counts.popleft()
                self._sum -= gone
                self._squares -= gone * gone
            for waited in self._waiting:
                self._add(waited)
            self._waiting.clear()

    def _add(self, count: float) -> None:
        self._counts.append(count)
        self._sum += count
        self._squares += count * count
