"""What was planted, in a form to hold against what was found."""

from __future__ import annotations

from typing import TypedDict

from pipeline.simulate.scenario import Kind, Scenario
from schemas.times import to_rfc3339
from schemas.window import Level

__all__ = ["PlantedTruth", "Truth", "truth"]


class PlantedTruth(TypedDict):
    """One planted event. Times are given twice: epoch milliseconds, and RFC 3339 in UTC."""

    id: str
    brand: str
    kind: str
    shape: str
    start_ms: int
    start: str
    peak_ms: int
    peak: str
    end_ms: int
    end: str
    about: list[str]
    min_level: int
    """The level it should reach at least."""
    max_level: int
    """The level it should not exceed."""


class Truth(TypedDict):
    """Everything planted in a scenario, in order of time."""

    version: int
    seed: int
    start: str
    end: str
    brands: list[str]
    events: list[PlantedTruth]


def truth(scenario: Scenario) -> Truth:
    """Return what the scenario plants: crises to reach alert at least, harmless events watch at most."""
    events = [
        PlantedTruth(
            id=event.id,
            brand=brand.key,
            kind=event.kind.value,
            shape=event.shape.value,
            start_ms=event.start_ms,
            start=to_rfc3339(event.start_ms),
            peak_ms=event.peak_ms,
            peak=to_rfc3339(event.peak_ms),
            end_ms=event.end_ms,
            end=to_rfc3339(event.end_ms),
            about=list(event.about),
            min_level=int(Level.ALERT if event.kind is Kind.CRISIS else Level.CALM),
            max_level=int(Level.SEVERE if event.kind is Kind.CRISIS else Level.WATCH),
        )
        for brand in scenario.brands
        for event in brand.events
    ]
    return Truth(
        version=1,
        seed=scenario.seed,
        start=to_rfc3339(scenario.start_ms),
        end=to_rfc3339(scenario.end_ms),
        brands=[brand.key for brand in scenario.brands],
        events=sorted(events, key=lambda event: (event["start_ms"], event["brand"], event["id"])),
    )
