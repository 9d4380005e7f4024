"""Planned events and the log: what a change of the calendar changes, and what it does not."""

from collections.abc import Mapping
from functools import cache

import pytest

from pipeline.engine import Engine
from pipeline.planned import Calendar, PlannedEvent
from pipeline.settings import EngineSettings
from pipeline.text import StandardAnalyzer
from pipeline.tracker import Tracker
from pipeline.watchlist import Watchlist
from schemas.codec import encode
from schemas.window import WindowClosed
from tests.pipeline.incident import OPENS, STORED, incident, incident_in_batches
from tests.pipeline.logs import MINUTE_MS, START_MS, put_together, taken_apart

START = START_MS // MINUTE_MS
LAST = STORED + 60
LAUNCH = {
    "acme": Calendar((PlannedEvent(name="launch", start=START + OPENS, end=START + OPENS + 60, expect=20.0),)),
    "other": Calendar((PlannedEvent(name="fair", start=START, end=START + 5000, expect=2.0),)),
}
NOTHING: Mapping[str, Calendar] = {}
CALM = [[0, [0, 0, 0, 0], [0, 0, 0, 0]], [0, 0, 0, 0, 0, 0, 0], [0, 0]]
"""The alarm of a brand of which nothing is being said."""


def published(*parts: tuple[int, Mapping[str, Calendar]]) -> list[bytes]:
    """What is published when calendars follow each other, each until a minute.

    Ten minutes at a time, and what is published is the same: `tests/pipeline/test_tracker_replays.py`.
    """
    tracker, events, first = Tracker(EngineSettings(), 0), list[bytes](), 0
    for until, calendars in parts:
        tracker.calendars = calendars
        for records in incident_in_batches(first, until, minutes=10):
            events += map(encode, tracker.step(records).events)
        first = until
    return events


def test_an_event_declared_before_it_starts_might_have_been_declared_ever() -> None:
    assert published((OPENS, NOTHING), (LAST, LAUNCH)) == launched() != unannounced()


def test_an_event_declared_in_its_midst_counts_for_the_minutes_that_are_closed_from_then_on() -> None:
    late, never = published((OPENS + 30, NOTHING), (LAST, LAUNCH)), unannounced()
    same = sum(one == other for one, other in zip(late, never, strict=False))
    assert [b'"planned":"launch"' in event for event in late if b'"window_end"' in event].count(True) >= 30
    assert same < len(late)
    assert late[:OPENS] == never[:OPENS]


@pytest.mark.parametrize("cut", [OPENS - 1, OPENS + 20, OPENS + 61, OPENS + 100])
def test_a_restart_around_an_event_changes_nothing(cut: int) -> None:
    tracker, states, events = Tracker(EngineSettings(), 0, calendars=LAUNCH), dict[str, bytes](), list[bytes]()
    for records in incident_in_batches(0, cut, minutes=30):
        step = tracker.step(records)
        states |= step.states
        events += map(encode, step.events)
    again = Tracker(EngineSettings(), 0, calendars=LAUNCH)
    for key, value in states.items():
        again.restore(key, value)
    for records in incident_in_batches(cut, LAST, minutes=30):
        events += map(encode, again.step(records).events)
    assert events == launched()


@cache
def launched() -> list[bytes]:
    """What is published when the event was declared from the beginning."""
    return published((LAST, LAUNCH))


@cache
def unannounced() -> list[bytes]:
    """What is published when nothing was ever declared."""
    return published((LAST, NOTHING))


def test_a_new_model_learns_nothing_from_the_events_of_the_last_day() -> None:
    expected = []
    for calendars in (LAUNCH, NOTHING):
        tracker, states = Tracker(EngineSettings(), 0, calendars=calendars), dict[str, bytes]()
        for records in incident_in_batches(0, OPENS + 60, minutes=30):
            states |= tracker.step(records).states
        partition, state = taken_apart(states["acme"])
        state["detector"].clear()
        state["alarm"] = CALM
        states["acme"] = put_together(partition, state)
        anew = Tracker(EngineSettings(), 0, calendars=calendars)
        for key, value in states.items():
            anew.restore(key, value)
        assert anew.problems == {"unknown_detector": 1}
        (window,) = [
            event
            for records in incident(OPENS + 60, OPENS + 61)
            for event in anew.step(records).events
            if isinstance(event, WindowClosed)
        ]
        expected.append(window.detection.learning)
    assert expected[0] < expected[1]


def test_a_replay_reads_the_calendar_of_its_watchlist() -> None:
    text = (
        'version = 1\n[brands.acme]\naliases = ["Acme"]\n[[brands.acme.calendar]]\nname = "launch"\n'
        "start = 2026-03-04T20:00:00Z\nend = 2026-03-04T21:00:00Z\n"
    )
    watchlist = Watchlist.parse(text)
    engine = Engine(EngineSettings(), watchlist, StandardAnalyzer())
    assert engine.tracker.calendars == watchlist.calendars != {}
