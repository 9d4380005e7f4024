"""``vigie produce``: write a file of tweets to the input topic."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from agents import exits
from agents.cli.console import fail, out, print_json, progress_bar, read_settings
from agents.cli.replay import parse_mapping
from agents.feed import feed
from agents.topics import BrokerUnreachable, TopicProblem
from pipeline.archive import ArchiveError, read

__all__ = ["produce"]


@click.command()
@click.argument("source", metavar="INPUT", type=click.Path(path_type=Path))
@click.option(
    "--speed", type=click.FloatRange(min=0, min_open=True), help="N times real time. [default: as fast as possible]"
)
@click.option("--column", multiple=True, metavar="FIELD=COLUMN", help="Column of a CSV, where not obvious.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary for programs.")
def produce(source: Path, speed: float | None, column: tuple[str, ...], *, as_json: bool) -> None:
    """Write a file of tweets (JSONL, CSV, also .gz) to tweets.raw, keyed by tweet ID.

    Returns when the broker has acknowledged everything.
    """
    mapping = parse_mapping(column)
    settings = read_settings()
    try:
        with progress_bar() as bar:
            task = bar.add_task("producing", total=source.stat().st_size if source.is_file() else None, note="")
            archive = read(source, mapping=mapping, progress=lambda done: bar.update(task, completed=done))
            count = asyncio.run(feed(settings, archive, speed=speed))
    except ArchiveError as exc:
        fail(str(exc), exits.NO_INPUT)
    except BrokerUnreachable as exc:
        fail(str(exc), exc.exit_code)
    except TopicProblem as exc:
        fail(str(exc), exits.CONFIG)
    if as_json:
        print_json({"records": count, "topic": settings.topics.raw})
    else:
        out.print(f"{count:,} records written to {settings.topics.raw}")
