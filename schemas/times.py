"""The two forms of time in our contracts: integer epoch milliseconds, and RFC 3339 text in UTC."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["from_rfc3339", "to_rfc3339"]


def to_rfc3339(time_ms: int) -> str:
    """Format epoch milliseconds as RFC 3339 in UTC; the fraction is written only when there is one.

    >>> to_rfc3339(1424570400000)
    '2015-02-22T02:00:00Z'
    >>> to_rfc3339(1424570400250)
    '2015-02-22T02:00:00.250Z'
    """
    seconds, ms = divmod(time_ms, 1000)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{ms:03d}Z" if ms else f"{text}Z"


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
