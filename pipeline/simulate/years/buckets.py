"""Minutes as closed buckets: the rolling windows that track would count over them, worked out at once.

Counts and the distinct authors are exact over the spans that `pipeline.rings` defines: the windows of 6 and 24 hours
start at a quarter hour. Track's own authors and copies are estimates (13 % of error, as `pipeline.authors` says).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from pipeline.bucket import BUCKET_MS, ClosedBucket
from pipeline.simulate.years.traffic import COLUMNS, Traffic
from pipeline.windows import NO_MENTIONS
from schemas.window import WINDOW_NAMES, WINDOW_SECONDS, WindowCounts

__all__ = ["buckets", "distinct_authors", "window_starts"]

Ints = NDArray[np.int64]

_DAY = 24 * 60
_QUARTER = 15
_LENGTHS = {name: seconds // 60 for name, seconds in WINDOW_SECONDS.items()}
_TO_THE_MINUTE = 60
"""Windows up to this long are exact to the minute."""
_UNOBSERVED = len(COLUMNS)
_POSITIVE_OF_OTHERS = 0.3
_TEMPLATE = COLUMNS.index("template")


def window_starts(minutes: Ints, length: int) -> Ints:
    """Return the first minute of the windows of a length that end with given minutes.

    >>> window_starts(np.array([100, 104]), 60).tolist(), window_starts(np.array([400, 404]), 360).tolist()
    ([41, 45], [30, 45])
    """
    ends = minutes + 1
    return ends - length if length <= _TO_THE_MINUTE else ends // _QUARTER * _QUARTER - length


def _first_without(minutes: Ints, length: int) -> Ints:
    """Return the first minute whose window starts after given minutes."""
    if length <= _TO_THE_MINUTE:
        return minutes + length
    return -(-(minutes + length + 1) // _QUARTER) * _QUARTER - 1


def distinct_authors(at: Ints, authors: Ints, minutes: int, length: int) -> Ints:
    """Return the distinct authors of the window of a length that ends with each minute.

    A mention stands for its author in all windows that hold it and do not hold the author's mention before.

    Parameters
    ----------
    at : ndarray of int
        Minute of each mention, ascending.
    authors : ndarray of int
        Its author.
    minutes : int
        How many there are.
    length : int
        Of the window, minutes.
    """
    order = np.argsort(authors, kind="stable")
    when, who = at[order], authors[order]
    begins = when.copy()
    again = np.flatnonzero(who[1:] == who[:-1]) + 1
    begins[again] = np.maximum(begins[again], _first_without(when[again - 1], length))
    ends = _first_without(when, length)
    steps = np.bincount(np.minimum(begins, minutes), minlength=minutes + 1)
    steps -= np.bincount(np.minimum(ends, minutes), minlength=minutes + 1)
    return np.cumsum(steps[:minutes])


class _Windows(Mapping[str, WindowCounts]):
    """The windows of one minute, each made when it is asked for: a detector looks at few of them."""

    __slots__ = ("_made", "_rows")

    def __init__(self, rows: list[list[int]]) -> None:
        self._rows = rows
        self._made: dict[str, WindowCounts] = {}

    def __getitem__(self, name: str) -> WindowCounts:
        made = self._made.get(name)
        if made is None:
            made = self._made[name] = _window(self._rows[WINDOW_NAMES.index(name)])
        return made

    def __iter__(self) -> Iterator[str]:
        return iter(WINDOW_NAMES)

    def __len__(self) -> int:
        return len(WINDOW_NAMES)


def _window(row: list[int]) -> WindowCounts:
    volume, negative, questions, retweets, reach, copies, template, fresh, retold, angry, _unobserved, *known = row
    if not volume:
        return NO_MENTIONS
    positive = round(_POSITIVE_OF_OTHERS * (volume - negative))
    return WindowCounts(
        volume=volume,
        negative=negative,
        neutral=volume - negative - positive,
        positive=positive,
        authors=fresh + known[0],
        negative_authors=angry + known[1],
        reach=reach,
        questions=questions,
        retweets=retweets,
        negative_retweets=retold,
        repeats=copies + max(0, template - 1),
        languages={"en": volume},
    )


def buckets(traffic: Traffic, brand: str, start_ms: int) -> Iterator[ClosedBucket]:
    """Yield the closed bucket of each minute, oldest first.

    They hold no documents and exemplars, and the brand itself posts nothing.

    Parameters
    ----------
    traffic : Traffic
        The minutes.
    brand : str
        Key of the brand.
    start_ms : int
        Start of the first minute, epoch milliseconds, a whole quarter hour.
    """
    minutes = len(traffic.counts)
    rows = np.column_stack([traffic.counts, ~traffic.observed])
    sums = np.concatenate([np.zeros((1, rows.shape[1]), np.int64), np.cumsum(rows, axis=0, dtype=np.int64)])
    negative = traffic.known_negative
    people = {
        length: (
            distinct_authors(traffic.known_minutes, traffic.known_authors, minutes, length),
            distinct_authors(traffic.known_minutes[negative], traffic.known_authors[negative], minutes, length),
        )
        for length in _LENGTHS.values()
    }
    for first in range(0, minutes, _DAY):
        at = np.arange(first, min(first + _DAY, minutes))
        rolled = []
        for length, (authors, angry) in people.items():
            starts = np.maximum(window_starts(at, length), 0)
            rolled.append(np.column_stack([sums[at + 1] - sums[starts], authors[at], angry[at]]))
        for minute, six in enumerate(np.stack(rolled, axis=1).tolist(), first):
            yield ClosedBucket(
                brand=brand,
                end_ms=start_ms + (minute + 1) * BUCKET_MS,
                observed=bool(traffic.observed[minute]),
                windows=_Windows(six),
                own_posts_24h=0,
                unobserved_minutes=six[-1][_UNOBSERVED],
            )
