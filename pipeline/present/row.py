"""A brand in one row of the table of all brands."""

from __future__ import annotations

from typing import NamedTuple

from pipeline.present.freshness import Freshness
from pipeline.present.handling import overdue_since
from pipeline.present.model import BrandPresent, CrisisNow
from pipeline.present.speech import Speech
from schemas.situation import DutyStatus
from schemas.times import from_rfc3339, to_rfc3339
from schemas.window import Level

__all__ = ["Row", "row"]

_PARTS = 12
"""Bars of the last hour: five minutes each."""
_BARS = "▁▂▃▄▅▆▇█"
_NOTHING = "\N{EN DASH}"


class Row(NamedTuple):
    """What the table says of one brand. Words of strangers are in it as they are."""

    rank: tuple[int, bool, float, str]
    """Sorts the worst first."""
    level: Level
    brand: str
    level_word: str
    trend: str
    mentions: str
    negative: str
    concern: str
    waiting: str
    update: str
    overdue: bool
    age: str
    stale: bool


def row(present: BrandPresent, name: str, speech: Speech, fresh: Freshness) -> Row:
    """Return the row of one brand."""
    window, crisis, language = present.window, present.current, speech.language
    hour = window.windows["1h"] if window is not None else None
    score = window.detection.score if window is not None else 0.0
    mentions = negative = _NOTHING
    if window is not None and hour is not None:
        seen = window.detection
        mentions = speech.say("beside", now=language.number(hour.volume), usual=language.amount(seen.expected_1h))
        if hour.volume:
            share, usual = language.share(hour.negative / hour.volume), language.share(seen.negative_share_expected)
            negative = speech.say("beside", now=share, usual=usual)
    update, overdue = _update(crisis, present.as_of_ms, speech)
    age_ms = fresh.age_ms(present.as_of_ms)
    stale = fresh.stale(present.as_of_ms)
    level = present.level
    return Row(
        rank=(-int(level), not overdue, -score, name),
        level=level,
        brand=name,
        level_word=f"{int(level)} {language.level(level)}",
        trend=_bars(present.pace(_PARTS)),
        mentions=mentions,
        negative=negative,
        concern=_concern(crisis),
        waiting=_waiting(crisis, speech),
        update=update,
        overdue=overdue,
        age=_age(present.as_of_ms, age_ms, speech, stale=stale),
        stale=stale,
    )


def _bars(pace: list[int]) -> str:
    most = max(pace, default=0)
    return "".join(_BARS[part * (len(_BARS) - 1) // most] if most else _BARS[0] for part in pace)


def _age(as_of_ms: int, age_ms: int | None, speech: Speech, *, stale: bool) -> str:
    if not as_of_ms:
        return _NOTHING
    if age_ms is None:
        return to_rfc3339(as_of_ms)[:16].replace("T", " ")
    return speech.say("row_stale" if stale else "row_ago", age=speech.duration(age_ms))


def _concern(crisis: CrisisNow | None) -> str:
    if crisis is None:
        return ""
    event, situation = crisis.event, crisis.situation
    if event is not None and event.evidence.concerns and (situation is None or event.time >= situation.time):
        return event.evidence.concerns[0].phrase
    return situation.concerns[0].phrase if situation is not None and situation.concerns else ""


def _waiting(crisis: CrisisNow | None, speech: Speech) -> str:
    if crisis is None or crisis.situation is None:
        return ""
    return speech.language.number(crisis.situation.questions.waiting)


def _update(crisis: CrisisNow | None, as_of_ms: int, speech: Speech) -> tuple[str, bool]:
    """Return how long ago the brand last spoke, or how long an update has been overdue, and whether it is."""
    if crisis is None or crisis.situation is None:
        return "", False
    own, due_at = crisis.situation.voice, overdue_since(crisis)
    if due_at is not None:
        return speech.say("row_overdue", age=speech.duration(as_of_ms - from_rfc3339(due_at))), True
    late = sum(duty.status is DutyStatus.LATE for duty in crisis.situation.duties)
    ago = "" if own.last_update_at is None else speech.duration(as_of_ms - from_rfc3339(own.last_update_at))
    said = speech.say("row_ago", age=ago) if ago else _NOTHING
    return (f"{said}, {speech.say('row_late', number=late)}" if late else said), False
