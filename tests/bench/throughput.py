"""CPU of a tweet, contender by contender, in turns: so that a busy machine hits all of them alike.

Each contender is started on topics of its own, reads some tweets to warm up, and is frozen while those that count are
written; then it is let go, and its CPU is read again when it has committed the last. Neither its start nor the load is
in the figure. "vigie track" reads what "vigie enrich" wrote just before.

ADR: event time is slower than X's, 400 seconds in a run, so that minutes close in the runs of all contenders. Closing
them weighs twelve times as much as it would (in a quick bench, 120 times): against Vigie, which does most then.

ADR: measured from outside, by the system's CPU clocks, because that is the same for all and nobody reports on himself.
The price is that up to a second of waiting for the last commit counts as wall time, of all contenders alike.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from itertools import islice
from pathlib import Path

from agents.topics import create_topics
from pipeline.enrich import Enricher
from pipeline.records import Record
from pipeline.settings import EngineSettings
from pipeline.text import StandardAnalyzer
from pipeline.watchlist import Watchlist
from tests.bench.cluster import Cluster
from tests.bench.contenders import Setup
from tests.bench.contenders.lineup import CONTENDERS, Contender, Place
from tests.bench.load import Load
from tests.bench.measuring import Child, cpu_seconds, peak_rss_mib
from tests.bench.results import Options, Results, Run, Throughput
from tests.bench.workers import RoleWorker

__all__ = ["Mentions", "Source", "measure", "run"]

_PART = re.compile(r'^vigie_step_cpu_seconds_total\{part="(\w+)",stage="(\w+)"\} (\S+)$', re.MULTILINE)
_COUNTED_S = 400.0


def run(options: Options, results: Results) -> None:
    """Measure every contender ``options.runs`` times; one that fails is left out from then on, and it is said why."""
    rate = min(options.tweets_per_second, options.records / _COUNTED_S)
    load = Load(brands=options.brands, tweets_per_second=rate, seed=options.seed)
    load.file(options.warm_up + options.records)
    results.throughput = [
        Throughput(contender=each.name, note=each.note, version=each.version()) for each in CONTENDERS
    ]
    failed = results.problems
    for contender in CONTENDERS:
        with noted(failed, contender):
            contender.prepare()
    with Cluster(pin=options.pin) as cluster:
        place = Place(cluster=cluster, load=load)
        for number in range(options.runs):
            written: tuple[Setup, list[int]] | None = None
            for contender, found in zip(CONTENDERS, results.throughput, strict=True):
                if contender.name in failed:
                    continue
                print(f"run {number + 1} of {options.runs}: {contender.name}", file=sys.stderr, flush=True)
                setup = place.setup(f"run{number}.{contender.name.replace(' ', '-')}.", chain=contender.chain)
                source: Source | Mentions = Source(place, options.warm_up, round(options.records * contender.share))
                with noted(failed, contender):
                    if contender.name == "vigie track":
                        if written is None:
                            raise SystemExit("it has nothing to read without vigie enrich")
                        source = Mentions(place, written[0], *written[1])
                    found.runs.append(measure(place, contender, setup, source))
                    if contender.name == "vigie enrich":
                        written = (setup, source.written)
            cluster.delete(f"run{number}.")


@contextmanager
def noted(failed: dict[str, str], contender: Contender) -> Iterator[None]:
    """Write down why a contender failed, and go on with the others."""
    try:
        yield
    except SystemExit as exc:
        failed[contender.name] = str(exc)
        print(f"{contender.name} is left out: {exc}", file=sys.stderr, flush=True)


class Source:
    """What a contender is to read: first the tweets that warm it up, then those that count.

    Parameters
    ----------
    place
        Where.
    warm_up, records
        How many of each.
    """

    topic = "raw"

    def __init__(self, place: Place, warm_up: int, records: int) -> None:
        self._place, self._file = place, place.load.file(warm_up + records)
        self.bounds = [0, warm_up, warm_up + records]
        self.written: list[int] = []
        """Records in the topic of mentions when each part was read."""

    def fill(self, setup: Setup, part: int) -> int:
        """Write part 0 or 1 to a contender's own topic, and return how many records it is to be measured by."""
        first, last = self.bounds[part : part + 2]
        with self._file.open("rb") as file:
            values = (line.rstrip(b"\n") for line in islice(file, first, last))
            return self._place.cluster.fill(setup.raw, values)

    def mentions(self, part: int) -> int:
        """Return how many mentions there are when part 0 or 1 is read."""
        return mentions_in(self._place.load, self._file, self.bounds[part + 1])


class Mentions:
    """The same of "vigie track": the mentions that "vigie enrich" has made of both parts, from its topic."""

    topic = "mentions"

    def __init__(self, place: Place, written: Setup, warm_up: int, records: int) -> None:
        self._place, self._written = place, written
        self.bounds = [0, warm_up, records]
        self.written: list[int] = []

    def fill(self, setup: Setup, part: int) -> int:
        first, last = self.bounds[part : part + 2]
        return self._place.cluster.copy(self._written.mentions, setup.mentions, first, last)

    def mentions(self, part: int) -> int:
        return self.bounds[part + 1]


@cache
def mentions_in(load: Load, file: Path, count: int) -> int:
    """Return how many mentions the first tweets of a load are, by the pure functions."""
    enricher = Enricher(EngineSettings(), Watchlist.parse(load.watchlist()), StandardAnalyzer())
    clock, found = enricher.new_clock(0), 0
    with file.open("rb") as lines:
        records = [Record(offset, None, None, line) for offset, line in enumerate(islice(lines, count))]
    for first in range(0, count, 1000):
        found += len(enricher.enrich(clock, records[first : first + 1000]).mentions)
    return found


def measure(place: Place, contender: Contender, setup: Setup, source: Source | Mentions) -> Run:
    """Run one contender once.

    Raises
    ------
    SystemExit
        It ended by itself or did not get anywhere; the message has the last that it said.
    """
    cluster = place.cluster
    asyncio.run(create_topics(place.vigie(setup), raw_partitions=1, partitions=1, replication=1))
    cluster.create({setup.states: 1})
    source.fill(setup, 0)
    with ExitStack() as stack:
        children = [stack.enter_context(child) for child in contender.start(place, setup)]

        def alive() -> None:
            for child in children:
                child.check()

        def caught_up(part: int) -> None:
            expected = {} if contender.reads else {setup.mentions: source.mentions(part)}
            readers = [(setup.group(stage), getattr(setup, topic)) for stage, topic in contender.reads]
            cluster.wait(readers, alive=alive, expected=expected)
            source.written.append(sum(cluster.ends(setup.mentions)))

        def used() -> dict[str, float]:
            return {"cpu": sum(cpu_seconds(child.pid) for child in children), "broker": cluster.broker_cpu_seconds()}

        caught_up(0)
        parts = parts_of(children)
        with frozen(children):
            records = source.fill(setup, 1)
            before, began = used(), time.monotonic()
        caught_up(1)
        took, after = time.monotonic() - began, used()
        parts_after = parts_of(children)
        memory = sum(peak_rss_mib(child.pid) for child in children)
    checks = {topic: sum(cluster.ends(getattr(setup, topic))) for topic in ("mentions", "windows", "crises")}
    check(contender, checks, source.bounds[-1])
    return Run(
        records=records,
        cpu_us=1e6 * (after["cpu"] - before["cpu"]) / records,
        per_second=records / took,
        rss_mib=round(memory, 1),
        broker_cpu_us=1e6 * (after["broker"] - before["broker"]) / records,
        parts={part: 1e6 * (seconds - parts[part]) / records for part, seconds in parts_after.items()},
        checks=checks,
    )


def check(contender: Contender, written: Mapping[str, int], read: int) -> None:
    """Raise `SystemExit` when a contender cannot have done the work: one that fails is fast.

    Parameters
    ----------
    written
        Records by topic, when it had read everything.
    read
        Records that it was given.
    """
    if written["mentions"] < 0.9 * read:
        raise SystemExit(f"{contender.name} made {written['mentions']} mentions of {read} records")
    if contender.chain and not written["windows"]:
        raise SystemExit(f"{contender.name} closed no minute")


@contextmanager
def frozen(children: Sequence[Child]) -> Iterator[None]:
    """Keep processes from running for the length of the block."""
    for child in children:
        child.pause()
    try:
        yield
    finally:
        for child in children:
            child.resume()


def parts_of(children: Sequence[Child]) -> dict[str, float]:
    """Return what Vigie's workers say of their own CPU, by stage and part, seconds."""
    pages = [child._get("/metrics") for child in children if isinstance(child, RoleWorker)]
    return {f"{stage} {part}": float(seconds) for page in pages for part, stage, seconds in _PART.findall(page or "")}
