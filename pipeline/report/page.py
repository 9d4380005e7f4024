"""The whole page: reads windows once, puts the parts together, and fills the template."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from pipeline.report.chart import LEVEL_HEIGHT, SHARE_HEIGHT, VOLUME_HEIGHT, Chart, draw
from pipeline.report.episodes import Episode, episodes
from pipeline.report.narrative import card
from pipeline.report.outcome import Outcome, Outcomes
from pipeline.report.phrasing import LEVEL_WORDS, count, duration, moment, percent, plural
from pipeline.report.series import FEW_MENTIONS, BrandSeries
from pipeline.simulate import Truth
from schemas.crisis import CrisisEvent
from schemas.window import WindowClosed

__all__ = ["build_report"]

_MAX_CHARTS = 40
"""Brands with a chart at most; the table names all."""
_MAX_CARDS = 200
_MAX_WATCHED = 200
_NO_NAMES: Mapping[str, str] = MappingProxyType({})

Numbered = tuple[int, Episode]


@dataclass(frozen=True, slots=True, kw_only=True)
class _BrandRow:
    """A brand in the overview, and its chart."""

    anchor: str
    key: str
    name: str
    mentions: str
    negative: str
    level: int
    crises: tuple[int, ...]
    chart: Chart | None


def build_report(
    windows: Iterable[WindowClosed],
    crises: Iterable[CrisisEvent],
    *,
    title: str,
    generated_from: str,
    truth: Truth | None = None,
    names: Mapping[str, str] = _NO_NAMES,
) -> str:
    """Return one HTML page that loads nothing: the report for a communications team.

    Parameters
    ----------
    windows : iterable of WindowClosed
        Read once and not kept; any order. Memory grows with the brands, not with the windows.
    crises : iterable of CrisisEvent
        Any order; events that are there twice count once.
    title : str
        Heading of the page.
    generated_from : str
        What was read, in the reader's words, such as a file's name.
    truth : Truth, optional
        What a simulation planted; adds the table of planted against found.
    names : mapping of str to str, optional
        How brands are called, by key; a brand that is not in it is called by its key.
    """
    outcomes = Outcomes(truth) if truth is not None else None
    series = _read(windows, outcomes)
    found = episodes(crises)
    numbered = [(i, e) for i, e in enumerate((e for e in found if e.is_crisis), start=1)]
    if outcomes is not None:
        for episode in found:
            outcomes.see_crisis(episode)
    context = {
        "title": title,
        "generated_from": generated_from,
        "css": Markup(_resource("report.css")),  # noqa: S704 - a file of this package
        "lead": _lead(numbered, names),
        "period": _period(series.values()),
        "brands": _brands(series, numbered, names),
        "cards": [card(i, e, names.get(e.brand, e.brand)) for i, e in numbered[:_MAX_CARDS]],
        "left_out": len(numbered[_MAX_CARDS:]),
        "watched": [_watched(e, names) for e in found if not e.is_crisis][:_MAX_WATCHED],
        "watched_count": len(found) - len(numbered),
        "outcomes": [_outcome_row(o, names) for o in outcomes.outcomes] if outcomes else [],
        "verdict": _verdict(outcomes, numbered) if outcomes else "",
        "level_words": LEVEL_WORDS,
        "few": FEW_MENTIONS,
        "heights": (VOLUME_HEIGHT, SHARE_HEIGHT, LEVEL_HEIGHT),
    }
    return _template().render(context)


@cache
def _template() -> Template:
    return Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True).from_string(
        _resource("report.html")
    )


def _resource(name: str) -> str:
    return (files("pipeline.report") / name).read_text(encoding="utf-8")


def _read(windows: Iterable[WindowClosed], outcomes: Outcomes | None) -> dict[str, BrandSeries]:
    series: dict[str, BrandSeries] = {}
    for window in windows:
        known = series.get(window.brand)
        if known is None:
            known = series[window.brand] = BrandSeries(window.brand)
        end_ms = known.add(window)
        if outcomes is not None:
            outcomes.see_window(window, end_ms)
    return dict(sorted(series.items()))


def _lead(numbered: Sequence[Numbered], names: Mapping[str, str]) -> str:
    """Say the most important thing first."""
    if not numbered:
        return "No crisis was found."
    worst = min((e for _, e in numbered), key=lambda e: (-e.peak_level, e.opened_ms))
    still_open = sum(e.resolved_ms is None for _, e in numbered)
    begun = (
        f"{plural(len(numbered), 'crisis was', 'crises were')} found. "
        if len(numbered) > 1
        else "One crisis was found. "
    )
    told = (
        f"{'The worst' if len(numbered) > 1 else 'It'} concerned {names.get(worst.brand, worst.brand)}, "
        f"began on {moment(worst.opened_ms)} UTC and reached level {int(worst.peak_level)}, "
        f"{LEVEL_WORDS[worst.peak_level]}. "
    )
    if still_open == 0:
        state = "It is over." if len(numbered) == 1 else "All are over."
    else:
        state = "It is still open." if len(numbered) == 1 else f"{count(still_open)} still open."
    return begun + told + state


def _period(series: Iterable[BrandSeries]) -> str:
    known = [(s.first_ms, s.last_ms, s.mentions) for s in series if s.first_ms is not None and s.last_ms]
    if not known:
        return "There is nothing to report on: no window was read."
    first, last = min(k[0] for k in known), max(k[1] for k in known)
    mentions = plural(sum(k[2] for k in known), "mention", "mentions")
    return (
        f"{mentions} of {plural(len(known), 'brand', 'brands')}, "
        f"{moment(first, year=True)} to {moment(last, year=True)} UTC"
    )


def _brands(
    series: Mapping[str, BrandSeries], numbered: Sequence[Numbered], names: Mapping[str, str]
) -> list[_BrandRow]:
    """Return the brands, worst first; those beyond the bound without a chart."""
    worst_first = sorted(series.values(), key=lambda s: (-s.peak_level, -s.mentions, s.brand))
    rows = []
    for i, s in enumerate(worst_first):
        own = [(n, e) for n, e in numbered if e.brand == s.brand]
        name = names.get(s.brand, s.brand)
        rows.append(
            _BrandRow(
                anchor=f"brand-{i + 1}",
                key=s.brand,
                name=name,
                mentions=count(s.mentions),
                negative=percent(s.negative / s.mentions) if s.mentions else "–",  # noqa: RUF001 - a dash
                level=int(s.peak_level),
                crises=tuple(n for n, _ in own),
                chart=draw(s, own, name) if i < _MAX_CHARTS else None,
            )
        )
    return rows


def _watched(episode: Episode, names: Mapping[str, str]) -> tuple[str, str, str, str, str]:
    """Return brand, opening, length, and volume beside what was expected."""
    end_ms = episode.resolved_ms
    length = duration((end_ms if end_ms is not None else episode.last_ms) - episode.opened_ms)
    evidence = episode.height.evidence
    return (
        names.get(episode.brand, episode.brand),
        moment(episode.opened_ms),
        length if end_ms is not None else f"{length}, still open",
        f"{count(evidence.observed.volume)} / {count(evidence.expected_volume)}",
        f"{percent(evidence.negative_share)} / {percent(evidence.negative_share_expected)}",
    )


def _outcome_row(outcome: Outcome, names: Mapping[str, str]) -> dict[str, object]:
    planted = outcome.planted
    crisis = planted["kind"] == "crisis"
    delay = outcome.delay_ms
    if crisis:
        found = f"found after {duration(delay)}" if delay is not None else "not found"
    else:
        found = "left alone" if outcome.as_expected else "raised by mistake"
    return {
        "brand": names.get(planted["brand"], planted["brand"]),
        "about": ", ".join(planted["about"][:3]),
        "kind": f"{planted['shape']} crisis" if crisis else f"harmless, {planted['shape']}",
        "start": moment(planted["start_ms"]),
        "end": moment(planted["end_ms"]),
        "level": outcome.level,
        "found": found,
        "good": outcome.as_expected,
    }


def _verdict(outcomes: Outcomes, numbered: Sequence[Numbered]) -> str:
    planted = [o for o in outcomes.outcomes if o.planted["kind"] == "crisis"]
    harmless = [o for o in outcomes.outcomes if o.planted["kind"] != "crisis"]
    false = outcomes.unplanted(numbered)
    parts = [f"{sum(o.as_expected for o in planted)} of {plural(len(planted), 'crisis', 'crises')} found"]
    if harmless:
        alone = sum(o.as_expected for o in harmless)
        parts.append(f"{alone} of {plural(len(harmless), 'harmless event', 'harmless events')} left alone")
    parts.append(
        "no false alarm"
        if not false
        else f"{plural(len(false), 'false alarm', 'false alarms')} (crisis {', '.join(str(n) for n, _ in false[:20])})"
    )
    return "; ".join(parts) + "."
