"""Grafana's dashboards as code: ``python -m deploy.grafana`` writes them to ``deploy/grafana/dashboards``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from deploy.grafana import brands, capacity, health

__all__ = ["BOARDS", "FOLDER", "Query", "queries"]

BOARDS = (health.BOARD, brands.BOARD, capacity.BOARD)
FOLDER = Path(__file__).parent / "dashboards"

_VARIABLES = {"$__rate_interval": "1m", "$__range": "1h", "$brand": ".*"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One question of a panel, as Prometheus takes it."""

    dashboard: str
    """The dashboard's title."""
    panel: str
    """The panel's title."""
    expression: str
    """PromQL without Grafana's variables: the last hour, rates over a minute, every brand."""
    legend: str
    """Name of each series; `{{label}}` stands for its label."""
    unit: str
    """Of the panel, as Grafana names it."""


def queries() -> list[Query]:
    """Return the query of every panel; of a panel with several, each."""
    return [
        Query(
            dashboard=board.title,
            panel=panel.title,
            expression=_substituted(target.expr),
            legend=target.legend,
            unit=panel.unit,
        )
        for board in BOARDS
        for panel in board.panels()
        for target in panel.queries
    ]


def _substituted(expr: str) -> str:
    for name, value in _VARIABLES.items():
        expr = expr.replace(name, value)
    return expr
