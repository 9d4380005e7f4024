"""``vigie simulate``: seeded talk about four invented brands, with crises planted in it."""

from __future__ import annotations

from pathlib import Path

import click

from agents.cli.console import out, print_json
from pipeline.simulate import default_scenario, write

__all__ = ["simulate"]


@click.command()
@click.option("--out", "out_dir", type=click.Path(path_type=Path), required=True, help="Folder to write to.")
@click.option("--seed", type=int, default=7, show_default=True, help="Same seed, same bytes.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary for programs.")
def simulate(out_dir: Path, seed: int, *, as_json: bool) -> None:
    """Write tweets.jsonl, watchlist.toml and truth.json: what was planted, where and when."""
    scenario = default_scenario(seed=seed)
    count = write(scenario, out_dir).records
    if as_json:
        print_json({"out": str(out_dir), "tweets": count, "seed": seed})
    else:
        out.print(f"{count:,} tweets in {out_dir / 'tweets.jsonl'}")
        out.print(f"  {out_dir / 'watchlist.toml'}\n  {out_dir / 'truth.json'}")
