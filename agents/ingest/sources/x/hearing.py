"""What is done with what one connection says.

ADR: it delivers what X delivers from when X has answered on, by X's ``Date``. What comes is in the order of delivery;
so it has delivered everything up to when the last post was made, for that was not delivered before; or, when nothing
but a keep-alive came, up to a moment ago. A post that has waited, at X or here, thereby shows itself.

ADR: one that was asked to begin in the past covers nothing until it has come to the present: X sends old posts first
"generally", and if it ends before it is through, nobody knows which are missing. It is through when a post comes that
was made after it was connected, or a keep-alive after so long a silence that nothing can be on its way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from agents.ingest.contract import Outlet, Post
from agents.ingest.sources.x.account import MINUTE_MS, Account
from agents.ingest.sources.x.clock import XClock
from pipeline.ingest.connections import Held
from pipeline.ingest.xlines import Lines, Problem

__all__ = ["Hearing"]

_TRANSIT_MS = 1_000
"""From X to here."""
_QUIET_S = 10.0
"""Silence after which a keep-alive means that nothing is being sent again."""
_LONGEST_DELAY_MS = 86_400_000
"""A line that says it is older says nothing of how long lines wait."""
_MOST_AHEAD_MS = 60_000


class Hearing:
    """Hears one connection. Mutable.

    Parameters
    ----------
    account, outlet, clock
        The stream's account, where posts go, and X's time.
    read : callable
        Says what lines are.
    minutes : int
        How far back the connection was asked to begin.
    on_open, on_first : callable
        Called when the connection is made, and when X has said something on it, whatever it is.
    """

    def __init__(
        self,
        account: Account,
        outlet: Outlet,
        clock: XClock,
        read: Callable[[Sequence[bytes]], Lines],
        *,
        minutes: int,
        on_open: Callable[[], None],
        on_first: Callable[[], None],
    ) -> None:
        self._account = account
        self._outlet = outlet
        self._clock = clock
        self._read = read
        self._minutes = minutes
        self._on_open = on_open
        self._on_first = on_first
        self._line_s = 0.0
        self._is_through = not minutes
        self.held: Held | None = None
        """What it holds, once it is made."""
        self.has_spoken = False
        """Whether anything has come."""

    async def connected(self) -> None:
        """Begin, from now on or from as long ago as was asked for."""
        self._line_s = self._clock.monotonic()
        self.held = await self._account.opened(self._clock.now_ms(), self._minutes * MINUTE_MS)
        self._on_open()

    async def said(self, lines: Sequence[bytes], beats: int) -> Problem | None:
        """Put what came, then count it as heard."""
        await self._account.mend()
        now_ms, metrics = self._clock.now_ms(), self._outlet.metrics
        metrics.last_received.set(now_ms / 1000)
        found = self._read(lines)
        if found.keyed:
            await self._outlet.put([Post(key, line) for key, line in found.keyed], self._clock.latest_ms())
        if beats:
            metrics.passed_over("keepalive", beats)
        if found.problems:
            metrics.passed_over("problem", found.problems)
        if not self.has_spoken:
            self.has_spoken = True
            self._on_first()
        until_ms = self._until_ms(found, now_ms, beats)
        if until_ms is not None and self.held is not None:
            await self._account.heard(self.held, until_ms)
        return found.problem

    def halved(self) -> None:
        """Count half a line."""
        self._outlet.metrics.passed_over("half_line")

    def _until_ms(self, found: Lines, now_ms: int, beats: int) -> int | None:
        """Return up to when everything that was delivered has come, if that can be said."""
        newest_ms = found.newest_ms
        if newest_ms is not None:
            self._clock.posted(newest_ms)
            if not now_ms - _LONGEST_DELAY_MS < newest_ms <= now_ms + _MOST_AHEAD_MS:
                newest_ms = None
        if not self._is_through and self.held is not None:
            made_ms = self.held.posts_ms + self._minutes * MINUTE_MS
            self._is_through = (newest_ms is not None and newest_ms >= made_ms) or (
                beats > 0 and not found.keyed and self._clock.monotonic() - self._line_s >= _QUIET_S
            )
        if found.keyed:
            self._line_s = self._clock.monotonic()
        if not self._is_through:
            return None
        until_ms = now_ms - _TRANSIT_MS
        return until_ms if newest_ms is None else min(until_ms, newest_ms)
