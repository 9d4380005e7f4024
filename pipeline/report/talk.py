"""What was talked about when: the share of each concern over the situations of a crisis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.report.course import Course
from pipeline.report.phrasing import Phrasing, plain
from pipeline.report.scale import Tick, TimeScale
from schemas.situation import Situation
from schemas.times import from_rfc3339

__all__ = ["TALK_HEIGHT", "TalkChart", "TalkLine", "draw_talk"]

TALK_HEIGHT = 150
"""Pixels of the panel."""
_MAX_LINES = 5
_MAX_ROWS = 12
"""Situations in the table that says the same in numbers."""
_TOPS = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
_NOTHING = "–"  # noqa: RUF001 - a dash, not a minus


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkLine:
    """One concern."""

    label: str
    path: str
    """SVG path data; broken where the concern was not among those told."""
    dots: str
    """SVG path data of its points: lines to themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkChart:
    """Everything the template draws."""

    description: str
    lines: tuple[TalkLine, ...]
    time_ticks: tuple[Tick, ...]
    share_ticks: tuple[Tick, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    """Time, and the share of each line then."""
    skipped: bool
    """Whether not every situation has a row."""


def draw_talk(course: Course, phrasing: Phrasing) -> TalkChart | None:
    """Lay the chart out; none when there are not two situations with something to draw."""
    told = [(from_rfc3339(s.time), _shares(s)) for s in course.situations]
    labels = _labels(course)
    if len(told) < 2 or not labels:
        return None
    scale = TimeScale(told[0][0], told[-1][0])
    highest = max(share for _, shares in told for label, share in shares.items() if label in labels)
    top = next((top for top in _TOPS if highest <= top), 1.0)
    shown = _thinned(told)
    return TalkChart(
        description=_description(told, labels, phrasing),
        lines=tuple(_line(told, label, scale, top) for label in labels),
        time_ticks=scale.ticks(phrasing),
        share_ticks=tuple(Tick(at=_y(share, top), text=phrasing.percent(share)) for share in (0.0, top / 2, top)),
        rows=tuple(
            (phrasing.at(time_ms), tuple(_cell(shares, x, phrasing) for x in labels)) for time_ms, shares in shown
        ),
        skipped=course.thinned or len(shown) < len(told),
    )


_Told = Sequence[tuple[int, dict[str, float]]]


def _shares(situation: Situation) -> dict[str, float]:
    """Return the share of each phrase's concern; of two concerns with the phrase, the stronger one's."""
    shares: dict[str, float] = {}
    for concern in situation.concerns:
        for phrase in (concern.phrase, *concern.phrases):
            shares.setdefault(phrase, min(max(concern.share, 0.0), 1.0))
    return shares


def _labels(course: Course) -> list[str]:
    """Return the labels whose share was largest once. What was one concern at any time is one line."""
    highest: dict[str, float] = {}
    together: dict[str, set[str]] = {}
    for situation in course.situations:
        for concern in situation.concerns:
            highest[concern.phrase] = max(highest.get(concern.phrase, 0.0), concern.share)
            for phrase in (concern.phrase, *concern.phrases):
                together.setdefault(phrase, set()).update((concern.phrase, *concern.phrases))
    chosen: list[str] = []
    for label in sorted(highest, key=lambda label: (-highest[label], label)):
        if len(chosen) < _MAX_LINES and not together[label].intersection(chosen):
            chosen.append(label)
    return chosen


def _y(share: float, top: float) -> float:
    return round(TALK_HEIGHT * (1 - min(share / top, 1.0)), 1)


def _line(told: _Told, label: str, scale: TimeScale, top: float) -> TalkLine:
    stretches: list[list[str]] = [[]]
    for time_ms, shares in told:
        if label in shares:
            stretches[-1].append(f"{scale.x(time_ms):g},{_y(shares[label], top):g}")
        elif stretches[-1]:
            stretches.append([])
    return TalkLine(
        label=plain(label),
        path=" ".join("M" + "L".join(places) for places in stretches if len(places) > 1),
        dots=" ".join(f"M{place}L{place}" for places in stretches for place in places),
    )


def _thinned(told: _Told) -> _Told:
    """Return rows evenly chosen, the first and the last among them."""
    if len(told) <= _MAX_ROWS:
        return told
    last = len(told) - 1
    return [told[i * last // (_MAX_ROWS - 1)] for i in range(_MAX_ROWS)]


def _cell(shares: dict[str, float], label: str, phrasing: Phrasing) -> str:
    return phrasing.percent(shares[label]) if label in shares else _NOTHING


def _description(told: _Told, labels: Sequence[str], phrasing: Phrasing) -> str:
    first, last = phrasing.at(told[0][0]), phrasing.at(told[-1][0])
    parts = [phrasing.say("talk_desc", number=phrasing.whole(len(told)), first=first, last=last)]
    for label in labels:
        share, minus_ms = max((shares[label], -time_ms) for time_ms, shares in told if label in shares)
        parts.append(
            phrasing.say("talk_peak", label=plain(label), moment=phrasing.at(-minus_ms), share=phrasing.percent(share))
        )
    return " ".join(parts)
