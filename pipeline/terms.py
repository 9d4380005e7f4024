"""Phrases or hashtags of one bucket, in bounded room, whatever the order of arrival.

A bound must be met by leaving something out. Leaving out phrases by their own hash would lose, for good,
whichever phrase has the wrong hash, the one that everybody uses included. So whole mentions are left out:
the mentions are ordered by a hash of their ID, and the longest run from the front whose terms fit is kept.
That is a uniform sample of the mentions, the same for any order of arrival, and exact while all fit; counts
are scaled up to all mentions, so shares stay true.
"""

from __future__ import annotations

from bisect import insort
from collections import Counter
from collections.abc import Iterable
from itertools import chain
from operator import itemgetter
from typing import Any

__all__ = ["TermSample"]

_LONGEST = 64
_MOST = 1 << 32
_TERMS = itemgetter(1)


class TermSample:
    """The terms of the mentions of a bucket, at most ``room`` of them."""

    __slots__ = ("_cut", "_kept", "_room", "_used", "mentions")

    def __init__(self, room: int) -> None:
        self._room = room
        self._used = 0
        self._cut: int | None = None
        """Everything with this key or a higher one is left out."""
        self._kept: list[tuple[int, tuple[str, ...]]] = []
        """(key, terms) of the mentions kept, in order."""
        self.mentions = 0
        """Mentions with terms, kept or not."""

    def add(self, key: int, terms: Iterable[str]) -> None:
        """Count the terms of a mention whose uniform hash is ``key``."""
        self.mentions += 1
        if self._cut is not None and key >= self._cut:
            return
        usable = tuple([term for term in dict.fromkeys(terms) if _is_usable(term)][: self._room])
        insort(self._kept, (key, usable))
        self._used += len(usable)
        while self._used > self._room:
            self._leave_out_last()

    def _leave_out_last(self) -> None:
        """Leave out the mentions with the highest key."""
        cut = self._cut = self._kept[-1][0]
        while self._kept and self._kept[-1][0] == cut:
            self._used -= len(self._kept.pop()[1])

    def counts(self) -> dict[str, int]:
        """Return the mentions of the bucket by term, most frequent first, ties in alphabetical order."""
        if not self._kept:
            return {}
        counts = Counter(chain.from_iterable(map(_TERMS, self._kept)))
        ordered = sorted(sorted(counts), key=counts.__getitem__, reverse=True)
        mentions, sampled = self.mentions, len(self._kept)
        return {term: (2 * counts[term] * mentions + sampled) // (2 * sampled) for term in ordered}

    def state(self) -> list[Any] | None:
        """Return the sample as JSON has it; none when there is nothing in it."""
        if not self.mentions:
            return None
        return [self.mentions, self._cut, self._kept]

    @classmethod
    def restore(cls, state: list[Any] | None, room: int) -> TermSample:
        """Return the sample that gave a state; ``TypeError`` or ``ValueError`` when it is none."""
        sample = cls(room)
        if state is not None:
            mentions, cut, kept = state
            sample.mentions = _count(mentions)
            sample._cut = None if cut is None else _count(cut)
            sample._kept = [(_count(key), tuple(terms)) for key, terms in kept]
            used = list(chain.from_iterable(map(_TERMS, sample._kept)))
            sample._used = len(used)
            if len(sample._kept) > sample.mentions or len(used) > room:
                raise ValueError("more than the sample can hold")
            if not {str}.issuperset(map(type, used)) or max(map(len, used), default=0) > _LONGEST:
                raise TypeError("not terms")
        return sample


def _is_usable(term: str) -> bool:
    """Whether a term is short enough, and has a form in UTF-8 (a lone surrogate has none)."""
    if not 0 < len(term) <= _LONGEST:
        return False
    return term.isascii() or term.encode("utf-8", "replace") == term.encode("utf-8", "surrogatepass")


def _count(value: object) -> int:
    if type(value) is int and 0 <= value < _MOST:
        return value
    raise TypeError("not a count")
