"""``vigie demo``: see it work, without a Kafka of your own."""

from __future__ import annotations

import time
from pathlib import Path

import click

from agents import exits
from agents.cli.console import fail, out
from agents.cli.lines import crisis_text
from agents.demo import DemoError, run_demo
from agents.embedded import EmbeddedBrokerError
from schemas.crisis import CrisisEvent, CrisisEventType

__all__ = ["demo"]


@click.command()
@click.option(
    "--out",
    "out_dir",
    type=click.Path(path_type=Path),
    default=Path("build/demo"),
    show_default=True,
    help="Where tweets, results and report.html go.",
)
@click.option("--seed", type=int, default=7, show_default=True, help="Of the simulated talk.")
def demo(out_dir: Path, seed: int) -> None:
    """Run the whole pipeline on simulated tweets: embedded Kafka, one worker, crises, a report.

    Several days of talk about four invented brands, as fast as this machine goes. One slow crisis, one
    sudden crisis and one harmless viral spike are planted; see what is found. Ends by itself.
    """
    started = time.monotonic()

    def say(line: str) -> None:
        click.echo(f"[{time.monotonic() - started:5.1f} s] {line}")

    def show(event: CrisisEvent) -> None:
        if event.type is not CrisisEventType.UPDATED:
            say(crisis_text(event))

    try:
        result = run_demo(out_dir, seed=seed, say=say, on_crisis=show)
    except EmbeddedBrokerError as exc:
        fail(str(exc), exits.UNAVAILABLE)
    except DemoError as exc:
        fail(str(exc), exits.FAILED)
    crises = len({event.crisis_id for event in result.crises if event.peak_level >= 2})
    say(f"{result.tweets:,} tweets, {result.windows:,} windows closed, {crises} crises (level 2 and above)")
    out.print(f"\nReport: [bold]{result.report}[/bold]", markup=True)
