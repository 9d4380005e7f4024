"""The events of a crisis put together again: when, how bad, why, and whether it is over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from schemas.crisis import CrisisEvent, CrisisEventType
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
    def alarm(self) -> CrisisEvent:
        """The event that first called for a person; of mere watching, the first."""
        return next((event for event in self.events if event.level >= Level.ALERT), self.events[0])

    @property
    def height(self) -> CrisisEvent:
        """The most surprising event among those at the highest level seen; of equals the first."""
        return max(self.events, key=lambda e: (e.level, e.evidence.score, -e.sequence))


def episodes(events: Iterable[CrisisEvent]) -> list[Episode]:
    """Group events by crisis, in order of opening. An event that is there twice counts once."""
    grouped: dict[str, dict[int, CrisisEvent]] = {}
    for event in events:
        grouped.setdefault(event.crisis_id, {})[event.sequence] = event
    found = [
        Episode(
            crisis_id=crisis_id,
            brand=next(iter(steps.values())).brand,
            events=tuple(steps[sequence] for sequence in sorted(steps)),
        )
        for crisis_id, steps in grouped.items()
    ]
    return sorted(found, key=lambda episode: (episode.opened_ms, episode.brand, episode.crisis_id))
