"""The two forms of time in our contracts: integer epoch milliseconds, and RFC 3339 text in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

__all__ = ["from_rfc3339", "to_rfc3339"]

_SECONDS = tuple(f"{second:02d}" for second in range(60))
_FRACTIONS = ("Z", *(f".{ms:03d}Z" for ms in range(1, 1000)))


@lru_cache(1024)  # what is written at once is of few different minutes
def _minute(minute: int) -> str:
    return datetime.fromtimestamp(minute * 60, UTC).strftime("%Y-%m-%dT%H:%M:")


def to_rfc3339(time_ms: int) -> str:
    """Format epoch milliseconds as RFC 3339 in UTC; the fraction is written only when there is one.

    >>> to_rfc3339(1424570400000)
    '2015-02-22T02:00:00Z'
    >>> to_rfc3339(1424570400250)
    '2015-02-22T02:00:00.250Z'
    """
    minute, ms = divmod(time_ms, 60_000)
    return f"{_minute(minute)}{_SECONDS[ms // 1000]}{_FRACTIONS[ms % 1000]}"


def from_rfc3339(text: str) -> int:
    """Parse RFC 3339 text with an offset (or ``Z``) to epoch milliseconds.

    >>> from_rfc3339("2015-02-22T02:00:00Z")
    1424570400000

    Raises
    ------
    ValueError
        The text is no such time, or names no offset.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"time without a UTC offset: {text!r}")
    return round(moment.timestamp() * 1000)
