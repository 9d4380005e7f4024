"""The notification file, TOML: channels, routes and budget, with errors that say where and what was expected."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pipeline.notify.channels import Alertmanager, Channel, PagerDuty, Slack, Webhook
from pipeline.notify.quiet import DAYS, QuietHours
from pipeline.notify.routing import ALL_BRANDS, Budget, NotifyPlan, Route
from pipeline.watchlist import WatchlistError
from pipeline.watchlist.fields import known_fields, listed, shown
from schemas.window import Level

__all__ = ["NotifyFileError", "load_plan", "parse_plan"]

VERSION = 1

_KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,63}", re.ASCII)
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)
_KINDS: Mapping[str, type[Alertmanager | PagerDuty | Slack | Webhook]] = {
    "alertmanager": Alertmanager,
    "pagerduty": PagerDuty,
    "slack": Slack,
    "webhook": Webhook,
}
_LANGUAGES = ("en", "fr")
_FILES = ("routing_key_file", "url_file", "secret_file")
_ROUTE_FIELDS = ("channels", "brands", "min_level", "quiet", "reminders")
_QUIET_FIELDS = ("start", "end", "days", "timezone", "below_level")
_MOST_ALERTS = 1000
_MOST_HOURS = 24 * 31


class NotifyFileError(ValueError):
    """A notification file cannot be used. The message names the file, the channel or route, and the field."""


def load_plan(path: Path) -> NotifyPlan:
    """Read a notification file. Files that it names are taken from its own folder, unless their paths are absolute.

    Raises
    ------
    NotifyFileError
        It cannot be read, or something in it is wrong.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise NotifyFileError(f"{path}: cannot read the notification file: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise NotifyFileError(f"{path}: expected UTF-8: {error}") from error
    return parse_plan(text, str(path), path.parent)


def parse_plan(text: str, source: str, folder: Path = Path()) -> NotifyPlan:
    """Read the text of a notification file.

    Parameters
    ----------
    text : str
        TOML.
    source : str
        Names the file in messages.
    folder : Path
        Where files with relative paths are.

    Raises
    ------
    NotifyFileError
        Something in it is wrong.
    """
    try:
        document = tomllib.loads(text.removeprefix("\ufeff"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise NotifyFileError(f"{source}: not valid TOML: {error}") from error
    try:
        return _plan(document, source, folder)
    except WatchlistError as error:  # the checks of fields are the watchlist's
        raise NotifyFileError(str(error)) from error


def _plan(document: Mapping[str, Any], source: str, folder: Path) -> NotifyPlan:
    known_fields(document, ("version", "channels", "routes", "budget"), source)
    version = document.get("version")
    if isinstance(version, bool) or version != VERSION:
        raise NotifyFileError(f"{source}: version: expected {VERSION}, got {shown(version)}")
    tables = document.get("channels")
    if not isinstance(tables, dict) or not tables:
        raise NotifyFileError(
            f"{source}: channels: expected at least one table like [channels.on-call], got {shown(tables)}"
        )
    channels = {name: _channel(name, tables[name], source, folder) for name in sorted(tables)}
    routes = listed(document, "routes", source)
    if not routes:
        raise NotifyFileError(f"{source}: routes: expected at least one [[routes]]: without one nobody is told")
    return NotifyPlan(
        channels=channels,
        routes=tuple(_route(table, f"{source}: routes[{i}]", channels) for i, table in enumerate(routes)),
        budget=_budget(document.get("budget", {}), f"{source}: budget"),
    )


def _channel(name: str, table: Any, source: str, folder: Path) -> Channel:
    where = f"{source}: channel {name}"
    if not _KEY.fullmatch(name):
        raise NotifyFileError(
            f"{source}: channel {shown(name)}: expected a name of 1 to 64 lower-case letters, digits and hyphens"
        )
    kind = _table(table, where).get("kind")
    made = _KINDS.get(kind) if isinstance(kind, str) else None
    if made is None:
        raise NotifyFileError(f"{where}: kind: expected one of {', '.join(_KINDS)}, got {shown(kind)}")
    fields = tuple(field for field in made.__dataclass_fields__ if field != "name")
    known_fields(table, fields, where)
    values = {field: _channel_field(field, table[field], where, folder) for field in fields if field in table}
    for field, what in made.__dataclass_fields__.items():
        if field != "name" and field not in values and field in _required(made):
            raise NotifyFileError(f"{where}: {field}: is missing; a channel of kind {kind} needs it ({what.type})")
    return made(name=name, **values)


def _required(made: type[Any]) -> tuple[str, ...]:
    # The fields without a default; a slotted class keeps its defaults only in the signature.
    defaults = made.__init__.__kwdefaults__ or {}
    return tuple(field for field in made.__dataclass_fields__ if field not in defaults)


def _channel_field(field: str, value: Any, where: str, folder: Path) -> Any:
    if not isinstance(value, str) or not value.strip():
        raise NotifyFileError(f"{where}: {field}: expected a text, got {shown(value)}")
    if field in _FILES:
        return folder / value
    if field == "language" and value not in _LANGUAGES:
        raise NotifyFileError(f"{where}: language: expected one of {', '.join(_LANGUAGES)}, got {shown(value)}")
    if field == "url":
        _check_url(value, f"{where}: url")
    return value


def _check_url(value: str, where: str) -> None:
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise NotifyFileError(f"{where}: expected a URL like https://example.org/hook, got {shown(value)}")


def _route(table: Any, where: str, channels: Mapping[str, Channel]) -> Route:
    known_fields(_table(table, where), _ROUTE_FIELDS, where)
    names = listed(table, "channels", where)
    if not names:
        raise NotifyFileError(f'{where}: channels: expected at least one, as in channels = ["on-call"]')
    for name in names:
        if not isinstance(name, str) or name not in channels:
            raise NotifyFileError(f"{where}: channels: expected one of {', '.join(channels)}, got {shown(name)}")
    brands = listed(table, "brands", where) if "brands" in table else [ALL_BRANDS]
    for brand in brands:
        if not isinstance(brand, str) or not (brand == ALL_BRANDS or _KEY.fullmatch(brand)):
            raise NotifyFileError(f'{where}: brands: expected "*" or a key of the watchlist, got {shown(brand)}')
    if not brands:
        raise NotifyFileError(f'{where}: brands: expected at least one; "*" or no such line for every brand')
    return Route(
        channels=tuple(dict.fromkeys(names)),
        brands=tuple(dict.fromkeys(brands)),
        min_level=_level(table, "min_level", Level.ALERT, where),
        quiet=tuple(_quiet(q, f"{where}: quiet[{i}]") for i, q in enumerate(listed(table, "quiet", where))),
        reminders=_yes_or_no(table, "reminders", where),
    )


def _quiet(table: Any, where: str) -> QuietHours:
    known_fields(_table(table, where), _QUIET_FIELDS, where)
    days = listed(table, "days", where) if "days" in table else list(DAYS)
    for day in days:
        if day not in DAYS:
            raise NotifyFileError(f"{where}: days: expected some of {', '.join(DAYS)}, got {shown(day)}")
    below = _level(table, "below_level", Level.SEVERE, where)
    if below < Level.ALERT:
        raise NotifyFileError(f"{where}: below_level: expected 2 to 4, got {int(below)}: nothing would wait")
    return QuietHours(
        start=_time(table, "start", where),
        end=_time(table, "end", where),
        days=frozenset(map(DAYS.index, days)),
        timezone=_timezone(table.get("timezone"), where),
        below_level=below,
    )


def _table(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise NotifyFileError(f"{where}: expected a table, got {shown(value)}")
    return value


def _level(table: Mapping[str, Any], field: str, default: Level, where: str) -> Level:
    value = table.get(field, default)
    if isinstance(value, bool) or not isinstance(value, int) or not Level.WATCH <= value <= Level.SEVERE:
        raise NotifyFileError(f"{where}: {field}: expected a level from 1 (watch) to 4 (severe), got {shown(value)}")
    return Level(value)


def _yes_or_no(table: Mapping[str, Any], field: str, where: str) -> bool:
    value = table.get(field, True)
    if not isinstance(value, bool):
        raise NotifyFileError(f"{where}: {field}: expected true or false, got {shown(value)}")
    return value


def _time(table: Mapping[str, Any], field: str, where: str) -> time:
    value = table.get(field)
    if isinstance(value, time):  # TOML has times of its own
        value = value.isoformat("minutes")
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise NotifyFileError(f'{where}: {field}: expected a time of day like "22:00", got {shown(value)}')
    return time.fromisoformat(value)


def _timezone(value: Any, where: str) -> ZoneInfo:
    try:
        return ZoneInfo(value)
    except (AttributeError, KeyError, OSError, TypeError, ValueError) as error:
        raise NotifyFileError(
            f"{where}: timezone: expected the name of a time zone such as Europe/Paris, got {shown(value)}"
        ) from error


def _budget(table: Any, where: str) -> Budget:
    known_fields(_table(table, where), ("alerts", "per_hours"), where)
    default = Budget()
    return Budget(
        alerts=_count(table.get("alerts", default.alerts), _MOST_ALERTS, f"{where}: alerts"),
        per_hours=_count(table.get("per_hours", default.per_hours), _MOST_HOURS, f"{where}: per_hours"),
    )


def _count(value: Any, most: int, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise NotifyFileError(f"{where}: expected a whole number from 1 to {most}, got {shown(value)}")
    return value
