"""``make bench-guard``: whether a change has made a tweet dearer, on any machine.

Ratios are compared with those in guard.toml; the guard fails when one has grown by more than its tolerance.

- *enrich*, *track* and *minute*: CPU of the pure functions for a batch, over CPU of fixed work of the same nature
  (JSON, dictionaries, regular expressions, hashes) in the same process just before and after. A machine that is slower,
  or busy, is slower at both. The median over batches, then over processes. A *minute* is a batch that closes one.
- *vigie enrich / bare loop enrich*: CPU of the worker over that of a bare aiokafka loop with the same functions, in
  turns, on a real Kafka: what Faust, the transport and the bookkeeping add.

ADR: no counting of instructions. It would be exact, but ``perf`` counts none in most virtual machines, and valgrind
needs a minute for the imports alone and does not exist for macOS on ARM.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from pathlib import Path

import orjson

from agents.processes import calm_collector
from pipeline.enrich import Enricher
from pipeline.records import Record
from pipeline.settings import EngineSettings
from pipeline.text import StandardAnalyzer
from pipeline.tracker import Tracker
from pipeline.watchlist import Watchlist
from schemas.codec import encode
from schemas.reading import read_mention_records
from tests.bench.load import Load

__all__ = ["Judgement", "judge", "main", "pure"]

FILE = Path(__file__).with_name("guard.toml")
BATCH, WARM_UP, BATCHES, PROCESSES = 500, 12, 40, 3
LOAD = Load(tweets_per_second=BATCH / 30)
"""So that every second batch closes a minute."""
BARE_RUNS, BARE_RECORDS, BARE_WARM_UP = 3, 15_000, 5_000
_TOLERANCE = 0.1
_WORD = re.compile(r"[@#]?\w+")
BARE = "vigie enrich / bare loop enrich"
ENRICH, TRACK, MINUTE = "enrich / calibration", "track / calibration", "minute / calibration"
WHERE = {
    ENRICH: "Look where with make bench-text, or a profile of Enricher.enrich",
    TRACK: "Look where with a profile of read_mention_records and Tracker.step",
    MINUTE: "Look where with a profile of BrandState.close and encode",
    BARE: "Look at agents/transport and agents/enrich: what is done for each record that may be done for each batch?",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """One ratio beside the committed one."""

    name: str
    measured: float
    committed: float
    tolerance: float
    """Share by which it may be larger."""

    @property
    def passed(self) -> bool:
        return self.measured <= self.committed * (1 + self.tolerance)

    def said(self) -> str:
        """Return it in words, with what to do."""
        change = 100 * (self.measured / self.committed - 1)
        line = f"{self.name}: {self.measured:.3f}, committed {self.committed:.3f} ({change:+.0f} %"
        line += f", allowed +{100 * self.tolerance:.0f} %)"
        if self.passed:
            return f"ok    {line}"
        return (
            f"GREW  {line}\n      {WHERE[self.name]}. If the cost is worth it, write the new ratio down and say why in "
            "the change:\n      python -m tests.bench.guard --write"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="make bench-guard", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help="write the ratios down as they are now")
    parser.add_argument("--no-kafka", action="store_true", help="only the pure functions: half a minute, without Java")
    parser.add_argument("--repeat", type=int, default=0, help="measure so many times, and tell the noise")
    parser.add_argument("--one", action="store_true", help="one process of the pure functions, as JSON")
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(pure()))
        return
    LOAD.file(BATCH * (WARM_UP + BATCHES))
    if arguments.repeat:
        tell_noise([measured(kafka=not arguments.no_kafka) for _ in range(arguments.repeat)])
        return
    found = measured(kafka=not arguments.no_kafka)
    committed = tomllib.loads(FILE.read_text(encoding="utf-8"))
    if arguments.write:
        write(found, committed)
        return
    judgements = judge(found, committed)
    print("\n".join(each.said() for each in judgements))
    sys.exit(not all(each.passed for each in judgements))


def measured(*, kafka: bool) -> dict[str, float]:
    """Return all ratios."""
    command = [sys.executable, "-m", "tests.bench.guard", "--one"]
    found = []
    for number in range(PROCESSES):
        print(f"pure functions, process {number + 1} of {PROCESSES}", file=sys.stderr, flush=True)
        found.append(json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout))
    ratios = {name: statistics.median(each[name] for each in found) for name in found[0]}
    return ratios | ({BARE: beside_bare()} if kafka else {})


def pure() -> dict[str, float]:
    """Return the cost of a batch in enrich and in track, in units of the calibration."""
    with LOAD.file(BATCH * (WARM_UP + BATCHES)).open("rb") as file:
        lines = [line.rstrip() for line in islice(file, BATCH * (WARM_UP + BATCHES))]
    settings = EngineSettings()
    enricher = Enricher(settings, Watchlist.parse(LOAD.watchlist()), StandardAnalyzer())
    clock, tracker = enricher.new_clock(0), Tracker(settings, 0)
    fixed = lines[:BATCH]
    slices: dict[str, list[float]] = {ENRICH: [], TRACK: [], MINUTE: []}
    for number in range(WARM_UP + BATCHES):
        if number == WARM_UP:
            calm_collector()
        first = number * BATCH
        records = [Record(first + at, None, None, line) for at, line in enumerate(lines[first : first + BATCH])]
        written: list[bytes] = []
        events: list[bytes] = []

        def enrich(records: list[Record] = records, written: list[bytes] = written) -> None:
            written += map(encode, enricher.enrich(clock, records).mentions)
            written.append(encode(enricher.watermark(clock, 1)))

        def track(written: list[bytes] = written, events: list[bytes] = events) -> None:
            events += map(encode, tracker.step(read_mention_records(written)).events)

        before, enriching = seconds(lambda: calibrate(fixed)), seconds(enrich)
        between, tracking = seconds(lambda: calibrate(fixed)), seconds(track)
        after = seconds(lambda: calibrate(fixed))
        if number >= WARM_UP:
            slices[ENRICH].append(2 * enriching / (before + between))
            slices[MINUTE if events else TRACK].append(2 * tracking / (between + after))
    return {name: statistics.median(found) for name, found in slices.items()}


def seconds(function: Callable[[], object]) -> float:
    """Return the CPU of a call."""
    started = time.process_time()
    function()
    return time.process_time() - started


def calibrate(lines: Sequence[bytes]) -> int:
    """Do fixed work of the nature of ours; never change it, or every committed ratio is void."""
    counted: Counter[str] = Counter()
    digests = 0
    for line in lines:
        record = orjson.loads(line)
        for word in _WORD.findall(record["data"]["text"].lower()):
            counted[word] += 1
            if word.startswith("@"):
                digests ^= hash(blake2b(word.encode(), digest_size=8).digest())
        orjson.dumps({name: record[name] for name in sorted(record)})
    return digests + len(counted)


def beside_bare() -> float:
    """Return CPU of Vigie's enrich over that of the bare loop: the median of runs in turns."""
    # Here and not above: the pure part needs neither Kafka nor its client.
    from tests.bench.cluster import Cluster  # noqa: PLC0415
    from tests.bench.contenders.lineup import CONTENDERS, Place  # noqa: PLC0415
    from tests.bench.throughput import Source, measure  # noqa: PLC0415

    both = {each.name: each for each in CONTENDERS if each.name in {"vigie enrich", "bare loop enrich"}}
    ratios = []
    with Cluster() as cluster:
        place = Place(cluster=cluster, load=LOAD)
        for number in range(BARE_RUNS):
            cpu = {}
            for name, contender in both.items():
                print(f"run {number + 1} of {BARE_RUNS}: {name}", file=sys.stderr, flush=True)
                setup = place.setup(f"{number}.{name.replace(' ', '-')}.", chain=contender.chain)
                cpu[name] = measure(place, contender, setup, Source(place, BARE_WARM_UP, BARE_RECORDS)).cpu_us
            ratios.append(cpu["vigie enrich"] / cpu["bare loop enrich"])
            print(f"{BARE}: {ratios[-1]:.3f}", file=sys.stderr, flush=True)
    return statistics.median(ratios)


def judge(found: Mapping[str, float], committed: Mapping[str, Mapping[str, float]]) -> list[Judgement]:
    """Compare what was measured with what is committed.

    Raises
    ------
    SystemExit
        Nothing is committed for a ratio.
    """
    if missing := sorted(set(found) - set(committed)):
        raise SystemExit(
            f"guard.toml has no {', '.join(missing)}; write it down with: python -m tests.bench.guard --write"
        )
    return [
        Judgement(name=name, measured=value, committed=committed[name]["ratio"], tolerance=committed[name]["tolerance"])
        for name, value in found.items()
    ]


def write(found: Mapping[str, float], committed: Mapping[str, Mapping[str, float]]) -> None:
    """Write the ratios down; tolerances stay, and so do ratios that were not measured."""
    kept = [line for line in FILE.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    for name in sorted({*found, *committed}):
        before = committed.get(name, {"ratio": 0.0, "tolerance": _TOLERANCE})
        kept += ["", f'["{name}"]', f"ratio = {found.get(name, before['ratio']):.3f}"]
        kept.append(f"tolerance = {before['tolerance']}")
    FILE.write_text("\n".join(kept) + "\n", encoding="utf-8")
    print(f"written: {FILE.name}")


def tell_noise(runs: Sequence[Mapping[str, float]]) -> None:
    """Print how much each ratio differs from one time to the next on one machine."""
    for name in runs[0]:
        values = sorted(each[name] for each in runs)
        middle = statistics.median(values)
        low, high = (100 * (value / middle - 1) for value in (values[0], values[-1]))
        print(f"{name}: median {middle:.3f} of {len(values)}, from {low:+.1f} % to {high:+.1f} %")


if __name__ == "__main__":
    main()
