"""An outlet for tests of sources: it keeps what it is given, and needs neither a disk nor Kafka."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from agents.ingest.contract import Mark, Post
from agents.metrics.ingest import IngestMetrics
from pipeline.ingest.coverage import Missing

__all__ = ["NEVER", "Kept"]

NEVER = Mark(None, None)
"""Of a source that has never run."""


class Kept:
    """An outlet that keeps everything, in order."""

    def __init__(self, resumed: Mark = NEVER) -> None:
        self.resumed = resumed
        self.metrics = IngestMetrics().of("jetstream")
        self.order: list[Post | Mark | tuple[Missing, str]] = []
        self.received_ms: list[int | None] = []
        self._more = asyncio.Condition()

    async def put(self, posts: Sequence[Post], received_ms: int | None = None) -> None:
        self.received_ms.append(received_ms)
        self.order += posts
        await self._tell()

    def mark(self, until_ms: int | None, cursor: str | None = None) -> None:
        self.order.append(Mark(until_ms, cursor))

    async def gap(self, missing: Missing, reason: str, *, of: str = "posts") -> None:
        assert of == "posts"
        self.order.append((missing, str(reason)))
        await self._tell()

    async def room(self) -> None:
        raise AssertionError("a live source waits for nobody")

    async def _tell(self) -> None:
        async with self._more:
            self._more.notify_all()

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(20), self._more:
            await self._more.wait_for(condition)

    @property
    def posts(self) -> list[Post]:
        return [each for each in self.order if isinstance(each, Post)]

    @property
    def keys(self) -> list[str]:
        return [(each.key or b"?").decode().rpartition("/")[2] for each in self.posts]

    @property
    def gaps(self) -> list[tuple[Missing, str]]:
        return [each for each in self.order if not isinstance(each, Post | Mark)]

    @property
    def last_mark(self) -> Mark:
        return [each for each in self.order if isinstance(each, Mark)][-1]

    def counted(self, what: str) -> float:
        return float(self.metrics._metrics.passed_over.labels("jetstream", what)._value.get())
