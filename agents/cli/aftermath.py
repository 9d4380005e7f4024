"""What the brands did in the crises of a run, in a few lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from agents.cli.lines import printable
from schemas.crisis import CrisisEvent
from schemas.situation import CommunicationOverdue, CrisisRecord, Duty, DutyStatus, Situation, Voice
from schemas.times import from_rfc3339

__all__ = ["aftermath"]

_CLAUSE_END = re.compile(r"[:;.](?:\s|$)")


def aftermath(records: Iterable[CrisisRecord], names: Mapping[str, str]) -> Iterator[str]:
    """Yield lines about each crisis of alert or above, in order of opening: what the brand said, and what was late.

    Parameters
    ----------
    records : iterable of CrisisRecord
        Of the whole run, in order; the newest situation of a crisis counts, as its last version says it.
    names : mapping of str to str
        How brands are called, by key.
    """
    newest: dict[str, Situation] = {}
    silences: dict[str, set[str]] = {}
    for record in records:
        match record:
            case Situation():
                known = newest.get(record.crisis_id)
                if known is None or known.sequence <= record.sequence:
                    newest[record.crisis_id] = record
            case CommunicationOverdue():
                silences.setdefault(record.crisis_id, set()).add(record.id)
            case CrisisEvent():
                pass
    for situation in sorted(newest.values(), key=lambda s: (s.opened_at, s.brand)):
        name = names.get(situation.brand, situation.brand)
        overdue = len(silences.get(situation.crisis_id, ()))
        for line in _of(situation, name, overdue):
            yield printable(line)


def _of(situation: Situation, name: str, overdue: int) -> Iterator[str]:
    voice, questions = situation.voice, situation.questions
    off = f", {voice.off_tone} of them off tone" if voice.off_tone else ""
    yield f"{name}: {_many(voice.updates, 'update')} and {_many(voice.answers, 'answer')}{off}{_reasons(voice)}"
    if questions.asked:
        median = "" if questions.median_minutes is None else f", half of them within {questions.median_minutes:.0f} min"
        yield f"  questions: {questions.answered} of {questions.asked} answered{median}; {questions.waiting} still wait"
    if overdue:
        yield f"  an update was overdue {_many(overdue, 'time')}"
    for status, what in ((DutyStatus.DONE, "done"), (DutyStatus.LATE, "LATE")):
        for duty in situation.duties:
            if duty.status is status:
                yield f"  {what}{' late' if _came_late(duty) else ''}: {_duty(duty, situation)}"


def _reasons(voice: Voice) -> str:
    issues = sorted({issue.value for post in voice.posts for issue in post.tone})
    return f" ({', '.join(issues)})" if issues else ""


def _duty(duty: Duty, situation: Situation) -> str:
    """Say what it was about, without the details, and when it was done."""
    whole = duty.what.get("en") or next(iter(duty.what.values()), duty.id)
    what = _CLAUSE_END.split(whole, maxsplit=1)[0]
    if duty.status is not DutyStatus.DONE or duty.done_at is None or duty.due_at is None:
        return what  # what goes on all the time is done at no moment
    after = (from_rfc3339(duty.done_at) - from_rfc3339(situation.alerted_at)) // 60_000
    when = f"{after} min after the alert" if after >= 0 else "before the alert"
    return f"{what} ({when})"


def _came_late(duty: Duty) -> bool:
    """Say whether it was done, but not in time."""
    if duty.status is not DutyStatus.DONE or duty.done_at is None or duty.due_at is None:
        return False
    return from_rfc3339(duty.done_at) > from_rfc3339(duty.due_at)


def _many(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
