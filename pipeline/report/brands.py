"""The brands side by side, the worst first, each with its chart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.report.chart import Chart, draw
from pipeline.report.episodes import Episode
from pipeline.report.missing import total
from pipeline.report.phrasing import Phrasing, plain
from pipeline.report.series import BrandSeries

__all__ = ["BrandRow", "brand_rows", "period"]

_MAX_CHARTS = 40
"""Brands with a chart at most; the table names all."""
_NOTHING = "–"  # noqa: RUF001 - a dash, not a minus


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandRow:
    """A brand in the overview, and its chart."""

    anchor: str
    name: str
    mentions: str
    negative: str
    missing: str
    """For how long input was missing; empty when it never was."""
    level: int
    crises: tuple[int, ...]
    chart: Chart | None


def brand_rows(
    series: Mapping[str, BrandSeries],
    numbered: Sequence[tuple[int, Episode]],
    names: Mapping[str, str],
    phrasing: Phrasing,
) -> list[BrandRow]:
    """Return the brands, worst first; those beyond the bound without a chart."""
    worst_first = sorted(series.values(), key=lambda s: (-s.peak_level, -s.mentions, s.brand))
    rows = []
    for i, s in enumerate(worst_first):
        own = [(n, e) for n, e in numbered if e.brand == s.brand]
        name = plain(names.get(s.brand, s.brand))
        rows.append(
            BrandRow(
                anchor=f"brand-{i + 1}",
                name=name,
                mentions=phrasing.whole(s.mentions),
                negative=phrasing.percent(s.negative / s.mentions) if s.mentions else _NOTHING,
                missing=total(lost, phrasing) if (lost := s.missing.stretches()) else "",
                level=int(s.peak_level),
                crises=tuple(n for n, _ in own),
                chart=draw(s, own, name, phrasing) if i < _MAX_CHARTS else None,
            )
        )
    return rows


def period(series: Iterable[BrandSeries], phrasing: Phrasing) -> str:
    """Say what was read, from when to when; empty when no window was."""
    known = [(s.first_ms, s.last_ms, s.mentions) for s in series if s.first_ms is not None and s.last_ms is not None]
    if not known:
        return ""
    return phrasing.say(
        "period",
        mentions=phrasing.plural("mentions", sum(k[2] for k in known)),
        brands=phrasing.plural("brands", len(known)),
        first=phrasing.at(min(k[0] for k in known), year=True),
        last=phrasing.at(max(k[1] for k in known), year=True),
    )
