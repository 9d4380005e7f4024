"""What a worker serves over HTTP: liveness, readiness and metrics, nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from faust.web import View

from agents.metrics import CONTENT_TYPE

if TYPE_CHECKING:
    from agents.app import VigieApp

__all__ = ["add_pages"]

_PATIENCE = 0.5
"""Share of `stuck_after_s` after which a worker calls itself stuck: whoever watches may act before its watchdog."""


def add_pages(app: VigieApp) -> None:
    """Add ``/health/live``, ``/health/ready`` and ``/metrics`` to the application's web server."""

    class Live(View):
        """The event loop answers, and work that there is gets done.

        503 once the worker has had work and done none for half of `stuck_after_s`, as its own watchdog sees it: a
        source that is silent, a broker that is gone and a write that is held are no reasons to restart it.
        """

        async def get(self, request: Any) -> Any:  # noqa: ARG002 - the view's signature
            stalled_s = app.watchdog.stalled_s if app.watchdog else 0.0
            stuck = stalled_s >= app.settings.stuck_after_s * _PATIENCE
            return self.json(
                {
                    "status": "stuck" if stuck else "live",
                    "role": app.role.value,
                    "stalled_seconds": round(stalled_s, 1),
                },
                status=503 if stuck else 200,
            )

    class Ready(View):
        """Partitions are assigned and their state is recovered.

        A worker that holds for the broker stays ready: it owns its partitions, and goes on by itself. To take it out
        of service or to wait for it in a roll-out would help nobody; `vigie_worker_holding` tells of it.
        """

        async def get(self, request: Any) -> Any:  # noqa: ARG002 - the view's signature
            return self.json(
                {
                    "status": "ready" if app.ready else "waiting",
                    "rebalancing": app.rebalancing,
                    "recovering": app.in_recovery,
                    "assigned": app.assigned,
                    "holding": app.publisher.holding,
                },
                status=200 if app.ready else 503,
            )

    class MetricsPage(View):
        """Prometheus' text format."""

        async def get(self, request: Any) -> Any:  # noqa: ARG002 - the view's signature
            return self.bytes(app.metrics.expose(), headers={"Content-Type": CONTENT_TYPE})

    app.page("/health/live", name="live")(Live)
    app.page("/health/ready", name="ready")(Ready)
    app.page("/metrics", name="metrics")(MetricsPage)
