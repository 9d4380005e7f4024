"""Rolling sums of a brand: a ring of minutes, a ring of quarter hours, and the sums of six windows.

A row is one minute (or quarter hour) of counts, a column one count. Sums are kept running: the new minute is
added, what leaves a window is subtracted; nothing is summed again.

Windows of up to an hour are exact to the minute. The windows of 6 and 24 hours start at a quarter hour: at
the end e of a bucket they cover all buckets from floor(e, 15 min) - length to e. So they are exactly 6 and 24
hours long when e is a quarter hour, and up to 14 minutes longer in between.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pipeline.compression import deflate, inflate
from pipeline.recency import QUARTER
from schemas.window import WINDOW_SECONDS

__all__ = ["COLUMNS", "MINUTES", "QUARTERS", "REACH_BITS", "Rings", "dump_rows", "load_rows", "window_starts"]

COLUMNS = (
    "volume",
    "negative",
    "neutral",
    "retweets",
    "questions",
    "reach_low",
    "reach_high",
    "copies",
    "own_posts",
    "unobserved",
    "negative_retweets",
)
"""The columns every brand has; one for each language it was seen in comes after them, which sum up to the volume."""
REACH_BITS = 24
"""Reach is the one count that needs more than 31 bits, so it has two columns: high << `REACH_BITS` | low."""
MINUTES = 60
QUARTERS = 96
_FIXED = len(COLUMNS)
_VOLUME = COLUMNS.index("volume")
_LENGTHS = tuple(seconds // 60 for seconds in WINDOW_SECONDS.values())
_ONE, _FIVE, _FIFTEEN, _HOUR, _SIX, _DAY = range(len(_LENGTHS))
_SIX_QUARTERS = _LENGTHS[_SIX] // QUARTER

_OCTETS = 4
_FEW = 128
"""The sum of so many columns of three octets fits into four."""
_LAST_OF = np.array([n - 1 for n in _LENGTHS[:_SIX]])
_LAST_QUARTER_OF = np.array([n // QUARTER - 1 for n in _LENGTHS[_SIX:]])
_BACK = np.arange(MINUTES)
_QUARTERS_BACK = np.arange(QUARTERS)


@lru_cache(maxsize=4)
def window_starts(minute: int) -> NDArray[np.int32]:
    """First minute (epoch minutes) of each window that ends with a minute, in the order of the windows. Read-only."""
    quarter = (minute + 1) // QUARTER * QUARTER
    return np.array([minute + 1 - n for n in _LENGTHS[:_SIX]] + [quarter - n for n in _LENGTHS[_SIX:]], dtype=np.int32)


class Rings:
    """The counts of the last 60 minutes and 96 quarter hours, and the sums of the windows."""

    __slots__ = ("_minutes", "_packed", "_quarters", "_sums", "languages")

    def __init__(self) -> None:
        self.languages: list[str] = []
        """The language of each column after `COLUMNS`."""
        self._minutes: NDArray[np.int32] = np.zeros((MINUTES, _FIXED), np.int32)
        """Row: epoch minute % 60. 32 bits are enough for any minute: half of the memory of a brand is here."""
        self._quarters: NDArray[np.int32] = np.zeros((QUARTERS, _FIXED), np.int32)
        """Row: epoch quarter hour % 96. The running quarter hour's row is the one to be overwritten."""
        self._sums: NDArray[np.int64] = np.zeros((len(_LENGTHS), _FIXED), np.int64)
        self._packed: bytes | None = None
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
        sums[_FIVE] -= minutes[(minute - _LENGTHS[_FIVE]) % MINUTES]
        sums[_FIFTEEN] -= minutes[(minute - _LENGTHS[_FIFTEEN]) % MINUTES]
        sums[_HOUR] -= minutes[minute % MINUTES]
        minutes[minute % MINUTES] = row
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
        sums[_SIX] -= quarters[(quarter - _SIX_QUARTERS) % QUARTERS]
        sums[_DAY] -= quarters[quarter % QUARTERS]
        quarters[quarter % QUARTERS] = sums[_FIFTEEN]
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
        first = (minute + 1) // QUARTER - QUARTERS
        exact = -((MINUTES - minute - 1) // QUARTER) * QUARTER
        for at in range(first * QUARTER, minute + 1):
            if at >= exact:
                numbers = self._minutes[at % MINUTES].tolist()
            else:
                whole, place = self._quarters[at // QUARTER % QUARTERS].astype(np.int64), at % QUARTER
                numbers = (whole * (place + 1) // QUARTER - whole * place // QUARTER).tolist()
            yield at, numbers[:_FIXED], dict(zip(self.languages, numbers[_FIXED:], strict=True))

    def dump(self) -> tuple[bytes, bytes]:
        """Write the minutes, and compressed the quarter hours: those change only once in so many minutes."""
        if self._packed is None:
            self._packed = deflate(dump_rows(self._quarters))
        return dump_rows(self._minutes), self._packed

    @classmethod
    def load(cls, languages: Sequence[str], minutes: bytes, quarters: bytes, minute: int) -> Rings:
        """Read what `dump` wrote after the last push of a minute; ``ValueError`` when it is something else."""
        columns = _FIXED + len(languages)
        rings = cls()
        rings.languages = list(languages)
        rings._minutes = load_rows(minutes, MINUTES, columns)
        rings._quarters = load_rows(inflate(quarters, columns * (1 + QUARTERS * _OCTETS)), QUARTERS, columns)
        rings._sums = rings._summed(minute)
        return rings

    def _summed(self, minute: int) -> NDArray[np.int64]:
        """Sum the windows that end with a minute."""
        newest = self._minutes[(minute - _BACK) % MINUTES].cumsum(axis=0, dtype=np.int64)
        quarters = self._quarters[((minute + 1) // QUARTER - 1 - _QUARTERS_BACK) % QUARTERS].cumsum(0, np.int64)
        sums = np.concatenate((newest[_LAST_OF], quarters[_LAST_QUARTER_OF]))
        running = (minute + 1) % QUARTER
        if running:
            sums[_SIX:] += newest[running - 1]
        return sums


def dump_rows(rows: NDArray[np.int32]) -> bytes:
    """Write rows of counts: the octets each column needs, then the columns that need one, two, three and four.

    A column's lowest octets come first, then the next: like stands beside like, for the compression. The volume
    is left out, being the sum of the languages.
    """
    sizes = [(most.bit_length() + 7) // 8 for most in rows.max(axis=0).tolist()]
    sizes[_VOLUME] = 0
    octets = np.ascontiguousarray(rows.T, "<i4").view(np.uint8).reshape(*rows.T.shape, _OCTETS)
    parts = [bytes(sizes)]
    for size in range(1, _OCTETS + 1):
        columns = [at for at, needed in enumerate(sizes) if needed == size]
        if columns:
            parts.append(octets[columns, :, :size].transpose(0, 2, 1).tobytes())
    return b"".join(parts)


def load_rows(data: bytes, count: int, columns: int, fixed: int = _FIXED) -> NDArray[np.int32]:
    """Return the rows, so many of so many columns, that `dump_rows` got; ``ValueError`` when it was not so.

    The columns after the first ``fixed`` are languages.
    """
    sizes = data[:columns]
    if len(sizes) < columns or max(sizes) > _OCTETS or sizes[_VOLUME] or len(data) != columns + count * sum(sizes):
        raise ValueError("not the sizes of the columns")
    octets = np.zeros((columns, count, _OCTETS), np.uint8)
    start = columns
    for size in range(1, _OCTETS + 1):
        chosen = [at for at, needed in enumerate(sizes) if needed == size]
        if chosen:
            stop = start + len(chosen) * size * count
            planes = np.frombuffer(data[start:stop], np.uint8).reshape(len(chosen), size, count)
            octets[chosen, :, :size] = planes.transpose(0, 2, 1)
            start = stop
    rows: NDArray[np.int32] = octets.view("<i4")[:, :, 0].T
    if (max(sizes) == _OCTETS or columns > _FEW) and (
        rows.min() < 0 or rows[:, fixed:].sum(axis=1, dtype=np.int64).max() >= 1 << 31
    ):
        raise ValueError("counts that nobody can have counted")
    rows[:, fixed:].sum(axis=1, out=rows[:, _VOLUME])
    return rows
