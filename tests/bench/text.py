"""``make bench-text``: what reading a tweet costs, from its JSON to its analysis, by stage.

Every figure is CPU time of one process on tweets that neither it nor any model has seen before: a replayed batch
would hide what new words cost, which is a third of it. Where the development data is there, a run reads 40,000
training tweets first, as a worker that has run for some minutes has, and is measured on the airline tweets and the
validation sets of eight languages, shuffled; elsewhere on the simulator's tweets, whose vocabulary is small: too
good a figure. Each run is a process of its own.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from html import unescape
from itertools import islice
from pathlib import Path
from typing import Any

from agents.processes import calm_collector
from pipeline.formats import parse
from pipeline.simulate import default_scenario, simulate
from pipeline.simulate.chance import Chance
from pipeline.simulate.draft import Draft
from pipeline.simulate.payload import snowflake, v2_line
from pipeline.simulate.people import Person
from pipeline.text import StandardAnalyzer
from pipeline.text.tone import tone_of
from pipeline.watchlist import Watchlist
from schemas.codec import decode
from schemas.mention import SentimentLabel
from schemas.tweet import Tweet
from tests.pipeline.text.ownposts import FINE, OFF

DATA = Path(__file__).parents[3] / "shared" / "data"
WARM_UP, BATCH = 40_000, 2_000
COUNTS = {BATCH: 5, 500: 8, 50: 40, 10: 100, 1: 1_000}
"""Batches of each size: a worker with little to do has small ones, and what a batch costs by itself is its delay."""
Figures = dict[str, dict[str, float]]
GOALS = {BATCH: 40.0, 1: 200.0}
WATCHLIST = """
version = 1
[brands.acme]
name = "Acme"
aliases = ["Acme Air", "acme"]
handles = ["acme", "acmehelps"]
[brands.united]
name = "United"
aliases = ["united airlines"]
handles = ["united"]
[brands.orange]
name = "Orange"
aliases = [{ text = "orange", requires = ["mobile", "internet", "fibre"] }]
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench-text", description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the development data")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--one", choices=["all", "stages"], help="one run, as JSON: what the other runs are made of")
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(measure(list(lines(arguments.data)), by_stage=arguments.one == "stages")))
        return
    found: dict[str, list[Figures]] = {"all": [], "stages": []}
    for run in range(arguments.runs):
        print(f"run {run + 1} of {arguments.runs}", file=sys.stderr, flush=True)
        for what, figures in found.items():
            command = [sys.executable, "-m", "tests.bench.text", "--one", what, "--data", str(arguments.data)]
            figures.append(json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout))
    source = "airline and validation tweets" if arguments.data.exists() else "simulated tweets"
    print(describe(found["all"], found["stages"], source))


def lines(data: Path) -> Iterator[bytes]:
    """Yield raw records, enough for one run: first those to warm up with."""
    needed = WARM_UP + sum(size * count for size, count in COUNTS.items())
    if not data.exists():
        yield from (tweet.value for tweet in islice(simulate(default_scenario(seed=3)), needed))
        return
    chance, author = Chance(3, "bench", "text"), Person("7", "someone", "Someone", 100)
    seen = shuffled(text for path in data.glob("sentiment/*_train.jsonl*") for text in texts_of(path))
    unseen = shuffled(
        text
        for path in (*data.glob("sentiment/*_val.jsonl"), data / "airline" / "Tweets.csv")
        for text in texts_of(path)
    )
    for number, text in enumerate([*seen[:WARM_UP], *unseen[: needed - WARM_UP]]):
        time_ms = 1_700_000_000_000 + number
        draft = Draft(
            brand="acme",
            time_ms=time_ms,
            author=author,
            text=text,
            language="en",
            tone=SentimentLabel.NEUTRAL,
            tweet_id=snowflake(time_ms, 1, 0),
        )
        yield v2_line(draft, chance)


def shuffled(texts: Iterable[str]) -> list[str]:
    found = sorted(texts)
    random.Random(3).shuffle(found)
    return found


def texts_of(path: Path) -> Iterator[str]:
    if path.suffix == ".csv":
        found = [row["text"] for row in csv.DictReader(path.open(encoding="utf-8", newline=""))]
    else:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        found = [decode(line)["text"] for line in content.splitlines()]
    yield from (unescape(text).replace("http://", "https://") for text in found)


def measure(records: list[bytes], *, by_stage: bool) -> dict[str, dict[str, float]]:
    """Return µs a tweet, for each size of batches: of everything, or of each stage.

    The clock is read twenty times a batch for the stages, which alone would be a tenth of a batch of one.
    """
    watchlist, analyzer = Watchlist.parse(WATCHLIST), StandardAnalyzer()
    spent: dict[str, float] = defaultdict(float)

    def read(batch: list[bytes]) -> list[Tweet]:
        return [tweet for record in batch for tweet in parse(record, max_bytes=1_000_000).tweets]

    analyze, match = analyzer.analyze, watchlist.match_many
    for batch in chunked(records[:WARM_UP], BATCH):
        analyze(read(batch))
    calm_collector()
    if by_stage:
        read, match = timed(read, "JSON and fields", spent), timed(match, "watchlist", spent)
        for stage, reader in vars(analyzer.readers()).items():
            reader.read = timed(reader.read, stage, spent)
    figures = {}
    at = WARM_UP
    for size, count in COUNTS.items():
        spent.clear()
        batches = list(chunked(records[at : at + size * count], size))
        at += size * count
        started = time.process_time()
        for batch in batches:
            tweets = read(batch)
            match(tweets)
            analyze(tweets)
        spent["all"] = time.process_time() - started
        figures[str(size)] = {stage: 1e6 * seconds / (size * count) for stage, seconds in spent.items()}
    figures["tone"] = {"all": cost_of_tone()}
    return figures


def cost_of_tone() -> float:
    """Return µs an official post."""
    posts = 20 * [*FINE, *((lang, text) for lang, text, _ in OFF)]
    started = time.process_time()
    for lang, text in posts:
        tone_of(text, lang)
    return 1e6 * (time.process_time() - started) / len(posts)


def timed(function: Callable[..., Any], stage: str, spent: dict[str, float]) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        started = time.process_time()
        result = function(*arguments)
        spent[stage] += time.process_time() - started
        return result

    return call


def chunked(records: list[bytes], size: int) -> Iterable[list[bytes]]:
    return (records[at : at + size] for at in range(0, len(records), size))


def describe(runs: list[Figures], stages: list[Figures], source: str) -> str:
    out = [
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; {source}, none seen before",
        f"CPU µs a tweet, median of {len(runs)} runs; stages by other runs, which reading the clock makes slower",
        f"{'in batches of':<24} " + " ".join(f"{size:>8,}" for size in COUNTS),
    ]
    sizes = [str(size) for size in COUNTS]

    def line(name: str, cells: Iterable[str]) -> None:
        out.append(f"{name:<24} " + " ".join(cell.rjust(8) for cell in cells))

    names = [name for name in stages[0][sizes[0]] if name != "all"]
    costs = [{name: statistics.median(run[size][name] for run in stages) for name in (*names, "all")} for size in sizes]
    for name in names:
        line(name, (f"{cost[name]:.1f}" for cost in costs))
    line("cleaning, repeats, rest", (f"{cost['all'] - sum(cost[name] for name in names):.1f}" for cost in costs))
    totals = [[run[size]["all"] for run in runs] for size in sizes]
    middle = [statistics.median(total) for total in totals]
    line("all", (f"{total:.1f}" for total in middle))
    line("least", (f"{min(total):.1f}" for total in totals))
    line("most", (f"{max(total):.1f}" for total in totals))
    line("tweets a second", (f"{1e6 / total:,.0f}" for total in middle))
    line("goal", (f"{1e6 / GOALS[size]:,.0f}" if size in GOALS else "" for size in COUNTS))
    tones = [run["tone"]["all"] for run in runs]
    out.append(f"tone of an official post: {statistics.median(tones):.1f} µs ({min(tones):.1f}-{max(tones):.1f})")
    return "\n".join(out)


if __name__ == "__main__":
    main()
