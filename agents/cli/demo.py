"""``vigie demo``: see it work, without a Kafka of your own."""

from __future__ import annotations

import time
from pathlib import Path

import click

from agents import exits
from agents.cli.aftermath import aftermath
from agents.cli.console import fail, out
from agents.cli.lines import crisis_text
from agents.cli.replay import LANGUAGES
from agents.demo import DemoError, run_demo
from agents.embedded import EmbeddedBrokerError
from schemas.crisis import CrisisEvent, CrisisEventType
from schemas.situation import CommunicationOverdue, CrisisRecord, Situation

__all__ = ["demo", "worth_showing"]


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
@click.option("--lang", type=click.Choice(LANGUAGES), default="en", show_default=True, help="Of the report.")
def demo(out_dir: Path, seed: int, lang: str) -> None:
    """Run the whole pipeline on simulated tweets: embedded Kafka, one worker, crises, a report.

    Several days of talk about four invented brands, as fast as this machine goes. One slow crisis, one
    sudden crisis and one harmless viral spike are planted; see what is found. Ends by itself, after one to
    four minutes.
    """
    started = time.monotonic()

    def say(line: str) -> None:
        click.echo(f"[{time.monotonic() - started:5.1f} s] {line}")

    def show(record: CrisisRecord) -> None:
        if worth_showing(record):
            say(crisis_text(record))

    try:
        result = run_demo(out_dir, seed=seed, lang=lang, say=say, on_crisis=show)
    except EmbeddedBrokerError as exc:
        fail(str(exc), exits.UNAVAILABLE)
    except DemoError as exc:
        fail(str(exc), exits.FAILED)
    crises = {
        record.crisis_id for record in result.records if isinstance(record, CrisisEvent) and record.peak_level >= 2
    }
    say(f"{result.tweets:,} tweets, {result.windows:,} windows closed, {len(crises)} crises (level 2 and above)")
    told = list(aftermath(result.records, result.names))
    if told:
        click.echo("\nWhat the brands did:")
    for line in told:
        click.echo(f"  {line}")
    out.print(f"\nReport: [bold]{result.report}[/bold]", markup=True)
    click.echo(f"More:   vigie situation nimbus-mobile --from {out_dir} --watchlist {out_dir / 'watchlist.toml'}")


def worth_showing(record: CrisisRecord) -> bool:
    """Say whether it is news to somebody who looks on: changes of level, the first overdue moment, the end."""
    match record:
        case CrisisEvent():
            return record.type is not CrisisEventType.UPDATED
        case CommunicationOverdue():
            return record.missed == 1
        case Situation():
            return record.final
