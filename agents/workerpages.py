"""What a worker serves over HTTP: liveness, readiness and metrics.

ADR: instead of Faust's web application; `agents.web` says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from aiohttp import web
from faust.web.drivers import aiohttp as driver

from agents.web import Page, PageServer, json_page, metrics_page

if TYPE_CHECKING:
    from agents.app import VigieApp

__all__ = ["add_pages"]

_PATIENCE = 0.5
"""Share of `stuck_after_s` after which a worker calls itself stuck: whoever watches may act before its watchdog."""


def add_pages(app: VigieApp) -> None:
    """Have the application serve ``/health/live``, ``/health/ready`` and ``/metrics``."""
    app.web = _Web(app)


def _pages(app: VigieApp) -> Mapping[str, Page]:
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
        return json_page(said, well=not stuck)

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
        return json_page(said, well=app.ready)

    return {"/health/live": live, "/health/ready": ready, "/metrics": metrics_page(app.metrics.expose)}


class _Web(driver.Web):
    """What Faust starts and stops as its web server."""

    _server: PageServer | None = None

    @property
    def addresses(self) -> list[Any]:
        """Where it serves."""
        return self._server.addresses if self._server else []

    async def on_start(self) -> None:
        """Bind, and serve from now on."""
        conf = self.app.conf
        self._server = PageServer(_pages(cast("VigieApp", self.app)))
        await self._server.start(conf.web_bind, conf.web_port)

    async def on_stop(self) -> None:
        """Serve no longer."""
        if self._server is not None:
            await self._server.stop()
