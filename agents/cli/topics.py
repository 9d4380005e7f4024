"""``vigie topics``: make the topics, with the right partitions and settings."""

from __future__ import annotations

import asyncio

import click

from agents import exits
from agents.cli.console import fail, out, print_json, read_settings
from agents.topics import BrokerUnreachable, TopicProblem, create_topics

__all__ = ["topics"]


@click.group()
def topics() -> None:
    """Make the Kafka topics."""


@topics.command()
@click.option("--raw-partitions", type=click.IntRange(1, 10_000), default=8, show_default=True)
@click.option(
    "--partitions",
    type=click.IntRange(1, 10_000),
    default=8,
    show_default=True,
    help="Of mentions, windows and crises: the most track workers that can share the work.",
)
@click.option("--replication", type=click.IntRange(1, 9), default=1, show_default=True, help="3 in production.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def create(raw_partitions: int, partitions: int, replication: int, *, as_json: bool) -> None:
    """Create every topic that is missing: input, output, dead letters and the tables' changelogs.

    What exists is left alone. A changelog gets the partitions of the topic it belongs to.
    """
    settings = read_settings()
    try:
        created, present = asyncio.run(
            create_topics(settings, raw_partitions=raw_partitions, partitions=partitions, replication=replication)
        )
    except BrokerUnreachable as exc:
        fail(str(exc), exc.exit_code)
    except TopicProblem as exc:
        fail(f"a topic was refused: {exc}", exits.CONFIG)
    if as_json:
        print_json({"created": created, "present": present})
        return
    for name in created:
        out.print(f"created  {name}")
    for name in present:
        out.print(f"present  {name}")
