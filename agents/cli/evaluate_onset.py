"""``vigie eval onset``: how soon known events are noticed, and how often nothing is the matter."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from agents import exits
from agents.cli.console import fail, print_json, progress_bar, read_settings, read_watchlist
from agents.cli.mapping import parse_mapping
from agents.settings import SettingsError
from pipeline.archive import ArchiveError, read
from pipeline.engine import Engine
from pipeline.evaluation import baselines
from pipeline.evaluation.events import EventsError, KnownEvent, read_events
from pipeline.evaluation.incidents import QUIET_MS, incidents, rule_incidents
from pipeline.evaluation.onset import EARLY_MS, record
from pipeline.evaluation.watching import Watched, watch
from pipeline.watchlist import Watchlist

__all__ = ["onset"]


@click.command()
@click.argument("source", metavar="INPUT", type=click.Path(path_type=Path))
@click.option(
    "--events",
    "events_file",
    type=click.Path(path_type=Path),
    required=True,
    help="What is known to have happened (JSON).",
)
@click.option("--watchlist", type=click.Path(path_type=Path), help="The brands. [default: VIGIE_WATCHLIST]")
@click.option("--column", multiple=True, metavar="FIELD=COLUMN", help="Column of a CSV, where not obvious.")
def onset(source: Path, events_file: Path, watchlist: Path | None, column: tuple[str, ...]) -> None:
    """Measure detection delay and false alarms on a file of tweets.

    INPUT is what vigie replay reads. The live engine runs over it in memory; rules that others publish
    run over its five-minute counts.

    \b
    An event of EVENTS:  {"id": "outage", "brand": "acme", "kind": "crisis",
                          "start_utc": "2015-02-22T02:00:00Z", "end_utc": …}
    brand       its key; or handle, or entity: a name that the watchlist knows
    kind        crisis              to be found
                negative control    to be left alone (also: harmless)
                minor               an alarm is neither right nor wrong
                crisis-in-progress  the same: the data begins inside it
    start_utc   null when it is not known
    end_utc     optional; else peak_utc or its end, else a day after the start
    The truth.json of vigie simulate is read as well.

    \b
    What comes out, for Vigie and for each rule:
    events      each with its first alert and watch, and the delay in minutes
                from its start; an alarm may be an hour early
    alarms      crises that reached alert (level 2): one crisis, one alarm;
                of a rule: from the first time it fires until six quiet hours
    false_alarms_a_brand_day
                alarms about nothing known, or about a negative control
    """  # noqa: D301 - click's mark for lines that stay as they are
    mapping = parse_mapping(column)
    settings = read_settings(watchlist=watchlist)
    brands = read_watchlist(settings)
    events = _events(events_file, brands)
    try:
        engine = Engine(settings.engine(), brands, settings.analyzer())
    except SettingsError as exc:
        fail(str(exc), exits.CONFIG)
    watched = _watched(engine, source, mapping)
    found = {
        "input": str(source),
        "events": str(events_file),
        "records": watched.records,
        "early_minutes": EARLY_MS // 60_000,
        "rule_quiet_hours": QUIET_MS // 3_600_000,
    }
    print_json(found | _figures(watched, events))


def _events(path: Path, brands: Watchlist) -> list[KnownEvent]:
    try:
        return read_events(path.read_bytes(), brands)
    except OSError as exc:
        fail(f"{path}: cannot be read: {exc.strerror}", exits.NO_INPUT)
    except EventsError as exc:
        fail(f"{path}: {exc}", exits.BAD_INPUT)


def _watched(engine: Engine, source: Path, mapping: dict[str, str] | None) -> Watched:
    watched = Watched()
    try:
        with progress_bar() as bar:
            task = bar.add_task("watching", total=source.stat().st_size if source.is_file() else None, note="")
            archive = read(source, mapping=mapping, progress=lambda done: bar.update(task, completed=done))
            for watched in watch(engine, archive, read_at_ms=int(time.time() * 1000)):
                bar.update(task, note=f"{watched.records} records, {len(watched.events)} crisis events")
    except ArchiveError as exc:
        fail(str(exc), exits.NO_INPUT)
    return watched


def _figures(watched: Watched, events: list[KnownEvent]) -> dict[str, Any]:
    days = watched.days
    counts = {brand: watched.counts(brand) for brand in sorted(days)}
    rules = {}
    with progress_bar() as bar:
        contenders = baselines()
        for contender in bar.track(contenders, description="rules"):
            alarms = [alarm for brand, series in counts.items() for alarm in rule_incidents(contender, brand, series)]
            about = {"rule": contender.rule, "threshold": contender.threshold}
            rules[contender.name] = about | record(events, alarms, days, levels=False)
    return {
        "brand_days": round(sum(one.brand_days for one in days.values()), 3),
        "learnt_brand_days": round(sum(one.learnt_days for one in days.values()), 3),
        "brands": {
            brand: {"brand_days": round(one.brand_days, 3), "learnt_brand_days": round(one.learnt_days, 3)}
            for brand, one in sorted(days.items())
        },
        "vigie": record(events, incidents(watched.events), days, levels=True),
        "baselines": rules,
    }
