"""The lines and areas of a chart, as SVG path data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby

from pipeline.report.scale import TimeScale, VolumeScale
from pipeline.report.series import Point

__all__ = ["area", "band", "line", "share_line", "whole"]

Runs = Sequence[Sequence[Point]]
Place = tuple[float, float]


def line(scale: TimeScale, runs: Runs, y: Callable[[Point], float]) -> str:
    """Return a line through each run of points."""
    return " ".join(_path((scale.x(p.time_ms), y(p)) for p in run) for run in runs)


def whole(runs: Runs) -> list[list[Point]]:
    """Return the stretches of runs whose volume can be compared: where input is missing there is none to draw."""
    return [list(stretch) for run in runs for partial, stretch in groupby(run, key=lambda p: p.partial) if not partial]


def area(scale: TimeScale, runs: Runs, y: Callable[[Point], float], floor_y: float) -> str:
    """Return the area between each run of points and the floor."""
    shapes = []
    for run in runs:
        first, last = scale.x(run[0].time_ms), scale.x(run[-1].time_ms)
        shapes.append(f"{_path((scale.x(p.time_ms), y(p)) for p in run)}L{last},{floor_y}L{first},{floor_y}Z")
    return " ".join(shapes)


def band(scale: TimeScale, runs: Runs, volume: VolumeScale) -> str:
    """Return the area between the ends of the expected interval."""
    shapes = []
    for run in runs:
        upper = [(scale.x(p.time_ms), volume.y(p.high)) for p in run]
        lower = [(scale.x(p.time_ms), volume.y(p.low)) for p in reversed(run)]
        shapes.append(_path(upper + lower) + "Z")
    return " ".join(shapes)


def share_line(scale: TimeScale, runs: Runs, y: Callable[[float], float]) -> str:
    """Return the line of the negative share, broken where there were too few mentions."""
    parts = []
    for run in runs:
        for known, stretch in groupby(run, key=lambda p: p.negative_share is not None):
            if known:
                parts.append(_path((scale.x(p.time_ms), y(p.negative_share or 0.0)) for p in stretch))
    return " ".join(parts)


def _path(places: Iterable[Place]) -> str:
    body = "L".join(f"{x:g},{y:g}" for x, y in places)
    # A stretch of one point would be invisible: a line to itself shows as a dot under a round cap.
    return f"M{body}" if "L" in body else f"M{body}L{body}"
