"""Where input is missing: minutes in any order put together to stretches of time, and said in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from pipeline.report.phrasing import Phrasing
from schemas.window import WindowClosed

__all__ = ["MINUTE_MS", "Missing", "Stretch", "is_seen", "said", "span", "total", "united", "within"]

MINUTE_MS = 60_000
_MAX_STRETCHES = 500
"""Kept at most; past that the two nearest become one."""
_MAX_SAID = 6
_MOST_MISSING = 15


class Stretch(NamedTuple):
    """From the first missing minute to the end of the last, epoch milliseconds."""

    start_ms: int
    end_ms: int

    @property
    def length_ms(self) -> int:
        """How long it is."""
        return self.end_ms - self.start_ms


class Missing:
    """The minutes of one brand in which input is missing. Bounded, whatever their number."""

    def __init__(self) -> None:
        self._stretches: list[Stretch] = []

    def add(self, end_ms: int) -> None:
        """Take in the minute that ends then."""
        start_ms, last = end_ms - MINUTE_MS, self._stretches[-1] if self._stretches else None
        if last is not None and last.end_ms == start_ms:
            self._stretches[-1] = Stretch(last.start_ms, end_ms)
            return
        self._stretches.append(Stretch(start_ms, end_ms))
        if last is not None and (start_ms < last.end_ms or len(self._stretches) > _MAX_STRETCHES):
            self._stretches = united(self._stretches)

    def stretches(self) -> list[Stretch]:
        """Return them in order, apart from each other."""
        return list(self._stretches)


def is_seen(window: WindowClosed) -> bool:
    """Whether a minute, and at least three quarters of the hour that ends with it, were observed."""
    return window.observed and window.unobserved.get("1h", 0) <= _MOST_MISSING


def united(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Return the union, in order, at most 500 stretches."""
    found: list[Stretch] = []
    for each in sorted(stretches):
        if found and each.start_ms <= found[-1].end_ms:
            found[-1] = Stretch(found[-1].start_ms, max(found[-1].end_ms, each.end_ms))
        else:
            found.append(each)
    while len(found) > _MAX_STRETCHES:
        _, nearest = min((after.start_ms - before.end_ms, i) for i, (before, after) in enumerate(pairwise(found)))
        found[nearest : nearest + 2] = [Stretch(found[nearest].start_ms, found[nearest + 1].end_ms)]
    return found


def within(stretches: Iterable[Stretch], first_ms: int, last_ms: int) -> list[Stretch]:
    """Return what lies between two times."""
    cut = (Stretch(max(each.start_ms, first_ms), min(each.end_ms, last_ms)) for each in stretches)
    return [each for each in cut if each.start_ms < each.end_ms]


def total(stretches: Iterable[Stretch], phrasing: Phrasing) -> str:
    """Write how long they are together."""
    return phrasing.duration(sum(each.length_ms for each in stretches))


def span(stretch: Stretch, phrasing: Phrasing) -> str:
    """Write from when to when, with one day where it is the same."""
    day = phrasing.day(stretch.start_ms)
    if day == phrasing.day(stretch.end_ms):
        first, last = phrasing.clock(stretch.start_ms), phrasing.clock(stretch.end_ms)
        return phrasing.say("missing_span_day", day=day, first=first, last=last)
    return phrasing.say("missing_span", first=phrasing.at(stretch.start_ms), last=phrasing.at(stretch.end_ms))


def said(stretches: Sequence[Stretch], phrasing: Phrasing) -> str:
    """Write from when to when they are, the longest of many, in order."""
    longest = sorted(sorted(stretches, key=lambda each: (-each.length_ms, each.start_ms))[:_MAX_SAID])
    spans = [span(each, phrasing) for each in longest]
    if len(stretches) > _MAX_SAID:
        spans.append(phrasing.say("missing_more", number=phrasing.whole(len(stretches) - _MAX_SAID)))
    return phrasing.words["semicolon"].join(spans)
