"""``vigie capacity``: what a number of tweets a second asks for, with the working."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click
from msgspec import DecodeError, ValidationError

from agents import exits
from agents.cli.console import fail, print_json
from pipeline.capacity import Demand, Measured, as_text, size, working

__all__ = ["capacity"]

_ABOVE_0 = click.FloatRange(min=0, min_open=True)
_SHARE = click.FloatRange(0, 1)
_BYTES = click.FloatRange(min=1)


@click.command()
@click.option("--tweets-per-second", type=_ABOVE_0, required=True, help="On average.")
@click.option("--peak", "peak_per_second", type=_ABOVE_0, help="At the peak, also a second. [default: the average]")
@click.option("--brands", type=click.IntRange(min=1), default=10, show_default=True, help="In the watchlist.")
@click.option("--matching", type=_SHARE, default=1.0, show_default=True, help="Share of tweets that speak of a brand.")
@click.option(
    "--mentions-a-match", type=click.FloatRange(min=1), default=1.0, show_default=True, help="Brands in those."
)
@click.option("--loudest", type=_SHARE, default=0.0, help="Share of the mentions that the loudest brand has.")
@click.option("--headroom", type=click.FloatRange(0.05, 1), default=0.7, show_default=True, help="Busy at the peak.")
@click.option("--replication", type=click.IntRange(1, 9), default=3, show_default=True, help="Copies of each record.")
@click.option(
    "--raw-retention", "raw_retention_h", type=_ABOVE_0, default=22.0, show_default=True, help="Hours tweets are kept."
)
@click.option(
    "--retention", "retention_h", type=_ABOVE_0, default=168.0, show_default=True, help="Hours mentions are kept."
)
@click.option(
    "--lateness", "lateness_s", type=click.FloatRange(min=0), default=30.0, show_default=True, help="Seconds."
)
@click.option("--raw-bytes", type=_BYTES, help="Of a raw tweet in the topic. [default: as measured]")
@click.option("--mention-bytes", type=_BYTES, help="Of a mention in the topic. [default: as measured]")
@click.option(
    "--coefficients",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="What records cost on your machine: build/bench/results.json of `make bench`.",
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def capacity(
    tweets_per_second: float,
    peak_per_second: float | None,
    coefficients: Path | None,
    *,
    as_json: bool,
    **asked: float | None,
) -> None:
    """Say how many workers, how much memory, broker and disk a number of tweets asks for.

    Costs were measured by the bench on the machine that is named; deploy/capacity.md says how, and how
    far the formula is off on runs that it has not seen.

    \b
    vigie capacity --tweets-per-second 6000 --peak 12000 --brands 50
    vigie capacity --tweets-per-second 6000 --brands 50 --matching 0.02      # of all that is posted
    """  # noqa: D301 - click's mark for lines that stay as they are
    measured = _read(coefficients)
    given = {name: value for name, value in asked.items() if value is not None}
    demand = Demand(
        tweets_per_second=tweets_per_second,
        peak_per_second=max(peak_per_second or 0.0, tweets_per_second),
        **given,  # type: ignore[arg-type] # click has checked each
    )
    sizing = size(demand, measured.coefficients)
    if as_json:
        print_json({"machine": measured.machine, "demand": asdict(demand), "sizing": asdict(sizing)})
        return
    click.echo(as_text(working(demand, measured.coefficients, sizing)))
    click.echo(f"\nCosts of a record: measured on {measured.machine}, {measured.when}.")


def _read(path: Path | None) -> Measured:
    if path is None:
        return Measured.load()
    try:
        return Measured.load(path)
    except (DecodeError, ValidationError) as exc:
        fail(f"{path}: {exc}", exits.BAD_INPUT)
