"""What every command shares: where it prints, how it fails, how it shows progress."""

from __future__ import annotations

import sys
from typing import Any, NoReturn

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from agents import exits, logs
from agents.settings import Settings, SettingsError, load_settings
from agents.terminal import escaped_json
from pipeline.watchlist import Watchlist, WatchlistError
from schemas.codec import encode_pretty

__all__ = ["err", "fail", "out", "print_json", "progress_bar", "read_settings", "read_watchlist"]

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def fail(message: str, code: int) -> NoReturn:
    """Print an error in plain words and exit."""
    logs.say(message)
    sys.exit(code)


def print_json(value: Any) -> None:
    """Print a value as indented JSON."""
    click.echo(escaped_json(encode_pretty(value).decode()), nl=False)


def read_settings(**overrides: Any) -> Settings:
    """Read the settings, or exit naming what is wrong."""
    try:
        return load_settings(**overrides)
    except SettingsError as exc:
        fail(f"wrong settings:\n{exc}", exits.CONFIG)


def read_watchlist(settings: Settings) -> Watchlist:
    """Read the watchlist, or exit naming file, brand and field."""
    try:
        return Watchlist.load(settings.watchlist)
    except WatchlistError as exc:
        fail(f"{exc}\nSet VIGIE_WATCHLIST or give --watchlist FILE.", exits.CONFIG)


def progress_bar() -> Progress:
    """Return a progress bar on standard error; it draws only on a terminal."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
        console=err,
        disable=not err.is_terminal,
        transient=True,
    )
