"""An alarm and a reminder that nobody can take for real ones: to try whether a channel works."""

from __future__ import annotations

from datetime import datetime

from schemas.crisis import Concern, CrisisEvent, CrisisEventType, Evidence
from schemas.ids import crisis_event_id, crisis_id, overdue_id
from schemas.situation import CommunicationOverdue
from schemas.times import to_rfc3339
from schemas.window import Level, WindowCounts

__all__ = ["TEST_BRAND", "invented_alarm", "invented_reminder"]

TEST_BRAND = "vigie-test-alarm"
"""The brand that it is about; its name says what it is wherever it is shown."""

_HOUR_MS = 3_600_000
_COUNTS = WindowCounts(
    volume=42,
    negative=21,
    neutral=16,
    positive=5,
    authors=40,
    reach=4_200,
    questions=3,
    retweets=0,
    negative_retweets=0,
    repeats=0,
    languages={"en": 42},
)


def invented_alarm(opened: datetime, resolved: datetime) -> tuple[CrisisEvent, CrisisEvent]:
    """Return the beginning of a crisis at level 2, and its end."""
    return (
        _event(CrisisEventType.OPENED, opened, opened, Level.ALERT, Level.CALM),
        _event(CrisisEventType.RESOLVED, opened, resolved, Level.CALM, Level.ALERT),
    )


def invented_reminder(alarm: CrisisEvent, at: datetime) -> CommunicationOverdue:
    """Return the word that an update is overdue in a crisis that was invented."""
    at_ms = round(at.timestamp()) * 1000
    return CommunicationOverdue(
        id=overdue_id(alarm.crisis_id, at_ms),
        crisis_id=alarm.crisis_id,
        brand=TEST_BRAND,
        level=alarm.level,
        time=to_rfc3339(at_ms),
        due_at=to_rfc3339(at_ms),
        interval_minutes=60,
        missed=1,
        silent_on=("this is a test",),
        waiting=3,
    )


def _event(kind: CrisisEventType, opened: datetime, at: datetime, level: Level, before: Level) -> CrisisEvent:
    opened_ms, at_ms = (round(moment.timestamp()) * 1000 for moment in (opened, at))
    crisis, sequence = crisis_id(TEST_BRAND, opened_ms), int(kind is CrisisEventType.RESOLVED)
    return CrisisEvent(
        id=crisis_event_id(crisis, sequence),
        crisis_id=crisis,
        brand=TEST_BRAND,
        type=kind,
        sequence=sequence,
        level=level,
        previous_level=before,
        peak_level=Level.ALERT,
        time=to_rfc3339(at_ms),
        opened_at=to_rfc3339(opened_ms),
        window_start=to_rfc3339(at_ms - _HOUR_MS),
        window_end=to_rfc3339(at_ms),
        evidence=_EVIDENCE,
    )


_EVIDENCE = Evidence(
    window="1h",
    observed=_COUNTS,
    expected_volume=10.0,
    interval=(4.0, 18.0),
    negative_share=0.5,
    negative_share_expected=0.2,
    score=5.0,
    signals=(),
    concerns=(Concern(phrase="this is a test", count=21, share=0.5, usual_share=0.0),),
    hashtags=("test",),
    questions=3,
    exemplars=(),
    own_posts_24h=0,
    learning=1.0,
    unobserved_minutes=0,
    config_hash="test",
    model="test",
)
