"""The rhythm of a brand: which hours of the day, and whether weekends, are busier than its average."""

from __future__ import annotations

from math import exp
from typing import Any, TypeAlias

from pipeline.detection import stored
from pipeline.detection.dispersion import compact

__all__ = ["Season"]

_Cell: TypeAlias = tuple[float, float]
_NOTHING: _Cell = (0.0, 0.0)
_HOURS = 24
_KEEP_A_DAY = exp(-1 / 7)
"""The rhythm is forgotten over a week: each hour of the day is seen once a day."""
_PRIOR_PRECISION = 4.0
"""A factor is believed to be 1 ± 0.5 before anything is learnt."""
_LOWEST_FACTOR = 0.02


def _is_weekend(day: int) -> bool:
    return (day + 3) % 7 >= 5  # 1 January 1970 was a Thursday


class Season:
    """Hour-of-day and weekend factors (UTC), each shrunk towards 1 by how little is known of it.

    A factor is the ratio of two slow means, the cell's and that of all cells; the weight of the data
    against the prior is the precision of the ratio, days / (1 / count + dispersion), as for a normal mean
    with a normal prior.
    """

    __slots__ = ("_day_factors", "_hour_factors", "days", "doubt", "hours")

    def __init__(self) -> None:
        self.hours: list[_Cell] = [_NOTHING] * _HOURS
        """Mean mentions of each hour of the day (UTC), and the days it was learnt from."""
        self.days: list[_Cell] = [_NOTHING] * 2
        """Mean mentions an hour on weekdays and at weekends, hour of day taken out, and the hours."""
        self.doubt = 1.0 / _PRIOR_PRECISION
        """Variance of an hour's factor as far as it is learnt, averaged over the day."""
        self._hour_factors = [1.0] * _HOURS
        self._day_factors = [1.0, 1.0]

    def factor(self, hour: int) -> float:
        """Return the expected mentions in ``hour`` (epoch hours) over those of an average hour."""
        day, hour_of_day = divmod(hour, _HOURS)
        return self._hour_factors[hour_of_day] * self._day_factors[_is_weekend(day)]

    def exposure(self, end_minute: int, minutes: int) -> float:
        """Average hours in the ``minutes`` before ``end_minute`` (epoch minutes): the factor's integral.

        >>> Season().exposure(90, 60)
        1.0
        """
        start, total = end_minute - minutes, 0.0
        while start < end_minute:
            hour = start // 60
            stop = min(end_minute, (hour + 1) * 60)
            total += (stop - start) * self.factor(hour)
            start = stop
        return total / 60.0

    def learn(self, hour: int, count: float, dispersion: float, weight: float) -> None:
        """Learn from a whole hour.

        Parameters
        ----------
        hour : int
            The hour that ended, epoch hours.
        count : float
            Its mentions.
        dispersion : float
            Of hourly counts around their expectation.
        weight : float
            How far it may teach, 0 to 1.
        """
        day, hour_of_day = divmod(hour, _HOURS)
        weekend = _is_weekend(day)
        rhythm = self._hour_factors[hour_of_day]
        hourly = _folded(self.hours[hour_of_day], count / self._day_factors[weekend], weight, _KEEP_A_DAY)
        self.hours[hour_of_day] = hourly
        self.days[weekend] = _folded(self.days[weekend], count / rhythm, weight, _KEEP_A_DAY ** (1 / 24))
        self.refresh(dispersion)

    def refresh(self, dispersion: float) -> None:
        """Work the factors out again from what was learnt."""
        known = [mean for mean, days in self.hours if days > 0.0]
        average = sum(known) / len(known) if known else 0.0
        if average <= 0.0:
            return
        precision = 1.0 / (1.0 / average + dispersion)
        learnt = [(mean / average, days * precision) for mean, days in self.hours]
        raw = [1.0 + known / (known + _PRIOR_PRECISION) * (ratio - 1.0) for ratio, known in learnt]
        self.doubt = sum([1.0 / (known + _PRIOR_PRECISION) for _, known in learnt]) / _HOURS
        smooth = [(raw[h - 1] + 2.0 * raw[h] + raw[(h + 1) % _HOURS]) / 4.0 for h in range(_HOURS)]
        scale = _HOURS / sum(smooth)
        self._hour_factors = [max(_LOWEST_FACTOR, factor * scale) for factor in smooth]
        self._refresh_days(average, dispersion)

    def _refresh_days(self, average: float, dispersion: float) -> None:
        (weekday, weekday_hours), (weekend, weekend_hours) = self.days
        if weekday_hours <= 0.0 or weekend_hours <= 0.0:
            return  # without both there is nothing to compare
        mean = (5.0 * weekday + 2.0 * weekend) / 7.0
        if mean <= 0.0:
            return
        precision = 1.0 / (1.0 / (24.0 * average) + dispersion)
        raw = (
            _shrunk(weekday / mean, weekday_hours / 24.0 * precision),
            _shrunk(weekend / mean, weekend_hours / 24.0 * precision),
        )
        scale = 7.0 / (5.0 * raw[0] + 2.0 * raw[1])
        self._day_factors = [max(_LOWEST_FACTOR, factor * scale) for factor in raw]

    def numbers(self) -> list[float]:
        """State as numbers: the cells one after the other."""
        return [number for cell in (*self.hours, *self.days) for number in cell]

    def restore(self, numbers: list[Any], dispersion: float) -> None:
        """Take over the state that `numbers` gave."""
        flat = stored.numbers(numbers, 2 * (_HOURS + 2))
        cells = list(zip(flat[::2], flat[1::2], strict=True))
        self.hours, self.days = cells[:_HOURS], cells[_HOURS:]
        self.refresh(dispersion)


def _folded(cell: _Cell, count: float, weight: float, keep: float) -> _Cell:
    """Fold into an exponentially forgotten mean; rounded, so that the state stays small."""
    mean, known = cell
    known = compact(known * keep**weight + weight)
    if known > 0.0:
        mean = compact(mean + (count - mean) * min(1.0, weight / known))
    return mean, known


def _shrunk(ratio: float, precision: float) -> float:
    return 1.0 + precision / (precision + _PRIOR_PRECISION) * (ratio - 1.0)
