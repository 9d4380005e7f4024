"""A brand's windows as a short series: read once, in any order, kept within a bound whatever their number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.report.missing import Missing, is_seen
from schemas.times import from_rfc3339
from schemas.window import Level, WindowClosed

__all__ = ["FEW_MENTIONS", "MAX_POINTS", "BrandSeries", "Point"]

MAX_POINTS = 600
"""Points of a series at most; when more are due, neighbours are joined and the larger volume stays."""
FEW_MENTIONS = 10
"""Below this many mentions in the hour, a share of them says nothing and is not drawn."""

_FIRST_STEP_MS = 15 * 60_000


@dataclass(slots=True, kw_only=True)
class Point:
    """The busiest of the windows that fall together, with the worst of the rest."""

    time_ms: int
    """End of the window with the most mentions."""
    volume: int
    """Mentions in the hour before."""
    expected: float
    low: float
    high: float
    negative_share: float | None
    """Highest negative share of an hour with enough mentions, hardly any missing; none when there was no such hour."""
    usual_share: float
    level: int
    """Highest level."""
    learning: float
    """Least of the baseline learnt."""
    partial: bool
    """Too much of the hour that `volume` is of is missing, so it is no volume to compare (`is_seen`)."""

    def join(self, other: Point) -> None:
        """Take in a neighbour; the order of joining does not matter."""
        if (other.volume, -other.time_ms) > (self.volume, -self.time_ms):
            self.time_ms, self.volume = other.time_ms, other.volume
            self.expected, self.low, self.high = other.expected, other.low, other.high
            self.partial = other.partial
        if (other.negative_share or -1.0) > (self.negative_share or -1.0):
            self.negative_share, self.usual_share = other.negative_share, other.usual_share
        self.level = max(self.level, other.level)
        self.learning = min(self.learning, other.learning)


class BrandSeries:
    """Everything the report keeps of one brand's windows."""

    def __init__(self, brand: str) -> None:
        self.brand = brand
        self.step_ms = _FIRST_STEP_MS
        """Width of a point."""
        self.mentions = 0
        self.negative = 0
        self.peak_level = Level.CALM
        self.first_ms: int | None = None
        self.last_ms: int | None = None
        self.missing = Missing()
        self._points: dict[int, Point] = {}

    def add(self, window: WindowClosed) -> int:
        """Take one window in; returns its end, epoch milliseconds."""
        end_ms = from_rfc3339(window.window_end)
        minute, hour, said = window.windows["1m"], window.windows["1h"], window.detection
        partial = not is_seen(window)
        self.mentions += minute.volume
        self.negative += minute.negative
        self.peak_level = max(self.peak_level, said.level)
        self.first_ms = end_ms if self.first_ms is None else min(self.first_ms, end_ms)
        self.last_ms = end_ms if self.last_ms is None else max(self.last_ms, end_ms)
        if not window.observed:
            self.missing.add(end_ms)
        self._put(
            end_ms,
            Point(
                time_ms=end_ms,
                volume=hour.volume,
                expected=said.expected_1h,
                low=said.low_1h,
                high=said.high_1h,
                negative_share=hour.negative / hour.volume if hour.volume >= FEW_MENTIONS and not partial else None,
                usual_share=said.negative_share_expected,
                level=int(said.level),
                learning=said.learning,
                partial=partial,
            ),
        )
        return end_ms

    def points(self) -> list[Point]:
        """Return the points in order of time, at most `MAX_POINTS`."""
        return [self._points[index] for index in sorted(self._points)]

    def runs(self) -> Iterator[list[Point]]:
        """Yield the points in stretches without a hole of more than two steps."""
        run: list[Point] = []
        last_index = 0
        for index in sorted(self._points):
            if run and index - last_index > 2:
                yield run
                run = []
            run.append(self._points[index])
            last_index = index
        if run:
            yield run

    def _put(self, end_ms: int, point: Point) -> None:
        index = (end_ms - 1) // self.step_ms
        known = self._points.get(index)
        if known is not None:
            known.join(point)
            return
        self._points[index] = point
        while len(self._points) > MAX_POINTS:
            self._coarsen()

    def _coarsen(self) -> None:
        finer, self._points = self._points, {}
        self.step_ms *= 2
        for index, point in finer.items():
            known = self._points.setdefault(index // 2, point)
            if known is not point:
                known.join(point)
