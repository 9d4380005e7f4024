"""An outlet that remembers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from agents.ingest.contract import Mark, Post
from agents.metrics.ingest import IngestMetrics, SourceMetrics
from pipeline.ingest.coverage import Missing


class Heard:
    """What a source has put, marked and called missing, in order."""

    def __init__(self, cursor: str | None = None) -> None:
        self.resumed = Mark(None, cursor)
        self.metrics: SourceMetrics = IngestMetrics().of("file")
        self.posts: list[Post] = []
        self.marked = 0
        """How many posts were put before the last mark."""
        self.cursor = cursor
        self.gaps: list[tuple[int, Missing, str, str]] = []
        """After how many posts, and what."""
        self.has_room = asyncio.Event()
        self.has_room.set()
        self.asked_for_room = asyncio.Event()
        self._news = asyncio.Event()

    @property
    def lines(self) -> list[bytes]:
        return [post.value for post in self.posts]

    async def put(self, posts: Sequence[Post], received_ms: int | None = None) -> None:
        assert received_ms is None
        assert self.has_room.is_set(), "a file waits for room"
        await asyncio.sleep(0)
        self.posts += posts

    def mark(self, until_ms: int | None, cursor: str | None = None) -> None:
        assert until_ms is None
        self.marked, self.cursor = len(self.posts), cursor
        self._news.set()

    async def gap(self, missing: Missing, reason: str, *, of: str = "posts") -> None:
        self.gaps.append((len(self.posts), missing, reason, of))

    async def room(self) -> None:
        self.asked_for_room.set()
        await self.has_room.wait()

    async def until(self, count: int) -> None:
        """Wait until so many posts are there, and marked."""
        async with asyncio.timeout(20):
            while len(self.posts) < count or self.marked < count:
                self._news.clear()
                await self._news.wait()
