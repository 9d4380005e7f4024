"""The whole page: reads records and windows once, puts the parts together, and fills the template."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template
from markupsafe import Markup

from pipeline.report.brands import brand_rows, period
from pipeline.report.chart import LEVEL_HEIGHT, SHARE_HEIGHT, VOLUME_HEIGHT
from pipeline.report.episodes import Episode, episodes
from pipeline.report.lead import lead, watched_rows
from pipeline.report.missing import Stretch, said, span, total, united, within
from pipeline.report.narrative import Reader, card
from pipeline.report.onset import Onsets
from pipeline.report.outcome import Outcomes
from pipeline.report.phrasing import PHRASINGS, Phrasing, plain
from pipeline.report.planted import outcome_rows, verdict
from pipeline.report.series import FEW_MENTIONS, BrandSeries
from pipeline.report.talk import TALK_HEIGHT
from pipeline.report.todo import todo_lists
from pipeline.simulate import Truth
from schemas.situation import CrisisRecord
from schemas.times import from_rfc3339
from schemas.window import WindowClosed

__all__ = ["build_report"]

_MAX_CARDS = 200
_MAX_WATCHED = 200
_MAX_STRETCHES = 20
_BEFORE_MS, _AFTER_MS = 24 * 3_600_000, 3 * 3_600_000
"""What of the windows is drawn around a crisis that was asked for by its ID."""
_LONGEST = 200
"""Characters of a title, and of what it was made from."""
_NO_NAMES: Mapping[str, str] = MappingProxyType({})

Numbered = tuple[int, Episode]


def build_report(  # noqa: PLR0913 - what a page is made of, each by name
    windows: Iterable[WindowClosed],
    records: Iterable[CrisisRecord],
    *,
    title: str,
    generated_from: str,
    lang: str = "en",
    truth: Truth | None = None,
    names: Mapping[str, str] = _NO_NAMES,
    texts: Mapping[str, str] | None = None,
    crisis_id: str | None = None,
    late: Sequence[tuple[int, int]] = (),
) -> str:
    """Return one HTML page that loads nothing: the report for a communications team.

    Parameters
    ----------
    windows : iterable of WindowClosed
        Read once and not kept; any order. Memory grows with the brands, not with the windows.
    records : iterable of CrisisRecord
        Whatever is on ``vigie.crises``, in any order but for the versions of an event, of which the last counts. Of
        the situations of a crisis about a hundred are kept.
    title : str
        Heading of the page.
    generated_from : str
        What was read, in the reader's words, such as a file's name.
    lang : str
        Language of the page: ``en`` or ``fr``.
    truth : Truth, optional
        What a simulation planted; adds the table of planted against found.
    names : mapping of str to str, optional
        How brands are called, by key; a brand that is not in it is called by its key.
    texts : mapping of str to str, optional
        Texts of posts by ID, shown beside their links; without it there are only links.
    crisis_id : str, optional
        Show this crisis only, with everything unfolded, and the day before it.
    late : sequence of (int, int)
        Times, epoch milliseconds, of which it was known too late that input is missing: they count as observed.

    Raises
    ------
    ValueError
        There is no such language.
    """
    if lang not in PHRASINGS:
        raise ValueError(f"no report in {lang!r}; there are: {', '.join(sorted(PHRASINGS))}")
    reader = Reader(lang=lang, phrasing=PHRASINGS[lang], texts=texts)
    found = [e for e in episodes(records) if crisis_id in {None, e.crisis_id}]
    numbered = list(enumerate((e for e in found if e.is_crisis or crisis_id is not None), start=1))
    onsets, outcomes = Onsets([e for _, e in numbered]), Outcomes(truth) if truth is not None else None
    chosen = found if crisis_id is not None else None
    series = _read(windows, chosen, onsets, outcomes)
    if outcomes is not None:
        for episode in found:
            outcomes.see_crisis(episode)
    context = _words(reader, title, generated_from)
    context |= _crises(numbered, names, reader, onsets, series, asked=chosen is not None)
    context |= _missing(series.values(), late, reader.phrasing)
    watched = [e for e in found if not e.is_crisis] if chosen is None else []
    context |= {
        "period": period(series.values(), reader.phrasing),
        "brands": brand_rows(series, numbered, names, reader.phrasing),
        "watched": watched_rows(watched[:_MAX_WATCHED], names, reader.phrasing),
        "watched_count": len(watched),
        "outcomes": outcome_rows(outcomes, names, reader.phrasing) if outcomes else [],
        "verdict": verdict(outcomes, numbered, reader.phrasing) if outcomes else "",
    }
    return _template("report.html").render(context)


def _words(reader: Reader, title: str, generated_from: str) -> dict[str, object]:
    phrasing = reader.phrasing
    return {
        "lang": reader.lang,
        "t": phrasing.words,
        "say": phrasing.say,
        "many": phrasing.plural,
        "percent": phrasing.percent,
        "level_words": phrasing.level_words,
        "title": plain(title, _LONGEST),
        "made_from": phrasing.say("made_from", what=plain(generated_from, _LONGEST)),
        "css": Markup(_resource("report.css")),  # noqa: S704 - a file of this package
        "few": FEW_MENTIONS,
        "heights": (VOLUME_HEIGHT, SHARE_HEIGHT, LEVEL_HEIGHT),
        "talk_height": TALK_HEIGHT,
    }


def _crises(
    numbered: Sequence[Numbered],
    names: Mapping[str, str],
    reader: Reader,
    onsets: Onsets,
    series: Mapping[str, BrandSeries],
    *,
    asked: bool,
) -> dict[str, object]:
    named = [(i, e, names.get(e.brand, e.brand)) for i, e in numbered]
    cards = [card(i, e, brand, reader, onsets.of(e), _unseen(e, series, onsets)) for i, e, brand in named[:_MAX_CARDS]]
    return {
        "asked": asked,
        "lead": lead(numbered, names, reader.phrasing, asked=asked),
        "todo": todo_lists(named, reader.phrasing, reader.lang),
        "cards": cards,
        "left_out": len(numbered[_MAX_CARDS:]),
    }


def _unseen(episode: Episode, series: Mapping[str, BrandSeries], onsets: Onsets) -> list[Stretch]:
    """Return where input was missing while a crisis may have been going on."""
    known = series.get(episode.brand)
    if known is None:
        return []
    ordinary_ms = onsets.of(episode)
    first_ms = episode.opened_ms if ordinary_ms is None else min(ordinary_ms, episode.opened_ms)
    last_ms = episode.resolved_ms or max(episode.last_ms, known.last_ms or 0)
    return within(known.missing.stretches(), first_ms, last_ms)


def _missing(series: Collection[BrandSeries], late: Sequence[tuple[int, int]], phrasing: Phrasing) -> dict[str, object]:
    """Say where input is missing: of any brand, at the end, and where it was known too late."""
    found = united(each for known in series for each in known.missing.stretches())
    last_ms = max((known.last_ms or 0 for known in series), default=0)
    told = united(Stretch(*each) for each in late)
    longest = sorted(found, key=lambda each: (-each.length_ms, each.start_ms))[:_MAX_STRETCHES]
    return {
        "missing": total(found, phrasing) if found else "",
        "missing_rows": [(span(each, phrasing), phrasing.duration(each.length_ms)) for each in sorted(longest)],
        "missing_more": len(found) - len(longest),
        "missing_at_end": phrasing.at(found[-1].start_ms) if found and found[-1].end_ms >= last_ms else "",
        "missing_late": said(told, phrasing) if told else "",
    }


def _read(
    windows: Iterable[WindowClosed], chosen: Sequence[Episode] | None, onsets: Onsets, outcomes: Outcomes | None
) -> dict[str, BrandSeries]:
    series: dict[str, BrandSeries] = {}
    for window in windows:
        if chosen is not None and not _near(window, chosen):
            continue
        known = series.get(window.brand)
        if known is None:
            known = series[window.brand] = BrandSeries(window.brand)
        end_ms = known.add(window)
        onsets.see(window, end_ms)
        if outcomes is not None:
            outcomes.see_window(window, end_ms)
    return dict(sorted(series.items()))


def _near(window: WindowClosed, chosen: Sequence[Episode]) -> bool:
    """Say whether a window is of a crisis that was asked for, or of the time around it."""
    return any(
        window.brand == episode.brand
        and episode.opened_ms - _BEFORE_MS <= from_rfc3339(window.window_end) <= episode.last_ms + _AFTER_MS
        for episode in chosen
    )


@cache
def _template(name: str) -> Template:
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=FunctionLoader(_resource),
    )
    return environment.get_template(name)


def _resource(name: str) -> str:
    return (files("pipeline.report") / name).read_text(encoding="utf-8")
