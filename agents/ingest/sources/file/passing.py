"""Records on their way into the outlet: posts in batches, gaps to every partition, at the speed that is asked for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable

from agents.ingest.contract import Outlet, Post
from pipeline.archive import ArchiveRecord
from pipeline.formats import GapNotice, parse
from pipeline.ingest.coverage import GapReason, Missing

__all__ = ["Passing"]

_GAP_WORD = b'"gap"'
_GAP_BYTES = 4_096
"""A longer record is no gap."""
_GAPS_REMEMBERED = 1_000
_REASONS = frozenset(GapReason)
_clock, _sleep = time.monotonic, asyncio.sleep


class Passing:
    """Passes the records of one run on, in their order.

    A gap record is for every partition, whichever one the archive was read from: it goes to `Outlet.gap`. An archive of
    all partitions has it once for each, and they are one gap.

    Parameters
    ----------
    outlet : Outlet
        Where to.
    speed : float, optional
        Times real time by the records' own times; as fast as possible when left out.
    """

    def __init__(self, outlet: Outlet, speed: float | None = None) -> None:
        self._outlet = outlet
        self._pace = _Pace(speed)
        self._gaps: dict[tuple[Missing, str, str], None] = {}

    async def take(self, records: Iterable[ArchiveRecord], cursor: Callable[[int], str | None] | None = None) -> None:
        """Pass records on. They are in the journal, and marked, when this returns.

        Parameters
        ----------
        records : iterable of ArchiveRecord
            What comes next.
        cursor : callable, optional
            Returns where to go on from after so many of them; asked at each mark.
        """
        waiting: list[Post] = []
        passed = 0

        async def hand_over() -> None:
            nonlocal waiting
            if not passed:
                return
            await self._outlet.room()
            await self._outlet.put(waiting)
            waiting = []
            if cursor is not None:
                self._outlet.mark(None, cursor(passed))

        for record in records:
            if (wait_s := self._pace.wait_s(record.time_ms)) > 0:
                await hand_over()
                await _sleep(wait_s)
            if gaps := _gaps_in(record.value):
                await hand_over()
                for gap in gaps:
                    await self._record(gap)
            else:
                waiting.append(Post(record.key, record.value))
            passed += 1
        await hand_over()

    async def _record(self, gap: GapNotice) -> None:
        missing = Missing(gap.start_ms, gap.end_ms)
        # A label of metrics: words of somebody else's are told as the plainest of ours.
        reason = gap.reason if gap.reason in _REASONS else GapReason.DISCONNECTED.value
        of = "compliance" if gap.compliance else "posts"
        if (known := (missing, reason, of)) in self._gaps:
            return
        self._gaps[known] = None
        if len(self._gaps) > _GAPS_REMEMBERED:
            del self._gaps[next(iter(self._gaps))]
        await self._outlet.gap(missing, reason, of=of)


def _gaps_in(value: bytes) -> tuple[GapNotice, ...]:
    """Return the gaps of a record that holds nothing else."""
    if _GAP_WORD not in value or len(value) > _GAP_BYTES:
        return ()
    parsed = parse(value, max_bytes=_GAP_BYTES)
    return () if parsed.tweets or parsed.rejects or parsed.compliance else parsed.gaps


class _Pace:
    """Says how long to wait so that records leave ``speed`` times as fast as their times say."""

    def __init__(self, speed: float | None) -> None:
        self._speed = speed
        self._origin: tuple[float, int] | None = None

    def wait_s(self, time_ms: int | None) -> float:
        """Return the seconds until a record of this time is due; 0 and less is at once."""
        if self._speed is None or time_ms is None:
            return 0.0
        now = _clock()
        if self._origin is None:
            self._origin = (now, time_ms)
        began, first_ms = self._origin
        return began + (time_ms - first_ms) / 1000 / self._speed - now
