"""What is marked in a chart: levels, crises and the steps of their life, and where the numbers are weak."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from pipeline.report.episodes import Episode
from pipeline.report.missing import Stretch, span
from pipeline.report.phrasing import Phrasing
from pipeline.report.scale import WIDTH, TimeScale
from pipeline.report.series import Point
from schemas.crisis import CrisisEventType
from schemas.window import Level

__all__ = ["Label", "Marker", "Rect", "labels", "levels", "markers", "missing", "spans", "stretches"]

Numbered = Sequence[tuple[int, Episode]]

_MARKED = (CrisisEventType.OPENED, CrisisEventType.ESCALATED, CrisisEventType.RESOLVED)
_CLOSE = 3.5
"""Labels nearer than this, in per cent, go to the second row."""
_MAX_MARKERS = 60
"""Markers of one crisis at most: its first and its last steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rect:
    """A stretch of time; x and width in units of the chart, y and height in pixels."""

    x: float
    width: float
    title: str
    y: float = 0.0
    height: float = 0.0
    level: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """The number of a crisis, above its stretch of time; ``at`` in per cent."""

    at: float
    row: int
    number: int
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """A step in the life of a crisis; ``at`` in per cent."""

    at: float
    type: str
    title: str


def levels(
    scale: TimeScale, points: Sequence[Point], step_ms: int, height: int, phrasing: Phrasing
) -> tuple[Rect, ...]:
    """Return the level strip: a bar for each stretch of one level, as high as the level."""
    row = height / len(Level)
    return tuple(
        Rect(
            x=x,
            width=width,
            y=round(height - row * (level + 1), 1),
            height=round(row * (level + 1), 1),
            level=level,
            title=phrasing.say(
                "mark_level",
                level=phrasing.level(level),
                first=phrasing.at(first.time_ms),
                last=phrasing.at(last.time_ms),
            ),
        )
        for level, first, last, x, width in _runs(scale, points, step_ms, lambda p: p.level)
    )


def stretches(
    scale: TimeScale, points: Sequence[Point], step_ms: int, when: Callable[[Point], bool], title: str
) -> tuple[Rect, ...]:
    """Return the stretches of time in which something holds."""
    return tuple(
        Rect(x=x, width=width, title=title)
        for holds, _, _, x, width in _runs(scale, points, step_ms, lambda p: int(when(p)))
        if holds
    )


def missing(scale: TimeScale, found: Sequence[Stretch], phrasing: Phrasing) -> tuple[Rect, ...]:
    """Return where input is missing, to the minute; what is too short to be seen is a hair wide."""
    return tuple(
        Rect(
            x=scale.x(each.start_ms),
            width=round(max(scale.x(each.end_ms) - scale.x(each.start_ms), 1.0), 1),
            title=phrasing.say("mark_missing", times=span(each, phrasing)),
        )
        for each in found
    )


def _runs(
    scale: TimeScale, points: Sequence[Point], step_ms: int, value: Callable[[Point], int]
) -> Iterator[tuple[int, Point, Point, float, float]]:
    x, end_ms = 0.0, None
    for key, group in groupby(points, key=value):
        run = list(group)
        start_ms = run[0].time_ms - step_ms
        # Neighbours touch: the time of a point is that of its busiest window, not of its right edge.
        x = x if end_ms is not None and start_ms <= end_ms + 2 * step_ms else scale.x(start_ms)
        end_ms = run[-1].time_ms
        right = scale.x(end_ms)
        yield key, run[0], run[-1], x, round(max(right - x, 1.0), 1)
        x = right


def spans(scale: TimeScale, crises: Numbered, phrasing: Phrasing) -> tuple[Rect, ...]:
    """Return the time from opening to resolution of each crisis; an open one reaches the right edge."""
    found = []
    for number, episode in crises:
        x = scale.x(episode.opened_ms)
        end = scale.x(episode.resolved_ms) if episode.resolved_ms is not None else float(WIDTH)
        found.append(Rect(x=x, width=round(max(end - x, 2.0), 1), title=_title(number, episode, phrasing)))
    return tuple(found)


def labels(scale: TimeScale, crises: Numbered, phrasing: Phrasing) -> tuple[Label, ...]:
    """Return the numbers of the crises, in two rows where they would touch."""
    found: list[Label] = []
    for number, episode in crises:
        at = min(max(scale.percent(episode.opened_ms), 1.5), 98.5)
        touches = bool(found) and at - found[-1].at < _CLOSE
        row = 1 - found[-1].row if touches else 0
        found.append(Label(at=at, row=row, number=number, title=_title(number, episode, phrasing)))
    return tuple(found)


def markers(scale: TimeScale, crises: Numbered, phrasing: Phrasing) -> tuple[Marker, ...]:
    """Return where crises were opened, escalated and resolved; the strip itself shows the way down."""
    found = []
    for number, episode in crises:
        steps = [event for event in episode.events if event.type in _MARKED]
        for event in steps[: _MAX_MARKERS // 2] + steps[_MAX_MARKERS // 2 :][-_MAX_MARKERS // 2 :]:
            at_ms = episode.time_ms(event)
            title = phrasing.say(
                "mark_step",
                number=number,
                step=phrasing.words[event.type],
                moment=phrasing.at(at_ms),
                level=phrasing.level(event.level),
            )
            found.append(Marker(at=scale.percent(at_ms), type=event.type.value, title=title))
    return tuple(found)


def _title(number: int, episode: Episode, phrasing: Phrasing) -> str:
    opened, resolved_ms = phrasing.at(episode.opened_ms), episode.resolved_ms
    if resolved_ms is None:
        return phrasing.say("mark_open", number=number, opened=opened)
    return phrasing.say("mark_over", number=number, opened=opened, resolved=phrasing.at(resolved_ms))
