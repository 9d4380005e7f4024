"""The geometry of a brand's chart; the page's template draws it.

Shapes live in nested SVGs that stretch to any width; texts and markers are placed in per cent outside
them, so they keep their size on a phone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.report import curves, marks
from pipeline.report.episodes import Episode
from pipeline.report.missing import Stretch, said, total
from pipeline.report.phrasing import Phrasing, plain
from pipeline.report.scale import Tick, TimeScale, VolumeScale
from pipeline.report.series import BrandSeries, Point

__all__ = ["LEVEL_HEIGHT", "SHARE_HEIGHT", "VOLUME_HEIGHT", "Chart", "draw"]

VOLUME_HEIGHT, SHARE_HEIGHT, LEVEL_HEIGHT = 170, 90, 80
"""Pixels of the three panels."""
_MAX_MARKED = 40
"""Crises marked in one chart at most: those that were worst."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Everything the template draws for one brand."""

    description: str
    """What is to be seen, in words, for those who cannot."""
    time_ticks: tuple[Tick, ...]
    volume_ticks: tuple[Tick, ...]
    volume_line: str
    volume_area: str
    expected_line: str
    band: str
    share_line: str
    usual_line: str
    levels: tuple[marks.Rect, ...]
    spans: tuple[marks.Rect, ...]
    labels: tuple[marks.Label, ...]
    label_rows: int
    markers: tuple[marks.Marker, ...]
    unobserved: tuple[marks.Rect, ...]
    learning: tuple[marks.Rect, ...]


def draw(series: BrandSeries, crises: Sequence[tuple[int, Episode]], name: str, phrasing: Phrasing) -> Chart:
    """Lay out the chart of one brand.

    Parameters
    ----------
    series : BrandSeries
        At least one point.
    crises : sequence of (number, Episode)
        The brand's crises with their numbers in the report, in order of opening.
    name : str
        The brand, for the description.
    phrasing : Phrasing
        The language of its words.
    """
    points, runs, step_ms = series.points(), list(series.runs()), series.step_ms
    known, missing = curves.whole(runs), series.missing.stretches()
    scale = TimeScale(points[0].time_ms - step_ms, points[-1].time_ms)
    volume = VolumeScale(_largest(points), VOLUME_HEIGHT)
    worst = sorted(crises, key=lambda crisis: (-crisis[1].peak_level, crisis[0]))[:_MAX_MARKED]
    marked = sorted(worst, key=lambda crisis: crisis[0])
    labels = marks.labels(scale, marked, phrasing)
    return Chart(
        description=_description(name, points, [episode for _, episode in crises], missing, phrasing),
        time_ticks=scale.ticks(phrasing),
        volume_ticks=volume.ticks(phrasing),
        volume_line=curves.line(scale, known, lambda p: volume.y(p.volume)),
        volume_area=curves.area(scale, known, lambda p: volume.y(p.volume), VOLUME_HEIGHT),
        expected_line=curves.line(scale, runs, lambda p: volume.y(p.expected)),
        band=curves.band(scale, runs, volume),
        share_line=curves.share_line(scale, runs, _share_y),
        usual_line=curves.line(scale, runs, lambda p: _share_y(p.usual_share)),
        levels=marks.levels(scale, points, step_ms, LEVEL_HEIGHT, phrasing),
        spans=marks.spans(scale, marked, phrasing),
        labels=labels,
        label_rows=max((label.row + 1 for label in labels), default=0),
        markers=marks.markers(scale, marked, phrasing),
        unobserved=marks.missing(scale, missing, phrasing),
        learning=marks.stretches(scale, points, step_ms, lambda p: p.learning < 1, phrasing.words["mark_learning"]),
    )


def _largest(points: Sequence[Point]) -> float:
    """Return what the volume panel must hold: a wide interval may not squash what was seen."""
    seen = max(1.0, *(float(p.volume) for p in points))
    return max(seen, min(2 * seen, max(p.high for p in points)))


def _share_y(share: float) -> float:
    return round(SHARE_HEIGHT * (1 - min(max(share, 0.0), 1.0)), 1)


def _description(
    name: str, points: Sequence[Point], crises: Sequence[Episode], missing: Sequence[Stretch], phrasing: Phrasing
) -> str:
    busiest = max(points, key=lambda p: (p.volume, -p.time_ms))
    first, last = phrasing.at(points[0].time_ms), phrasing.at(points[-1].time_ms)
    parts = [
        phrasing.say("chart_desc", brand=plain(name), first=first, last=last),
        phrasing.say(
            "chart_busiest",
            moment=phrasing.at(busiest.time_ms),
            mentions=phrasing.plural("mentions", busiest.volume),
            expected=phrasing.whole(busiest.expected),
        ),
    ]
    if missing:
        parts.append(phrasing.say("chart_missing", length=total(missing, phrasing), times=said(missing, phrasing)))
    shares = [p for p in points if p.negative_share is not None]
    if shares:
        worst = max(shares, key=lambda p: (p.negative_share or 0.0, -p.time_ms))
        share, usual = phrasing.percent(worst.negative_share or 0.0), phrasing.percent(worst.usual_share)
        parts.append(phrasing.say("chart_worst", share=share, moment=phrasing.at(worst.time_ms), usual=usual))
    parts.append(phrasing.say("chart_highest", level=phrasing.level(max(p.level for p in points))))
    parts += [_life(episode, phrasing) for episode in crises[:_MAX_MARKED]]
    return " ".join(parts)


def _life(episode: Episode, phrasing: Phrasing) -> str:
    opened, resolved_ms = phrasing.at(episode.opened_ms), episode.resolved_ms
    if resolved_ms is None:
        return phrasing.say("chart_open", opened=opened)
    return phrasing.say("chart_over", opened=opened, resolved=phrasing.at(resolved_ms))
