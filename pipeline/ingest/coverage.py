"""Up to when a source has been heard out, and what is missing from it for good.

ADR: a source is covered up to one time, its own, and what is covered before that is not remembered. Every instant up to
there was delivered by some connection or lies in a gap that was returned, once. What is not known to be covered counts
as missing: a gap that is a little too wide makes minutes incomplete that were complete, one that is too narrow makes a
minute look calm because nobody listened.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Coverage", "GapReason", "Missing"]


class GapReason(StrEnum):
    """Why posts are missing; a closed list, for these are labels of metrics and words in reports."""

    DISCONNECTED = "disconnected"
    """No connection was open, and the source cannot send again what it said meanwhile."""
    STALLED = "stalled"
    """A connection was open and silent for longer than the source is ever silent."""
    RESTART = "restart"
    """The ingester did not run."""
    SPOOL_FULL = "spool_full"
    """Kafka took nothing for so long that the spool on disk was full."""
    SPOOL_EXPIRED = "spool_expired"
    """Kafka took nothing for so long that what was in the spool may not be kept any longer."""
    RATE_LIMITED = "rate_limited"
    """The source let us connect no more often, or had sent all that is paid for."""
    REFUSED = "refused"
    """The source did not take who we are, or what we asked for."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A time of which posts are missing, from `start_ms` to before `end_ms`, as the source's clock has it."""

    start_ms: int
    """Epoch milliseconds; what is missing begins here."""
    end_ms: int
    """Epoch milliseconds; from here on it is there again."""

    def __post_init__(self) -> None:
        if self.end_ms <= self.start_ms:
            raise ValueError(f"a gap ends after it begins, and {self.end_ms} is not after {self.start_ms}")


class Coverage:
    """Up to when a source has been heard out. Mutable; one for a source, shared by its connections.

    Times are the source's, in epoch milliseconds. Whoever calls has to see to it that they are no nonsense: a time far
    in the future would make everything before it look covered.

    Parameters
    ----------
    until_ms : int, optional
        Up to when it had been heard out when the last run ended; None for a source that was never heard.

    Examples
    --------
    >>> coverage = Coverage()
    >>> coverage.seen(1_000, 5_000)  # nothing is missing before the very first connection
    >>> coverage.seen(9_000, 9_500)  # the next one began four seconds after the end of the first
    Missing(start_ms=5000, end_ms=9000)
    >>> coverage.lost(12_000)  # it is down, and nobody will send again what it would have said
    Missing(start_ms=9500, end_ms=12000)
    >>> coverage.until_ms
    12000
    """

    __slots__ = ("until_ms",)

    def __init__(self, until_ms: int | None = None) -> None:
        self.until_ms = until_ms
        """Everything before this has been delivered, or returned as missing. Never goes back."""

    def seen(self, since_ms: int, until_ms: int, *, open_since_ms: int | None = None) -> Missing | None:
        """Take in that a connection has delivered all there was, from one time to another.

        A connection that has delivered nothing yet says so with an ``until_ms`` no later than its ``since_ms``.

        Parameters
        ----------
        since_ms : int
            From when on the connection has everything: when it was made, or how far back it was asked to begin.
        until_ms : int
            Up to when it has delivered everything.
        open_since_ms : int, optional
            The earliest `since_ms` of the source's other connections that are still open. What one of them may yet
            deliver of the time before this connection is not missing; ask again when they have, or are gone.

        Returns
        -------
        Missing or None
            What lies between all that was covered before and `since_ms`, if anything does.
        """
        first_ms = since_ms if open_since_ms is None else min(since_ms, open_since_ms)
        missing = self.lost(first_ms)
        covered_ms = first_ms if self.until_ms is None else self.until_ms
        self.until_ms = max(covered_ms, since_ms, until_ms) if since_ms <= covered_ms else covered_ms
        return missing

    def lost(self, before_ms: int) -> Missing | None:
        """Take in that no connection is open, and that nothing before a time can be sent again.

        In pieces or at once, it gives the same. A source that was never heard misses nothing.
        """
        covered_ms = self.until_ms
        if covered_ms is None or before_ms <= covered_ms:
            return None
        self.until_ms = before_ms
        return Missing(covered_ms, before_ms)
