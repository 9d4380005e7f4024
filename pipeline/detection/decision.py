"""From scores to the level, as it is published: what was asked for, and what there was."""

from __future__ import annotations

from pipeline.detection.alarm import Alarm
from pipeline.detection.assessment import Assessment
from pipeline.detection.rounding import short
from pipeline.detection.severity import AUTHORS, FALL_MINUTES, HOLD, OVERWHELMING, RISE_MINUTES, Verdict, attention
from pipeline.detection.volume import HORIZONS
from pipeline.settings import DetectionSettings
from schemas.crisis import Decision, WindowScore

__all__ = ["decision"]


def decision(
    assessment: Assessment, verdict: Verdict, alarm: Alarm, settings: DetectionSettings, *, carried: bool
) -> Decision:
    """Return how the level follows, after the alarm has taken the verdict in."""
    minutes = alarm.minutes
    return Decision(
        thresholds=(settings.watch_score, settings.alert_score, settings.crisis_score, settings.severe_score),
        authors_needed=AUTHORS,
        windows=tuple(
            WindowScore(
                window=HORIZONS[view.horizon],
                score=short(view.crisis),
                negative_authors=short(view.negative_authors),
            )
            for view in assessment.views
        ),
        attention=short(attention(assessment, settings)),
        told=assessment.is_told,
        authors=short(max(view.authors for view in assessment.views)),
        earned=verdict.earned,
        at_once=verdict.at_once,
        held=verdict.held,
        at_once_above=OVERWHELMING,
        held_below=HOLD,
        earned_minutes=_four(minutes.earned),
        rise_minutes=RISE_MINUTES,
        missed_minutes=_four(minutes.missed),
        fall_minutes=(minutes.calm_minutes, FALL_MINUTES, FALL_MINUTES, FALL_MINUTES),
        carried=carried,
    )


def _four(minutes: list[int]) -> tuple[int, int, int, int]:
    watch, alert, crisis, severe = minutes
    return watch, alert, crisis, severe
