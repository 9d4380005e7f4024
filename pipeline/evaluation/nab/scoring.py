"""NAB's score of a detector, as its ``sweeper.py`` and ``optimizer.py`` compute it, for all thresholds at once.

A window that is hit earns up to the profile's weight, the more the earlier; one that is missed costs; each row
outside windows at or above the threshold costs, less so shortly after a window. Rows of the probation (the first
15 %, 750 at most) do not count, and a window that lies in it wholly cannot be hit or missed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import floor

import numpy as np
from numpy.typing import NDArray

__all__ = ["ABOVE_ALL", "Curve", "Floats", "Outcome", "Profile", "Thresholds", "Truth", "normalised"]

Floats = NDArray[np.float64]

ABOVE_ALL = 1.1
"""NAB's first threshold: no score reaches it."""
_PROBATION, _PROBATION_ROWS = 0.15, 5000


def _sigmoid(position: Floats) -> Floats:
    """Scale a position in or after a window, in window widths, to -1..1: -1 is its left edge, 0 its right one."""
    scaled: Floats = 2.0 / (1.0 + np.exp(5.0 * np.minimum(position, 3.0))) - 1.0
    return np.where(position > 3.0, -1.0, scaled)


_EARLIEST = float(_sigmoid(np.array(-1.0)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What is worth how much."""

    name: str
    hit: float
    miss: float
    false_alarm: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """The labels of a series, row by row."""

    worth: Floats
    """Of a row at or above the threshold, before weights: positive in windows, negative outside."""
    window: NDArray[np.int64]
    """Which window a row lies in; -1 outside."""
    counted: NDArray[np.bool_]
    """After the probation."""
    labelled: int
    """Windows in the labels."""

    @property
    def windows(self) -> int:
        """Windows that can be hit: those not wholly within the probation."""
        return int(np.unique(self.window[self.counted & (self.window >= 0)]).size)

    @staticmethod
    def mark(times: Sequence[int], windows: Sequence[tuple[int, int]]) -> Truth:
        """Mark the rows of a series.

        Parameters
        ----------
        times : sequence of int
            Epoch seconds of the rows. Of rows with the same time the first is meant, as in NAB.
        windows : sequence of (int, int)
            First and last time of each window, in order.

        Raises
        ------
        ValueError
            An edge of a window is the time of no row, or windows overlap or are out of order.
        """
        first: dict[int, int] = {}
        for row, time in enumerate(times):
            first.setdefault(time, row)
        n = len(times)
        worth, window = np.full(n, -1.0), np.full(n, -1)
        end, width = -1, 0.0
        for number, edges in enumerate(windows):
            for edge in edges:
                if edge not in first:
                    raise ValueError(f"window {number + 1} begins or ends at {_written(edge)}, which no row has")
            start, stop = first[edges[0]], first[edges[1]]
            if not end < start <= stop:
                raise ValueError(f"window {number + 1} begins before the one before it ends, or ends before it begins")
            worth[end + 1 : start] = _after(np.arange(end + 1, start), end, width)
            end, width = stop, float(stop - start + 1)
            inside = np.arange(start, stop + 1)
            worth[inside] = _sigmoid((inside - end - 1) / width)
            window[inside] = number
        worth[end + 1 :] = _after(np.arange(end + 1, n), end, width)
        probation = min(floor(_PROBATION * n), _PROBATION * _PROBATION_ROWS)
        return Truth(worth=worth, window=window, counted=np.arange(n) >= probation, labelled=len(windows))


def _written(time_s: int) -> str:
    return f"{datetime.fromtimestamp(time_s, UTC):%Y-%m-%d %H:%M:%S}"


def _after(rows: NDArray[np.int64], end: int, width: float) -> Floats:
    """Worth of rows after a window that ended in row `end`; before any window and after one of a single row, -1."""
    return _sigmoid((rows - end) / (width - 1.0)) if width > 1.0 else np.full(rows.size, -1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a threshold brings, of one series or summed over several."""

    raw: float
    hit: int
    """Windows with an alarm in them."""
    false_alarms: int
    """Rows outside windows at or above the threshold."""

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(
            raw=self.raw + other.raw, hit=self.hit + other.hit, false_alarms=self.false_alarms + other.false_alarms
        )


class Curve:
    """The outcome of one series at every threshold.

    Parameters
    ----------
    truth : Truth
        The labels.
    scores : array of float, shape (rows,)
        The detector's, each from 0 to 1.
    profile : Profile
        The weights.
    """

    def __init__(self, truth: Truth, scores: Floats, profile: Profile) -> None:
        self.truth = truth
        rows = np.flatnonzero(truth.counted)
        rows = rows[np.argsort(-scores[rows], kind="stable")]
        self.falling = -scores[rows]
        """Scores from the highest down, negated, so that they rise."""
        window = truth.window[rows]
        inside = window >= 0
        weight = np.where(inside, profile.hit / _EARLIEST, profile.false_alarm)
        self.changes = np.where(inside, 0.0, truth.worth[rows] * weight)
        """What each row adds to the score when the threshold falls to it."""
        hits = np.zeros(rows.size, dtype=np.int64)
        for number in np.unique(window[inside]):
            own = np.flatnonzero(window == number)
            reached = np.maximum.accumulate(np.concatenate([[-profile.miss], truth.worth[rows[own]] * weight[own]]))
            self.changes[own] = np.diff(reached)
            hits[own[0]] = 1
        self.nothing = -profile.miss * truth.windows
        """The score without any alarm."""
        self._raw = self.nothing + np.concatenate([[0.0], np.cumsum(self.changes)])
        self._hits = np.concatenate([[0], np.cumsum(hits)])
        self._false = np.concatenate([[0], np.cumsum(~inside)])

    def at(self, threshold: float) -> Outcome:
        """Return the outcome where scores from the threshold on are alarms."""
        alarms = int(np.searchsorted(self.falling, -threshold, side="right"))
        return Outcome(raw=float(self._raw[alarms]), hit=int(self._hits[alarms]), false_alarms=int(self._false[alarms]))


class Thresholds:
    """All thresholds of several series together.

    Parameters
    ----------
    curves : sequence of Curve
        All series, of one profile. Sorting them is done once.
    """

    def __init__(self, curves: Sequence[Curve]) -> None:
        falling = np.concatenate([curve.falling for curve in curves])
        order = np.argsort(falling, kind="stable")
        self._falling = falling[order]
        self._changes = np.concatenate([curve.changes for curve in curves])[order]
        self._owner = np.concatenate([np.full(curve.changes.size, i) for i, curve in enumerate(curves)])[order]
        self._last = np.flatnonzero(np.append(np.diff(self._falling) != 0, True))
        self._all = len(curves)

    def best(self, without: Sequence[int] = ()) -> float:
        """Return the threshold with the highest score; of equal ones the highest, as in NAB.

        Parameters
        ----------
        without : sequence of int
            Places of series that have no say.
        """
        kept = np.ones(self._all, dtype=np.bool_)
        kept[list(without)] = False
        gained = np.cumsum(np.where(kept[self._owner], self._changes, 0.0))[self._last]
        if not gained.size or gained.max() <= 0.0:
            return ABOVE_ALL
        return -float(self._falling[self._last[int(np.argmax(gained))]])


def normalised(raw: float, truths: Sequence[Truth], profile: Profile) -> float | None:
    """Scale a raw score so that no alarm at all is 0 and every window hit at its first row is 100.

    None where no window can be hit.
    """
    nothing = -profile.miss * sum(truth.windows for truth in truths)
    perfect = profile.hit * sum(truth.labelled for truth in truths)
    if not any(truth.windows for truth in truths):
        return None
    return 100.0 * (raw - nothing) / (perfect - nothing)
