"""The calendar of a brand as the watchlist has it: ``[[brands.acme.calendar]]``.

There are no time zones: a zone's rules come from files of the machine, and results must not. A time is written
with its offset from UTC. A repeated event keeps that offset, so across a change of the clocks it takes two entries.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from pipeline.planned import NOTHING_PLANNED, Calendar, PlannedEvent
from pipeline.watchlist.fields import known_fields, listed, named, shown
from pipeline.watchlist.model import WatchlistError
from schemas.times import from_rfc3339

__all__ = ["DEFAULT_EXPECT", "parse_calendar"]

DEFAULT_EXPECT = 10.0
"""How many times the ordinary mentions are expected at most, unless told: an order of magnitude."""
_MOST_EXPECT = 1000.0
_MOST_EVENTS = 1000
"""Of a brand, each repetition counted."""
_DAY = 24 * 60
_LONGEST = 14 * _DAY
_LONGEST_REPETITION = 366 * _DAY
_MINUTE_MS = 60_000
_REPEATS = {"daily": _DAY, "weekly": 7 * _DAY}
"""Minutes from one time to the next."""
_FIELDS = ("name", "start", "end", "expect", "repeat", "until")


def parse_calendar(table: Mapping[str, Any], where: str) -> Calendar:
    """Read the field ``calendar`` of a brand.

    Parameters
    ----------
    table : mapping
        The brand's table.
    where : str
        File and brand, for messages.

    Raises
    ------
    WatchlistError
        An entry is wrong; the message names it and the field.
    """
    events: list[PlannedEvent] = []
    for i, entry in enumerate(listed(table, "calendar", where)):
        for event in _entry(entry, f"{where}: calendar[{i}]"):
            events.append(event)
            if len(events) > _MOST_EVENTS:
                raise WatchlistError(
                    f"{where}: calendar: expected at most {_MOST_EVENTS} events, each repetition counted; "
                    "drop those that are over"
                )
    return Calendar(tuple(events)) if events else NOTHING_PLANNED


def _entry(entry: Any, where: str) -> Iterator[PlannedEvent]:
    if not isinstance(entry, dict):
        raise WatchlistError(f'{where}: expected a table {{ name = "…", start = …, end = … }}, got {shown(entry)}')
    known_fields(entry, _FIELDS, where)
    name, expect = named(entry.get("name"), f"{where}: name"), _expect(entry, where)
    start_ms, end_ms = _time_ms(entry, "start", where), _time_ms(entry, "end", where)
    if start_ms >= end_ms:
        raise WatchlistError(f"{where}: end: expected a time after start, got {_as_written(entry['end'])}")
    start, end = start_ms // _MINUTE_MS, -(-end_ms // _MINUTE_MS)
    if end - start > _LONGEST:
        raise WatchlistError(
            f"{where}: end: expected at most {_LONGEST // _DAY} days after start: what lasts longer is learnt as usual"
        )
    for later in _repetitions(entry, start, end, where):
        yield PlannedEvent(name=name, start=start + later, end=end + later, expect=expect)


def _repetitions(entry: Mapping[str, Any], start: int, end: int, where: str) -> range:
    """Return by how many minutes after the first each time of an event begins."""
    repeat = entry.get("repeat")
    if repeat is None:
        if "until" in entry:
            raise WatchlistError(f'{where}: until: expected only beside repeat = "daily" or "weekly"')
        return range(1)
    step = _REPEATS.get(repeat) if isinstance(repeat, str) else None
    if step is None:
        raise WatchlistError(f'{where}: repeat: expected "daily" or "weekly", got {shown(repeat)}')
    if 2 * (end - start) > step:
        raise WatchlistError(
            f"{where}: end: expected an event that lasts at most {step // 120} hours when it is repeated {repeat}: "
            "what fills more than half of the time is usual, and is learnt as such"
        )
    last = _time_ms(entry, "until", where) // _MINUTE_MS
    if not start <= last <= start + _LONGEST_REPETITION:
        raise WatchlistError(
            f"{where}: until: expected a time from start to {_LONGEST_REPETITION // _DAY} days later, "
            f"got {_as_written(entry['until'])}"
        )
    return range(0, last - start + 1, step)


def _expect(entry: Mapping[str, Any], where: str) -> float:
    value = entry.get("expect", DEFAULT_EXPECT)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1 < value <= _MOST_EXPECT:
        raise WatchlistError(
            f"{where}: expect: expected how many times the ordinary mentions there may be, a number above 1 "
            f"and at most {_MOST_EXPECT:.0f}, got {shown(value)}"
        )
    return float(value)


def _time_ms(entry: Mapping[str, Any], field: str, where: str) -> int:
    """Return a time as epoch milliseconds: a TOML date-time or RFC 3339 text, with an offset either way."""
    value = entry.get(field)
    try:
        return from_rfc3339(value.isoformat() if isinstance(value, datetime) else value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError) as error:
        raise WatchlistError(
            f"{where}: {field}: expected a time with its offset from UTC, as in 2026-03-04T20:00:00+01:00, "
            f"got {_as_written(value)}"
        ) from error


def _as_written(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else shown(value)
