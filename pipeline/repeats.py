"""Copies and near copies among the mentions: distinct texts by linear counting, in one bucket and over sliding windows.

Whang, Vander-Zanden, Taylor, "A linear-time probabilistic counting algorithm for database applications"
(ACM TODS 15:2, 1990): n distinct texts leave z of m cells empty, n is about m ln(m / z). With 256 cells it
is off by 5 % at 100 texts and by 9 % at 900; beyond that it is not asked. Cells are set, never counted, so
neither order nor repetition matters.
"""

from __future__ import annotations

from math import log

import numpy as np
from numpy.typing import NDArray

from pipeline.recency import from_codes, to_codes

__all__ = ["CELLS", "SlidingTexts", "distinct_texts"]

CELLS = 256
"""Cells of a bucket's bitmap: bit ``cluster_key % CELLS`` is set when a text was seen."""
_BYTES = CELLS // 8
_FULL_BELOW = 8
"""With fewer empty cells the estimate is worth nothing."""
_LINEAR = [0] + [round(CELLS * log(CELLS / zeros)) for zeros in range(1, CELLS + 1)]


def distinct_texts(bitmap: int) -> int | None:
    """Estimate the distinct texts of a bitmap; none when it is too full."""
    return _estimate(CELLS - bitmap.bit_count())


class SlidingTexts:
    """When each cell was last set: distinct texts of any window that ends now."""

    __slots__ = ("_seen",)

    def __init__(self) -> None:
        self._seen: NDArray[np.int32] = np.zeros(CELLS, np.int32)

    def merge(self, minute: int, bitmap: int) -> None:
        """Take in the bitmap of a minute, not older than those before."""
        self._seen[_cells(bitmap.to_bytes(_BYTES, "little"))] = minute

    def count(self, starts: NDArray[np.int32]) -> list[int | None]:
        """Estimate the distinct texts since each of ``starts`` (epoch minutes); none when too many."""
        occupied = np.add.reduce(self._seen >= starts[:, None], axis=1, dtype=np.int32)
        return [_estimate(CELLS - n) for n in occupied.tolist()]

    def dump(self, minute: int, oldest: int) -> bytes:
        """Write, as of ``minute``, what was seen at or after the minute ``oldest``: which cells, then recency."""
        live = self._seen >= oldest
        if not live.any():
            return b""
        return np.packbits(live, bitorder="little").tobytes() + to_codes(self._seen[live], minute)

    @classmethod
    def load(cls, data: bytes, minute: int) -> SlidingTexts:
        """Read what `dump` wrote as of ``minute``; ``ValueError`` when it is something else."""
        texts = cls()
        if data:
            cells, codes = data[:_BYTES], data[_BYTES:]
            if len(cells) < _BYTES or int.from_bytes(cells).bit_count() != len(codes):
                raise ValueError("not a sliding bitmap")
            texts._seen[_cells(cells)] = from_codes(codes, minute)
        return texts


def _cells(data: bytes) -> NDArray[np.bool_]:
    return np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little").view(np.bool_)


def _estimate(zeros: int) -> int | None:
    return _LINEAR[zeros] if zeros >= _FULL_BELOW else None
