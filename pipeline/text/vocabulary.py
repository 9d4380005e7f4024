"""The vocabulary: every distinct token has a row, and what is known of a token is worked out once for its row.

ADR: rows instead of tokens
---------------------------
Most of reading a tweet is looking at words that were looked at a moment ago. A text is cut at spaces (`str.split`,
ten times as fast as a regex), each distinct chunk is tokenised once and remembered as the rows of its tokens, and
all that readers need of a token, flags and a few integers, stands in columns indexed by row. A batch of tweets
becomes one array of row numbers; sums over a tweet's tokens are ``take`` and ``add.reduceat``. All columns hold
integers, so sums are exact and do not depend on how tweets are put into batches.

Words that differ in their capitals only share a row, but for those that are all capitals. Handles and links have no
rows of their own: there are too many, and what is read in a tweet does not depend on whom it names. The table is
trimmed between batches: the half of it that was used last stays, but for what is longer than any word. A token leaves
strings behind and no other Python object: the collector's walks over a hundred thousand tuples cost as much as making
them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import compress, count
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from pipeline.text.columns import Column, put
from pipeline.text.tokens import BREAK, HANDLE, URL, Kind, Token, is_url, pieces_of, plain_form, token_of

__all__ = ["HANDLE_ROW", "URL_ROW", "TokenBatch", "Vocabulary"]

Rows = NDArray[np.intp]
Flags = NDArray[np.uint16]

_SIZE = 120_000
"""Rows kept at most between batches, some 30 MB: a day's distinct words of a large brand in a dozen languages."""
_LONG = 64
"""Characters from which on a token or a chunk is no word that comes again; it is forgotten when rows are trimmed."""
_MOST_LONG = 4_000_000
"""Characters of long chunks kept between batches, 16 MB at most: rows alone would be no bound, with a thousand each."""
_BREAK_ROW, HANDLE_ROW, URL_ROW = range(3)
"""Rows of what stands between texts, of every handle and of every link."""
_NAMED = 3
"""So many rows are never trimmed."""


class TokenBatch:
    """The tokens of a run of texts, as rows of a vocabulary."""

    __slots__ = ("_lengths", "flags", "held", "rows", "starts")

    def __init__(self, rows: Rows, flags: Flags) -> None:
        self.rows = rows
        """Of all tokens of all texts, in order; each text begins with row 0."""
        self.flags = flags
        """Flags of each entry of ``rows`` (`Vocabulary.flag`)."""
        self.starts: Rows = (rows == _BREAK_ROW).nonzero()[0]
        """Where each text begins in ``rows``."""
        self.held: Flags = np.bitwise_or.reduceat(flags, self.starts)
        """Flags that any token of each text has."""
        self._lengths = np.empty_like(self.starts)
        self._lengths[:-1] = self.starts[1:]
        self._lengths[-1] = len(rows)
        self._lengths -= self.starts

    def sums(self, column: Column) -> NDArray[Any]:
        """Sum a column over each text."""
        return np.add.reduceat(column.values.take(self.rows, axis=0), self.starts, axis=0)

    def spread(self, values: NDArray[Any]) -> NDArray[Any]:
        """Repeat what is known of each text for each entry of ``rows``."""
        return values.repeat(self._lengths)

    def select(self, chosen: NDArray[Any]) -> tuple[Rows, list[int]]:
        """Return the places of the chosen entries of ``rows``, and where those of each text begin and end.

        Those of text ``i`` are ``places[bounds[i]:bounds[i + 1]]``.
        """
        places: Rows = chosen.nonzero()[0]
        return places, [*places.searchsorted(self.starts).tolist(), len(places)]


class _Chunks(dict[str, int]):
    """Numbers of chunks, and the rows of each chunk's tokens, worked out when it is first met."""

    _URL = 2

    def __init__(self, row_of: Callable[[str], int]) -> None:
        super().__init__({"": 0, BREAK: 1, f"{BREAK}/": self._URL})
        self._row_of = row_of
        self._filled = len(self)
        self._rows: Rows = np.array([_BREAK_ROW, URL_ROW])
        self._ends: Rows = np.array([0, 1, 2])
        self._new_rows: list[int] = []
        self._new_ends: list[int] = []
        self.long = 0
        """Characters of the chunks that are long."""

    def __missing__(self, chunk: str) -> int:
        if "://" in chunk and is_url(chunk):
            return self._URL  # not kept: links are rarely met twice
        self._new_rows += map(self._row_of, pieces_of(chunk))
        self._new_ends.append(len(self._new_rows))
        if len(chunk) >= _LONG:
            self.long += len(chunk)
        number = self[chunk] = len(self)
        return number

    def read(self, chunks: Sequence[str]) -> Rows:
        """Return the rows of the tokens of all chunks, in order."""
        numbers = np.fromiter(map(self.__getitem__, chunks), np.intp, len(chunks))
        if self._new_ends:
            end = int(self._ends[self._filled - 1])
            self._ends = put(self._ends, self._filled, np.add(self._new_ends, end), len(self._new_ends))
            self._rows = put(self._rows, end, self._new_rows, len(self._new_rows))
            self._filled += len(self._new_ends)
            self._new_rows.clear()
            self._new_ends.clear()
        starts = self._ends[numbers - 1]  # of number 0, which has no rows, it does not matter
        lengths = np.where(numbers, self._ends[numbers] - starts, 0)
        ends = lengths.cumsum()
        rows: Rows = self._rows[np.arange(ends[-1]) + (starts - ends + lengths).repeat(lengths)]
        return rows

    def moved(self, to: Rows, most: int) -> _Chunks:
        """Return the chunks all of whose rows are kept, row ``i`` as ``to[i]`` (-1: it is not), the last at most."""
        ends = self._ends[: self._filled]
        rows = to[self._rows[: ends[-1]]]
        gone = np.concatenate([[0], (rows < 0).cumsum()])
        starts = np.concatenate([[0], ends[:-1]])
        stays = gone[ends] == gone[starts]
        stays[3 : max(3, len(stays) - most)] = False
        if self.long:
            stays &= np.fromiter(map(len, self), np.intp, len(self)) < _LONG
        chunks = _Chunks(self._row_of)
        kept = compress(self, stays.tolist())  # the first three among them, which are numbered as they were
        chunks.update(zip(kept, count(), strict=False))
        lengths = (ends - starts)[stays]
        chunks._ends, chunks._filled = lengths.cumsum(), len(chunks)
        chunks._rows = rows[stays.repeat(ends - starts)]
        return chunks


class Vocabulary:
    """Rows of tokens, and what is known of them.

    Parameters
    ----------
    size : int
        Rows kept at most between batches. Within one there may be more.
    """

    def __init__(self, size: int = _SIZE) -> None:
        self._size = size
        self._of_kind: dict[Kind, int] = dict.fromkeys(Kind, 0)
        self._functions: dict[Kind, list[tuple[int, Callable[[Token], int]]]] = {kind: [] for kind in Kind}
        self._bit = 1
        self._flags = Column(self._flags_of, np.uint16, None)
        self._used = Column(lambda tokens: [0] * len(tokens), np.int64, None)
        self._columns: list[Column] = [self._flags, self._used]
        self._texts: list[str] = ["", HANDLE.text, URL.text]
        self._stems: list[str] = [""]
        self._rows: dict[str, int] = {}
        self._chunks = _Chunks(self._row_of)
        self._batches = 0

    def flag(self, kinds: Iterable[Kind], function: Callable[[Token], int] | None = None, bits: int = 1) -> int:
        """Set something aside for readers in the flags of tokens: 16 bits in all.

        Parameters
        ----------
        kinds : iterable of Kind
            Kinds of tokens that may have it; others have 0.
        function : callable, optional
            A pure function: from a token to a bool, or to a number of so many bits. None is true.
        bits : int
            How many bits.

        Returns
        -------
        int
            The lowest of the bits, as a mask.
        """
        bit, self._bit = self._bit, self._bit << bits
        for kind in kinds:
            if function is None:
                self._of_kind[kind] |= bit
            else:
                self._functions[kind].append((bit, function))
        return bit

    def column(
        self, compute: Callable[[Sequence[Token]], Any], dtype: DTypeLike = np.int32, width: int | None = None
    ) -> Column:
        """Add a column.

        Parameters
        ----------
        compute : callable
            A pure function: from tokens to as many entries. Of handles and links it sees one token each.
        dtype : dtype
            An integer type.
        width : int or None
            Numbers in an entry; none makes each entry one number, not a list.
        """
        column = Column(compute, dtype, width)
        self._columns.append(column)
        return column

    def read(self, texts: Iterable[str]) -> TokenBatch:
        """Return the tokens of cleaned texts (`pipeline.text.tokens.clean`), at least one."""
        chunks = self._chunks
        if len(self._texts) > self._size or len(chunks) > 2 * self._size or chunks.long > _MOST_LONG:
            self._trim()
        spaced = f"{BREAK} " + f" {BREAK} ".join(texts)
        rows = self._chunks.read(spaced.split(" "))
        if len(self._texts) > len(self._stems):
            self._fill()
        self._batches += 1
        self._used.values[rows] = self._batches
        return TokenBatch(rows, self._flags.values.take(rows))

    def texts_of(self, rows: Rows) -> list[str]:
        """Return the tokens of rows, as written but for a word's capitals. Of a handle or a link it is any."""
        return list(map(self._texts.__getitem__, rows.tolist()))

    def stems_of(self, rows: Rows) -> list[str]:
        """Return the stems of the tokens of rows (`Token.stem`)."""
        return list(map(self._stems.__getitem__, rows.tolist()))

    def __len__(self) -> int:
        return len(self._texts)

    def _row_of(self, piece: str) -> int:
        row = self._rows.get(piece)
        if row is not None:
            return row
        if piece.isalpha():
            plain = plain_form(piece)
            if plain != piece:
                return self._row_of(plain)  # the chunk remembers it
        elif piece[0] == "@" and len(piece) > 1:
            return HANDLE_ROW
        elif piece[0] in _URL_STARTS and token_of(piece).kind is Kind.URL:
            return URL_ROW
        row = self._rows[piece] = len(self._texts)
        self._texts.append(piece)
        return row

    def _fill(self) -> None:
        filled = len(self._stems)
        new = [token_of(piece) for piece in self._texts[filled:]]
        self._stems += [token.stem for token in new]
        for column in self._columns:
            column.grow(filled, new)

    def _flags_of(self, tokens: Sequence[Token]) -> list[int]:
        flags = []
        of_kind, functions = self._of_kind, self._functions
        for token in tokens:
            bits = of_kind[token.kind]
            for bit, function in functions[token.kind]:
                bits |= bit * function(token)
            flags.append(bits)
        return flags

    def forget(self) -> None:
        """Forget all tokens and chunks: where no spaces are written, a chunk is a whole text. Nothing depends on it."""
        if self._batches:
            self._keep(np.arange(0))
            self._chunks = _Chunks(self._row_of)

    def _trim(self) -> None:
        """Forget the tokens that are long or were not used for longest, and the chunks that hold one or are long."""
        last = self._last_used(self._size // 2)
        if self._chunks.long:
            last = last[np.fromiter(map(len, self.texts_of(last)), np.intp, len(last)) < _LONG]
        self._keep(last)

    def _keep(self, rows: Rows) -> None:
        """Forget all rows but these, and those that have names."""
        kept = np.concatenate([np.arange(_NAMED), rows])
        to = np.full(len(self._texts), -1)
        to[kept] = np.arange(len(kept))
        for column in self._columns:
            column.keep(kept)
        choose = itemgetter(*kept.tolist())
        self._texts, self._stems = list(choose(self._texts)), list(choose(self._stems))
        self._rows = dict(zip(self._texts[_NAMED:], count(_NAMED), strict=False))
        self._chunks = self._chunks.moved(to, self._size)

    def _last_used(self, count: int) -> Rows:
        """Return the rows of at most so many tokens that were used last, in order."""
        used = self._used.values[_NAMED : len(self._texts)]
        if len(used) > count:
            threshold = np.partition(used, len(used) - count)[len(used) - count]
            after = (used > threshold).nonzero()[0]
            among = (used == threshold).nonzero()[0][: count - len(after)]
            rows = np.sort(np.concatenate([after, among]))
        else:
            rows = np.arange(len(used))
        return rows + _NAMED


_URL_STARTS = frozenset("hHpPtTwW")
