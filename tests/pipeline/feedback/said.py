"""Feedback for the tests, and a detector whose level is what was mentioned in the minute."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pipeline.bucket import ClosedBucket
from pipeline.detection import Alarm, Outcome
from pipeline.detection.severity import Verdict
from pipeline.settings import DetectionSettings
from schemas.crisis import CrisisEvent
from schemas.feedback import DismissReason, Feedback, FeedbackVerdict
from schemas.ids import crisis_event_id
from schemas.times import to_rfc3339
from schemas.window import Level
from tests.pipeline.logs import START_MS, FakeDetector

MINUTE_MS = 60_000
SETTINGS = DetectionSettings(update_interval_ms=20 * MINUTE_MS, resolve_after_ms=90 * MINUTE_MS)
QUIET = 90
"""Calm minutes that end a crisis of any level."""


def said(
    verdict: FeedbackVerdict, crisis: str, *, time_ms: int = START_MS, minutes: int = 60, **changes: Any
) -> Feedback:
    """Return feedback that is as it should be, with changes; a snooze ends after so many minutes."""
    base = Feedback(
        id=f"{verdict}-{time_ms}",
        brand="acme",
        crisis_id=crisis,
        verdict=verdict,
        reason=DismissReason.MISREAD if verdict is FeedbackVerdict.DISMISS else None,
        until=to_rfc3339(time_ms + minutes * MINUTE_MS) if verdict is FeedbackVerdict.SNOOZE else None,
        time=to_rfc3339(time_ms),
        by="press office",
    )
    return replace(base, **changes)


def verdict_of(level: Level) -> Verdict:
    """Return what a minute is that earns a level at once, and holds it."""
    return Verdict(float(level), level, level, level)


class LevelDetector(FakeDetector):
    """Earns the level of the minute's mentions at once, under a real alarm."""

    def __init__(self, brand: str, settings: DetectionSettings, alarm: Alarm | None = None) -> None:
        super().__init__(brand, settings)
        self.obeyed = alarm or Alarm(brand, settings)
        """Beside the alarm of the detector that it is made of, which goes its own way."""

    def observe(self, bucket: ClosedBucket) -> Outcome:
        outcome = super().observe(bucket)
        if not bucket.observed:
            return replace(outcome, detection=replace(outcome.detection, level=self.obeyed.level), events=())
        level = Level(min(bucket.windows["1m"].volume, int(Level.SEVERE)))
        steps = self.obeyed.step(verdict_of(level), bucket.end_ms, learning=1.0, silent=False)
        self.crises = 0
        blank = self._event(bucket)
        events = [
            replace(
                blank,
                id=crisis_event_id(step.crisis_id, step.sequence),
                crisis_id=step.crisis_id,
                type=step.type,
                sequence=step.sequence,
                level=step.level,
                previous_level=step.previous_level,
                peak_level=step.peak_level,
                opened_at=to_rfc3339(step.opened_at_ms),
                feedback=step.feedback,
            )
            for step in steps
        ]
        detection = replace(outcome.detection, level=self.obeyed.level)
        return Outcome(detection=detection, events=tuple[CrisisEvent, ...](events))
