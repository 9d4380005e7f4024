"""The outlet of a source: its posts go into the journal, and whoever waits for that is told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from agents.ingest.contract import Gap, Mark, Post, Sums
from agents.ingest.frames import Loss
from agents.ingest.journal import Journal
from agents.metrics.ingest import SourceMetrics
from pipeline.ingest.coverage import Missing

__all__ = ["JournalOutlet"]

_MARGIN_MS = 10_000
"""A mark may lie so far behind the source's time when it is made; live sources mark each second."""
_YIELD_BYTES = 256 * 1024
"""After so much the loop gets its turn: a source that always has something to read would leave none to Kafka."""
_ROOMY_BYTES = 16 * 1024 * 1024
_LONGEST_KEY = 512


class JournalOutlet:
    """What `agents.ingest.contract.Outlet` says.

    Parameters
    ----------
    journal : Journal
        Where to.
    metrics : SourceMetrics
        The source's.
    sums : Sums
        Are kept up here, and by whoever delivers.
    max_bytes : int
        The bound of the journal.
    max_record_bytes : int
        A longer line is cut: enrich makes a dead letter of it, whole or not, and Kafka may not take it whole.
    """

    def __init__(
        self,
        journal: Journal,
        metrics: SourceMetrics,
        sums: Sums,
        *,
        max_bytes: int,
        max_record_bytes: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.resumed = journal.mark
        self.metrics = metrics
        self.arrived = asyncio.Event()
        """There is something in the journal."""
        self.crowded = asyncio.Event()
        """What Kafka has should be deleted now."""
        self._journal = journal
        self._sums = sums
        self._max_bytes = max_bytes
        self._max_record_bytes = max_record_bytes
        self._clock = clock
        self._marked_s: float | None = None
        """When the last mark with a time was made in this run."""
        self._freed = asyncio.Event()
        self._unyielded = 0
        self._errors_told = 0

    async def put(self, posts: Sequence[Post], received_ms: int | None = None) -> None:
        """Take posts, in order."""
        if not posts:
            return
        longest = max(len(value) for _, value in posts)
        if longest > self._max_record_bytes or any(key is not None and len(key) > _LONGEST_KEY for key, _ in posts):
            posts = [self._bounded(post) for post in posts]
        self.metrics.posts.inc(len(posts))
        self._sums.put += len(posts)
        before = self._journal.queue.total_bytes
        self._journal.put(posts, self._source_now_ms() if received_ms is None else received_ms)
        self._changed()
        self._unyielded += max(self._journal.queue.total_bytes - before, longest)
        if self._unyielded >= _YIELD_BYTES:
            self._unyielded = 0
            await asyncio.sleep(0)

    def mark(self, until_ms: int | None, cursor: str | None = None) -> None:
        """Note how far the source has been heard out."""
        if until_ms is not None:
            if self._marked_s is None or until_ms != self._journal.mark.until_ms:
                self._marked_s = self._clock()
            self.metrics.covered.set(until_ms / 1000)
        self._journal.put_mark(Mark(until_ms, cursor))
        self._changed()

    async def gap(self, missing: Missing, reason: str, *, of: str = "posts") -> None:
        """Record that something cannot be had any more."""
        loss = Loss(missing.start_ms, missing.end_ms, reason, of)
        self._journal.put_loss(loss)
        self._tell(loss)
        self._changed()

    async def room(self) -> None:
        """Wait until the journal is well below its bound."""
        await asyncio.sleep(0)
        while not self._is_roomy():
            self._make_room()
            self._freed.clear()
            await self._freed.wait()

    def freed(self) -> None:
        """Take in that the journal holds less than before, or has done something by itself."""
        self._freed.set()
        self._account()

    def _is_roomy(self) -> bool:
        queue = self._journal.queue
        return queue.total_bytes <= self._max_bytes // 2 and queue.waiting_bytes <= _ROOMY_BYTES

    def _changed(self) -> None:
        self.arrived.set()
        if self._journal.queue.total_bytes > self._max_bytes // 4:
            self._make_room()
        self._account()

    def _make_room(self) -> None:
        if self._journal.queue.progress is not None:
            self.crowded.set()

    def _account(self) -> None:
        """Count what the journal has lost, and the errors of its disk."""
        journal = self._journal
        if (dropped := journal.dropped - self._sums.dropped) > 0:
            self._sums.dropped += dropped
            self.metrics.dropped.inc(dropped)
        while journal.losses:
            self._tell(journal.losses.pop(0))
        if (errors := journal.queue.disk_errors - self._errors_told) > 0:
            self._errors_told += errors
            self.metrics.spool_errors.inc(errors)

    def _tell(self, loss: Loss) -> None:
        """Count a gap; of one that is recorded in pieces, all pieces are one in the sums."""
        missing, gaps = loss.missing, self._sums.gaps
        self.metrics.gap(missing, loss.reason)
        if gaps and loss.posts is None and gaps[-1].posts is None and gaps[-1].reason == loss.reason:
            last = gaps[-1].missing
            if last.start_ms <= missing.start_ms <= last.end_ms:
                gaps[-1] = Gap(Missing(last.start_ms, max(last.end_ms, missing.end_ms)), loss.reason, None)
                return
        gaps.append(Gap(missing, loss.reason, loss.posts))

    def _source_now_ms(self) -> int | None:
        """Return a time of the source that is not before now, as far as its marks tell."""
        until_ms = self._journal.mark.until_ms
        if self._marked_s is None or until_ms is None:
            return None
        return until_ms + round((self._clock() - self._marked_s) * 1000) + _MARGIN_MS

    def _bounded(self, post: Post) -> Post:
        key, value = post
        if key is not None and len(key) > _LONGEST_KEY:
            key = None
        if len(value) > self._max_record_bytes:
            self.metrics.passed_over("cut")
            value = value[: self._max_record_bytes - self._max_record_bytes // 64]
        return Post(key, value)
