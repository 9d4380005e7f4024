"""Where input is known to be missing: minutes of a mentions partition, for all brands or for some.

A union of intervals, so adding one twice changes nothing. Only what is still to be closed is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Self

__all__ = ["Gaps"]

_ALL = ""
_MAX_INTERVALS = 32
_MAX_SCOPES = 256
_LAST_MINUTE = 253_402_300_800_000 // 60_000
"""The year 10000 begins."""


class Gaps:
    """Half-open intervals of epoch minutes, apart from each other, by brand (empty: all brands).

    Bounded: past 32 intervals of a brand the two nearest become one, past 256 brands all share theirs. That
    calls too much unobserved, never too little.
    """

    __slots__ = ("_intervals",)

    def __init__(self) -> None:
        self._intervals: dict[str, list[tuple[int, int]]] = {}

    def add(self, brands: Iterable[str], start: int, end: int) -> None:
        """Mark the minutes from ``start`` to before ``end``, for some brands or (none named) for all."""
        if start >= end:
            return
        for brand in tuple(brands) or (_ALL,):
            scope = brand if brand in self._intervals or len(self._intervals) < _MAX_SCOPES else _ALL
            self._intervals[scope] = _united([*self._intervals.get(scope, ()), (start, end)])

    def cover(self, brand: str, minute: int) -> bool:
        """Whether input is missing in a minute of a brand."""
        if not self._intervals:
            return False
        return any(start <= minute < end for scope in (_ALL, brand) for start, end in self._intervals.get(scope, ()))

    def of_all(self) -> list[tuple[int, int]]:
        """Return the intervals of minutes in which input is missing for all brands, in order."""
        return list(self._intervals.get(_ALL, ()))

    def forget_before(self, minute: int) -> bool:
        """Drop what ends at or before a minute. Return whether anything was dropped."""
        if not any(end <= minute for intervals in self._intervals.values() for _start, end in intervals):
            return False
        left = {
            scope: [interval for interval in intervals if interval[1] > minute]
            for scope, intervals in self._intervals.items()
        }
        self._intervals = {scope: intervals for scope, intervals in left.items() if intervals}
        return True

    def state(self) -> dict[str, list[tuple[int, int]]]:
        """Return the gaps as JSON has them."""
        return dict(sorted(self._intervals.items()))

    @classmethod
    def restore(cls, state: Mapping[str, Iterable[Iterable[int]]]) -> Self:
        """Return the gaps that gave a state; ``TypeError`` or ``ValueError`` when it is none."""
        if not isinstance(state, dict):
            raise TypeError("not the state of gaps")
        gaps = cls()
        for scope, intervals in state.items():
            for start, end in intervals:
                if not (type(start) is int and type(end) is int and 0 <= start < end <= _LAST_MINUTE):
                    raise ValueError("not an interval of minutes")
                gaps.add((scope,), start, end)
        return gaps


def _united(intervals: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the union as intervals apart from each other, in order, at most so many."""
    united: list[tuple[int, int]] = []
    for start, end in sorted(intervals):
        if united and start <= united[-1][1]:
            united[-1] = (united[-1][0], max(end, united[-1][1]))
        else:
            united.append((start, end))
    while len(united) > _MAX_INTERVALS:
        nearest = min(range(1, len(united)), key=lambda i: united[i][0] - united[i - 1][1])
        united[nearest - 1 : nearest + 1] = [(united[nearest - 1][0], united[nearest][1])]
    return united
