"""A simulation as files: the tweets, the truth beside them, and the watchlist to find them with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.simulate.scenario import Scenario
from pipeline.simulate.stream import simulate
from pipeline.simulate.truth import truth
from pipeline.simulate.wording import demo_watchlist
from schemas.codec import encode_pretty

__all__ = ["Written", "write"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What was written, and where."""

    tweets: Path
    """One payload a line, in order of arrival."""
    truth: Path
    """What was planted (`pipeline.simulate.Truth`)."""
    watchlist: Path
    """The brands."""
    records: int
    """Lines of ``tweets``, broken ones included."""
    malformed: int
    """The broken ones among them."""


def write(scenario: Scenario, out_dir: Path) -> Written:
    """Write ``tweets.jsonl``, ``truth.json`` and ``watchlist.toml``; the folder is made when it is missing.

    Raises
    ------
    OSError
        The folder or a file cannot be written.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    tweets, planted, watchlist = (out_dir / name for name in ("tweets.jsonl", "truth.json", "watchlist.toml"))
    records = broken = 0
    with tweets.open("wb") as file:
        for tweet in simulate(scenario):
            file.write(tweet.value + b"\n")
            records += 1
            broken += tweet.brand is None
    planted.write_bytes(encode_pretty(truth(scenario)))
    watchlist.write_text(demo_watchlist(), encoding="utf-8")
    return Written(tweets=tweets, truth=planted, watchlist=watchlist, records=records, malformed=broken)
