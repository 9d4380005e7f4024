"""Where the share of a concern is going, within what was said of late."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

from schemas.crisis import Trend

__all__ = ["newer_half", "trend"]

_SURE = 1.96
"""Standard score of a change of proportion: one in twenty steady concerns is called something else."""


def newer_half(minutes: Sequence[int]) -> int:
    """Return the bit set of the documents of the newer half, of the documents' minutes in order.

    A minute is not divided: the half begins with the minute of the document in the middle.

    >>> bin(newer_half([1, 1, 2, 5, 5, 5]))
    '0b111000'
    """
    if not minutes:
        return 0
    middle = minutes[len(minutes) // 2]
    older = sum(minute < middle for minute in minutes)
    return (1 << len(minutes)) - (1 << older)


def trend(documents: int, newer: int, count: int) -> Trend:
    """Test whether a concern has a greater share of the newer documents than of the older ones, or a smaller one.

    Parameters
    ----------
    documents : int
        Bit set of those with the concern.
    newer : int
        Bit set of the newer ones.
    count : int
        How many there are in all.
    """
    new, old = newer.bit_count(), count - newer.bit_count()
    if not new or not old:
        return Trend.STEADY
    share = documents.bit_count() / count
    spread = sqrt(share * (1.0 - share) * (1.0 / new + 1.0 / old))
    change = (documents & newer).bit_count() / new - (documents & ~newer).bit_count() / old
    if spread == 0.0 or abs(change) < _SURE * spread:
        return Trend.STEADY
    return Trend.RISING if change > 0.0 else Trend.FALLING
