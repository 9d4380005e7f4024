"""How far the mentions of a quarter of an hour stand above the brand's daily peaks, and one page an incident.

Decision: volume that is unusual is told by peaks, not by a tail fitted to all counts. Daily peaks are comparable
between a brand with one mention an hour and one with a thousand, they hold the rhythm of the day without a model of
it, and no law fits them all: what is right for a quiet brand (a z-score, a Poisson tail, a fitted Pareto) is wrong
for a busy one. Markov's inequality asks for no law: with M a day's peak, P(M >= x) <= E[M^k] / x^k for every k.
What is learnt is one moment, over the past week. The order k is 3: with 2, brands whose peaks are all alike are told
of too rarely; with 4, one great spike hides all that follows it. Between 2 and 4 it makes little difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import exp, log
from typing import Any

from river import base

from pipeline.detection.dispersion import compact
from pipeline.detection.stored import number, whole

__all__ = ["ORDER", "OnePage", "PeakModel"]

_DAY_MINUTES = 24 * 60
_WEEK_DAYS = 7.0
_PRIOR_DAYS = 1.0
_PRIOR_RISE = 2.0
"""One day is believed in beforehand: with twice the brand's typical peak."""
ORDER = 3.0
"""Of the moment."""
_ONE = 1.0
"""A mention more, so that a silent day has a peak as well."""
_RARER = 10.0
"""How many times rarer than the last page must be what is told within the same day."""


class PeakModel(base.AnomalyDetector):
    """Bound on the return period of a quarter of an hour's mentions, in days, under river's contract.

    A day is one of UTC; its peak is the largest rolling 15-minute count in it, learnt when the day is over, with the
    share of the day that was observed as its weight. The mean cube of the peaks is forgotten over a week; a day
    beforehand, with twice the geometric mean of the brand's peaks, stands for the days not seen yet.

    A sample is a dict with `volume_15m` (mentions of the last 15 minutes; without it, nothing is looked at) and
    `end_minute` (epoch minutes). ``planned``, where there is one, is how many times its ordinary volume the brand is
    expected to have: the count is divided by it.

    Parameters
    ----------
    step_minutes
        Minutes from one sample to the next.

    Examples
    --------
    >>> from pipeline.detection.peaks import PeakModel
    >>> model = PeakModel()
    >>> for minute in range(1, 7 * 1440 + 2):
    ...     model.learn_one({"end_minute": minute, "volume_15m": 9 if minute % 1440 < 60 else 3})
    >>> round(model.score_one({"end_minute": minute, "volume_15m": 9}), 2)
    0.45
    >>> round(model.score_one({"end_minute": minute, "volume_15m": 39}), 1)
    28.9
    """

    def __init__(self, step_minutes: int = 1) -> None:
        self.step_minutes = step_minutes
        self.weight = 0.0
        """Days learnt, forgotten over a week."""
        self.norm = 0.0
        """Cube root of the mean cube of the peaks plus one."""
        self.mean_log = 0.0
        """Mean logarithm of the peaks plus one."""
        self.day = 0
        """The day that is not over, epoch days."""
        self.peak = 0.0
        """Its peak so far."""
        self.minutes = 0
        """Minutes of it that taught."""

    @property
    def usual_peak(self) -> float:
        """Cubic mean of the daily peaks, with what is believed beforehand; 0 before the first."""
        return max(0.0, self._usual() - _ONE)

    def _usual(self) -> float:
        if not self.weight:
            return 0.0
        believed = _PRIOR_DAYS * (_PRIOR_RISE * exp(self.mean_log)) ** ORDER
        moment = (self.weight * self.norm**ORDER + believed) / (self.weight + _PRIOR_DAYS)
        return float(moment ** (1.0 / ORDER))

    def score_one(self, x: dict[Any, Any]) -> float:
        """Return the least number of days in which such a count is expected once, at least 0."""
        return self.return_days(x)

    def return_days(self, x: Mapping[Any, Any]) -> float:
        """Return the same of any mapping."""
        volume = x.get("volume_15m", 0)
        if volume <= 0 or not self.weight:
            return 0.0
        count = volume / x.get("planned", 1.0) + _ONE
        return float((count / self._usual()) ** ORDER)

    def learn_one(self, x: dict[Any, Any], w: float = 1.0) -> None:
        """Take in one observed minute; one that may not teach in full (``w`` < 1) or is planned teaches nothing."""
        minute = int(x["end_minute"])
        day = (minute - 1) // _DAY_MINUTES
        if day != self.day:
            self._close(day)
        if w < 1.0 or x.get("planned", 1.0) > 1.0:
            return
        self.minutes = min(self.minutes + self.step_minutes, _DAY_MINUTES)
        self.peak = max(self.peak, float(x.get("volume_15m", 0)))

    def _close(self, day: int) -> None:
        if self.minutes:
            share = self.minutes / _DAY_MINUTES
            self.weight = compact(self.weight * exp(-share / _WEEK_DAYS) + share)
            rate = min(1.0, share / self.weight)
            top = self.peak + _ONE
            moment = self.norm**ORDER
            self.norm = compact((moment + (top**ORDER - moment) * rate) ** (1.0 / ORDER))
            self.mean_log = compact(self.mean_log + (log(top) - self.mean_log) * rate)
        self.day, self.peak, self.minutes = day, 0.0, 0

    def accept(self) -> None:
        """Forget all but a day's worth, so that a lasting change is taken in within days."""
        self.weight = min(self.weight, 1.0)

    def numbers(self) -> list[float]:
        """State as numbers."""
        return [self.weight, self.norm, self.mean_log, self.day, self.peak, self.minutes]

    def restore(self, numbers: list[Any]) -> None:
        """Take over what `numbers` gave; ``TypeError`` or ``ValueError`` when it is something else."""
        weight, norm, mean_log, day, peak, minutes = numbers
        self.weight, self.norm, self.mean_log = number(weight), number(norm), number(mean_log, most=50.0)
        self.day, self.peak, self.minutes = whole(day), number(peak), whole(minutes)


class OnePage:
    """Lets the first burst of an incident through and holds the others back for a day.

    A burst is a run of scores at or above the threshold. Within a day of the beginning of a burst that was let
    through, only what is ten times rarer than that beginning is let through as well.

    >>> one = OnePage(2.0)
    >>> [one.step(score, minute) for minute, score in enumerate([1.0, 3.0, 4.0, 1.0, 3.0, 35.0])]
    [False, True, True, False, False, True]
    """

    __slots__ = ("active", "minute", "score", "threshold")

    def __init__(self, threshold: float) -> None:
        self.threshold = threshold
        self.minute = 0
        """When the burst let through last began; 0 when there was none."""
        self.score = 0.0
        """What it began with."""
        self.active = False
        """Whether it goes on."""

    def begins(self, score: float, minute: int) -> bool:
        """Return whether a burst that is let through begins with a score (a number of days) at a minute."""
        if score < self.threshold or self.active:
            return False
        return minute - self.minute >= _DAY_MINUTES or score >= _RARER * self.score

    def step(self, score: float, minute: int) -> bool:
        """Take in a score at a minute and return whether it belongs to what is let through."""
        if self.begins(score, minute):
            self.active, self.minute, self.score = True, minute, score
        elif score < self.threshold:
            self.active = False
        return self.active

    def numbers(self) -> list[float]:
        """State as numbers."""
        return [self.minute, self.score, int(self.active)]

    def restore(self, numbers: list[Any]) -> None:
        """Take over what `numbers` gave; ``TypeError`` or ``ValueError`` when it is something else."""
        minute, score, active = numbers
        self.minute, self.score, self.active = whole(minute), number(score), bool(whole(active))
