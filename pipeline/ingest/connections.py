"""Several connections to one stream, each with all of it: what they cover together.

ADR: a connection holds the stream from one time on. As long as one is open that holds what is not covered yet, nothing
is missing, however far others have come: it may be about to say it. Once it has ended without having said it, what
lies before the earliest of those that are left is missing. So they are asked in the order of where they begin.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.ingest.coverage import Coverage, Missing

__all__ = ["Connections", "Held"]


@dataclass(slots=True, eq=False)
class Held:
    """One open connection."""

    since_ms: int
    """It delivers everything from here on; the source's time, epoch milliseconds."""
    posts_ms: int = 0
    """It has all posts that were made from here on; for whoever records what is missing."""
    until_ms: int | None = None
    """It has delivered everything up to here; none while it is not sure that it has come to where it was made."""


class Connections:
    """The open connections of one stream, and what they cover. Mutable. What is missing ends where one of them begins.

    Parameters
    ----------
    coverage : Coverage
        What was covered before.

    Examples
    --------
    >>> both = Connections(Coverage(10_000))
    >>> first = Held(10_000)
    >>> both.opened(first)
    []
    >>> second = Held(20_000)
    >>> both.opened(second), both.heard(second, 25_000)  # the first one may yet say what came before
    ([], [])
    >>> both.heard(first, 12_000), both.closed(first)  # it has not
    ([], [Missing(start_ms=12000, end_ms=20000)])
    >>> both.until_ms
    25000
    """

    def __init__(self, coverage: Coverage) -> None:
        self._coverage = coverage
        self._open: list[Held] = []

    @property
    def until_ms(self) -> int | None:
        """Everything before this was delivered, or was returned as missing."""
        return self._coverage.until_ms

    @property
    def any_open(self) -> bool:
        """Whether there is a connection."""
        return bool(self._open)

    def opened(self, held: Held) -> list[Missing]:
        """Take in a new connection. Returns what is missing now, as the other two do."""
        self._open.append(held)
        return self._settled()

    def heard(self, held: Held, until_ms: int) -> list[Missing]:
        """Take in that a connection has delivered everything up to a time."""
        if held.until_ms is None or until_ms > held.until_ms:
            held.until_ms = until_ms
        if len(self._open) == 1:
            return self._seen(held, None)
        return self._settled()

    def closed(self, held: Held) -> list[Missing]:
        """Take in that a connection has ended. What nobody delivers while none is open is for `lost`."""
        self._open.remove(held)
        return self._settled()

    def lost(self, before_ms: int) -> list[Missing]:
        """Take in that nothing before a time can be sent again, unless a connection is open that may."""
        missing = None if self._open else self._coverage.lost(before_ms)
        return [] if missing is None else [missing]

    def _settled(self) -> list[Missing]:
        self._open.sort(key=lambda held: held.since_ms)
        missing: list[Missing] = []
        for held in self._open:
            earliest_ms = min((other.since_ms for other in self._open if other is not held), default=None)
            missing += self._seen(held, earliest_ms)
        return missing

    def _seen(self, held: Held, earliest_ms: int | None) -> list[Missing]:
        until_ms = held.since_ms if held.until_ms is None else held.until_ms
        missing = self._coverage.seen(held.since_ms, until_ms, open_since_ms=earliest_ms)
        return [] if missing is None else [missing]
