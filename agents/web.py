"""What a worker serves over HTTP: liveness, readiness and metrics, nothing else, and whatever is asked of it.

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
from typing import TYPE_CHECKING, Any, cast

import orjson
from aiohttp import web
from faust.web.drivers import aiohttp as driver

from agents import logs
from agents.metrics import CONTENT_TYPE

if TYPE_CHECKING:
    from agents.app import VigieApp

__all__ = ["CONNECTIONS", "CONNECTION_S", "add_pages"]

CONNECTION_S = 10.0
"""How long a connection lives at most: as long as a scrape may take, as a rule."""
CONNECTIONS = 256
"""How many there are at most, at a time."""
_REQUEST_BYTES = 8 * 1024
"""What a connection may say."""
_BACKLOG = 128
"""How many are taken before work goes on."""
_SHUTDOWN_S = 1.0

_PATIENCE = 0.5
"""Share of `stuck_after_s` after which a worker calls itself stuck: whoever watches may act before its watchdog."""
_SCRAPE_SHARE = 0.1
"""Share of the time that making the metrics' text may take."""

logger = logging.getLogger(__name__)
_unsaid = logging.getLogger(f"{__name__}.refused")
_unsaid.disabled = True
"""aiohttp would log each request that it cannot read, with a stack; whoever sent it is told."""


def add_pages(app: VigieApp) -> None:
    """Have the application serve ``/health/live``, ``/health/ready`` and ``/metrics``."""
    app.web = _Web(app)


def _pages(app: VigieApp) -> Mapping[str, Callable[[], web.Response]]:
    def live() -> web.Response:
        """Say whether the event loop answers, and work that there is gets done.

        503 once the worker has had work and done none for half of `stuck_after_s`, as its own watchdog sees it: a
        source that is silent, a broker that is gone and a write that is held are no reasons to restart it.
        """
        stalled_s = app.watchdog.stalled_s if app.watchdog else 0.0
        stuck = stalled_s >= app.settings.stuck_after_s * _PATIENCE
        said = {
            "status": "stuck" if stuck else "live",
            "role": app.role.value,
            "stalled_seconds": round(stalled_s, 1),
        }
        return _json(said, well=not stuck)

    def ready() -> web.Response:
        """Say whether partitions are assigned and their state is recovered.

        A worker that holds for the broker stays ready: it owns its partitions, and goes on by itself. To take it out
        of service or to wait for it in a roll-out would help nobody; `vigie_worker_holding` tells of it.
        """
        said = {
            "status": "ready" if app.ready else "waiting",
            "rebalancing": app.rebalancing,
            "recovering": app.in_recovery,
            "assigned": app.assigned,
            "holding": app.publisher.holding,
        }
        return _json(said, well=app.ready)

    exposition = Exposition(app.metrics.expose)

    def metrics() -> web.Response:
        """Return Prometheus' text format."""
        return web.Response(body=exposition.text(), headers={"Content-Type": CONTENT_TYPE})

    return {"/health/live": live, "/health/ready": ready, "/metrics": metrics}


def _json(said: Mapping[str, object], *, well: bool) -> web.Response:
    status = HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE
    return web.Response(body=orjson.dumps(said), status=status, content_type="application/json", charset="utf-8")


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


class _Web(driver.Web):
    """What Faust starts and stops as its web server."""

    _pages_runner: web.ServerRunner | None = None

    async def on_start(self) -> None:
        """Bind, and serve from now on."""
        conf = self.app.conf
        server = _Doorkeeper(
            _answering(_pages(cast("VigieApp", self.app))),
            access_log=None,
            logger=_unsaid,
            auto_decompress=False,
            lingering_time=0.0,
        )
        self._pages_runner = web.ServerRunner(server, shutdown_timeout=_SHUTDOWN_S)
        await self._pages_runner.setup()
        await web.TCPSite(self._pages_runner, conf.web_bind, conf.web_port, backlog=_BACKLOG).start()

    async def on_stop(self) -> None:
        """Serve no longer."""
        if self._pages_runner is not None:
            await self._pages_runner.cleanup()


def _answering(pages: Mapping[str, Callable[[], web.Response]]) -> Callable[[web.BaseRequest], Any]:
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


def _of(page: Callable[[], web.Response]) -> web.Response:
    try:
        return page()
    except Exception as exc:  # noqa: BLE001 - a page that fails stops nothing
        logger.warning("a page failed: %s", logs.stack_of(exc))
        return web.Response(status=HTTPStatus.INTERNAL_SERVER_ERROR)
