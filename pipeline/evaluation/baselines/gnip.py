"""Gnip's two Poisson models.

S. Hendrickson, J. Kolb, B. Lehman, J. Montague, "Trend detection in social data", Gnip white paper, 2015; sources of
paper and program: github.com/xdevplatform/Gnip-Trend-Detection. Both measure a count by

    eta = (count - nu) / CI(alpha, nu)

where CI is the width of the Poisson interval with mean nu that holds the share alpha (0.99 in paper and program). The
paper leaves the alarm's eta to the user and says that above 1 "only about 1 %" of counts should lie: 1 is taken here.
The interval of time is an hour, as in most of the paper's figures.
"""

from __future__ import annotations

from math import ceil

from pipeline.evaluation.baselines.hourly import HourlyRule

__all__ = ["CyclePoisson", "PointPoisson", "eta"]

_DAY = 24


def eta(count: float, mean: float, alpha: float) -> float:
    """Return by how many Poisson intervals a count is above its mean; 0 below it, and where the mean is 0.

    The program takes drops for trends too; the paper's formula, followed here, only rises.

    >>> eta(100, 25, 0.99)  # the interval of 99 % is 13 to 39
    2.8846153846153846
    >>> eta(10, 25, 0.99), eta(10, 0, 0.99)
    (0.0, 0.0)
    """
    if mean <= 0.0 or count <= mean:
        return 0.0
    tail = (1.0 - alpha) / 2.0
    # of a mean near 0 the interval is 0 to 0, and the program divides by nothing
    width = max(1.0, _quantile(1.0 - tail, mean) - _quantile(tail, mean))
    return (count - mean) / width


def _quantile(share: float, mean: float) -> float:
    """Return the smallest count up to which this share lies, as ``scipy.stats.poisson.ppf``, without its overhead."""
    from scipy.special import pdtr, pdtrik  # type: ignore[import-untyped]  # noqa: PLC0415 - only evaluation needs it

    count = ceil(float(pdtrik(share, mean)))
    below = max(count - 1, 0)
    return below if pdtr(below, mean) >= share else count


class PointPoisson(HourlyRule):
    """Gnip's point-by-point Poisson model: the mean is the count of the hour before.

    Parameters
    ----------
    alpha
        Share that the Poisson interval holds.
    """

    def __init__(self, alpha: float = 0.99) -> None:
        super().__init__()
        self.alpha = alpha
        self._previous: tuple[int, float] | None = None

    def judge(self, hour: int, count: float) -> float:
        """Score by the hour before; 0 where that was not seen."""
        if self._previous is None or self._previous[0] != hour - 1:
            return 0.0
        return eta(count, self._previous[1], self.alpha)

    def take(self, hour: int, count: float) -> None:
        """Keep the count for the next hour."""
        self._previous = hour, count


class CyclePoisson(HourlyRule):
    """Gnip's cycle-corrected Poisson model: the mean is that of the same hour of the day on all earlier days.

    Parameters
    ----------
    alpha
        Share that the Poisson interval holds.
    """

    def __init__(self, alpha: float = 0.99) -> None:
        super().__init__()
        self.alpha = alpha
        self._sums = [0.0] * _DAY
        self._days = [0] * _DAY

    def judge(self, hour: int, count: float) -> float:
        """Score by earlier days; 0 on the first."""
        days = self._days[hour % _DAY]
        return eta(count, self._sums[hour % _DAY] / days, self.alpha) if days else 0.0

    def take(self, hour: int, count: float) -> None:
        """Add to the mean of this hour of the day."""
        self._sums[hour % _DAY] += count
        self._days[hour % _DAY] += 1
