"""Planned events of a brand (a launch, a match): when more people than usual will speak of it, and how many more.

Decision: *the calendar is read from the watchlist by whoever detects, and does not travel in the log.* The other
way, records in-band from enrich as gaps have, was weighed and left. It would make track a function of its log
alone. But the calendar is one file read by many workers: each raw partition would carry a copy of its own, with
versions, kept in the state, and around a change the result would still depend on how partitions interleave.
Entries carry event times, so reading the file is simpler and as good where it counts:

- An entry is looked up by event time only. A minute is judged by the calendar in force when it is closed.
- So live and replay agree to the byte when what the file says of a minute is the same for both. They do when an
  entry is declared before its start in event time, and left in the file for as long as logs of that time are
  replayed.
- An entry added, changed or removed during its event, or after it, counts for the minutes that are closed from
  then on. A replay with the new file counts it from its start: the two differ from the start of the event until
  the model has forgotten what it learnt in it. The evidence of each event names the entry that was in force.
- A worker reads a changed file within seconds, and every worker by itself. For that while two workers may
  differ; each brand has one worker, so no brand is judged both ways.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import pairwise
from typing import NamedTuple

__all__ = ["NOTHING_PLANNED", "Calendar", "PlannedEvent", "Stretch"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedEvent:
    """An event that is known beforehand; a repeated one is one for each time."""

    name: str
    """What it is called in the evidence."""
    start: int
    """Its first minute, epoch minutes."""
    end: int
    """The minute after its last."""
    expect: float
    """How many times the ordinary mentions are expected at most, above 1."""


class Stretch(NamedTuple):
    """Minutes in which one event decides what is expected."""

    start: int
    """First minute, epoch minutes."""
    end: int
    """The minute after the last."""
    event: PlannedEvent


@dataclass(frozen=True, slots=True)
class Calendar:
    """The planned events of one brand. Where some overlap, the one that expects most decides.

    Looking up costs one bisection; an empty calendar is false, so that brands without one need not ask.

    >>> match = PlannedEvent(name="Cup final", start=1200, end=1320, expect=20.0)
    >>> calendar = Calendar((match,))
    >>> calendar.factor(1199), calendar.factor(1200), calendar.factor(1320)
    (1.0, 20.0, 1.0)
    >>> [(start, end) for start, end, _ in calendar.within(1300, 1400)]
    [(1300, 1320)]
    """

    events: tuple[PlannedEvent, ...] = ()
    """In any order."""
    _stretches: tuple[Stretch, ...] = field(init=False, compare=False, repr=False)
    """Apart from each other, by time."""
    _starts: tuple[int, ...] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        stretches = _stretches(self.events)
        object.__setattr__(self, "_stretches", stretches)
        object.__setattr__(self, "_starts", tuple(stretch.start for stretch in stretches))

    def __bool__(self) -> bool:
        """Whether anything is planned, ever."""
        return bool(self._starts)

    def at(self, minute: int) -> PlannedEvent | None:
        """Return the event that decides what is expected of a minute (epoch minutes, the one that begins then)."""
        place = bisect_right(self._starts, minute) - 1
        if place < 0:
            return None
        stretch = self._stretches[place]
        return stretch.event if minute < stretch.end else None

    def factor(self, minute: int) -> float:
        """Return how many times the ordinary mentions are expected of a minute at most; 1 outside of events."""
        event = self.at(minute)
        return 1.0 if event is None else event.expect

    def within(self, start: int, end: int) -> list[Stretch]:
        """Return the stretches between two minutes, cut to them, by time; ``end`` is the minute after the last."""
        if start >= end:
            return []
        found: list[Stretch] = []
        place = max(0, bisect_right(self._starts, start) - 1)
        for first, after, event in self._stretches[place:]:
            if first >= end:
                break
            if after > start:
                found.append(Stretch(max(first, start), min(after, end), event))
        return found

    def leading(self, start: int, end: int) -> PlannedEvent | None:
        """Return the event that expects most between two minutes, the earliest of several; none if there is none."""
        return max((event for _, _, event in self.within(start, end)), key=lambda event: event.expect, default=None)


def _stretches(events: tuple[PlannedEvent, ...]) -> tuple[Stretch, ...]:
    """Return who decides when; a tie goes to the event that began first, then by name, then to the shorter one."""
    coming = sorted(set(events), key=lambda event: -event.start)
    bounds = sorted({bound for event in events for bound in (event.start, event.end)})
    running: list[tuple[float, int, str, int, PlannedEvent]] = []
    stretches: list[Stretch] = []
    for start, end in pairwise(bounds):
        while coming and coming[-1].start <= start:
            event = coming.pop()
            heappush(running, (-event.expect, event.start, event.name, event.end, event))
        while running and running[0][3] <= start:
            heappop(running)
        if not running:
            continue
        event = running[0][-1]
        if stretches and stretches[-1].end == start and stretches[-1].event == event:
            stretches[-1] = stretches[-1]._replace(end=end)
        else:
            stretches.append(Stretch(start, end, event))
    return tuple(stretches)


NOTHING_PLANNED = Calendar()
"""The calendar of a brand without one."""
