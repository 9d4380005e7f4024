"""A brand in a crisis, as it is on the topics: windows of an hour, steps, a situation, an update that is overdue."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from pipeline.replay import CRISES_FILE, WINDOWS_FILE
from schemas import (
    CommunicationOverdue,
    Concern,
    CrisisEventType,
    Duty,
    DutyStatus,
    Exemplar,
    Level,
    OwnPost,
    Practice,
    QuestionGroup,
    Questions,
    Recovery,
    RisingHashtag,
    Situation,
    ToneIssue,
    Trend,
    Voice,
    WindowClosed,
)
from schemas.codec import encode, encode_line
from schemas.crisis import CrisisEvent
from schemas.ids import crisis_event_id, overdue_id, situation_id, window_id
from schemas.reading import read_crisis_record
from schemas.situation import CrisisRecord
from schemas.times import from_rfc3339, to_rfc3339
from tests.schemas.events import COUNTS, CRISIS, CRISIS_ID, NOON_MS, WINDOW

MINUTE_MS = 60_000
OPENED_MS = NOON_MS
"""Noon."""
NOW_MS = NOON_MS + 95 * MINUTE_MS
"""Five past half past one."""
HOSTILE = "refund\x1b[31m\u202eevil"
"""What no terminal should see."""


def at(minutes: int) -> str:
    """A time so many minutes after the opening."""
    return to_rfc3339(OPENED_MS + minutes * MINUTE_MS)


def window(minutes: int, *, brand: str = "acme", level: Level = Level.CRISIS, volume: int = 5) -> WindowClosed:
    """The window that ends so many minutes after the opening."""
    end_ms = OPENED_MS + minutes * MINUTE_MS
    counts = {**WINDOW.windows, "1m": replace(COUNTS, volume=volume)}
    return replace(
        WINDOW,
        id=window_id(brand, end_ms),
        brand=brand,
        window_end=to_rfc3339(end_ms),
        windows=counts,
        detection=replace(WINDOW.detection, level=level),
    )


def step(sequence: int, minutes: int, previous: Level, level: Level) -> CrisisEvent:
    """A step of the crisis."""
    kind = CrisisEventType.OPENED if not sequence else CrisisEventType.ESCALATED
    if previous is level:
        kind = CrisisEventType.UPDATED
    if level is Level.CALM:
        kind = CrisisEventType.RESOLVED
    return replace(
        CRISIS,
        id=crisis_event_id(CRISIS_ID, sequence),
        sequence=sequence,
        type=kind,
        time=at(minutes),
        previous_level=previous,
        level=level,
        peak_level=max(previous, level),
        opened_at=at(0),
        window_end=at(minutes),
    )


def duty(name: str, status: DutyStatus, due: int | None, done: int | None = None) -> Duty:
    """A duty of the playbook."""
    return Duty(
        id=name,
        practice=Practice.BE_TRANSPARENT,
        what={"en": f"Do {name}.", "fr": f"Faire {name}."},
        who={"en": "Press office", "fr": "Service de presse"},
        status=status,
        due_at=None if due is None else at(due),
        done_at=None if done is None else at(done),
    )


SITUATION = Situation(
    id=situation_id(CRISIS_ID, 1),
    crisis_id=CRISIS_ID,
    brand="acme",
    sequence=1,
    final=False,
    level=Level.CRISIS,
    peak_level=Level.CRISIS,
    time=at(90),
    opened_at=at(0),
    alerted_at=at(5),
    previous_at=at(60),
    previous_level=Level.ALERT,
    confirmed=True,
    mentions=1234,
    negative=987,
    reach=4_500_000,
    languages={"en": 300, "fr": 12},
    concerns=(
        Concern(
            phrase="late bags",
            count=120,
            share=0.34,
            usual_share=0.02,
            phrases=("late bags", "belt"),
            trend=Trend.RISING,
            exemplars=("11", "12"),
        ),
        Concern(phrase=HOSTILE, count=40, share=0.1, usual_share=0.0),
    ),
    concerns_new=("late bags",),
    concerns_gone=("queue",),
    hashtags=(RisingHashtag(hashtag="boycottacme", count=60, share=0.2, usual_share=0.0, on_watchlist=False),),
    questions=Questions(
        asked=120,
        answered=45,
        waiting=75,
        share_answered=0.375,
        median_minutes=12.5,
        oldest_waiting_at=at(-20),
        waiting_reach=88_000,
        groups=(
            QuestionGroup(about="late bags", waiting=50, oldest_at=at(-20), reach=80_000, exemplars=("21",)),
            QuestionGroup(about="", waiting=25, oldest_at=at(30), reach=8_000),
        ),
    ),
    voice=Voice(
        updates=2,
        answers=45,
        off_tone=1,
        last_update_at=at(20),
        update_due_at=at(80),
        overdue=True,
        speaks_to=("late bags",),
        silent_on=("refund",),
        posts=(
            OwnPost(tweet_id="31", time=at(25), reply=False, tone=(ToneIssue.BLAME, ToneIssue.SHOUTING)),
            OwnPost(tweet_id="30", time=at(20), reply=False, speaks_to=("late bags",)),
        ),
    ),
    duties=(
        duty("answer-questions", DutyStatus.LATE, 65),
        duty("brief-staff", DutyStatus.DUE, 120),
        duty("call-partners", DutyStatus.DUE, 92),
        duty("tell-the-board", DutyStatus.BY_HAND, None),
        duty("acknowledge", DutyStatus.DONE, 15, 20),
    ),
    recovery=Recovery(score=7.25, calm_below=2.0, calm_minutes=3, calm_minutes_needed=60, earliest_end=at(147)),
    exemplars=(Exemplar(tweet_id="41", engagement=3_210),),
)
OVERDUE = CommunicationOverdue(
    id=overdue_id(CRISIS_ID, OPENED_MS + 80 * MINUTE_MS),
    crisis_id=CRISIS_ID,
    brand="acme",
    level=Level.CRISIS,
    time=at(80),
    due_at=at(80),
    interval_minutes=60,
    missed=1,
    last_update_at=at(20),
    silent_on=("refund",),
    waiting=75,
)
WINDOWS = [window(minutes, volume=minutes % 7) for minutes in range(20, 96)]
CALM = window(95, brand="quiet", level=Level.CALM)
RECORDS: list[CrisisRecord] = [
    step(0, 0, Level.CALM, Level.WATCH),
    step(1, 5, Level.WATCH, Level.ALERT),
    replace(SITUATION, id=situation_id(CRISIS_ID, 0), sequence=0, time=at(5), previous_at=None),
    step(2, 40, Level.ALERT, Level.CRISIS),
    OVERDUE,
    SITUATION,
    step(3, 91, Level.CRISIS, Level.CRISIS),
]


def with_long_ids(record: CrisisRecord) -> CrisisRecord:
    """The record, its posts named so that no other number on a page is one of theirs."""
    return read_crisis_record(re.sub(rb'"([1-9]\d?)"', rb'"9900000000000\1"', encode(record)))


def write(folder: Path, *, records: list[CrisisRecord] | None = None) -> Path:
    """Write the scene as ``vigie replay`` writes its files."""
    folder.mkdir(exist_ok=True)
    windows = b"".join(map(encode_line, [*WINDOWS, CALM]))
    (folder / WINDOWS_FILE).write_bytes(windows)
    crises = b"".join(map(encode_line, RECORDS if records is None else records))
    (folder / CRISES_FILE).write_bytes(crises)
    return folder


def minutes_of(present_end: str) -> int:
    """How many minutes after the opening a time is."""
    return (from_rfc3339(present_end) - OPENED_MS) // MINUTE_MS
