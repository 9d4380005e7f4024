"""Rolling sums of a brand: a ring of minutes, a ring of quarter hours, and the sums of six windows.

A row is one minute (or quarter hour) of counts, a column one count. Sums are kept running: the new minute is
added, what leaves a window is subtracted; nothing is summed again.

Windows of up to an hour are exact to the minute. The windows of 6 and 24 hours start at a quarter hour: at
the end e of a bucket they cover all buckets from floor(e, 15 min) - length to e. So they are exactly 6 and 24
hours long when e is a quarter hour, and up to 14 minutes longer in between.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.recency import QUARTER
from schemas.window import WINDOW_SECONDS

__all__ = ["COLUMNS", "Rings", "window_starts"]

COLUMNS = (
    "volume",
    "negative",
    "neutral",
    "retweets",
    "questions",
    "reach",
    "copies",
    "own_posts",
    "unobserved",
)
"""The columns every brand has; one for each language it was seen in comes after them."""
_FIXED = len(COLUMNS)
_MINUTES = 60
_QUARTERS = 96
_LENGTHS = tuple(seconds // 60 for seconds in WINDOW_SECONDS.values())
_ONE, _FIVE, _FIFTEEN, _HOUR, _SIX, _DAY = range(len(_LENGTHS))
_SIX_QUARTERS = _LENGTHS[_SIX] // QUARTER

_MOST_BITS = 64
_BIT = np.arange(_MOST_BITS)
_LOW_BITS = np.array([_MOST_BITS - width <= _BIT for width in range(_MOST_BITS + 1)])
"""By width: which of 64 bits, the highest first, a number of that width needs."""


def window_starts(minute: int) -> NDArray[np.int32]:
    """First minute (epoch minutes) of each window that ends with a minute, in the order of the windows."""
    quarter = (minute + 1) // QUARTER * QUARTER
    return np.array([minute + 1 - n for n in _LENGTHS[:_SIX]] + [quarter - n for n in _LENGTHS[_SIX:]], dtype=np.int32)


class Rings:
    """The counts of the last 60 minutes and 96 quarter hours, and the sums of the windows."""

    __slots__ = ("_minutes", "_packed", "_quarters", "_sums", "languages")

    def __init__(self) -> None:
        self.languages: list[str] = []
        """The language of each column after `COLUMNS`."""
        self._minutes: NDArray[np.int64] = np.zeros((_MINUTES, _FIXED), np.int64)
        """Row: epoch minute % 60."""
        self._quarters: NDArray[np.int64] = np.zeros((_QUARTERS, _FIXED), np.int64)
        """Row: epoch quarter hour % 96. The running quarter hour's row is the one to be overwritten."""
        self._sums: NDArray[np.int64] = np.zeros((len(_LENGTHS), _FIXED), np.int64)
        self._packed: list[Any] | None = None
        """The quarter hours as they were stored last, while they have not changed."""

    def push(self, minute: int, counts: Sequence[int], languages: Mapping[str, int]) -> list[list[int]]:
        """Add the minute that follows the one before, and return the sums.

        Parameters
        ----------
        minute : int
            Epoch minute.
        counts : sequence of int
            Its counts, in the order of `COLUMNS`.
        languages : mapping of str to int
            Its mentions by language.

        Returns
        -------
        list of list of int
            By window, shortest first: the sums in the order of `COLUMNS`, then by `languages`.
        """
        row = self._row(counts, languages)
        minutes, sums = self._minutes, self._sums
        sums[1:] += row
        sums[_ONE] = row
        sums[_FIVE] -= minutes[(minute - _LENGTHS[_FIVE]) % _MINUTES]
        sums[_FIFTEEN] -= minutes[(minute - _LENGTHS[_FIFTEEN]) % _MINUTES]
        sums[_HOUR] -= minutes[minute % _MINUTES]
        minutes[minute % _MINUTES] = row
        if (minute + 1) % QUARTER == 0:
            self._turn(minute // QUARTER)
        rolled: list[list[int]] = self._sums.tolist()
        return rolled

    def _row(self, counts: Sequence[int], languages: Mapping[str, int]) -> NDArray[np.int64]:
        unknown = languages.keys() - set(self.languages) if languages else ()
        if unknown:
            self._widen(sorted(unknown))
        return np.array([*counts, *[languages.get(code, 0) for code in self.languages]], dtype=np.int64)

    def _turn(self, quarter: int) -> None:
        """Close a quarter hour: its counts are those of the last 15 minutes."""
        sums, quarters = self._sums, self._quarters
        sums[_SIX] -= quarters[(quarter - _SIX_QUARTERS) % _QUARTERS]
        sums[_DAY] -= quarters[quarter % _QUARTERS]
        quarters[quarter % _QUARTERS] = sums[_FIFTEEN]
        self._packed = None
        spoken = sums[_DAY, _FIXED:] > 0
        if not spoken.all():
            self._narrow(spoken)

    def _widen(self, codes: Sequence[str]) -> None:
        self.languages = [*self.languages, *codes]
        wider = ((0, 0), (0, len(codes)))
        self._minutes = np.pad(self._minutes, wider)
        self._quarters = np.pad(self._quarters, wider)
        self._sums = np.pad(self._sums, wider)
        self._packed = None

    def _narrow(self, spoken: NDArray[np.bool_]) -> None:
        """Drop the languages that nobody has used for a day."""
        keep = np.concatenate((np.ones(_FIXED, np.bool_), spoken))
        self.languages = [code for code, kept in zip(self.languages, spoken.tolist(), strict=True) if kept]
        self._minutes, self._quarters = self._minutes[:, keep], self._quarters[:, keep]
        self._sums = self._sums[:, keep]

    def rows(self, minute: int) -> Iterator[tuple[int, list[int], dict[str, int]]]:
        """Yield (epoch minute, counts, languages) of the last day up to a closed minute, oldest first.

        The whole quarter hours of the last hour, and what follows them, are exact. Before that, each quarter
        hour is spread evenly over its minutes.
        """
        first = (minute + 1) // QUARTER - _QUARTERS
        exact = -((_MINUTES - minute - 1) // QUARTER) * QUARTER
        for at in range(first * QUARTER, minute + 1):
            if at >= exact:
                row = self._minutes[at % _MINUTES]
            else:
                whole, place = self._quarters[at // QUARTER % _QUARTERS], at % QUARTER
                row = whole * (place + 1) // QUARTER - whole * place // QUARTER
            numbers = row.tolist()
            yield at, numbers[:_FIXED], dict(zip(self.languages, numbers[_FIXED:], strict=True))

    def state(self) -> list[Any]:
        """Return the rings as JSON has them: languages, then each ring as its columns' bits."""
        if self._packed is None:
            self._packed = _pack(self._quarters)
        return [self.languages, _pack(self._minutes), self._packed]

    @classmethod
    def restore(cls, state: Sequence[Any], minute: int) -> Rings:
        """Return the rings that gave a state after the last push of a minute.

        Raises
        ------
        TypeError, ValueError
            It is no state of rings.
        """
        languages, minutes, quarters = state
        rings = cls()
        rings.languages = [str(code) for code in languages]
        columns = _FIXED + len(rings.languages)
        rings._minutes = _unpack(minutes, _MINUTES, columns)
        rings._quarters = _unpack(quarters, _QUARTERS, columns)
        rings._sums = rings._summed(minute)
        return rings

    def _summed(self, minute: int) -> NDArray[np.int64]:
        """Sum the windows that end with a minute."""
        newest = self._minutes[(minute - np.arange(_MINUTES)) % _MINUTES]
        running = newest[: (minute + 1) % QUARTER].sum(axis=0)
        quarters = self._quarters[((minute + 1) // QUARTER - 1 - np.arange(_QUARTERS)) % _QUARTERS]
        short = [newest[:n].sum(axis=0) for n in _LENGTHS[:_SIX]]
        long = [quarters[: n // QUARTER].sum(axis=0) + running for n in _LENGTHS[_SIX:]]
        return np.array(short + long, dtype=np.int64)


def _pack(rows: NDArray[np.int64]) -> list[Any]:
    """Return [bits of each column's largest number, all columns' bit planes, highest first, in base64]."""
    count, columns = rows.shape
    widths = [number.bit_length() for number in rows.max(axis=0).tolist()]
    octets = (max(widths) + 7) // 8
    used = rows.T.astype(">i8", order="C").view(np.uint8).reshape(columns, count, 8)[:, :, 8 - octets :]
    bits = np.unpackbits(used.reshape(-1)).reshape(columns, count, octets * 8).transpose(0, 2, 1)
    planes = bits[_LOW_BITS[widths, _MOST_BITS - octets * 8 :]]
    return [widths, b64encode(np.packbits(planes).tobytes()).decode("ascii")]


def _unpack(packed: Sequence[Any], count: int, columns: int) -> NDArray[np.int64]:
    """Return the rows that `_pack` got; ``ValueError`` or ``TypeError`` when it was not `_pack`'s."""
    widths, text = packed
    if len(widths) != columns or not all(type(width) is int and 0 <= width < _MOST_BITS for width in widths):
        raise ValueError("not the widths of the columns")
    bits = np.unpackbits(np.frombuffer(b64decode(text, validate=True), np.uint8))
    planes = bits[: sum(widths) * count].reshape(sum(widths), count).astype(np.int64)
    rows = np.zeros((count, columns), np.int64)
    first = 0
    for column, width in enumerate(widths):
        shifts = np.arange(width - 1, -1, -1, dtype=np.int64)[:, None]
        rows[:, column] = (planes[first : first + width] << shifts).sum(axis=0)
        first += width
    return rows
