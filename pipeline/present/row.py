"""A brand in one row of the table of all brands."""

from __future__ import annotations

from typing import NamedTuple

from pipeline.present.freshness import Freshness
from pipeline.present.handling import overdue_since
from pipeline.present.model import HOUR_MINUTES, BrandPresent, CrisisNow
from pipeline.present.speech import Speech
from schemas.situation import DutyStatus
from schemas.times import from_rfc3339, to_rfc3339
from schemas.window import Level

__all__ = ["Row", "row"]

_PARTS = 12
"""Bars of the last hour: five minutes each."""
_BARS = "▁▂▃▄▅▆▇█"
_MISSING = "\N{MIDDLE DOT}"
_NOTHING = "\N{EN DASH}"


class Row(NamedTuple):
    """What the table says of one brand. Words of strangers are in it as they are."""

    rank: tuple[int, bool, bool, float, str]
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
    blind: bool
    """Input has been missing up to the newest minute: what is shown is of before."""


def row(present: BrandPresent, name: str, speech: Speech, fresh: Freshness) -> Row:
    """Return the row of one brand."""
    window, crisis, language = present.window, present.current, speech.language
    hour = window.windows["1h"] if window is not None else None
    score = window.detection.score if window is not None else 0.0
    mentions = negative = _NOTHING
    if window is not None and hour is not None:
        seen = window.detection
        mentions = speech.say("beside", now=language.number(hour.volume), usual=language.amount(seen.expected_1h))
        if missing := present.missing_minutes("1h"):
            mentions = speech.say("row_part", said=mentions, minutes=language.number(max(0, HOUR_MINUTES - missing)))
        if hour.volume:
            share, usual = language.share(hour.negative / hour.volume), language.share(seen.negative_share_expected)
            negative = speech.say("beside", now=share, usual=usual)
    update, overdue = _update(crisis, present.as_of_ms, speech)
    age_ms = fresh.age_ms(present.as_of_ms)
    stale = fresh.stale(present.as_of_ms)
    level, since_ms = present.level, present.missing_since_ms
    return Row(
        rank=(-int(level), not overdue, since_ms is None, -score, name),
        level=level,
        brand=name,
        level_word=_level(level, speech, blind=since_ms is not None),
        trend=_bars(present.pace(_PARTS)),
        mentions=mentions,
        negative=negative,
        concern=_concern(crisis),
        waiting=_waiting(crisis, speech),
        update=update,
        overdue=overdue,
        age=_age(present.as_of_ms, age_ms, speech, stale=stale, since_ms=since_ms),
        stale=stale,
        blind=since_ms is not None,
    )


def _level(level: Level, speech: Speech, *, blind: bool) -> str:
    """Name a level; of a calm brand of which nothing comes in it is not said that it is calm."""
    if blind and level is Level.CALM:
        return speech.say("row_blind")
    word = f"{int(level)} {speech.language.level(level)}"
    return speech.say("row_level_blind", level=word) if blind else word


def _bars(pace: list[int | None]) -> str:
    most = max((part for part in pace if part is not None), default=0)
    return "".join(_MISSING if part is None else _BARS[part * (len(_BARS) - 1) // max(most, 1)] for part in pace)


def _age(as_of_ms: int, age_ms: int | None, speech: Speech, *, stale: bool, since_ms: int | None) -> str:
    if not as_of_ms:
        return _NOTHING
    if since_ms is not None and not stale:
        return speech.say("row_no_input", moment=speech.clock(to_rfc3339(since_ms), as_of_ms))
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
