"""Crisis events of every kind, for tests of what is said of them."""

from __future__ import annotations

from dataclasses import fields, replace

from hypothesis import strategies as st

from schemas import Concern, CrisisEvent, CrisisEventType, Evidence, Exemplar, Level, WindowCounts
from schemas.crisis import Planned
from schemas.feedback import DismissReason, FeedbackHeld, FeedbackVerdict
from schemas.ids import overdue_id, situation_id
from schemas.situation import CommunicationOverdue, Questions, Recovery, Situation, Voice
from schemas.times import from_rfc3339, to_rfc3339
from tests.schemas.events import CRISIS

_COUNTS = st.integers(0, 2**63 - 1)
_AMOUNTS = st.floats(0.0, allow_nan=False, allow_infinity=False)
_TEXTS = st.text(max_size=12) | st.sampled_from(
    ["<!channel>", "<https://x|y>", "&amp;", "@here", "\u202eabc", "a\nb", "\u2028", 300 * "<", 300 * "é"]
)
_IDS = st.from_regex(r"\A[0-9]{1,20}\Z") | _TEXTS
_TIMES = st.integers(0, 4_102_444_800_000).map(to_rfc3339)


def step(
    type: CrisisEventType,  # noqa: A002 - the field's name
    *,
    level: Level = Level.ALERT,
    previous: Level = Level.CALM,
    sequence: int = 0,
    time: str = CRISIS.time,
) -> CrisisEvent:
    """Return a step of the crisis that all tests know."""
    peak = Level(max(level, previous))
    return replace(
        CRISIS, type=type, level=level, previous_level=previous, peak_level=peak, sequence=sequence, time=time
    )


def overdue(*, level: Level = Level.ALERT, time: str = CRISIS.time, missed: int = 1) -> CommunicationOverdue:
    """Return the word that an update is overdue in the crisis that all tests know."""
    return CommunicationOverdue(
        id=overdue_id(CRISIS.crisis_id, from_rfc3339(time)),
        crisis_id=CRISIS.crisis_id,
        brand=CRISIS.brand,
        level=level,
        time=time,
        due_at=time,
        interval_minutes=60,
        missed=missed,
        last_update_at="2026-03-02T10:30:00Z",
        silent_on=("refund", "hold music"),
        waiting=7,
    )


def situation(event: CrisisEvent, *, waiting: int = 0, overdue: bool = False, final: bool = False) -> Situation:
    """Return how things stand as of a step."""
    return Situation(
        id=situation_id(event.crisis_id, 0),
        crisis_id=event.crisis_id,
        brand=event.brand,
        sequence=0,
        final=final,
        level=event.level,
        peak_level=event.peak_level,
        time=event.time,
        opened_at=event.opened_at,
        alerted_at=event.opened_at,
        questions=Questions(asked=waiting, answered=0, waiting=waiting),
        voice=Voice(updates=0, answers=0, off_tone=0, overdue=overdue),
        recovery=Recovery(score=5.0, calm_below=1.0, calm_minutes=0, calm_minutes_needed=360),
    )


def _counts() -> st.SearchStrategy[WindowCounts]:
    numbers = {field.name: _COUNTS for field in fields(WindowCounts) if field.name != "languages"}
    return st.builds(WindowCounts, **numbers, languages=st.dictionaries(_TEXTS, _COUNTS, max_size=6))


def _feedback() -> st.SearchStrategy[FeedbackHeld]:
    return st.builds(
        FeedbackHeld,
        id=_TEXTS,
        verdict=st.sampled_from(FeedbackVerdict),
        reason=st.none() | st.sampled_from(DismissReason),
        until=st.none() | _TIMES,
        by=_TEXTS,
        held_from=_TIMES,
    )


def _evidence() -> st.SearchStrategy[Evidence]:
    concerns = st.builds(Concern, phrase=_TEXTS, count=_COUNTS, share=_AMOUNTS, usual_share=_AMOUNTS)
    return st.builds(
        replace,
        st.just(CRISIS.evidence),
        window=st.sampled_from(["15m", "1h", "6h"]) | _TEXTS,
        observed=_counts(),
        expected_volume=_AMOUNTS,
        negative_share=_AMOUNTS,
        negative_share_expected=_AMOUNTS,
        score=_AMOUNTS,
        concerns=st.lists(concerns, max_size=6).map(tuple),
        hashtags=st.lists(_TEXTS, max_size=6).map(tuple),
        questions=_COUNTS,
        exemplars=st.lists(st.builds(Exemplar, tweet_id=_IDS, engagement=_COUNTS), max_size=6).map(tuple),
        own_posts_24h=_COUNTS,
        unobserved_minutes=_COUNTS,
        planned=st.none()
        | st.builds(Planned, name=_TEXTS, start=_TIMES, end=_TIMES, expect=_AMOUNTS, ordinary_volume=_AMOUNTS),
    )


def crises() -> st.SearchStrategy[CrisisEvent]:
    """Return every event that the schema allows, its times being times."""
    levels = st.sampled_from(Level)
    return st.builds(
        replace,
        st.just(CRISIS),
        id=_TEXTS,
        crisis_id=_TEXTS,
        brand=_TEXTS,
        type=st.sampled_from(CrisisEventType),
        sequence=_COUNTS,
        level=levels,
        previous_level=levels,
        peak_level=levels,
        time=_TIMES,
        opened_at=_TIMES,
        feedback=st.none() | _feedback(),
        window_start=_TIMES,
        window_end=_TIMES,
        evidence=_evidence(),
    )


def reminders() -> st.SearchStrategy[CommunicationOverdue]:
    """Return every reminder that the schema allows, its times being times."""
    return st.builds(
        CommunicationOverdue,
        id=_TEXTS,
        crisis_id=_TEXTS,
        brand=_TEXTS,
        level=st.sampled_from(Level),
        time=_TIMES,
        due_at=_TIMES,
        interval_minutes=_COUNTS,
        missed=_COUNTS,
        last_update_at=st.none() | _TIMES,
        silent_on=st.lists(_TEXTS, max_size=6).map(tuple),
        waiting=_COUNTS,
    )
