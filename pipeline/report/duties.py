"""What the playbook asks for: done, due or late, by whom and by when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.report.phrasing import Phrasing, plain
from schemas.situation import Duty, DutyStatus, Practice
from schemas.times import from_rfc3339

__all__ = ["DutyLine", "PracticeGroup", "duty_counts", "in_language", "practice_groups"]

_LONGEST = 240
"""Characters of what to do, and of who does it."""
_MAX_DUTIES = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyLine:
    """One thing to do."""

    status: str
    """Name of the status, for its look."""
    word: str
    what: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeGroup:
    """What serves one of the five practices."""

    name: str
    lines: tuple[DutyLine, ...]


def in_language(said: Mapping[str, str], lang: str) -> str:
    """Return what a playbook says in a language; English, or else its first language, stands in for a missing one."""
    text = said.get(lang) or said.get("en") or next(iter(said.values()), "")
    return plain(text, _LONGEST)


def practice_groups(duties: Sequence[Duty], phrasing: Phrasing, lang: str) -> tuple[PracticeGroup, ...]:
    """Return the duties by practice, in the order of the practices; within one, in the order given."""
    shown = duties[:_MAX_DUTIES]
    return tuple(
        PracticeGroup(
            name=phrasing.words[f"practice_{practice}"],
            lines=tuple(_line(duty, phrasing, lang) for duty in shown if duty.practice is practice),
        )
        for practice in Practice
        if any(duty.practice is practice for duty in shown)
    )


def duty_counts(duties: Sequence[Duty], phrasing: Phrasing) -> str:
    """Say how many stand how."""
    if not duties:
        return phrasing.words["duties_none"]
    amounts = {status.value: phrasing.whole(sum(d.status is status for d in duties)) for status in DutyStatus}
    return phrasing.say("duties_told", **amounts)


def _line(duty: Duty, phrasing: Phrasing, lang: str) -> DutyLine:
    who = in_language(duty.who, lang) or phrasing.words["unknown"]
    if duty.status is DutyStatus.DONE and duty.done_at is not None:
        late_ms = 0 if duty.due_at is None else from_rfc3339(duty.done_at) - from_rfc3339(duty.due_at)
        key = "duty_done_late" if late_ms > 0 else "duty_done_at"
        detail = phrasing.say(key, who=who, moment=phrasing.time(duty.done_at), late=phrasing.duration(late_ms))
    elif duty.due_at is not None:
        detail = phrasing.say("duty_by", who=who, moment=phrasing.time(duty.due_at))
    else:
        detail = who
    return DutyLine(
        status=duty.status.value,
        word=phrasing.words[f"duty_{duty.status}"],
        what=in_language(duty.what, lang),
        detail=detail,
    )
