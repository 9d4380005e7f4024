"""Ordinary talk as versions 2 and 3 of a detector's state had it: a table of phrases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipeline.detection.stored import numbers, whole

__all__ = ["ordinary_talk"]

_MOST_PHRASES = 128
"""More than the table ever had room for."""


def ordinary_talk(state: Sequence[Any]) -> tuple[dict[str, float], float]:
    """Return ordinary mentions by phrase or `#hashtag`, and how many there were in all.

    Raises
    ------
    TypeError, ValueError
        It is no such table.
    """
    hour, mentions, phrases, rows = state
    whole(hour)
    _now, _before, baseline = rows or ((), (), ())
    if len(phrases) > _MOST_PHRASES:
        raise ValueError("not a table of phrases")
    if not {str}.issuperset(map(type, phrases)):
        raise TypeError("not phrases")
    return dict(zip(phrases, numbers(baseline, len(phrases)), strict=True)), numbers(mentions, 3)[2]
