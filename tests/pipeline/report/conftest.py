"""Made-up windows and crises: plain builders, every number chosen by the test that reads it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from schemas.crisis import Concern, CrisisEvent, CrisisEventType, Evidence, Exemplar, Signal
from schemas.ids import crisis_event_id, crisis_id, window_id
from schemas.times import from_rfc3339, to_rfc3339
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


def _window(
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
    window = WindowClosed(
        id=window_id(brand, end_ms),
        brand=brand,
        window_end=to_rfc3339(end_ms),
        observed=True,
        windows={name: _counts(volume, negative) for name in WINDOW_NAMES} | {"1m": _counts(1, 0)},
        own_posts_24h=2,
        detection=detection,
    )
    return replace(window, **changes)


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


def _crisis(
    steps: str, *, brand: str = "acme", minute: int = 900, apart: int = 10, **changes: Any
) -> list[CrisisEvent]:
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


@pytest.fixture
def window() -> MakeWindow:
    return _window


@pytest.fixture
def crisis() -> MakeCrisis:
    return _crisis
