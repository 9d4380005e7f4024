"""Times, as far as there is a text for them."""

from __future__ import annotations

__all__ = ["LAST_MS", "MINUTE_MS", "later"]

MINUTE_MS = 60_000
LAST_MS = 253_402_300_799_999
"""The year 9999 ends: no time text exists after it."""


def later(time_ms: int, minutes: int) -> int:
    """Return the time so many minutes later, epoch milliseconds, and no later than there is a text for.

    >>> later(1_000, 2)
    121000
    """
    return min(time_ms + minutes * MINUTE_MS, LAST_MS)
