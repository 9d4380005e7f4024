"""What a worker serves over HTTP: liveness, readiness and metrics, nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from faust.web import View

from agents.metrics import CONTENT_TYPE

if TYPE_CHECKING:
    from agents.app import VigieApp

__all__ = ["add_pages"]


def add_pages(app: VigieApp) -> None:
    """Add ``/health/live``, ``/health/ready`` and ``/metrics`` to the application's web server."""

    class Live(View):
        """The event loop answers."""

        async def get(self, request: Any) -> Any:  # noqa: ARG002 - the view's signature
            return self.json({"status": "live", "role": app.role.value})

    class Ready(View):
        """Partitions are assigned and their state is recovered."""

        async def get(self, request: Any) -> Any:  # noqa: ARG002 - the view's signature
            ready = not (app.rebalancing or app.in_recovery or app.unassigned)
            return self.json(
                {
                    "status": "ready" if ready else "waiting",
                    "rebalancing": app.rebalancing,
                    "recovering": app.in_recovery,
                    "assigned": not app.unassigned,
                },
                status=200 if ready else 503,
            )

    class MetricsPage(View):
        """Prometheus' text format."""

        async def get(self, request: Any) -> Any:  # noqa: ARG002 - the view's signature
            return self.bytes(app.metrics.expose(), headers={"Content-Type": CONTENT_TYPE})

    app.page("/health/live", name="live")(Live)
    app.page("/health/ready", name="ready")(Ready)
    app.page("/metrics", name="metrics")(MetricsPage)
