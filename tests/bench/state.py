"""``python -m tests.bench.state``: what the state of a brand costs, in bytes, CPU and memory.

Seeded mentions go straight into `Tracker.step`, half a minute a batch, so that one or two buckets are open.
The last six hours are a crisis. What the table would hold is looked at once a minute from the second day on.
"""

from __future__ import annotations

import argparse
import gc
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from pipeline.brandstate import BrandState
from pipeline.gaps import Gaps
from pipeline.settings import EngineSettings
from pipeline.tracker import Tracker
from schemas.mention import Mention, Origin, Sentiment, SentimentLabel, Watermark
from schemas.tweet import TweetKind

START_MS = 1_772_409_600_000
"""2026-03-02T00:00:00Z."""
MINUTE_MS = 60_000
DAY = 24 * 60
CRISIS_MINUTES = 6 * 60
KINDS = tuple(TweetKind)
SOURCES = range(4)
NEGATIVE, NEUTRAL, POSITIVE = (
    Sentiment(label=label, negative=300, neutral=400, positive=300) for label in SentimentLabel
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of brand: how many there are in the simulation, and how much is said of each."""

    brands: int
    a_minute: float
    share: int
    """Of a hundred brands of a large watchlist."""


QUIET = Kind(brands=12, a_minute=0.05, share=60)
ORDINARY = Kind(brands=8, a_minute=2.0, share=30)
BUSY = Kind(brands=2, a_minute=50.0, share=9)
LOUD = Kind(brands=1, a_minute=500.0, share=1)
"""500 mentions a minute: four times as many in its crisis."""
ALL_KINDS = {"quiet": QUIET, "ordinary": ORDINARY, "busy": BUSY, "loud": LOUD}


class Talk:
    """What is said of one brand: five languages, a Zipf vocabulary, many authors.

    ``sources`` are the raw partitions that it came by.
    """

    def __init__(self, rng: Random, brand: str, sources: Sequence[int] = SOURCES) -> None:
        self._rng = rng
        self._brand = brand
        self._sources = sources
        words = [
            "".join(rng.choice("bcdfglmnprst") + rng.choice("aeiouéà") for _ in range(rng.randint(1, 4)))
            for _ in range(3000)
        ]
        ranks = [1 / (n + 10) for n in range(len(words))]
        self._words = rng.choices(words, ranks, k=40_000)
        self._offset = 0

    def mention(self, time_ms: int, *, crisis: bool) -> Mention:
        rng = self._rng
        self._offset += 1
        at = rng.randrange(len(self._words) - 12)
        words = self._words[at : at + 8]
        if crisis and rng.random() < 0.5:
            words[:2] = ["lost", "luggage"]
        pairs = [f"{words[n]} {words[n + 1]}" for n in range(0, 6, 2)]
        negative = rng.random() < (0.75 if crisis else 0.2)
        return Mention(
            id=f"{rng.getrandbits(128):032x}",
            brand=self._brand,
            tweet_id=str(1_900_000_000_000_000_000 + rng.getrandbits(56)),
            time_ms=time_ms,
            origin=Origin(partition=self._sources[self._offset % len(self._sources)], offset=10**9 + self._offset),
            kind=rng.choice(KINDS),
            author=rng.getrandbits(53),
            reach=int(rng.lognormvariate(6, 1.5)),
            engagement=int(rng.lognormvariate(2, 2)),
            official=rng.random() < 0.01,
            lang=rng.choices(("en", "fr", "es", "pt", "de"), (50, 25, 12, 8, 5))[0],
            sentiment=NEGATIVE if negative else rng.choice((NEUTRAL, POSITIVE)),
            question=rng.random() < 0.15,
            repeat_key=rng.getrandbits(53),
            phrases=(*words[:5], *pairs),
            hashtags=tuple(self._words[at + 8 : at + 8 + rng.randrange(3)]),
        )


def batches(
    rng: Random, brand: str, kind: Kind, minutes: int, *, start_ms: int = START_MS, sources: Sequence[int] = SOURCES
) -> Iterator[tuple[int, list[Mention | Watermark]]]:
    """Yield (minute, half a minute's records), the watermark half a minute behind."""
    talk = Talk(rng, brand, sources)
    for half in range(2 * minutes):
        minute, from_ms = half // 2, start_ms + half * MINUTE_MS // 2
        crisis = minute >= minutes - CRISIS_MINUTES
        mean = kind.a_minute / 2 * (4 if crisis else 1)
        count = (
            max(0, round(rng.gauss(mean, mean**0.5))) if mean > 3 else sum(rng.random() < mean / 8 for _ in range(8))
        )
        records: list[Mention | Watermark] = [
            talk.mention(from_ms + rng.randrange(MINUTE_MS // 2), crisis=crisis) for _ in range(count)
        ]
        records += [
            Watermark(source_partition=p, source_partitions=4, offset=10**9 + half * 10**6, watermark_ms=from_ms)
            for p in range(4)
        ]
        yield minute, records


def simulate(brand: str, kind: Kind, seed: int, minutes: int) -> tuple[list[int], bytes]:
    """Return the sizes of a brand's values once a minute of the last day, and the last value."""
    tracker = Tracker(EngineSettings(), 0)
    sizes: list[int] = []
    value = b""
    for minute, records in batches(Random(seed), brand, kind, minutes):
        value = tracker.step(records).states.get(brand, value)
        if value and minute >= minutes - DAY:
            sizes.append(len(value))
    return sizes, value


def cpu_us(value: bytes) -> tuple[float, float, float]:
    """Return the CPU time of decoding a value, of encoding it after a mention, and after a closed minute, µs."""
    decode, mentioned, closed = [], [], []
    talk = Talk(Random(5), "b")
    for _ in range(30):
        tracker = Tracker(EngineSettings(), 0)
        begun = time.process_time_ns()
        for brand in range(10):
            tracker.restore(f"b{brand}", value)
        decode.append((time.process_time_ns() - begun) / 10_000)
        state = tracker._brands["b0"]
        for _ in range(10):
            state.close((state.closed_ms or START_MS) // MINUTE_MS + 1, Gaps())
            closed.append(encode_us(state))
            state.fold(talk.mention(state.closed_ms or START_MS, crisis=False), 0)
            mentioned.append(encode_us(state))
    return statistics.median(decode), statistics.median(mentioned), statistics.median(closed)


def encode_us(state: BrandState) -> float:
    begun = time.process_time_ns()
    state.encode(0)
    return (time.process_time_ns() - begun) / 1_000


def restore(folder: Path, brands: int, mix: str) -> None:
    """Restore so many brands in this process and print what it took."""
    values = {name: [path.read_bytes() for path in sorted(folder.glob(f"{name}-*"))] for name in ALL_KINDS}
    names = [mix] * 100 if mix != "mix" else [name for name, kind in ALL_KINDS.items() for _ in range(kind.share)]
    table = {
        f"brand-{n:05}": bytes(bytearray(values[names[n % 100]][n // 100 % len(values[names[n % 100]])]))
        for n in range(brands)
    }
    gc.collect()
    before, begun = rss_mib(), time.process_time()
    tracker = Tracker(EngineSettings(), 0)
    for key, value in table.items():
        tracker.restore(key, value)
    spent = time.process_time() - begun
    assert len(tracker.brands()) == brands
    assert not tracker.problems
    size = sum(map(len, table.values())) / 1024 / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{brands:,} brands ({mix}): {size:.1f} MiB of values; restored in {spent:.2f} s of CPU, "
        f"{before:.0f} MiB before and {peak:.0f} MiB at the peak"
    )


def rss_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1024 / 1024


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.state", description=__doc__)
    parser.add_argument("--days", type=float, default=2.0)
    parser.add_argument("--brands", type=int, default=10_000)
    parser.add_argument("--kinds", default=",".join(ALL_KINDS))
    parser.add_argument("--values", type=Path, help="where to keep the values, for another look")
    parser.add_argument("--restore", metavar="KIND", help="only restore the values that were kept")
    arguments = parser.parse_args()
    if arguments.restore:
        restore(arguments.values, arguments.brands, arguments.restore)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.values or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        measure(folder, arguments)


def measure(folder: Path, arguments: argparse.Namespace) -> None:
    columns = ("bytes: min", "median", "p99", "max", "decode µs", "encode µs", "after a close")
    print(f"{'':<9} {'a minute':>8} " + " ".join(f"{column:>13}" for column in columns))
    for name in arguments.kinds.split(","):
        kind = ALL_KINDS[name]
        sizes: list[int] = []
        spent: list[tuple[float, float, float]] = []
        for n in range(kind.brands):
            of_it, value = simulate(f"{name}-{n}", kind, n, round(arguments.days * DAY))
            sizes += of_it
            (folder / f"{name}-{n}").write_bytes(value)
            spent.append(cpu_us(value))
        sizes.sort()
        figures = (sizes[0], statistics.median(sizes), sizes[len(sizes) * 99 // 100], sizes[-1])
        times = (statistics.median(each) for each in zip(*spent, strict=True))
        shown = " ".join(f"{figure:>13,.0f}" for figure in (*figures, *times))
        print(f"{name:<9} {kind.a_minute:>8} {shown}", flush=True)
    for mix in ("mix", "ordinary", "busy"):
        command = [sys.executable, "-m", "tests.bench.state", "--values", str(folder), "--restore", mix]
        subprocess.run([*command, "--brands", str(arguments.brands)], check=True)


if __name__ == "__main__":
    main()
