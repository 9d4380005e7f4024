"""A brand's ordinary talk: in how many documents each phrase or hashtag stood, in constant room.

A table of phrases would have to drop most of them, and then know nothing of what it dropped. A count-min sketch
(Cormode and Muthukrishnan, Journal of Algorithms 55, 2005) with conservative update (Estan and Varghese, ACM TOCS 21,
2003) knows all of them, none too low, and most too high by a few documents in a thousand: a phrase is never
called new that is not.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from sys import byteorder
from typing import Any
from zlib import crc32

from pipeline.concerns.document import whole

__all__ = ["CELLS", "Baseline"]

CELLS = 1024
_HALF = CELLS // 2
_MOST_DOCUMENTS = 1024
"""Halved when it has heard so many: then it forgets as fast as it learns, whatever the brand's volume."""
_ZERO = ord("0")
"""A cell holds its count and this: so it is a character already when it is stored."""
_SPREAD = 0x9E3779B97F4A7C15


class Baseline:
    """Documents by term: 2 KiB of memory, and about half a KiB of a compressed state."""

    __slots__ = ("_cells", "documents")

    def __init__(self) -> None:
        self._cells: array[int] | None = None
        """None while nothing was heard: most brands of a large watchlist are quiet."""
        self.documents = 0
        """Documents heard, those half forgotten halved."""

    def learn(self, terms: Iterable[str]) -> None:
        """Take in the distinct terms of a document."""
        cells = self._cells
        if cells is None:
            cells = self._cells = _nothing()
        for term in terms:
            one, other = _places(term)
            least = min(cells[one], cells[other])
            if cells[one] == least:
                cells[one] = least + 1
            if cells[other] == least:
                cells[other] = least + 1
        self.documents += 1
        if self.documents >= _MOST_DOCUMENTS:
            self.documents //= 2
            self._cells = array("H", [_ZERO + (cell - _ZERO) // 2 for cell in cells])

    def count(self, term: str) -> int:
        """Return in how many documents a term stood: at least."""
        if self._cells is None:
            return 0
        one, other = _places(term)
        return min(self._cells[one] - _ZERO, self._cells[other] - _ZERO, self.documents)

    def take_over(self, ordinary: Mapping[str, float], mentions: float) -> None:
        """Begin with ordinary talk that was known otherwise: mentions by term, of so many."""
        if not ordinary or mentions < 1.0:
            return
        self.documents = min(int(mentions), _MOST_DOCUMENTS - 1)
        cells = self._cells = _nothing()
        for term, count in ordinary.items():
            heard = min(self.documents, round(count * self.documents / mentions))
            for place in _places(term):
                cells[place] = max(cells[place], _ZERO + heard)

    def state(self) -> list[Any]:
        """State as JSON has it: documents, and a character for each cell, counting up from `0`."""
        return [self.documents, "" if self._cells is None else _swapped(self._cells).tobytes().decode("utf-16-le")]

    def restore(self, state: Sequence[Any]) -> None:
        """Take over what `state` gave; ``TypeError``, ``ValueError``, ``AttributeError`` when it is something else."""
        documents, text = state
        self.documents = whole(documents, _MOST_DOCUMENTS - 1)
        if not text:
            return
        cells = _swapped(array("H", text.encode("utf-16-le")))
        if len(cells) != CELLS or min(cells) < _ZERO or max(cells) > _ZERO + _MOST_DOCUMENTS:
            raise ValueError("not a baseline")
        self._cells = cells


def _nothing() -> array[int]:
    return array("H", [_ZERO]) * CELLS


def _swapped(cells: array[int]) -> array[int]:
    """Return cells in the order of bytes that text has; as they are on all machines but a few."""
    if byteorder == "big":
        cells = cells[:]
        cells.byteswap()
    return cells


def _places(term: str) -> tuple[int, int]:
    """Return the two cells of a term, one in each half."""
    spread = crc32(term.encode("utf-8", "surrogatepass")) * _SPREAD
    return (spread >> 20) % _HALF, _HALF + (spread >> 40) % _HALF
