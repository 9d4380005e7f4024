"""A record that an archive gives, and the order records are given in."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ArchiveError", "ArchiveRecord", "by_time", "runs_backwards"]


class ArchiveError(Exception):
    """A file cannot be used. The message names the file, what is wrong and what to do."""


class ArchiveRecord(NamedTuple):
    """One record for the raw topic."""

    key: bytes | None
    """The tweet's ID; none when the record holds no tweet or several."""
    value: bytes
    """What goes on the topic: JSON, or whatever the file had in its place."""
    time_ms: int | None
    """Event time (of the newest tweet in it), epoch milliseconds; none when it has none."""


def by_time(records: Sequence[ArchiveRecord]) -> list[ArchiveRecord]:
    """Sort by event time, stably. A record without one stays behind the record it followed."""
    times: list[int] = []
    latest = 0
    for record in records:
        latest = latest if record.time_ms is None else record.time_ms
        times.append(latest)
    return [records[index] for index in sorted(range(len(records)), key=times.__getitem__)]


def runs_backwards(records: Sequence[ArchiveRecord]) -> bool:
    """Say whether records are newest first: the first later than the last, and more steps down than up."""
    times = [record.time_ms for record in records if record.time_ms is not None]
    if not times or times[0] <= times[-1]:
        return False
    steps = list(pairwise(times))
    return sum(b < a for a, b in steps) > sum(b > a for a, b in steps)
