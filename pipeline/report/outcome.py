"""Planted against found: what a simulation's truth says, held against the levels that were raised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.report.episodes import Episode
from pipeline.simulate import Kind, PlantedTruth, Truth
from schemas.times import from_rfc3339
from schemas.window import Level, WindowClosed

__all__ = ["Outcome", "Outcomes"]

_AFTERMATH_MS = 2 * 3_600_000
"""An alarm may still be about an event this long after its end: the windows look back."""


@dataclass(slots=True, kw_only=True)
class Outcome:
    """One planted event and what became of it."""

    planted: PlantedTruth
    level: int = 0
    """Highest level raised for the brand while it lasted, or shortly after."""
    alarm_ms: int | None = None
    """When alert was first reached."""

    @property
    def as_expected(self) -> bool:
        """Whether the level is one of those that the truth expects."""
        return self.planted["min_level"] <= self.level <= self.planted["max_level"]

    @property
    def delay_ms(self) -> int | None:
        """From the start of the event to the alarm; none when there was no alarm."""
        return None if self.alarm_ms is None else self.alarm_ms - self.planted["start_ms"]

    def covers(self, brand: str, first_ms: int, last_ms: int) -> bool:
        """Say whether a stretch of time of a brand has to do with the event."""
        planted = self.planted
        return (
            planted["brand"] == brand
            and last_ms >= planted["start_ms"]
            and first_ms <= planted["end_ms"] + _AFTERMATH_MS
        )

    def see(self, brand: str, time_ms: int, level: Level) -> None:
        """Take note of a level."""
        if not self.covers(brand, time_ms, time_ms):
            return
        self.level = max(self.level, level)
        if level >= Level.ALERT:
            self.alarm_ms = time_ms if self.alarm_ms is None else min(self.alarm_ms, time_ms)


class Outcomes:
    """All planted events; shown windows and crises, they find out."""

    def __init__(self, truth: Truth) -> None:
        self.outcomes = [Outcome(planted=planted) for planted in truth["events"]]
        self._brands = {planted["brand"] for planted in truth["events"]}

    def see_window(self, window: WindowClosed, end_ms: int) -> None:
        """Take note of a window's level."""
        if window.brand in self._brands:
            for outcome in self.outcomes:
                outcome.see(window.brand, end_ms, window.detection.level)

    def see_crisis(self, episode: Episode) -> None:
        """Take note of every level of a crisis."""
        for event in episode.events:
            for outcome in self.outcomes:
                outcome.see(episode.brand, from_rfc3339(event.time), event.level)

    def unplanted(self, crises: Sequence[tuple[int, Episode]]) -> list[tuple[int, Episode]]:
        """Return the crises that nothing planted explains: the false alarms."""
        planted = [o for o in self.outcomes if o.planted["kind"] == Kind.CRISIS]
        return [
            (number, episode)
            for number, episode in crises
            if not any(o.covers(episode.brand, episode.opened_ms, episode.last_ms) for o in planted)
        ]
