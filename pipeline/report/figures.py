"""The numbers of a situation beside what is usual, and what changed since the one before."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.report.phrasing import Phrasing
from schemas.situation import Figure, Situation
from schemas.times import from_rfc3339

__all__ = ["FigureRow", "changes", "figure_rows", "languages", "totals"]

_MAX_FIGURES = 12
_MAX_LANGUAGES = 6
_SHARES = {"negative_share", "question_share"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureRow:
    """A line of the table of numbers."""

    name: str
    now: str
    usual: str
    before: str


def figure_rows(situation: Situation, phrasing: Phrasing) -> tuple[FigureRow, ...]:
    """Return the numbers, each beside what is usual and what it was before."""
    return tuple(
        FigureRow(
            name=phrasing.say(
                "figure_over", name=phrasing.named("figure", figure.name), window=phrasing.named("over", figure.window)
            ),
            now=_written(figure.name, figure.now, phrasing),
            usual=_usual(figure, phrasing),
            before=_written(figure.name, figure.before, phrasing),
        )
        for figure in situation.figures[:_MAX_FIGURES]
    )


def _written(name: str, value: float | None, phrasing: Phrasing) -> str:
    if value is None:
        return phrasing.words["unknown"]
    return phrasing.percent(value) if name in _SHARES else phrasing.figure(value)


def _usual(figure: Figure, phrasing: Phrasing) -> str:
    usual = _written(figure.name, figure.usual, phrasing)
    if figure.usual is None or figure.low is None or figure.high is None:
        return usual
    low, high = (_written(figure.name, end, phrasing) for end in (figure.low, figure.high))
    return phrasing.say("interval", usual=usual, low=low, high=high)


def totals(situation: Situation, phrasing: Phrasing) -> str:
    """Say what there was since the crisis was opened."""
    return phrasing.say(
        "totals",
        mentions=phrasing.plural("mentions", situation.mentions),
        negative=phrasing.whole(situation.negative),
        reach=phrasing.whole(situation.reach),
    )


def languages(situation: Situation, phrasing: Phrasing) -> str:
    """Name the languages of the last hour with their shares; empty when there were no mentions."""
    whole = sum(situation.languages.values())
    if whole <= 0:
        return ""
    spoken = sorted(situation.languages.items(), key=lambda each: (-each[1], each[0]))
    named = [
        f"{phrasing.named('language', code)} {phrasing.percent(number / whole)}"
        for code, number in spoken[:_MAX_LANGUAGES]
    ]
    return phrasing.say("languages", languages=phrasing.listed(named))


def changes(situation: Situation, phrasing: Phrasing) -> str:
    """Say what changed since the situation before; empty of the first."""
    if situation.previous_at is None:
        return ""
    told = []
    before = situation.previous_level
    if before is not None:
        way = "up" if situation.level > before else "down" if situation.level < before else "same"
        said = {"before": phrasing.level(before), "level": phrasing.level(situation.level)}
        told.append(phrasing.say(f"changed_level_{way}", **said))
    told += [
        phrasing.say("changed_mentions", before=phrasing.figure(figure.before), now=phrasing.figure(figure.now))
        for figure in situation.figures
        if figure.name == "mentions" and figure.before is not None
    ][:1]
    if situation.concerns_new:
        told.append(phrasing.say("changed_new", labels=phrasing.quoted(situation.concerns_new[:5])))
    if situation.concerns_gone:
        told.append(phrasing.say("changed_gone", labels=phrasing.quoted(situation.concerns_gone[:5])))
    at = phrasing.at(from_rfc3339(situation.previous_at))
    return phrasing.say("changed", moment=at, changes=phrasing.words["semicolon"].join(told)) if told else ""
