"""What an ingester serves over HTTP: liveness, readiness and metrics, as a worker does.

ADR: an ingester takes in posts whether or not it can be looked at. A port that is taken, as by a second ingester on the
same machine, is told in the log and ends nothing; alerts tell of an ingester without metrics.

ADR: the pages are served by the loop that reads the source. While that hangs nobody answers, which is what a probe
waits for.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from agents.metrics.ingest import IngestMetrics
from agents.role import ingest_web_port
from agents.settings import Settings
from agents.web import Page, PageServer, json_page, metrics_page

__all__ = ["IngestStatus", "pages"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestStatus:
    """How an ingester is doing at a moment."""

    source: str
    """Name of the source."""
    running: bool
    """Whether the source's task is there still."""
    waiting: int = 0
    """Posts that wait for Kafka."""
    holding: bool = False
    """Whether Kafka does not take what there is."""


@asynccontextmanager
async def pages(
    settings: Settings, metrics: IngestMetrics, status: Callable[[], IngestStatus]
) -> AsyncIterator[PageServer | None]:
    """Serve the pages for as long as the context lasts, unless the web server is switched off.

    Parameters
    ----------
    settings : Settings
        Where to serve.
    metrics : IngestMetrics
        What `/metrics` shows, and how many connections are open.
    status : callable
        Asked for each page; must not wait for anything.
    """
    if not settings.web_port:
        yield None
        return
    server = PageServer(_pages(metrics, status))
    host, port = settings.web_host, ingest_web_port(settings)
    try:
        await server.start(host, port)
    except OSError as exc:
        logger.warning(
            "health and metrics are not served: %s:%d cannot be used (%s). Give each ingester on a machine a "
            "web_port (VIGIE_WEB_PORT) of its own, four below the port where it is to serve; 0 switches this off.",
            host,
            port,
            exc.strerror or exc,
        )
        yield None
        return
    try:
        yield server
    finally:
        await server.stop()


def _pages(metrics: IngestMetrics, status: Callable[[], IngestStatus]) -> Mapping[str, Page]:
    def live() -> web.Response:
        """Say whether the source is read: 503 once its task has ended, which whatever supervises us may repair."""
        now = status()
        return json_page(
            {"status": "live" if now.running else "ended", "source": now.source, "waiting": now.waiting},
            well=now.running,
        )

    def ready() -> web.Response:
        """Say whether posts come in: a connection is open, or the source needs none (a file).

        An ingester that holds for Kafka stays ready: it takes in what the source says, and goes on by itself.
        """
        now = status()
        connections = metrics.of(now.source).open_connections()
        well = now.running and connections != 0
        said = {
            "status": "ready" if well else "waiting",
            "source": now.source,
            "connections": connections,
            "holding": now.holding,
            "waiting": now.waiting,
        }
        return json_page(said, well=well)

    return {"/health/live": live, "/health/ready": ready, "/metrics": metrics_page(metrics.expose)}
