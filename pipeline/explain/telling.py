"""A step of a crisis in plain words, with its arithmetic."""

from __future__ import annotations

from typing import NamedTuple

from pipeline.explain.checking import Check, recheck
from pipeline.explain.deciding import level_sentences
from pipeline.explain.parts import Part, beside, parts, total
from pipeline.explain.speech import Language
from schemas.crisis import CrisisEvent, Evidence

__all__ = ["Row", "Told", "tell", "title"]

_SHOWN = 0.005
"""Smaller surprises are checked as well, but would be written as 0.00."""


class Row(NamedTuple):
    """Something to say, under a name."""

    name: str
    text: str


class Told(NamedTuple):
    """A step in words, each text complete in itself, in the order in which it is read."""

    heading: str
    seen: str
    parts: tuple[Part, ...]
    """What makes up the score, by what it adds."""
    rows: tuple[Row, ...]
    """How the parts add up, what the level follows from, what is talked about, what the check says."""
    checks: tuple[Check, ...]
    """Every number that was checked by hand."""

    @property
    def agrees(self) -> bool:
        """Whether all that was checked agrees."""
        return all(check.agrees for check in self.checks)


def title(events: tuple[CrisisEvent, ...], brand: str, language: Language) -> tuple[str, str, str]:
    """Return three lines about a whole crisis: which, what became of it, and the one word that is not plain."""
    last = events[-1]
    summary = language.say(
        "summary",
        brand=brand,
        opened=language.moment(last.opened_at),
        peak=language.level(last.peak_level),
        steps=language.number(len(events)),
    )
    return language.say("title", id=last.crisis_id), summary, language.say("glossary")


def tell(event: CrisisEvent, language: Language) -> Told:
    """Put a step into words."""
    evidence, checks = event.evidence, recheck(event)
    rows = [
        Row("row_score", total(evidence, language)),
        Row("row_level", " ".join(level_sentences(event, language))),
        Row("row_no_part", beside(evidence, language)),
        Row("row_about", _about(evidence, language)),
        Row("row_tweets", language.listed(exemplar.tweet_id for exemplar in evidence.exemplars)),
        Row("row_check", _checked(checks, language)),
    ]
    return Told(
        heading=_heading(event, language),
        seen=_seen(evidence, language),
        parts=parts(evidence, language),
        rows=tuple(Row(language.say(name), text) for name, text in rows if text),
        checks=checks,
    )


def _heading(event: CrisisEvent, language: Language) -> str:
    same = event.level == event.previous_level
    return language.say(
        "step_same" if same else "step",
        number=language.number(event.sequence + 1),
        moment=language.moment(event.time),
        type=language.say(event.type.value),
        previous=language.level(event.previous_level),
        level=language.level(event.level),
    )


def _seen(evidence: Evidence, language: Language) -> str:
    counts, window = evidence.observed, language.window(evidence.window)
    expected = language.amount(evidence.expected_volume)
    if not counts.volume:
        said = [language.say("seen_nothing", window=window, expected=expected)]
    else:
        said = [
            language.say_of(
                "seen",
                counts.volume,
                volume=language.number(counts.volume),
                window=window,
                authors=language.say_of("people", counts.authors),
                expected=expected,
                low=language.number(evidence.interval[0]),
                high=language.number(evidence.interval[1]),
            ),
            language.say_of(
                "negative",
                counts.negative,
                negative=language.number(counts.negative),
                share=language.share(evidence.negative_share),
                usual=language.share(evidence.negative_share_expected),
            ),
        ]
    if evidence.planned is not None:
        times = language.amount(evidence.planned.expect)
        said.append(language.say("planned", name=evidence.planned.name, times=times))
    if evidence.unobserved_minutes:
        said.append(language.say("unobserved", minutes=language.number(evidence.unobserved_minutes)))
    return " ".join(said)


def _about(evidence: Evidence, language: Language) -> str:
    concerns = [
        language.say(
            "concern",
            phrase=language.say("quoted", text=concern.phrase),
            share=language.share(concern.share),
            usual=language.share(concern.usual_share),
        )
        for concern in evidence.concerns
    ]
    said = [f"{language.listed(concerns)}."] if concerns else []
    if evidence.hashtags:
        said.append(language.say("hashtags", hashtags=language.listed(f"#{tag}" for tag in evidence.hashtags)))
    questions, own = language.number(evidence.questions), language.number(evidence.own_posts_24h)
    said.append(language.say("questions", questions=questions, own=own))
    return " ".join(said)


def _checked(checks: tuple[Check, ...], language: Language) -> str:
    if not checks:
        return language.say("check_none")
    wrong = [
        language.say(
            "check_wrong",
            name=_name(check, language),
            published=f"{check.published:.6g}",
            recomputed=f"{check.recomputed:.6g}",
        )
        for check in checks
        if not check.agrees
    ]
    if wrong:
        return " ".join(wrong)
    shown = [
        f"{_name(check, language).lower()} "
        + (language.level(int(check.recomputed)) if check.name == "level" else language.bans(check.recomputed))
        for check in checks
        if check.name in ("score", "level") or check.published >= _SHOWN
    ]
    return language.say("check_ok", checks=language.listed(shown))


def _name(check: Check, language: Language) -> str:
    key = f"name_{check.name}"
    return language.say(key if key in language.words else f"check_{check.name}")
