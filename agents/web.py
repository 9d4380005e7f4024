"""What a process of Vigie serves over HTTP: a few pages, nothing else, and whatever is asked of it.

ADR: a server of three pages instead of Faust's web application. That one shows the worker's tables and the routing of
their keys to whoever asks, keeps an idle connection for an hour, waits for ever for a reader that is slow, and would
serve what its next version adds. Here a connection takes one request of 8 KiB and ten seconds, whatever is done with
them: half a request, a body without an end, an answer that nobody reads. Of too many connections the oldest goes, so
that nobody who keeps some open keeps a probe out. What was said is counted before it is read: aiohttp's error over an
address of megabytes keeps them in a cycle, and this worker's garbage collector comes seldom.

ADR: the pages are served by the loop that does the work. A loop of their own would answer for one that hangs. So that
scrapes cannot take the work's time, the metrics' text is used again until making it anew takes a tenth of the time.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import orjson
from aiohttp import web

from agents import logs
from agents.metrics import CONTENT_TYPE

__all__ = ["CONNECTIONS", "CONNECTION_S", "Exposition", "Page", "PageServer", "json_page", "metrics_page"]

Page = Callable[[], web.Response]
"""Makes a page when it is asked for; must not wait for anything."""

CONNECTION_S = 10.0
"""How long a connection lives at most: as long as a scrape may take, as a rule."""
CONNECTIONS = 256
"""How many there are at most, at a time."""
_REQUEST_BYTES = 8 * 1024
"""What a connection may say."""
_BACKLOG = 128
"""How many are taken before work goes on."""
_SHUTDOWN_S = 1.0

_SCRAPE_SHARE = 0.1
"""Share of the time that making the metrics' text may take."""

logger = logging.getLogger(__name__)
_unsaid = logging.getLogger(f"{__name__}.refused")
_unsaid.disabled = True
"""aiohttp would log each request that it cannot read, with a stack; whoever sent it is told."""


def json_page(said: Mapping[str, object], *, well: bool) -> web.Response:
    """Return a page that says how things are; 503 when they are not well."""
    status = HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE
    return web.Response(body=orjson.dumps(said), status=status, content_type="application/json", charset="utf-8")


def metrics_page(expose: Callable[[], bytes]) -> Page:
    """Return the page with what ``expose`` makes: Prometheus' text format."""
    exposition = Exposition(expose)
    return lambda: web.Response(body=exposition.text(), headers={"Content-Type": CONTENT_TYPE})


class Exposition:
    """The metrics' text, made anew as often as it may be.

    Parameters
    ----------
    make : callable
        Makes it.
    clock : callable
        Returns seconds that never go back.
    """

    def __init__(self, make: Callable[[], bytes], clock: Callable[[], float] = time.perf_counter) -> None:
        self._make = make
        self._clock = clock
        self._text = b""
        self._good_until = clock()

    def text(self) -> bytes:
        """Return it; it is up to nine times as old as it took to make."""
        began = self._clock()
        if began >= self._good_until:
            self._text = self._make()
            self._good_until = began + (self._clock() - began) / _SCRAPE_SHARE
        return self._text


class _Connection(web.RequestHandler):
    """Hears nobody out who goes on and on."""

    __slots__ = ("_heard",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._heard = 0

    def data_received(self, data: bytes) -> None:
        self._heard += len(data)
        if self._heard <= _REQUEST_BYTES:
            super().data_received(data)
        elif self.transport is not None:
            self.transport.abort()


class _Doorkeeper(web.Server):
    """Ends connections: each in time, and the oldest when there are too many."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args)
        self._options = kwargs
        self._inside: dict[Any, tuple[asyncio.Transport, asyncio.TimerHandle]] = {}

    def __call__(self) -> web.RequestHandler:
        return _Connection(self, loop=asyncio.get_running_loop(), **self._options)

    def connection_made(self, handler: Any, transport: asyncio.Transport) -> None:
        if len(self._inside) >= CONNECTIONS:
            oldest, timer = self._inside.pop(next(iter(self._inside)))
            timer.cancel()
            oldest.abort()
        timer = asyncio.get_running_loop().call_later(CONNECTION_S, transport.abort)
        self._inside[handler] = transport, timer
        super().connection_made(handler, transport)

    def connection_lost(self, handler: Any, exc: BaseException | None = None) -> None:
        if handler in self._inside:
            self._inside.pop(handler)[1].cancel()
        super().connection_lost(handler, exc)


class PageServer:
    """Serves pages, by the loop that runs.

    Parameters
    ----------
    pages : mapping
        What makes a page, by its path.
    """

    def __init__(self, pages: Mapping[str, Page]) -> None:
        server = _Doorkeeper(
            _answering(pages), access_log=None, logger=_unsaid, auto_decompress=False, lingering_time=0.0
        )
        self._runner = web.ServerRunner(server, shutdown_timeout=_SHUTDOWN_S)

    @property
    def addresses(self) -> list[Any]:
        """Where it serves."""
        return self._runner.addresses

    async def start(self, host: str, port: int) -> None:
        """Bind, and serve from now on.

        Raises
        ------
        OSError
            The port is taken, or the host is none of this machine's.
        """
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host, port, backlog=_BACKLOG).start()
        except OSError:
            await self._runner.cleanup()
            raise

    async def stop(self) -> None:
        """Serve no longer."""
        await self._runner.cleanup()


def _answering(pages: Mapping[str, Page]) -> Callable[[web.BaseRequest], Any]:
    async def answer(request: web.BaseRequest) -> web.Response:
        page = pages.get(request.path)
        if page is None:
            response = web.Response(status=HTTPStatus.NOT_FOUND)
        elif request.method not in ("GET", "HEAD"):
            response = web.Response(status=HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": "GET, HEAD"})
        else:
            response = _of(page)
        response.headers["Server"] = "vigie"
        response.force_close()
        return response

    return answer


def _of(page: Page) -> web.Response:
    try:
        return page()
    except Exception as exc:  # noqa: BLE001 - a page that fails stops nothing
        logger.warning("a page failed: %s", logs.stack_of(exc))
        return web.Response(status=HTTPStatus.INTERNAL_SERVER_ERROR)
