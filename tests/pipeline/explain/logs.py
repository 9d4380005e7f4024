"""A small simulated log with one planted crisis, for the tests of explanations."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from pipeline.archive import ArchiveRecord
from pipeline.engine import Engine
from pipeline.records import Record
from pipeline.settings import EngineSettings
from pipeline.simulate import Scenario, default_scenario, demo_watchlist, simulate
from pipeline.text import StandardAnalyzer
from pipeline.watchlist import Watchlist
from schemas.codec import encode
from schemas.crisis import CrisisEvent

HOUR_MS = 3_600_000
READ_AT_MS = 1_750_000_000_000


def scenario() -> Scenario:
    """Two days of one brand, with an outage in the second."""
    whole = default_scenario(seed=5)
    (nimbus,) = (brand for brand in whole.brands if brand.key == "nimbus-mobile")
    (outage,) = nimbus.events
    planted = replace(outage, start_ms=whole.start_ms + 33 * HOUR_MS)
    return replace(whole, days=2, brands=(replace(nimbus, per_minute=0.5, events=(planted,)),))


@cache
def records() -> tuple[ArchiveRecord, ...]:
    """The log, in order."""
    return tuple(ArchiveRecord(tweet.key, tweet.value, tweet.time_ms) for tweet in simulate(scenario()))


def watchlist() -> Watchlist:
    return Watchlist.parse(demo_watchlist())


@cache
def published() -> tuple[tuple[CrisisEvent, bytes], ...]:
    """What the engine publishes of crises for the log."""
    engine = Engine(EngineSettings(), watchlist(), StandardAnalyzer())
    log = [Record(offset, READ_AT_MS, item.key, item.value) for offset, item in enumerate(records())]
    steps = [engine.process(log), engine.finish()]
    events = [event for step in steps for event in step.events if isinstance(event, CrisisEvent)]
    return tuple((event, encode(event)) for event in events)


def worst() -> list[tuple[CrisisEvent, bytes]]:
    """The events of the crisis that went highest."""
    highest = max((event for event, _ in published()), key=lambda event: event.peak_level)
    return [pair for pair in published() if pair[0].crisis_id == highest.crisis_id]
