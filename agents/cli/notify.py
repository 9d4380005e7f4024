"""``vigie notify``: check the notification file, and try its channels."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import click

from agents import exits
from agents.cli.console import err, fail, out, print_json, read_settings
from agents.metrics import Metrics
from agents.notify.plan import PlanFile
from agents.notify.sinks import NotNow, Sink, SinkConfigError, Undeliverable
from pipeline.notify.file import NotifyFileError
from pipeline.notify.invented import TEST_BRAND, invented_alarm, invented_reminder
from pipeline.notify.notification import Notification
from pipeline.notify.quiet import DAYS, QuietHours
from pipeline.notify.routing import ALL_BRANDS, Route
from pipeline.watchlist import Watchlist, WatchlistError
from schemas.codec import encode
from schemas.ids import notification_id
from schemas.window import Level

__all__ = ["notify"]

_file = click.option("--file", "path", type=click.Path(path_type=Path), help="Instead of VIGIE_NOTIFY.")


@click.group()
def notify() -> None:
    """Check who is told of crises, and try it."""


@notify.command()
@_file
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def check(path: Path | None, *, as_json: bool) -> None:
    """Check the notification file, and show who would be told of what.

    Exits with 78, naming file, channel or route and field, when something is wrong; with 1 when a route is for a brand
    that is not on the watchlist.
    """
    settings = read_settings(notify=path)
    plan = _plan(settings.notify).plan
    unknown = _unknown_brands(plan.routes, settings.watchlist)
    if as_json:
        routes = [_route_json(route) for route in plan.routes]
        channels = {name: channel.kind for name, channel in plan.channels.items()}
        print_json({"ok": not unknown, "channels": channels, "routes": routes, "unknown_brands": unknown})
    else:
        out.print(f"notification file: ok, {settings.notify}")
        for name, channel in plan.channels.items():
            out.print(f"channel {name}: {channel.kind}", *_told(name, plan.routes), sep="\n    ")
        budget = plan.budget
        out.print(f"budget: {budget.alerts} alarms in {budget.per_hours} hours, a brand and channel; level 4 always")
    if unknown:
        fail(f"routes for brands that are not on the watchlist: {', '.join(unknown)}", exits.FAILED)


@notify.command()
@click.argument("channel")
@_file
def test(channel: str, path: Path | None) -> None:
    """Send a test alarm to CHANNEL, for a brand that does not exist, then its end.

    Between the two, a channel that is reminded of overdue updates (Slack, webhook) gets such a reminder. Exits with 0
    when the receiver took all of it, else with 1, saying why.
    """
    settings = read_settings(notify=path)
    plan = _plan(settings.notify)
    sink = plan.sinks.get(channel)
    if sink is None:
        names = ", ".join(plan.sinks)
        fail(f"no channel {channel} in {settings.notify}; there are: {names}", exits.USAGE)
    try:
        asyncio.run(_send(channel, sink, reminds=plan.plan.reminds(channel)))
    except (NotNow, Undeliverable) as exc:
        fail(str(exc), exits.FAILED)
    out.print(f"channel {channel}: the receiver took a test alarm for the brand {TEST_BRAND}, and its end")


async def _send(channel: str, sink: Sink, *, reminds: bool) -> None:
    now = datetime.now(UTC)
    opened, resolved = invented_alarm(now - timedelta(minutes=1), now)
    reminders = (invented_reminder(opened, now),) if reminds else ()
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        # A moment apart, as events are: a receiver may order them by their times.
        for event in (opened, *reminders, resolved):
            key = notification_id(event.id, channel)
            notification = Notification(id=key, event=event, payload=encode(event))
            err.print(f"{event.type!s}, level {int(event.level)}, idempotency key {key}")
            await sink.deliver(session, notification, now=now)


def _plan(path: Path | None) -> PlanFile:
    if path is None:
        fail("no notification file: set VIGIE_NOTIFY or give --file FILE", exits.CONFIG)
    try:
        return PlanFile(path, Metrics())
    except (NotifyFileError, SinkConfigError) as exc:
        fail(str(exc), exits.CONFIG)


def _unknown_brands(routes: tuple[Route, ...], watchlist: Path) -> list[str]:
    named = {brand for route in routes for brand in route.brands} - {ALL_BRANDS}
    if not named:
        return []
    try:
        return sorted(named - Watchlist.load(watchlist).brands.keys())
    except WatchlistError as exc:
        err.print(f"brands not compared with the watchlist: {exc}")
        return []


def _told(channel: str, routes: tuple[Route, ...]) -> list[str]:
    """Say what a channel is told of, a line a route."""
    mine = [route for route in routes if channel in route.channels]
    return [line for route in mine for line in _route_lines(route)] or ["nothing: no route leads here"]


def _route_lines(route: Route) -> list[str]:
    brands = "every brand" if ALL_BRANDS in route.brands else ", ".join(route.brands)
    level = f"from level {int(route.min_level)} ({route.min_level.name.lower()}) on"
    reminders = "" if route.reminders else ", without reminders of overdue updates"
    return [f"{brands}, {level}{reminders}", *(f"  quiet {_quiet_words(quiet)}" for quiet in route.quiet)]


def _quiet_words(quiet: QuietHours) -> str:
    days = "every day" if len(quiet.days) == len(DAYS) else ", ".join(DAYS[day] for day in sorted(quiet.days))
    below = "nothing waits" if quiet.below_level <= Level.CALM else f"below level {int(quiet.below_level)} waits"
    return f"{quiet.start:%H:%M} to {quiet.end:%H:%M} {quiet.timezone.key}, {days}: {below}"


def _route_json(route: Route) -> dict[str, Any]:
    return {
        "channels": route.channels,
        "brands": route.brands,
        "min_level": int(route.min_level),
        "reminders": route.reminders,
        "quiet": [_quiet_words(quiet) for quiet in route.quiet],
    }
