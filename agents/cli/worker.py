"""``vigie worker``: run the roles, a process each."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import click
import faust

from agents import exits
from agents.app import Role, create_app
from agents.cli.console import fail, read_settings, read_watchlist
from agents.processes import calm_collector, run_roles
from agents.settings import SettingsError

__all__ = ["worker"]


@click.command()
@click.option("--role", type=click.Choice([role.value for role in Role]), help="Only this one, in this process.")
@click.option("--watchlist", type=click.Path(path_type=Path), help="Instead of VIGIE_WATCHLIST.")
@click.option("--web-port", type=click.IntRange(0, 65_534), help="Instead of VIGIE_WEB_PORT.")
def worker(role: str | None, watchlist: Path | None, web_port: int | None) -> None:
    """Run enrich and track until stopped, each in a process of its own.

    Start as many workers as you like, on as many machines: Kafka shares the partitions among them.
    Health and metrics: http://127.0.0.1:6066 (enrich) and :6067 (track), at /health/live,
    /health/ready and /metrics.
    """
    settings = read_settings(watchlist=watchlist, web_port=web_port)
    read_watchlist(settings)
    if role is None:
        sys.exit(run_roles(settings))
    try:
        app = create_app(settings, Role(role))
    except SettingsError as exc:
        fail(str(exc), exits.CONFIG)
    logging.captureWarnings(capture=True)
    calm_collector()
    faust.Worker(app, loglevel=settings.log_level, quiet=True, stdout=sys.stderr).execute_from_commandline()
