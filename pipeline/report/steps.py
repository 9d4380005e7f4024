"""The steps of a crisis, and the signals at its height: the tables that show the evidence."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.report.episodes import Episode
from pipeline.report.phrasing import Phrasing, plain
from schemas.crisis import CrisisEvent
from schemas.times import from_rfc3339

__all__ = ["EventRow", "SignalRow", "event_rows", "sentence", "signal_rows"]

_MAX_ROWS = 60
"""Events shown of one crisis at most: the first and the last."""
_MAX_SIGNALS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """One line of the timeline."""

    when: str
    step: str
    level: int
    window: str
    volume: str
    expected: str
    negative: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalRow:
    """One line of the evidence."""

    name: str
    window: str
    observed: str
    expected: str
    surprise: str
    adds: str


def event_rows(episode: Episode, phrasing: Phrasing) -> tuple[tuple[EventRow, ...], int]:
    """Return the steps, and how many in the middle are left out."""
    shown = episode.events
    if len(shown) > _MAX_ROWS:
        shown = (*shown[: _MAX_ROWS // 2], *shown[-_MAX_ROWS // 2 :])
    return tuple(_row(event, phrasing) for event in shown), len(episode.events) - len(shown)


def _row(event: CrisisEvent, phrasing: Phrasing) -> EventRow:
    e = event.evidence
    return EventRow(
        when=phrasing.time(event.time),
        step=phrasing.words[f"step_{event.type}"],
        level=int(event.level),
        window=plain(e.window),
        volume=phrasing.whole(e.observed.volume),
        expected=phrasing.whole(e.expected_volume),
        negative=phrasing.percent(e.negative_share),
    )


def signal_rows(event: CrisisEvent, phrasing: Phrasing) -> tuple[SignalRow, ...]:
    """Return what each signal saw, expected and added."""
    return tuple(
        SignalRow(
            name=phrasing.named("signal", s.name),
            window=plain(s.window),
            observed=phrasing.figure(s.observed),
            expected=phrasing.figure(s.expected),
            surprise=phrasing.figure(s.surprise),
            adds=phrasing.figure(s.contribution),
        )
        for s in event.evidence.signals[:_MAX_SIGNALS]
    )


def sentence(event: CrisisEvent, phrasing: Phrasing) -> str:
    """Say what an event saw, beside what was expected."""
    e = event.evidence
    low, high = e.interval
    start, end = from_rfc3339(event.window_start), from_rfc3339(event.window_end)
    until = phrasing.clock(end)
    if phrasing.day(start) != phrasing.day(end):
        until = phrasing.say("clock_on_day", clock=until, day=phrasing.day(end))
    volume = e.observed.volume
    one = volume == 1 or volume < phrasing.singular_below
    return phrasing.say(
        "seen_told_one" if one else "seen_told",
        start=phrasing.clock(start),
        end=until,
        number=phrasing.whole(volume),
        expected=phrasing.whole(e.expected_volume),
        low=phrasing.whole(low),
        high=phrasing.whole(high),
        negative=phrasing.percent(e.negative_share),
        usual=phrasing.percent(e.negative_share_expected),
    )
