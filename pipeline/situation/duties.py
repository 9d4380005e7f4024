"""What the playbook asks for, and whether the brand's posts show that it was done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from pipeline.playbook import Action, Check, Playbook
from pipeline.situation.course import Course
from pipeline.situation.moments import later
from pipeline.situation.overdue import update_due
from pipeline.situation.pool import Pool
from pipeline.situation.questions import last_answer_ms, oldest_waiting_ms
from pipeline.situation.voice import OwnVoice
from schemas.situation import Duty, DutyStatus
from schemas.times import to_rfc3339
from schemas.window import Level

__all__ = ["judged"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What duties are judged by."""

    playbook: Playbook
    course: Course
    voice: OwnVoice
    pool: Pool
    now_ms: int


class _Finding(NamedTuple):
    """How a duty stands. Times are epoch milliseconds, none for none."""

    done: bool
    due_ms: int | None
    done_ms: int | None = None
    late: bool = False
    """Whether it is too late whatever the time."""


def judged(playbook: Playbook, course: Course, voice: OwnVoice, pool: Pool, *, level: Level, now_ms: int) -> list[Duty]:
    """Return what is asked for at a level: what is late first, then by time, then in the order of the playbook."""
    known = _Known(playbook=playbook, course=course, voice=voice, pool=pool, now_ms=now_ms)
    found = [(action, _CHECKS[action.check](action, known)) for action in playbook.actions if action.level <= level]
    duties = [(_status(action, finding, now_ms), finding, action) for action, finding in found]
    duties.sort(key=lambda duty: (duty[0] is not DutyStatus.LATE, duty[1].due_ms is None, duty[1].due_ms or 0))
    return [_duty(action, finding, status) for status, finding, action in duties]


def _status(action: Action, finding: _Finding, now_ms: int) -> DutyStatus:
    if action.check is Check.BY_HAND:
        return DutyStatus.BY_HAND
    if finding.done:
        return DutyStatus.DONE
    is_over = finding.due_ms is not None and now_ms >= finding.due_ms
    return DutyStatus.LATE if finding.late or is_over else DutyStatus.DUE


def _duty(action: Action, finding: _Finding, status: DutyStatus) -> Duty:
    return Duty(
        id=action.id,
        practice=action.practice,
        what=dict(action.what),
        who=dict(action.who),
        status=status,
        due_at=None if finding.due_ms is None else to_rfc3339(finding.due_ms),
        done_at=None if finding.done_ms is None else to_rfc3339(finding.done_ms),
    )


def _by_level(action: Action, known: _Known) -> int | None:
    """Return when an action is due: so long after the level was first reached."""
    reached_ms = known.course.reached_ms[action.level]
    return later(reached_ms, action.within_minutes) if reached_ms and action.within_minutes else None


def _by_hand(action: Action, known: _Known) -> _Finding:
    return _Finding(done=False, due_ms=_by_level(action, known))


def _acknowledged(action: Action, known: _Known) -> _Finding:
    done_ms = known.course.acknowledged_ms[action.level]
    return _Finding(bool(done_ms), _by_level(action, known), done_ms or None)


def _updated(_action: Action, known: _Known) -> _Finding:
    """Judge the rhythm: done while the last update is younger than the interval; without a rhythm it is by then.

    At the end it is late when the last that was said of it is that an update is overdue.
    """
    last_ms = known.voice.last_update_ms if known.voice.updates else 0
    due = update_due(known.playbook, known.course, known.voice.last_update_ms)
    if due is None:
        if known.course.level is Level.CALM and known.course.overdue_ms > last_ms:
            return _Finding(done=False, due_ms=_missed_ms(known))
        return _Finding(bool(last_ms), None, last_ms or None)
    return _Finding(bool(last_ms) and known.now_ms < due.at_ms, due.at_ms, last_ms or None)


def _missed_ms(known: _Known) -> int:
    """Return when the update was due that never came, now that the crisis is over."""
    course, rhythm = known.course, known.playbook.rhythms.get(Level.ALERT)
    if rhythm is None or not rhythm.update_every_minutes:
        return course.overdue_ms
    since_ms = max(course.tense_ms, known.voice.last_update_ms)
    return min(later(since_ms, rhythm.update_every_minutes), course.overdue_ms)


def _answered(action: Action, known: _Known) -> _Finding:
    oldest_ms = oldest_waiting_ms(known.pool)
    if oldest_ms is None:
        return _Finding(done=True, due_ms=None, done_ms=last_answer_ms(known.pool))
    # Whoever asked before the crisis is waited for from when the crisis asks for it.
    since_ms = max(oldest_ms, known.course.reached_ms[action.level])
    return _Finding(done=False, due_ms=later(since_ms, action.within_minutes) if action.within_minutes else None)


def _in_tone(_action: Action, known: _Known) -> _Finding:
    """Judge the tone: what was posted cannot be posted again, so off tone is late at once."""
    if known.voice.off_tone:
        return _Finding(done=False, due_ms=None, late=True)
    return _Finding(bool(known.voice.updates or known.voice.answers), None)


def _verified(action: Action, known: _Known) -> _Finding:
    done_ms = known.course.verified_ms
    return _Finding(bool(done_ms), _by_level(action, known), done_ms or None)


_CHECKS: Mapping[Check, Callable[[Action, _Known], _Finding]] = MappingProxyType(
    {
        Check.ACKNOWLEDGED: _acknowledged,
        Check.UPDATED: _updated,
        Check.ANSWERED: _answered,
        Check.TONE: _in_tone,
        Check.VERIFIED: _verified,
        Check.BY_HAND: _by_hand,
    }
)
