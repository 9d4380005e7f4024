"""Arrays of last-seen minutes as bytes: what the sliding sketches are stored as.

A rolling window of up to an hour starts at a minute, a longer one at a quarter hour. So what was seen less
than 64 minutes ago is kept to the minute, what is older to the quarter hour, and nothing is lost that a
window can ask for.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["QUARTER", "from_codes", "to_codes"]

QUARTER = 15
"""Minutes of a quarter hour."""
_MINUTES = 64
_LARGEST = _MINUTES + 97


def to_codes(seen: NDArray[np.int32], minute: int) -> bytes:
    """Encode epoch minutes, none older than 24 hours and a quarter, as a byte each, as of ``minute``."""
    age = minute - seen
    quarters = minute // QUARTER - seen // QUARTER
    return np.where(age < _MINUTES, age, _MINUTES + quarters).astype(np.uint8).tobytes()


def from_codes(codes: bytes, minute: int) -> NDArray[np.int32]:
    """Decode what `to_codes` gave; older minutes come back as the start of their quarter hour.

    Raises
    ------
    ValueError
        A code that `to_codes` does not give.
    """
    try:
        return _minutes(minute)[np.frombuffer(codes, np.uint8)]
    except IndexError:
        raise ValueError("a minute older than any window") from None


@lru_cache(maxsize=4)
def _minutes(minute: int) -> NDArray[np.int32]:
    """Return what each code stands for: brands are restored as of the same minute, most of them."""
    code = np.arange(_LARGEST + 1)
    old = (minute // QUARTER - (code - _MINUTES)) * QUARTER
    return np.where(code < _MINUTES, minute - code, old).astype(np.int32)
