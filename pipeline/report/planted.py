"""What a simulation planted, in words beside what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.report.episodes import Episode
from pipeline.report.outcome import Outcome, Outcomes
from pipeline.report.phrasing import Phrasing, plain

__all__ = ["OutcomeRow", "outcome_rows", "verdict"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeRow:
    """One planted event and what became of it."""

    brand: str
    about: str
    kind: str
    start: str
    end: str
    level: int
    found: str
    good: bool


def outcome_rows(outcomes: Outcomes, names: Mapping[str, str], phrasing: Phrasing) -> list[OutcomeRow]:
    """Return a row for each planted event."""
    return [_row(outcome, names, phrasing) for outcome in outcomes.outcomes]


def _row(outcome: Outcome, names: Mapping[str, str], phrasing: Phrasing) -> OutcomeRow:
    planted = outcome.planted
    kind = "planted_crisis" if planted["kind"] == "crisis" else "planted_harmless"
    return OutcomeRow(
        brand=plain(names.get(planted["brand"], planted["brand"])),
        about=phrasing.listed(plain(about) for about in planted["about"][:3]),
        kind=phrasing.say(kind, shape=phrasing.named("shape", planted["shape"])),
        start=phrasing.at(planted["start_ms"]),
        end=phrasing.at(planted["end_ms"]),
        level=outcome.level,
        found=_found(outcome, phrasing),
        good=outcome.as_expected,
    )


def _found(outcome: Outcome, phrasing: Phrasing) -> str:
    if outcome.planted["kind"] != "crisis":
        return phrasing.words["left_alone" if outcome.as_expected else "raised_wrongly"]
    delay_ms = outcome.delay_ms
    if delay_ms is None:
        return phrasing.words["found_not"]
    return phrasing.say("found_after", length=phrasing.duration(delay_ms))


def verdict(outcomes: Outcomes, numbered: Sequence[tuple[int, Episode]], phrasing: Phrasing) -> str:
    """Sum up what was found, what was left alone, and what was raised by mistake."""
    planted = [o for o in outcomes.outcomes if o.planted["kind"] == "crisis"]
    harmless = [o for o in outcomes.outcomes if o.planted["kind"] != "crisis"]
    false = outcomes.unplanted(numbered)
    found = phrasing.whole(sum(o.as_expected for o in planted))
    parts = [phrasing.say_of("verdict_found", len(planted), found=found)]
    if harmless:
        alone = phrasing.whole(sum(o.as_expected for o in harmless))
        parts.append(phrasing.say_of("verdict_alone", len(harmless), alone=alone))
    if false:
        which = phrasing.listed(str(number) for number, _ in false[:20])
        parts.append(phrasing.say_of("verdict_false", len(false), which=which))
    else:
        parts.append(phrasing.words["verdict_no_false"])
    return phrasing.words["semicolon"].join(parts) + "."
