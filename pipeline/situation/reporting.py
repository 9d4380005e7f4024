"""From what is known of a crisis to the situation, and to the word that an update is overdue, as published."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.bucket import BUCKET_MS, ClosedBucket
from pipeline.detection.brief import Brief
from pipeline.detection.rounding import short
from pipeline.playbook import Playbook
from pipeline.situation.course import Course
from pipeline.situation.duties import judged
from pipeline.situation.overdue import Due, update_due
from pipeline.situation.pool import Pool
from pipeline.situation.questions import stand, waiting
from pipeline.situation.voice import OwnVoice
from schemas.ids import crisis_id, overdue_id, situation_id
from schemas.situation import CommunicationOverdue, Duty, DutyStatus, Figure, Recovery, Situation
from schemas.times import to_rfc3339
from schemas.window import Detection

__all__ = ["Scene", "overdue", "situation"]

_WINDOW = "1h"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A minute of a crisis with everything that is known at its end."""

    bucket: ClosedBucket
    detection: Detection
    brief: Brief
    course: Course
    voice: OwnVoice
    pool: Pool
    playbook: Playbook
    config_hash: str

    @property
    def crisis_id(self) -> str:
        """The crisis."""
        return crisis_id(self.bucket.brand, self.course.opened_ms)

    @property
    def due(self) -> Due | None:
        """The next update."""
        return update_due(self.playbook, self.course, self.voice.last_update_ms)


def overdue(scene: Scene, due: Due) -> CommunicationOverdue:
    """Return the word that an update is overdue, and remember that it was said."""
    course, voice, end_ms = scene.course, scene.voice, scene.bucket.end_ms
    course.overdue_ms = end_ms
    return CommunicationOverdue(
        id=overdue_id(scene.crisis_id, end_ms),
        crisis_id=scene.crisis_id,
        brand=scene.bucket.brand,
        level=course.level,
        time=to_rfc3339(end_ms),
        due_at=to_rfc3339(due.at_ms),
        interval_minutes=due.interval_minutes,
        missed=due.missed(end_ms),
        last_update_at=_time(voice.last_update_ms),
        silent_on=voice.as_published(scene.brief.concerns, due_ms=due.at_ms, now_ms=end_ms).silent_on,
        waiting=waiting(scene.pool),
        unobserved_minutes=scene.bucket.unobserved_minutes,
    )


def situation(scene: Scene, *, final: bool, dismissed: bool = False) -> Situation:
    """Return how things stand, compared with the situation before, and remember it for the next."""
    bucket, brief, course, end_ms = scene.bucket, scene.brief, scene.course, scene.bucket.end_ms
    told, due, labels = course.told, scene.due, [concern.phrase for concern in brief.concerns]
    figures = tuple(_figures(scene))
    published = Situation(
        id=situation_id(scene.crisis_id, told.sequence),
        crisis_id=scene.crisis_id,
        brand=bucket.brand,
        sequence=told.sequence,
        final=final,
        level=course.level,
        peak_level=course.peak,
        time=to_rfc3339(end_ms),
        opened_at=to_rfc3339(course.opened_ms),
        alerted_at=to_rfc3339(course.alert_ms),
        previous_at=_time(told.time_ms),
        previous_level=told.level if told.time_ms else None,
        confirmed=course.confirmed,
        dismissed=dismissed,
        snoozed_until=_time(course.snoozed_until_ms),
        figures=figures,
        mentions=course.mentions,
        negative=course.negative,
        reach=course.reach,
        languages=dict(bucket.windows[_WINDOW].languages),
        concerns=brief.concerns,
        concerns_new=tuple(label for label in labels if label not in told.labels) if told.time_ms else (),
        concerns_gone=tuple(label for label in told.labels if label not in labels),
        hashtags=brief.hashtags,
        questions=stand(scene.pool, brief.concerns),
        voice=scene.voice.as_published(brief.concerns, due_ms=due.at_ms if due else None, now_ms=end_ms),
        duties=_duties(scene, final=final, dismissed=dismissed),
        recovery=_recovery(scene, final=final),
        exemplars=brief.exemplars,
        learning=scene.detection.learning,
        unobserved_minutes=bucket.unobserved_minutes,
        config_hash=scene.config_hash,
        playbook_hash=scene.playbook.fingerprint,
    )
    told.tell(end_ms, course.level, {figure.name: figure.now for figure in figures}, labels)
    return published


def _figures(scene: Scene) -> Iterator[Figure]:
    """Yield the numbers of the last hour with their baselines."""
    counts, detection, brief = scene.bucket.windows[_WINDOW], scene.detection, scene.brief
    before, bounds = scene.course.told.figures, {"mentions": (detection.low_1h, detection.high_1h)}
    volume = max(counts.volume, 1)
    numbers: tuple[tuple[str, float, float | None], ...] = (
        ("mentions", counts.volume, detection.expected_1h),
        ("negative_share", counts.negative / volume, detection.negative_share_expected),
        ("question_share", counts.questions / volume, brief.usual_question_share),
        ("authors", counts.authors, None),
        ("reach", counts.reach, brief.usual_reach),
    )
    for name, now, usual in numbers:
        low, high = bounds.get(name, (None, None))
        yield Figure(
            name=name,
            window=_WINDOW,
            now=short(now),
            usual=None if usual is None else short(usual),
            low=low,
            high=high,
            before=before.get(name),
        )


def _duties(scene: Scene, *, final: bool, dismissed: bool) -> tuple[Duty, ...]:
    """Return what is asked for now; at the end, what was asked for at the peak and has been done or was missed.

    What had not become due by the end will not any more; and of what was no crisis nothing was missed.
    """
    course = scene.course
    level = course.peak if final else course.level
    duties = judged(scene.playbook, course, scene.voice, scene.pool, level=level, now_ms=scene.bucket.end_ms)
    past = {DutyStatus.DUE, DutyStatus.LATE} if dismissed else {DutyStatus.DUE} if final else set()
    return tuple(duty for duty in duties if duty.status not in past)


def _recovery(scene: Scene, *, final: bool) -> Recovery:
    brief = scene.brief
    left = max(0, brief.calm_minutes_needed - brief.calm_minutes)
    return Recovery(
        score=scene.detection.score,
        calm_below=short(brief.calm_below),
        calm_minutes=brief.calm_minutes,
        calm_minutes_needed=brief.calm_minutes_needed,
        earliest_end=None if final else to_rfc3339(scene.bucket.end_ms + left * BUCKET_MS),
    )


def _time(time_ms: int) -> str | None:
    return to_rfc3339(time_ms) if time_ms else None
