"""``vigie worker``: run the roles, a process each."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from agents import exits, logs
from agents.cli.console import fail, read_settings, read_watchlist
from agents.processes import calm_collector, run_roles
from agents.role import Role
from agents.settings import Settings, SettingsError

__all__ = ["worker"]


@click.command()
@click.option("--role", type=click.Choice([role.value for role in Role]), help="Only this one, in this process.")
@click.option("--watchlist", type=click.Path(path_type=Path), help="Instead of VIGIE_WATCHLIST.")
@click.option("--web-port", type=click.IntRange(0, 65_531), help="Instead of VIGIE_WEB_PORT.")
def worker(role: str | None, watchlist: Path | None, web_port: int | None) -> None:
    """Run enrich, track and erase until stopped, each in a process of its own; notify, too, when VIGIE_NOTIFY is set.

    Start as many workers as you like, on as many machines: Kafka shares the partitions among them.
    Health and metrics: http://127.0.0.1:6066 (enrich), :6067 (track), :6068 (notify) and :6069 (erase), at
    /health/live, /health/ready and /metrics.
    """
    settings = read_settings(watchlist=watchlist, web_port=web_port)
    logs.configure(settings.log_level, settings.log_format, role or "worker")
    if role not in {Role.NOTIFY, Role.ERASE}:
        read_watchlist(settings)
    if role is None:
        sys.exit(run_roles(settings))
    _run(settings, Role(role))


def _run(settings: Settings, role: Role) -> None:
    # Here and not above: they take half a second, and the process that runs all roles needs neither.
    import faust  # noqa: PLC0415

    from agents.app import create_app  # noqa: PLC0415

    try:
        app = create_app(settings, role)
    except SettingsError as exc:
        fail(str(exc), exits.CONFIG)
    calm_collector()
    process = faust.Worker(app, quiet=True, stdout=sys.stderr, override_logging=False)
    process.spinner = None  # it draws between the lines of the log
    process.execute_from_commandline()
