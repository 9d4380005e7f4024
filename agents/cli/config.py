"""``vigie config``: check settings and watchlist, and show them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from agents import exits
from agents.cli.console import fail, out, print_json, read_settings, read_watchlist
from agents.settings import Settings, SettingsError
from agents.settings.page import settings_page

__all__ = ["config"]


@click.group()
def config() -> None:
    """Check and show the settings."""


@config.command()
@click.option("--watchlist", type=click.Path(path_type=Path), help="Instead of VIGIE_WATCHLIST.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def check(watchlist: Path | None, *, as_json: bool) -> None:
    """Check settings, watchlist and, where one is set, X's token; exits with 78 and names what is wrong."""
    settings = read_settings(watchlist=watchlist)
    try:
        settings.engine()
    except SettingsError as exc:
        fail(f"wrong settings:\n{exc}", exits.CONFIG)
    if settings.x_token_file is not None:
        from agents.ingest.contract import SourceRefused  # noqa: PLC0415 - all of the source is loaded with it
        from agents.ingest.sources.x.token import TokenFile  # noqa: PLC0415

        try:
            TokenFile.of(settings)
        except SourceRefused as exc:
            fail(f"wrong settings:\n{exc}", exits.CONFIG)
    loaded = read_watchlist(settings)
    if as_json:
        brands = {key: brand.name for key, brand in loaded.brands.items()}
        print_json({"ok": True, "watchlist": str(settings.watchlist), "brands": brands})
        return
    names = ", ".join(brand.name for brand in loaded.brands.values())
    out.print(f"settings: ok\nwatchlist: ok, {settings.watchlist}, {len(loaded.brands)} brands: {names}")
    if settings.x_token_file is not None:
        out.print(f"X's token: ok, {settings.x_token_file}")
    if loaded.calendars:
        planned = ", ".join(f"{key} {len(calendar.events)}" for key, calendar in loaded.calendars.items())
        out.print(f"calendar: ok, planned events, each repetition counted: {planned}")


@config.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def show(*, as_json: bool) -> None:
    """Show every setting with its value, its variable and what it means."""
    settings = read_settings()
    rows = [_row(settings, name) for name in Settings.model_fields]
    if as_json:
        print_json({row["variable"]: row["value"] for row in rows})
        return
    for row in rows:
        out.print(f"[bold]{row['variable']}[/bold]={row['value']}\n    {row['meaning']}", markup=True)


@config.command()
def table() -> None:
    """Print the page of all settings, in Markdown: `deploy/settings.md`."""
    click.echo(settings_page(), nl=False)


def _row(settings: Settings, name: str) -> dict[str, Any]:
    value = getattr(settings, name)
    return {
        "variable": f"VIGIE_{name.upper()}",
        "value": str(value) if isinstance(value, Path) else value,
        "meaning": Settings.model_fields[name].description or "",
    }
