"""The events of a crisis put together again: when, how bad, why, and whether it is over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pipeline.present.model import height_order
from pipeline.report.course import Course
from schemas.crisis import CrisisEvent, CrisisEventType
from schemas.situation import CrisisRecord
from schemas.times import from_rfc3339
from schemas.window import Level

__all__ = ["Episode", "episodes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """One crisis, or one time of mere watching, with its events in order of sequence."""

    crisis_id: str
    brand: str
    events: tuple[CrisisEvent, ...]
    """At least one, by sequence, each sequence once."""
    course: Course = field(default_factory=Course, compare=False)
    """What its situations told."""

    @staticmethod
    def time_ms(event: CrisisEvent) -> int:
        """When an event was decided, epoch milliseconds."""
        return from_rfc3339(event.time)

    @property
    def opened_ms(self) -> int:
        """When it was opened, epoch milliseconds."""
        return from_rfc3339(self.events[0].opened_at)

    @property
    def resolved_ms(self) -> int | None:
        """When it was resolved; none while it is open."""
        last = self.events[-1]
        return from_rfc3339(last.time) if last.type is CrisisEventType.RESOLVED else None

    @property
    def last_ms(self) -> int:
        """When it was last heard of."""
        return from_rfc3339(self.events[-1].time)

    @property
    def peak_level(self) -> Level:
        """The highest level it reached."""
        return max(max(event.level, event.peak_level) for event in self.events)

    @property
    def is_crisis(self) -> bool:
        """Whether it ever called for a person: alert or above."""
        return self.peak_level >= Level.ALERT

    @property
    def is_open(self) -> bool:
        """Whether it goes on."""
        return self.resolved_ms is None

    @property
    def alarm(self) -> CrisisEvent:
        """The event that first called for a person; of mere watching, the first."""
        return next((event for event in self.events if event.level >= Level.ALERT), self.events[0])

    @property
    def height(self) -> CrisisEvent:
        """The most surprising event among those at the highest level seen; of equals the first."""
        return max(self.events, key=height_order)


def episodes(records: Iterable[CrisisRecord]) -> list[Episode]:
    """Group records by crisis, in order of opening. What is there twice counts once, as its last version says it.

    A crisis of which there are situations but no step is left out: nothing says why it was one.
    """
    grouped: dict[str, dict[int, CrisisEvent]] = {}
    courses: dict[str, Course] = {}
    for record in records:
        if isinstance(record, CrisisEvent):
            grouped.setdefault(record.crisis_id, {})[record.sequence] = record
        else:
            courses.setdefault(record.crisis_id, Course()).add(record)
    found = [
        Episode(
            crisis_id=crisis_id,
            brand=next(iter(steps.values())).brand,
            events=tuple(steps[sequence] for sequence in sorted(steps)),
            course=courses.get(crisis_id) or Course(),
        )
        for crisis_id, steps in grouped.items()
    ]
    return sorted(found, key=lambda episode: (episode.opened_ms, episode.brand, episode.crisis_id))
