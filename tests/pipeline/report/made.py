"""Made-up windows, crises and situations: plain builders, every number chosen by the test that reads it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from schemas.crisis import Concern, CrisisEvent, CrisisEventType, Evidence, Exemplar, Signal, Trend
from schemas.ids import crisis_event_id, crisis_id, window_id
from schemas.situation import (
    CommunicationOverdue,
    Duty,
    DutyStatus,
    Figure,
    OwnPost,
    Practice,
    QuestionGroup,
    Questions,
    Recovery,
    RisingHashtag,
    Situation,
    Voice,
)
from schemas.times import from_rfc3339, to_rfc3339
from schemas.tone import ToneIssue
from schemas.window import WINDOW_NAMES, Detection, Level, WindowClosed, WindowCounts

START_MS = from_rfc3339("2025-02-10T00:00:00Z")
MINUTE_MS = 60_000

MakeWindow = Callable[..., WindowClosed]
MakeCrisis = Callable[..., list[CrisisEvent]]


def _counts(volume: int, negative: int) -> WindowCounts:
    return WindowCounts(
        volume=volume,
        negative=negative,
        neutral=volume - negative,
        positive=0,
        authors=volume,
        reach=volume * 100,
        questions=volume // 10,
        retweets=0,
        negative_retweets=0,
        repeats=0,
        languages={"en": volume},
    )


def window(
    minute: int, *, brand: str = "acme", volume: int = 60, negative: int = 20, level: int = 0, **changes: Any
) -> WindowClosed:
    """The window that ends ``minute`` minutes after the start; ``volume`` is the hour's."""
    end_ms = START_MS + minute * MINUTE_MS
    detection = Detection(
        level=Level(level),
        score=0.5,
        expected_1h=60.0,
        low_1h=30.0,
        high_1h=105.0,
        negative_share_expected=0.35,
        learning=1.0,
    )
    made = WindowClosed(
        id=window_id(brand, end_ms),
        brand=brand,
        window_end=to_rfc3339(end_ms),
        observed=True,
        windows={name: _counts(volume, negative) for name in WINDOW_NAMES} | {"1m": _counts(1, 0)},
        own_posts_24h=2,
        detection=detection,
    )
    return replace(made, **changes)


def _evidence(volume: int) -> Evidence:
    return Evidence(
        window="1h",
        observed=_counts(volume, volume * 78 // 100),
        expected_volume=60.0,
        interval=(30.0, 105.0),
        negative_share=0.78,
        negative_share_expected=0.35,
        score=7.5,
        signals=(Signal(name="negative_share", window="1h", observed=0.78, expected=0.35, surprise=5.25),),
        concerns=(Concern(phrase="no signal", count=150, share=0.36, usual_share=0.01),),
        hashtags=("acmedown",),
        questions=41,
        exemplars=(Exemplar(tweet_id="1888910204517801984", engagement=311),),
        own_posts_24h=2,
        learning=1.0,
        unobserved_minutes=0,
        config_hash="3fa90c11d2e4b6aa",
        model="m-1",
    )


def crisis(steps: str, *, brand: str = "acme", minute: int = 900, apart: int = 10, **changes: Any) -> list[CrisisEvent]:
    """One event a digit of ``steps``, its level; a final 0 resolves. ``changes`` are made to the evidence."""
    opened_ms = START_MS + minute * MINUTE_MS
    key = crisis_id(brand, opened_ms)
    events: list[CrisisEvent] = []
    previous = peak = 0
    for sequence, level in enumerate(map(int, steps)):
        end_ms = opened_ms + sequence * apart * MINUTE_MS
        peak = max(peak, level)
        if sequence == 0:
            step = CrisisEventType.OPENED
        elif level == 0:
            step = CrisisEventType.RESOLVED
        elif level == previous:
            step = CrisisEventType.UPDATED
        else:
            step = CrisisEventType.ESCALATED if level > previous else CrisisEventType.DEESCALATED
        events.append(
            CrisisEvent(
                id=crisis_event_id(key, sequence),
                crisis_id=key,
                brand=brand,
                type=step,
                sequence=sequence,
                level=Level(level),
                previous_level=Level(previous),
                peak_level=Level(peak),
                time=to_rfc3339(end_ms),
                opened_at=to_rfc3339(opened_ms),
                window_start=to_rfc3339(end_ms - 60 * MINUTE_MS),
                window_end=to_rfc3339(end_ms),
                evidence=replace(_evidence(100 * (level + 1)), **changes),
            )
        )
        previous = level
    return events


def at(minute: int) -> str:
    return to_rfc3339(START_MS + minute * MINUTE_MS)


def duties(minute: int) -> tuple[Duty, ...]:
    said = [
        (
            "acknowledge",
            Practice.BE_TRANSPARENT,
            DutyStatus.DONE,
            minute - 100,
            "Say that you know",
            "Dire que l’on sait",
        ),
        ("updates", Practice.COMMUNICATE_REGULARLY, DutyStatus.LATE, minute - 9, "Post an update", "Publier un point"),
        (
            "answer",
            Practice.LISTEN_AND_ANSWER,
            DutyStatus.DUE,
            minute + 20,
            "Answer questions",
            "Répondre aux questions",
        ),
        ("team", Practice.IDENTIFY_EARLY, DutyStatus.BY_HAND, None, "Call the team", "Réunir l’équipe"),
        ("tone", Practice.STAY_CALM, DutyStatus.LATE, None, "Keep calm", "Rester calme"),
    ]
    return tuple(
        Duty(
            id=name,
            practice=practice,
            what={"en": english, "fr": french},
            who={"en": "Head of communications", "fr": "Direction de la communication"},
            status=status,
            due_at=None if due is None else at(due),
            done_at=at(minute - 90) if status is DutyStatus.DONE else None,
        )
        for name, practice, status, due, english, french in said
    )


def questions(minute: int, label: str = "no signal") -> Questions:
    return Questions(
        asked=40,
        answered=10,
        waiting=30,
        share_answered=0.25,
        median_minutes=18.0,
        oldest_waiting_at=at(minute - 150),
        waiting_reach=123_456,
        groups=(
            QuestionGroup(
                about=label, waiting=22, oldest_at=at(minute - 150), reach=100_000, exemplars=("1888910204517801990",)
            ),
            QuestionGroup(about="", waiting=8, oldest_at=at(minute - 30), reach=23_456),
        ),
        sampled_share=0.5,
    )


def voice(minute: int, label: str = "no signal") -> Voice:
    posts = (
        OwnPost(
            tweet_id="1888910204517802002", time=at(minute - 40), reply=True, tone=(ToneIssue.BLAME, ToneIssue.SHOUTING)
        ),
        OwnPost(tweet_id="1888910204517802001", time=at(minute - 69), reply=False, speaks_to=(label,)),
    )
    return Voice(
        updates=1,
        answers=4,
        off_tone=1,
        last_update_at=at(minute - 69),
        update_due_at=at(minute - 9),
        overdue=True,
        speaks_to=(label,),
        silent_on=("refund",),
        posts=posts,
    )


def situation(
    sequence: int = 0, *, brand: str = "acme", opened: int = 900, minute: int = 1020, **changes: Any
) -> Situation:
    """The situation ``minute`` minutes after the start, of the crisis that was opened at the minute ``opened``."""
    key = crisis_id(brand, START_MS + opened * MINUTE_MS)
    label = changes.pop("label", "no signal")
    share = round(0.1 + 0.04 * (sequence % 8), 3)
    made = Situation(
        id=f"{key}-{sequence}",
        crisis_id=key,
        brand=brand,
        sequence=sequence,
        final=False,
        level=Level.CRISIS,
        peak_level=Level.CRISIS,
        time=at(minute),
        opened_at=at(opened),
        alerted_at=at(opened + 10),
        previous_at=at(minute - 30) if sequence else None,
        previous_level=Level.ALERT if sequence else None,
        figures=(
            Figure(name="mentions", window="1h", now=400.0, usual=60.0, low=30.0, high=105.0, before=300.0),
            Figure(name="negative_share", window="1h", now=0.78, usual=0.35, before=0.7),
            Figure(name="reach", window="1h", now=1_234_567.0),
        ),
        mentions=2400,
        negative=1800,
        reach=5_000_000,
        languages={"en": 300, "fr": 100},
        concerns=(
            Concern(
                phrase=label,
                count=150,
                share=share,
                usual_share=0.01,
                phrases=(label, "network down"),
                trend=Trend.RISING,
                exemplars=("1888910204517801984",),
            ),
            Concern(phrase="refund", count=60, share=0.15, usual_share=0.02, trend=Trend.FALLING),
        ),
        concerns_new=("refund",) if sequence else (),
        hashtags=(
            RisingHashtag(
                hashtag="boycottacme", count=40, share=0.1, usual_share=0.0, on_watchlist=False, exemplars=("77",)
            ),
        ),
        questions=questions(minute, label),
        voice=voice(minute, label),
        duties=duties(minute),
        recovery=Recovery(
            score=5.25, calm_below=1.5, calm_minutes=0, calm_minutes_needed=120, earliest_end=at(minute + 120)
        ),
        exemplars=(Exemplar(tweet_id="1888910204517801984", engagement=311),),
        playbook_hash="f00d",
    )
    return replace(made, **changes)


def overdue(number: int = 1, *, brand: str = "acme", opened: int = 900, minute: int = 1011) -> CommunicationOverdue:
    key = crisis_id(brand, START_MS + opened * MINUTE_MS)
    return CommunicationOverdue(
        id=f"{key}-overdue-{number}",
        crisis_id=key,
        brand=brand,
        level=Level.CRISIS,
        time=at(minute),
        due_at=at(minute - 1),
        interval_minutes=60,
        missed=number,
    )
