"""What a stream of X has been heard of, and what is missing for good: kept, and recorded.

ADR: the account is kept in times of delivery, gaps are recorded in times of posts. A post is delivered to whoever is
connected, within `LATENCY_MS` after it was made; so as long as one connection overlaps with the next, nothing is
missing, however short they are. Of a time in which there was none, posts are missing that were made in it, and those
that were made up to so long before and may have been on their way. Posts that are sent again (``backfill_minutes``) are
chosen by when they were made: a connection that begins so in the past has everything that was delivered from
`LATENCY_MS` later on.

ADR: deliveries are compared by when they reach us, in our order; only where a gap ends, X's second matters.

ADR: while no connection is open, what none that may be made from now on can send again is recorded as missing, every
few seconds, so that minutes which other sources let close are known to be incomplete. It goes by X's clock: until X has
given any answer in this run, nothing is recorded for some seconds, and then by this machine's. That may be wrong, so
it moves nothing in the account: once X's time is known, all is recorded again, by that.

ADR: what is covered cannot lie in X's future. If it does, the time was wrong, in this run or the last one, and every
gap until then would be hidden. Then it is put back to the last moment that is certain, which is known by what has
passed here since; of a last run's mark in the future, to the begin of this one. Should X's time turn out to have been
the wrong one (`XClock.posted`), what was put back counts again, so that what is missing since is not forgotten.

ADR: a mark says that every gap before it is recorded. Recording takes a moment, in which other connections go on; so
until it is done, what counts as settled stays where it was. When it is cancelled, the next run finds out what is
missing from there. What has been recorded, or is being recorded by another stream of the source, is not recorded again:
a mark is for all of them, and waits for all.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from agents.ingest.contract import Outlet
from agents.ingest.sources.x.clock import DATE_MS, XClock
from pipeline.ingest.connections import Connections, Held
from pipeline.ingest.coverage import Coverage, GapReason, Missing
from pipeline.ingest.recorded import Recorded

__all__ = ["LATENCY_MS", "MINUTE_MS", "Account"]

logger = logging.getLogger(__name__)

LATENCY_MS = 7_000
"""99 of 100 posts are delivered within 6 to 7 seconds: https://docs.x.com/x-api/fundamentals/consuming-streaming-data
and .../posts/filtered-stream/introduction (2026). Of later ones nobody can know when they would have come."""
MINUTE_MS = 60_000
_SECOND_MS = 1000
_WITHOUT_X_S = 10.0
_AHEAD_MS = 2 * DATE_MS
"""Two answers within a second may tell times that are so far apart."""


class Account:
    """The account of one stream. Mutable. Times are X's, in epoch milliseconds.

    Parameters
    ----------
    outlet : Outlet
        Where gaps are recorded.
    clock : XClock
        X's time.
    of : str
        What is missing in the gaps: posts, or compliance notices.
    recorded : Recorded
        What was recorded, of all streams of the source.
    told : Recorded
        The same of what was told by this machine's clock.
    resumed_ms : int, optional
        Up to when the stream had been heard when the last run ended; none at the first.
    """

    def __init__(
        self, outlet: Outlet, clock: XClock, *, of: str, recorded: Recorded, told: Recorded, resumed_ms: int | None
    ) -> None:
        self._outlet = outlet
        self._clock = clock
        self._of = of
        self._recorded = recorded
        self._told = told
        self._told_ms: int | None = None
        self._held = Connections(Coverage(None if resumed_ms is None else resumed_ms + LATENCY_MS))
        self._open: dict[Held, tuple[float, int]] = {}
        """When each was made, by the monotonic clock and by X's."""
        self._settled_ms = resumed_ms
        self._recording = 0
        self._why, self._then = GapReason.RESTART, GapReason.DISCONNECTED
        self._began_s = self._certain_s = clock.monotonic()
        self._doubted_ms: int | None = None
        """What was covered, until it turned out to lie in the future."""
        self._jumps = clock.jumps

    @property
    def until_ms(self) -> int | None:
        """Everything that was made before this was put, or is missing, recorded or about to be."""
        return None if self._held.until_ms is None else self._held.until_ms - LATENCY_MS

    @property
    def settled_ms(self) -> int | None:
        """Everything that was made before this was put, or is in a recorded gap: what may be marked."""
        if not self._recording:
            self._settled_ms = self.until_ms
        return self._settled_ms

    async def opened(self, made_ms: int, back_ms: int) -> Held:
        """Take in a connection, and record what neither it nor another one has.

        Parameters
        ----------
        made_ms : int
            When it was made, as we have X's time: what is delivered from then on, it delivers.
        back_ms : int
            It has what was posted up to so long before as well; 0 when it was not asked for that.
        """
        await self.mend()
        posts_ms = made_ms + DATE_MS - back_ms  # X may have made it a little later than it seems
        held = Held(posts_ms + LATENCY_MS if back_ms else made_ms, posts_ms=posts_ms)
        covered_ms, is_alone = self._held.until_ms, not self._open
        self._open[held] = self._clock.monotonic(), made_ms
        pieces = self._held.opened(held)
        if not pieces and is_alone and not back_ms and covered_ms is not None:
            # None was open, and by the clock no time has passed: it has run fast. Something is missing all the same.
            pieces = [Missing(made_ms - 1, made_ms)]
        self._note()
        await self._record(pieces)
        self._why = self._then = GapReason.DISCONNECTED
        return held

    async def heard(self, held: Held, until_ms: int) -> None:
        """Take in that everything was put that a connection was to deliver up to a time."""
        await self.mend()
        missing = self._held.heard(held, min(until_ms, self._clock.now_ms()))
        self._note()
        if missing:
            await self._record(missing)

    async def closed(self, held: Held, why: GapReason) -> None:
        """Take in that a connection has ended."""
        self._blame(why)
        del self._open[held]
        await self._record(self._held.closed(held))

    async def failed(self, why: GapReason, back_ms: int) -> None:
        """Take in that no connection was made; what is lost until now is so for the reasons before."""
        if self._clock.known:
            await self.lapse(back_ms)
        self._blame(why)

    async def lapse(self, back_ms: int) -> None:
        """Record what is lost by now, while there is no connection: what is further back than new ones reach."""
        if self._clock.known:
            await self.mend()
            posts_ms = self._clock.now_ms() - back_ms
            pieces = self._held.lost(posts_ms + LATENCY_MS if back_ms else posts_ms)
            self._note()
            await self._record(pieces, posts_ms)
        elif self._clock.monotonic() - self._began_s >= _WITHOUT_X_S and not self._open:
            await self._tell(self._clock.now_ms() - back_ms)

    async def _tell(self, end_ms: int) -> None:
        """Record what is lost by this machine's clock, for those who cannot wait for X's; it settles nothing."""
        if self.until_ms is None:
            return
        start_ms, why = self._told_ms, self._then
        if start_ms is None:
            start_ms = min(self.until_ms, self._clock.now_ms() - self._passed_ms(self._began_s))
            start_ms, why = start_ms // _SECOND_MS * _SECOND_MS, GapReason.RESTART
        if end_ms > start_ms:
            self._told_ms = end_ms
            for missing in self._told.new(Missing(start_ms, end_ms)):
                await self._outlet.gap(missing, why, of=self._of)

    async def mend(self) -> None:
        """Put back what is covered when that lies in X's future, or forward again when it was X's time that was wrong.

        Records what is missing by that.
        """
        covered_ms, now_ms, jumps = self._held.until_ms, self._clock.now_ms(), self._clock.jumps
        if covered_ms is None or not self._clock.known:
            return
        has_jumped, self._jumps = jumps != self._jumps, jumps
        if covered_ms > now_ms + _AHEAD_MS:
            self._doubted_ms = self._doubted_ms or covered_ms
            covered_ms = now_ms - self._passed_ms(self._certain_s)
            self._recorded.cut(covered_ms)
            logger.warning("what was heard of X seemed to lie in the future; times are taken from X anew")
        elif self._doubted_ms is not None and covered_ms < self._doubted_ms <= now_ms and has_jumped:
            covered_ms, self._doubted_ms = self._doubted_ms, None
        else:
            if self._doubted_ms is not None and covered_ms >= self._doubted_ms:
                self._doubted_ms = None
            return
        self._held = Connections(Coverage(covered_ms))
        if self._settled_ms is not None:
            self._settled_ms = min(self._settled_ms, covered_ms - LATENCY_MS)
        for held, (made_s, made_ms) in self._open.items():
            later_ms = now_ms - self._passed_ms(made_s) - made_ms
            held.since_ms, held.posts_ms, held.until_ms = held.since_ms + later_ms, held.posts_ms + later_ms, None
            self._open[held] = made_s, made_ms + later_ms
        pieces = [piece for held in sorted(self._open, key=_since) for piece in self._held.opened(held)]
        self._note()
        await self._record(pieces)

    def _note(self) -> None:
        """Note up to when all is certain, by the clock that nobody sets."""
        covered_ms, now_ms = self._held.until_ms, self._clock.now_ms()
        if covered_ms is not None and covered_ms <= now_ms + _AHEAD_MS:
            self._certain_s = self._clock.monotonic() - max(0, now_ms - covered_ms) / _SECOND_MS

    def _passed_ms(self, since_s: float) -> int:
        return int((self._clock.monotonic() - since_s) * _SECOND_MS)

    def _blame(self, why: GapReason) -> None:
        """Note why posts are missing from now on. That we did not run is the reason until it has been said."""
        self._then = why
        if self._why is not GapReason.RESTART:
            self._why = why

    async def _record(self, pieces: Sequence[Missing], posts_ms: int | None = None) -> None:
        """Record gaps in deliveries as gaps in posts; each ends with what a connection has, or any more may have."""
        if not pieces:
            return
        why, self._why = self._why, self._then
        self._recording += 1
        for piece in pieces:
            start_ms = (piece.start_ms - LATENCY_MS) // _SECOND_MS * _SECOND_MS  # as X cuts the times of posts
            end_ms = posts_ms or max(held.posts_ms for held in self._open if held.since_ms == piece.end_ms)
            for missing in self._recorded.new(Missing(start_ms, end_ms)):
                await self._outlet.gap(missing, why, of=self._of)
        self._recording -= 1  # not when it was cancelled


def _since(held: Held) -> int:
    return held.since_ms
