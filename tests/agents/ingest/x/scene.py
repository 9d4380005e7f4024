"""A local X whose every answer the test gives, an outlet that remembers, and a clock that stands still."""

from __future__ import annotations

import asyncio
import math
import zlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from email.utils import formatdate
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from agents.ingest.contract import Mark, Post
from agents.ingest.sources.x.clock import XClock
from agents.ingest.sources.x.connection import Patience
from agents.ingest.sources.x.follow import Shared, Stream
from agents.ingest.sources.x.following import follow_all, session
from agents.ingest.sources.x.token import TokenFile
from agents.metrics.ingest import IngestMetrics
from pipeline.ingest.coverage import Missing
from pipeline.ingest.xlines import posts
from pipeline.simulate.payload import snowflake

__all__ = ["IN_ONE_PIECE", "NOW_MS", "Call", "FakeX", "Outlet", "Scene", "heard", "line", "scene"]

NOW_MS = 1_767_225_600_000
"""X's time when a scene begins: 2026-01-01T00:00:00Z."""
IN_ONE_PIECE = Patience(piece_s=math.inf)
"""What is lost between two connections is recorded when the second is made, and not already while it is waited for."""
_SOON_S = 10.0


def line(time_ms: int = NOW_MS, number: int = 0, text: str = "late again") -> bytes:
    """Return a line of the filtered stream."""
    post = snowflake(time_ms, 1, number)
    return b'{"data":{"id":"%s","text":"%s"}}\r\n' % (str(post).encode(), text.encode())


class News:
    """Told whenever something has happened."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def tell(self) -> None:
        self._event.set()

    async def until(self, wanted: Callable[[], Any]) -> None:
        """Wait until something has happened by which this is so."""
        async with asyncio.timeout(_SOON_S):
            while not wanted():
                self._event.clear()
                await self._event.wait()


class Outlet:
    """Remembers what it was given, in order."""

    def __init__(self, news: News, resumed_ms: int | None = None, name: str = "x") -> None:
        self.resumed = Mark(resumed_ms, None)
        self.registry = IngestMetrics()
        self.metrics = self.registry.of(name)
        self.values: list[bytes] = []
        self.keys: list[bytes | None] = []
        self.gaps: list[tuple[int, int, str]] = []
        self.of: set[str] = set()
        self.marks: list[int | None] = []
        self.log: list[str] = []
        self.news = news
        self.takes_gaps = asyncio.Event()
        self.takes_gaps.set()

    async def put(self, given: Sequence[Post], received_ms: int | None = None) -> None:
        assert received_ms is not None
        self.values += [post.value for post in given]
        self.keys += [post.key for post in given]
        self.log.append("put")
        self.news.tell()

    def mark(self, until_ms: int | None, cursor: str | None = None) -> None:
        assert cursor is None
        if until_ms not in self.marks[-1:]:
            self.marks.append(until_ms)
            self.log.append("mark")
        self.news.tell()

    async def gap(self, missing: Missing, reason: str, *, of: str = "posts") -> None:
        await self.takes_gaps.wait()
        self.gaps.append((missing.start_ms, missing.end_ms, str(reason)))
        self.of.add(of)
        self.log.append("gap")
        self.news.tell()

    async def room(self) -> None:
        raise AssertionError("a live source never waits")

    async def until(self, wanted: Callable[[Outlet], Any]) -> None:
        """Wait until something was given."""
        await self.news.until(lambda: wanted(self))

    def value(self, name: str, **labels: str) -> float | None:
        """Return a metric of ours."""
        return self.registry.registry.get_sample_value(f"vigie_ingest_{name}", {"source": "x", **labels})


class Clock(XClock):
    """Tells that an answer was read."""

    answers = 0
    news: News

    def answered(self, date: str | None, *, is_error: bool = False) -> None:
        super().answered(date, is_error=is_error)
        self.answers += 1
        self.news.tell()


class Call:
    """One request, which the test answers."""

    def __init__(self, request: web.Request, x: FakeX) -> None:
        self.request = request
        self._x = x
        self._response: web.StreamResponse | None = None
        self._packer: Any = None
        self.over = asyncio.Event()
        self.response: web.StreamResponse | None = None

    @property
    def query(self) -> dict[str, str]:
        return dict(self.request.query)

    def _headers(self) -> dict[str, str]:
        return {"Date": formatdate(self._x.now_ms / 1000, usegmt=True)}

    async def refuse(self, status: int, body: Any = None, **headers: str) -> None:
        """Answer with an error, and wait until that was read."""
        answers = self._x.clock.answers
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.response = web.json_response(body or {"title": "No"}, status=status, headers={**self._headers(), **named})
        self.over.set()
        await self._read(answers)

    async def begin(self, *, gzip: bool = True) -> Call:
        """Answer with a stream, and wait until that was read."""
        answers = self._x.clock.answers
        response = web.StreamResponse(headers=self._headers())
        if gzip:
            assert self.request.headers["Accept-Encoding"] == "gzip"
            response.headers["Content-Encoding"] = "gzip"
            self._packer = zlib.compressobj(6, zlib.DEFLATED, 31)
        response.enable_chunked_encoding()
        await response.prepare(self.request)
        self._response = self.response = response
        await self._read(answers)
        return self

    async def _read(self, answers: int) -> None:
        await self._x.clock.news.until(lambda: self._x.clock.answers != answers)

    async def send(self, data: bytes) -> None:
        """Write, and flush what is packed."""
        assert self._response is not None
        if self._packer is not None:
            data = self._packer.compress(data) + self._packer.flush(zlib.Z_SYNC_FLUSH)
        await self._response.write(data)

    async def send_raw(self, data: bytes) -> None:
        """Write as it is."""
        assert self._response is not None
        await self._response.write(data)

    async def end(self) -> None:
        """End the stream as HTTP has it."""
        self.over.set()

    async def cut(self) -> None:
        """Close the connection in the middle."""
        assert self.request.transport is not None
        self.request.transport.abort()
        self.over.set()


class FakeX:
    """The calls that come, in order."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.calls: asyncio.Queue[Call] = asyncio.Queue()
        self.now_ms = NOW_MS
        self.seen: list[Call] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        call = Call(request, self)
        self.seen.append(call)
        self.calls.put_nowait(call)
        await call.over.wait()
        assert call.response is not None
        return call.response

    async def next(self) -> Call:
        """Return the next request."""
        async with asyncio.timeout(_SOON_S):
            return await self.calls.get()


class Scene:
    """A source that runs against it."""

    def __init__(self, x: FakeX, outlet: Outlet, clock: XClock, passed: list[float], waits: list[float]) -> None:
        self.x = x
        self.outlet = outlet
        self.clock = clock
        self._passed = passed
        self.waits = waits
        self.task: asyncio.Task[None] | None = None
        self.api = ""
        self.token = Path()

    def passes(self, seconds: float) -> None:
        """Let time go by, here and at X."""
        self._passed[0] += seconds
        self.x.now_ms += int(seconds * 1000)

    async def connected(self, **kind: Any) -> Call:
        """Answer the next request with a stream."""
        return await (await self.x.next()).begin(**kind)

    async def ticks(self) -> None:
        """Wait until the account was kept once more."""
        count = self.waits.count(1.0)
        await self.until(lambda: self.waits.count(1.0) > count + 1)

    async def until(self, wanted: Callable[[], Any]) -> None:
        """Wait until something is so."""
        await self.outlet.news.until(wanted)


async def heard(at: Scene, call: Call, count: int = 1) -> None:
    """Have a keep-alive heard."""
    before = at.outlet.value("passed_over_total", what="keepalive") or 0
    await call.send(b"\r\n" * count)
    await at.outlet.until(lambda it: it.value("passed_over_total", what="keepalive") == before + count)


@asynccontextmanager
async def scene(
    folder: Path,
    resumed_ms: int | None = None,
    *,
    streams: Sequence[Stream] | None = None,
    connections: int = 1,
    backfill: int = 0,
    patience: Patience | None = None,
    wall_s: float = NOW_MS / 1000,
) -> AsyncIterator[Scene]:
    """Run a source until the block ends, or until it has ended itself."""
    news, passed = News(), [0.0]
    outlet = Outlet(news, resumed_ms)
    clock = Clock(lambda: 1000.0 + passed[0], lambda: wall_s + passed[0])
    clock.news = news
    x = FakeX(clock)
    waits: list[float] = []
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", x.handle)
    token = folder / "token"
    token.write_text("token-1\n")

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        news.tell()
        await asyncio.sleep(0.002)

    found = Scene(x, outlet, clock, passed, waits)
    found.token = token
    async with TestServer(app) as server, session() as client:
        shared = Shared(
            api=str(server.make_url("/")).rstrip("/"),
            token=TokenFile(token),
            session=client,
            outlet=outlet,
            jitter=lambda: 0.0,
            sleep=sleep,
            clock=clock,
            patience=patience or Patience(),
        )
        shared.ready.set()
        if streams is None:
            streams = [
                Stream(
                    name="filtered stream",
                    path="/stream",
                    read=posts,
                    query={"expansions": "author_id"},
                    connections=connections,
                    backfill_minutes=backfill,
                    advice="Ask for access",
                )
            ]
        found.api = shared.api
        found.task = asyncio.create_task(follow_all(streams, shared))
        try:
            yield found
        finally:
            found.task.cancel()
            await asyncio.wait([found.task])
            for call in x.seen:
                call.over.set()
