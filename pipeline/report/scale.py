"""From time and amounts to places on paper, and the ticks along both."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, log10

from pipeline.report.phrasing import Phrasing

__all__ = ["WIDTH", "Tick", "TimeScale", "VolumeScale"]

WIDTH = 1000
"""Units across a chart; it stretches to whatever width there is."""
_MAX_TICKS = 8
_MINUTE_MS, _HOUR_MS, _DAY_MS = 60_000, 3_600_000, 86_400_000
_STEPS_MS = (
    *(minutes * _MINUTE_MS for minutes in (5, 15, 30)),
    *(hours * _HOUR_MS for hours in (1, 3, 6, 12)),
    *(days * _DAY_MS for days in (1, 2, 7, 14, 28, 91, 364, 3640)),
)
_MONDAY_MS = 4 * _DAY_MS
"""The first Monday of the Unix epoch; ticks are aligned to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A grid line and what it says."""

    at: float
    """Per cent from the left, or pixels from the top."""
    text: str
    minor: bool = False
    """Without its text on a narrow screen."""


class TimeScale:
    """Time to the horizontal. What is outside is moved to the edge."""

    def __init__(self, first_ms: int, last_ms: int) -> None:
        self.first_ms = first_ms
        self.last_ms = max(last_ms, first_ms + _MINUTE_MS)

    def x(self, time_ms: int) -> float:
        """Return units from the left, 0 to `WIDTH`."""
        inside = min(max(time_ms, self.first_ms), self.last_ms)
        return round((inside - self.first_ms) / (self.last_ms - self.first_ms) * WIDTH, 1)

    def percent(self, time_ms: int) -> float:
        """Return per cent from the left."""
        return round(self.x(time_ms) * 100 / WIDTH, 2)

    def ticks(self, phrasing: Phrasing) -> tuple[Tick, ...]:
        """Return at most nine ticks at round times; every second one is minor, and one near the edge."""
        span = self.last_ms - self.first_ms
        step = next((s for s in _STEPS_MS if span / s <= _MAX_TICKS), _STEPS_MS[-1])
        first = ceil((self.first_ms - _MONDAY_MS) / step)
        last = floor((self.last_ms - _MONDAY_MS) / step)
        times = [n * step + _MONDAY_MS for n in range(first, last + 1)]
        return tuple(
            Tick(
                at=self.percent(t),
                text="" if self.percent(t) > 93 else _written(t, step, phrasing),
                minor=bool(i % 2) or self.percent(t) > 82,
            )
            for i, t in enumerate(times)
        )


def _written(time_ms: int, step_ms: int, phrasing: Phrasing) -> str:
    """Write a time by what tells it from its neighbours."""
    return phrasing.clock(time_ms) if step_ms < _DAY_MS else phrasing.tick(time_ms, month=step_ms > 2 * _DAY_MS)


class VolumeScale:
    """Amounts to the vertical: pixels from the top of a panel."""

    def __init__(self, largest: float, height: int) -> None:
        self._height = height
        magnitude = 10.0 ** floor(log10(max(largest, 1.0) / 2))
        self.step = next(m * magnitude for m in (1, 2, 5, 10, 20) if largest <= 4 * m * magnitude)
        self.step = max(1.0, self.step)
        self.top = self.step * max(1, ceil(largest / self.step))

    def y(self, amount: float) -> float:
        """Return pixels from the top; an amount beyond the top stays at it."""
        return round(self._height * (1 - min(max(amount, 0.0), self.top) / self.top), 1)

    def ticks(self, phrasing: Phrasing) -> tuple[Tick, ...]:
        """Return the ticks from 0 to the top."""
        amounts = [self.step * i for i in range(round(self.top / self.step) + 1)]
        return tuple(Tick(at=self.y(amount), text=phrasing.whole(amount)) for amount in amounts)
