"""How far Jetstream has been heard out, by the times of its events.

ADR: a cursor is a time, ``time_us`` of an event, and the server sends again what it saw from then on. It is asked to
begin some seconds before the last event: servers, of which any may answer, do not see events in the same order, and
what comes twice is dropped by its ID. One that does not hold what is asked for begins at what it holds, without a
word (documented: it keeps a day and a half; its first version, a day). So that is seen from where it begins: the whole
of Bluesky is never silent for long, and a first event that is much later than what was asked for means that what lies
between is missing.

ADR: one absurd time must not move the place, or everything before it would seem to be covered. A time counts when it is
within an hour of the one before it, whichever those are: two in a row agree when the server means it.

ADR: two may be absurd as well. So a time that lies ahead of this machine's clock by more than an hour has to be borne
out by `RUN` events in a row (this machine's clock may be the one that is wrong). And the server sends nothing that is
older than what it was asked for: when as many in a row lie behind the place, the place was wrong, by absurd times or by
the last run's mark. Then it goes back to them, and `put_back_us` says from when on nothing is certain.
"""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["RUN", "JetstreamPlace"]

RUN = 32
"""Events that have to agree, in a row, against this machine's clock or against the place."""

_REWIND_US = 5_000_000
_CLOSE_US = 3_600_000_000
_BEHIND_US = 60_000_000
"""Servers, and clocks, do not differ by more."""


class JetstreamPlace:
    """The place in the stream. Mutable; one for a source, whose connections follow each other.

    Parameters
    ----------
    newest_us : int, optional
        Time of the newest event of the last run, epoch microseconds.
    quiet_us : int
        The stream is never silent for longer, in microseconds.
    clock_us : callable
        Returns this machine's time in epoch microseconds.

    Examples
    --------
    >>> place = JetstreamPlace(1_700_000_000_000_000, quiet_us=30_000_000, clock_us=lambda: 1_700_000_002_000_000)
    >>> place.begin()
    1699999995000000
    >>> [place.take(time_us) for time_us in (1_699_999_996_000_000, 1_700_000_001_000_000)]
    [False, True]
    >>> place.since_us, place.newest_us
    (1699999995000000, 1700000001000000)
    """

    __slots__ = (
        "_asked_us",
        "_before_us",
        "_behind",
        "_clock_us",
        "_quiet_us",
        "_run",
        "_run_us",
        "_sure_us",
        "newest_us",
        "put_back_us",
        "since_us",
    )

    def __init__(self, newest_us: int | None, *, quiet_us: int, clock_us: Callable[[], int]) -> None:
        self.newest_us = newest_us
        """Time of the newest event, epoch microseconds; none before the first. Goes back only when it was wrong."""
        self.put_back_us: int | None = None
        """When the place has just gone back: what is certain to be before it was wrong. For the caller to take out."""
        self._clock_us = clock_us
        self._sure_us: int | None = None
        """The newest one before the place went ahead by much."""
        self._run = self._behind = 0
        """How many events in a row agree, and how many of the last ones lie behind the place."""
        self._run_us = 0
        """The earliest of those behind the place."""
        self.since_us: int | None = None
        """From when on the connection has everything; none until that is known."""
        self._quiet_us = quiet_us
        self._asked_us: int | None = None
        self._before_us: int | None = None

    def begin(self) -> int | None:
        """Begin a connection, and return the cursor to ask for; none asks for what is new."""
        self._asked_us = None if self.newest_us is None else max(0, self.newest_us - _REWIND_US)
        self._before_us = self.since_us = None
        self._run = self._behind = 0
        return self._asked_us

    def take(self, time_us: int | None) -> bool:
        """Take in the time of the connection's next event, if it says one; return whether `since_us` is known."""
        if time_us is None:
            return self.since_us is not None
        before_us, self._before_us = self._before_us, time_us
        if before_us is None or abs(time_us - before_us) > _CLOSE_US:
            self._run, self._behind = 1, 0
            self._is_behind(time_us)
            return self.since_us is not None
        self._run += 1
        if self._is_behind(time_us) and self._behind >= RUN:
            self._put_back(time_us)
        if self._run < RUN and time_us > self._clock_us() + _CLOSE_US:
            return self.since_us is not None
        if self.since_us is None:
            self.since_us = self._began(before_us)
        if self.newest_us is None or time_us > self.newest_us:
            if self.newest_us is not None and time_us > self.newest_us + _BEHIND_US:
                self._sure_us = self.newest_us if self._sure_us is None else min(self._sure_us, self.newest_us)
            self.newest_us = time_us
        elif self._run >= RUN and not self._behind and time_us <= self._clock_us() + _CLOSE_US:
            self._sure_us = None
        return True

    def _is_behind(self, time_us: int) -> bool:
        """Say whether an event is older than any may be that the server sends, and count it."""
        if self.newest_us is None or time_us >= self.newest_us - _BEHIND_US:
            self._behind = 0
            return False
        self._behind += 1
        self._run_us = time_us if self._behind == 1 else min(self._run_us, time_us)
        return True

    def _put_back(self, time_us: int) -> None:
        """Go back to a run of events; what the connection has begins with them, or it began before the error."""
        sure_us = self._run_us if self._sure_us is None else min(self._sure_us, self._run_us)
        self.newest_us, self.put_back_us, self._sure_us, self._behind = time_us, sure_us, None, 0
        self.since_us = self._run_us if self.since_us is None else min(self.since_us, self._run_us)

    def _began(self, first_us: int) -> int:
        asked_us = self._asked_us
        return first_us if asked_us is None or first_us > asked_us + self._quiet_us else asked_us
