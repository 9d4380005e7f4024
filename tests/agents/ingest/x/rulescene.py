"""The rules endpoints of a local X, and a watchlist in a file, for what keeps the one like the other."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from email.utils import formatdate
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from agents.ingest.sources.x.api import PATH, RulesApi
from agents.ingest.sources.x.clock import XClock
from agents.ingest.sources.x.follow import Shared
from agents.ingest.sources.x.following import session
from agents.ingest.sources.x.sync import RuleSync
from agents.ingest.sources.x.token import TokenFile
from pipeline.ingest.xaccess import Access
from tests.agents.ingest.x.scene import NOW_MS, News, Outlet
from tests.ingest.xrulebook import RuleBook

__all__ = ["FOREIGN", "RuleScene", "RulesOfX", "rules_scene", "watchlist_of"]

FOREIGN = {"id": "7", "value": "cats", "tag": "somebody's"}
Answer = tuple[int, Any]


def watchlist_of(**names: str) -> str:
    """Return a watchlist with a hashtag for each brand."""
    brands = "".join(f'[brands.{key}]\nhashtags = ["{name}"]\n' for key, name in names.items())
    return f"version = 1\n{brands}"


class RulesOfX:
    """Answers as X does, unless told otherwise."""

    def __init__(self, news: News, most: int = 1_000) -> None:
        self.book = RuleBook([FOREIGN], most, 1_024)
        self.calls: list[str] = []
        """What was asked for: ``list``, ``add 2``, ``delete 1``, with ``try`` before it when it was dry."""
        self.tokens: list[str] = []
        self.page: int | None = None
        """Rules on a page."""
        self.answer: Callable[[str], Answer | None] = lambda _: None
        """Given what was asked for, another answer than that of the book."""
        self.headers: dict[str, str] = {}
        self._news = news

    @property
    def values(self) -> list[str]:
        return [rule["value"] for rule in self.book.rules]

    async def handle(self, request: web.Request) -> web.Response:
        self.tokens.append(request.headers["Authorization"])
        text = await request.read()
        asked = self._asked(request, text)
        self.calls.append(asked)
        self._news.tell()
        status, body = self.answer(asked) or self._booked(request, text)
        headers = {"Date": formatdate(NOW_MS / 1000, usegmt=True), **self.headers}
        if isinstance(body, bytes):
            return web.Response(status=status, body=body, headers=headers)
        return web.json_response(body, status=status, headers=headers)

    def _asked(self, request: web.Request, text: bytes) -> str:
        if request.method == "GET":
            return "list"
        body = json.loads(text)
        what = f"add {len(body['add'])}" if "add" in body else f"delete {len(body['delete']['ids'])}"
        return f"try {what}" if request.query.get("dry_run") == "true" else what

    def _booked(self, request: web.Request, text: bytes) -> Answer:
        if request.method == "POST":
            return self.book.changed(text, dry=request.query.get("dry_run") == "true")
        status, body = self.book.listed()
        if self.page is None:
            return status, body
        at = int(request.query.get("pagination_token", "0"))
        rest = body["data"][at + self.page :]
        meta = {**body["meta"], **({"next_token": str(at + self.page)} if rest else {})}
        return status, {"data": body["data"][at : at + self.page], "meta": meta}


class RuleScene:
    """A watchlist, the rules at X, and what keeps them."""

    def __init__(self, x: RulesOfX, outlet: Outlet, shared: Shared, path: Path) -> None:
        self.x = x
        self.outlet = outlet
        self.shared = shared
        self.path = path
        self.waits: list[float] = []
        self.api = RulesApi(shared.api, shared.token, shared.session, shared.clock)
        self.task: asyncio.Task[None] | None = None

    def write(self, text: str) -> None:
        """Put another watchlist in the place of the one that is there."""
        new = self.path.with_suffix(".new")
        new.write_text(text)
        new.replace(self.path)

    def keep(self, access: Access, **pace: float) -> asyncio.Task[None]:
        """Begin to keep the rules."""
        self.task = asyncio.create_task(RuleSync(self.path, access, **pace).keep(self.shared))
        return self.task

    async def until(self, wanted: Callable[[], Any]) -> None:
        """Wait until something is so; fails with what ended the task."""
        await self.outlet.news.until(lambda: wanted() or (self.task is not None and self.task.done()))
        if self.task is not None and self.task.done():
            self.task.result()

    def metrics(self) -> Mapping[str, float | None]:
        return {name: self.outlet.value(name) for name in ("rules", "rules_synced")}


@asynccontextmanager
async def rules_scene(
    folder: Path, watchlist: str = watchlist_of(acme="AcmeFail"), most: int = 1_000
) -> AsyncIterator[RuleScene]:
    """Give a local X with a rule of somebody else's, and a watchlist."""
    news = News()
    x, outlet = RulesOfX(news, most), Outlet(news)
    app = web.Application(client_max_size=16 * 1024 * 1024)
    app.router.add_route("*", PATH, x.handle)
    path, token = folder / "watchlist.toml", folder / "token"
    path.write_text(watchlist)
    token.write_text("token-1\n")
    async with TestServer(app) as server, session() as client:
        scene: RuleScene

        async def sleep(seconds: float) -> None:
            scene.waits.append(seconds)
            news.tell()
            await asyncio.sleep(0.002)

        shared = Shared(
            api=str(server.make_url("/")).rstrip("/"),
            token=TokenFile(token),
            session=client,
            outlet=outlet,
            jitter=lambda: 0.0,
            sleep=sleep,
            clock=XClock(lambda: 1000.0, lambda: NOW_MS / 1000),
        )
        scene = RuleScene(x, outlet, shared, path)
        try:
            yield scene
        finally:
            if scene.task is not None:
                scene.task.cancel()
                await asyncio.wait([scene.task])
