"""How an explanation looks: on a terminal, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from agents.cli.paragraphs import paragraph, show
from pipeline.explain import Comparison, Language, Log, Told, title
from schemas.codec import decode, encode
from schemas.crisis import CrisisEvent

__all__ = ["as_json", "print_explanation"]

_INDENT = "  "


def print_explanation(
    events: Sequence[CrisisEvent],
    told: Sequence[Told],
    brand: str,
    log: Log,
    comparison: Comparison | None,
    language: Language,
) -> None:
    """Print a crisis step by step, and whether it is what was published."""
    heading, *more = title(tuple(events), brand, language)
    show(heading, "bold")
    for text in more:
        paragraph(text)
    for step in told:
        show("")
        paragraph(step.heading, style="bold")
        _step(step, language)
    show("")
    for text in verdict(log, comparison, language):
        paragraph(text)


def _step(step: Told, language: Language) -> None:
    seen = language.say("row_seen")
    rows = [(seen, step.seen), *((part.adds, part.text) for part in step.parts), *step.rows]
    wide = max(len(name) for name, _ in rows) + 1
    for name, text in rows:
        # The numbers stand under each other, flush with the end of the names.
        label = f"{name:>{wide - 1}} " if name[:1] in "+\N{MINUS SIGN}" else f"{name:<{wide}}"
        paragraph(text, first=_INDENT + label, rest=_INDENT + " " * wide)


def verdict(log: Log, comparison: Comparison | None, language: Language) -> Iterator[str]:
    """Say what was read, and how what came out compares with what was published."""
    read = language.say("read", tweets=language.number(log.tweets), records=language.number(log.records))
    if comparison is None:
        yield language.say("not_compared", read=read)
        return
    if comparison.step is None:
        same = "identical_but" if comparison.withdrawn else "identical"
        yield language.say(same, read=read, events=language.number(comparison.events))
        if comparison.withdrawn:
            yield language.say_of("withdrawn", comparison.withdrawn)
        return
    yield language.say(
        "missing" if comparison.missing else "different", read=read, step=language.number(comparison.step + 1)
    )
    for path, published, recomputed in comparison.differences:
        shown = {"published": encode(published).decode(), "recomputed": encode(recomputed).decode()}
        yield _INDENT + language.say("difference", path=path, **shown)
    yield language.say("why")
    for key, values in comparison.reasons:
        yield _INDENT + language.reason(key, values)


def as_json(
    events: Sequence[CrisisEvent],
    told: Sequence[Told],
    log: Log,
    comparison: Comparison | None,
    language: Language,
) -> dict[str, Any]:
    """Return the same for programs."""
    return {
        "crisis_id": events[0].crisis_id,
        "brand": events[0].brand,
        "identical": None if comparison is None else comparison.identical,
        "agrees": all(step.agrees for step in told),
        "log": {
            "tweets": log.tweets,
            "records": log.records,
            "notices": log.notices,
            "begins": log.begins,
            "removed": [{"partition": p, "records": n} for p, n in sorted(log.removed.items())],
        },
        "comparison": None
        if comparison is None
        else {
            "events": comparison.events,
            "step": comparison.step,
            "missing": comparison.missing,
            "withdrawn": comparison.withdrawn,
            "differences": [difference._asdict() for difference in comparison.differences],
            "reasons": [reason._asdict() for reason in comparison.reasons],
        },
        "verdict": list(verdict(log, comparison, language)),
        "steps": [_step_json(event, step) for event, step in zip(events, told, strict=True)],
    }


def _step_json(event: CrisisEvent, step: Told) -> dict[str, Any]:
    return {
        "event": decode(encode(event)),
        "heading": step.heading,
        "seen": step.seen,
        "parts": [part._asdict() for part in step.parts],
        "rows": [row._asdict() for row in step.rows],
        "checks": [{**check._asdict(), "agrees": check.agrees} for check in step.checks],
    }
