"""What a tweet costs with many brands, many names, many partitions, and what a second worker brings.

Each point is measured with real workers, one a role, each on a topic of its own. They read some tweets and close a
minute to warm up; then one role at a time is frozen while its input is written, so that no generator runs, and let
go, and its CPU time is read by the system's clock until it has committed the last record. Points take turns.

ADR: *a minute that closes is measured by itself.* It costs what it costs by brand, not by tweet, and comes once in
360,000 tweets at X's average of 6,000 a second, far more than a run has. So a run holds tweets of one minute, of which
nothing closes, and then a few of a later one, which close the minute of all brands; ``track_us`` is the first plus the
share of the second that falls on a mention at ``options.tweets_per_second``. Both are in ``parts``.

ADR: *brands have a past* (`tests.bench.pasts`), as loud as they are in the load: the state that is written and closed
has the size it has after two days, and ordinary talk is no crisis.

ADR: *two workers on two cores.* The question is what a second worker brings where broker and load generator are
elsewhere. There is no generator here, but on a machine of two cores there is no elsewhere for the broker: it takes its
time from the workers' cores, whatever its priority is, since workers wait for its answers. So two figures are told.
`Run.per_second` is the rate by the clock, with the broker in the way: too low, the more so as the one worker that it is
compared with has the broker on the other core. `Point.per_second` adds up what each worker did in a second of its own
CPU time. It still holds all that two workers cost one another (caches, memory, the group, a clock of two partitions),
and leaves out the broker's share, which is told in `Run.broker_cpu_us`, and waiting for the broker, of which one worker
does as much. On three cores and more the broker is pinned elsewhere, and `Point.per_second` is the rate by the clock.
"""

from __future__ import annotations

import asyncio
import os
import re
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from pathlib import Path

from agents.role import Role
from agents.settings import Settings, load_settings
from agents.topics import create_topics
from tests.bench.cluster import Cluster
from tests.bench.load import Load
from tests.bench.measuring import cpu_seconds, peak_rss_mib
from tests.bench.pasts import keyed, learnt_states, write_states
from tests.bench.progress import input_topic, worked_off
from tests.bench.results import Axis, Options, Point, Results, Run, Scaling
from tests.bench.state import Kind
from tests.bench.workers import RoleWorker, until

__all__ = ["AXES", "Case", "Pieces", "cases", "per_cpu_second", "run"]

AXES: dict[Axis, tuple[int, ...]] = {
    "brands": (10, 100, 1_000, 10_000),
    "aliases": (10, 1_000, 100_000),
    "partitions": (1, 4, 16, 64),
    "workers": (1, 2),
}
_QUICK: dict[Axis, tuple[int, ...]] = {"brands": (10, 10_000)}
_BRANDS = 10
_MINUTE_S, _LATENESS_S, _DISORDER_S = 60, 30, 8
_CLOSING = 2_000
"""Tweets of a later minute: some for each partition."""
_LOUDNESS = (2.0, 20.0)
"""Mentions a minute in the pasts that there are."""
_TAG = re.compile(rb'"tag":"brand:([^"]+)"')
_NO_BRAND = b"nobody"
_ROLES = (Role.ENRICH, Role.TRACK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One point of one axis."""

    axis: Axis
    x: int
    brands: int = _BRANDS
    aliases: int = 4
    """Names of each brand."""
    partitions: int = 1
    workers: int = 1

    @property
    def tracks(self) -> bool:
        """Whether track is measured; what it reads does not depend on how brands are named."""
        return self.axis != "aliases"


def cases(axes: dict[Axis, tuple[int, ...]]) -> list[Case]:
    """Return all points, those that are compared beside one another."""
    made = {
        "brands": lambda x: Case(axis="brands", x=x, brands=x),
        "aliases": lambda x: Case(axis="aliases", x=x, aliases=x // _BRANDS),
        "partitions": lambda x: Case(axis="partitions", x=x, partitions=x),
        "workers": lambda x: Case(axis="workers", x=x, partitions=2, workers=x),
    }
    return [made[axis](x) for axis, points in axes.items() for x in points]


def run(options: Options, results: Results) -> None:
    """Measure the axes.

    Raises
    ------
    SystemExit
        A worker ended, or did not read what it should.
    """
    wanted = cases(_QUICK if options.quick else AXES)
    runs, records = (1, 20_000) if options.quick else (min(3, options.runs), 60_000)
    found: dict[Case, list[Run]] = {case: [] for case in wanted}
    for crowded in (False, True):
        together = [case for case in wanted if (case.axis == "workers") is crowded]
        if not together:
            continue
        # Where the second worker has to share a core with the broker, the broker may choose which.
        with Cluster(pin=options.pin and (has_elsewhere() or not crowded)) as cluster:
            bench = Bench(cluster, options, records)
            for number in range(runs):
                for case in together:
                    say(f"run {number + 1} of {runs}: {case.x:,} {case.axis}")
                    found[case].append(bench.measure(case, f"{case.axis}{case.x}.{number}."))
    results.scaling = [
        Scaling(axis=axis, points=[point(case, found[case]) for case in wanted if case.axis == axis], note=note(axis))
        for axis in dict.fromkeys(case.axis for case in wanted)
    ]


def note(axis: Axis) -> str:
    """Say what an axis is, and what its figures hold."""
    match axis:
        case "brands":
            return (
                "Brands with two days behind them, talked of by Zipf's law; the closing of their minutes is included."
            )
        case "aliases":
            return f"Names of {_BRANDS} brands together. What track reads does not depend on them."
        case "partitions":
            return "Partitions of tweets and of mentions alike, one worker a role."
        case "workers":
            how = "the clock" if has_elsewhere() else "CPU time, each worker's own, added up"
            return (
                f"Workers of each role on two partitions, each on a core of its own. per_second of a point is by {how}."
            )


def point(case: Case, runs: list[Run]) -> Point:
    """Return the figures of a point: the medians of its runs."""
    enrich = statistics.median(run.parts["enrich"] for run in runs)
    track = statistics.median(run.parts["track"] for run in runs) if case.tracks else None
    rate = None
    if case.axis == "workers":
        rates = [run.per_second if has_elsewhere() else run.parts["per CPU second"] for run in runs]
        rate = round(statistics.median(rates), 1)
    return Point(
        x=case.x,
        enrich_us=round(enrich, 2),
        track_us=None if track is None else round(track, 2),
        per_second=rate,
        rss_mib=max(run.rss_mib or 0.0 for run in runs),
        runs=runs,
    )


def usable_cores() -> list[int]:
    """Return the cores that a worker can be pinned to; none where the system pins nothing."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def has_elsewhere() -> bool:
    """Whether there is a core for the broker beside two workers."""
    return len(usable_cores()) > 2


def per_cpu_second(done: Sequence[tuple[float, float]]) -> float:
    """Return the records a second of workers that each had a core: of (records, CPU seconds) of each.

    >>> per_cpu_second([(10_000, 0.5), (10_000, 1.0)])
    30000.0
    """
    return sum(records / seconds for records, seconds in done)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What the workers of one role spent on some records."""

    cpu: list[float]
    """Seconds of each."""
    wall: float
    broker: float

    @property
    def total(self) -> float:
        """Seconds of CPU time of all workers."""
        return sum(self.cpu)


class Pieces:
    """Tweets of one load: those that warm up, those that count, and those that close a minute.

    The first are of minute 0, and of the moment that closes it. The second are of minute 1 and close nothing; the last
    close minute 1.
    """

    def __init__(self, load: Load, folder: Path, *, warm_up: int, records: int) -> None:
        second = int(load.tweets_per_second)
        after = (_MINUTE_S + _LATENESS_S + _DISORDER_S + 2) * second
        if after + _CLOSING + records > (2 * _MINUTE_S + _LATENESS_S) * second:
            raise ValueError(f"{records} tweets are more than there are before a minute closes")
        self.load, self.records = load, records
        self._places = {
            "warm": [(0, warm_up), (after, _CLOSING)],
            "count": [(after + _CLOSING, records)],
            "close": [(after + _MINUTE_S * second, _CLOSING)],
        }
        self._folder = folder / f"load-{load.brands}-{load.aliases}-{records}"

    def lines(self, piece: str) -> list[bytes]:
        """Return the payloads of "warm", "count" or "close"."""
        path = self._folder / piece
        if not path.exists():
            self._folder.mkdir(exist_ok=True)
            made = chain.from_iterable(self.load.lines(count, first=first) for first, count in self._places[piece])
            path.write_bytes(b"\n".join(made))
        return path.read_bytes().split(b"\n")

    @cached_property
    def mentions(self) -> Counter[str]:
        """How often each brand is spoken of in what counts."""
        tags = (_TAG.search(line) for line in self.lines("count"))
        return Counter(tag[1].decode() for tag in tags if tag is not None and tag[1] != _NO_BRAND)


@dataclass
class Bench:
    """A broker, and workers that are started anew for each run of each point."""

    cluster: Cluster
    options: Options
    records: int
    _pieces: dict[tuple[int, int], Pieces] = field(default_factory=dict)

    @cached_property
    def _states(self) -> list[bytes]:
        return [learnt_states(Kind(brands=1, a_minute=rate, share=0), 1)[0] for rate in _LOUDNESS]

    def measure(self, case: Case, prefix: str) -> Run:
        """Return what one run of a point costs."""
        pieces = self._pieces_of(case)
        settings = self._prepared(case, pieces, prefix)
        with ExitStack() as stack:
            crews = {
                role: [stack.enter_context(self._worker(settings, role, n, case)) for n in range(case.workers)]
                for role in (_ROLES if case.tracks else _ROLES[:1])
            }
            everybody = [worker for crew in crews.values() for worker in crew]
            share = case.partitions // case.workers
            until(lambda: all(worker.partitions() == share for worker in everybody), "each worker has its partitions")
            self._fill(settings, case, pieces.lines("warm"))
            for role, crew in crews.items():
                self._finish(settings, role, crew)
            for worker in everybody:
                worker.pause()
            spent = dict(self._spent(settings, case, pieces, crews))
            rss = sum(peak_rss_mib(worker.pid) for worker in everybody)
        self.cluster.delete(prefix)
        return self._figures(case, pieces, spent, rss)

    def _spent(
        self, settings: Settings, case: Case, pieces: Pieces, crews: dict[Role, list[RoleWorker]]
    ) -> Iterator[tuple[str, Spent]]:
        """Yield what each role spends on what counts, and then on what closes a minute, by "role piece"."""
        for piece in ("count", "close"):
            self._fill(settings, case, pieces.lines(piece))
            for role, crew in crews.items():
                spent = self._let_go(settings, role, crew)
                if piece == "count" and min(spent.cpu) < max(spent.cpu) / 4:
                    raise SystemExit(f"the {role.value} workers did not share the work: {spent.cpu} seconds of CPU")
                yield f"{role.value} {piece}", spent

    def _let_go(self, settings: Settings, role: Role, crew: list[RoleWorker]) -> Spent:
        before, broker = [cpu_seconds(worker.pid) for worker in crew], self.cluster.broker_cpu_seconds()
        began = time.perf_counter()
        for worker in crew:
            worker.resume()
        self._finish(settings, role, crew)
        wall = time.perf_counter() - began
        broker = self.cluster.broker_cpu_seconds() - broker
        for worker in crew:
            worker.pause()
        cpu = [cpu_seconds(worker.pid) - used for worker, used in zip(crew, before, strict=True)]
        return Spent(cpu=cpu, wall=wall, broker=broker)

    def _figures(self, case: Case, pieces: Pieces, spent: dict[str, Spent], rss: float) -> Run:
        tweets, mentions = pieces.records, pieces.mentions.total()
        enrich = spent["enrich count"]
        parts = {"enrich": enrich.total / tweets * 1e6}
        each = tweets / case.workers
        wall, broker, rate = enrich.wall, enrich.broker, per_cpu_second([(each, s) for s in enrich.cpu])
        if case.tracks:
            track, close = spent["track count"], spent["track close"]
            minute = _MINUTE_S * self.options.tweets_per_second * mentions / tweets
            parts["track between closings"] = track.total / mentions * 1e6
            parts["closing, of a brand"] = close.total / len(pieces.mentions) * 1e6
            parts["closing"] = close.total / minute * 1e6
            parts["track"] = parts["track between closings"] + parts["closing"]
            seconds = [(each, e + t) for e, t in zip(enrich.cpu, track.cpu, strict=True)]
            wall, broker, rate = wall + track.wall, broker + track.broker, per_cpu_second(seconds)
        parts["per CPU second"] = rate
        cpu = parts["enrich"] + parts.get("track", 0.0) * mentions / tweets
        return Run(
            records=tweets,
            cpu_us=cpu,
            per_second=tweets / wall,
            rss_mib=round(rss, 1),
            broker_cpu_us=broker / tweets * 1e6,
            parts=parts,
        )

    # -- workers and topics --------------------------------------------------------------------------

    def _pieces_of(self, case: Case) -> Pieces:
        key = (case.brands, case.aliases)
        if key not in self._pieces:
            load = Load(
                brands=case.brands,
                aliases=case.aliases,
                tweets_per_second=self.options.tweets_per_second,
                seed=self.options.seed,
            )
            warm_up = min(self.records, self.options.warm_up)
            self._pieces[key] = Pieces(load, self.cluster.folder, warm_up=warm_up, records=self.records)
        return self._pieces[key]

    def _prepared(self, case: Case, pieces: Pieces, prefix: str) -> Settings:
        watchlist = self.cluster.folder / f"{case.brands}-{case.aliases}.toml"
        watchlist.write_text(pieces.load.watchlist(), encoding="utf-8")
        settings = load_settings(
            brokers=self.cluster.bootstrap,
            topic_prefix=prefix,
            watchlist=watchlist,
            data_dir=self.cluster.folder / "faust",
            commit_interval_s=0.2,  # wall time ends with the last commit
            session_timeout_s=75.0,  # who is frozen is still a member
            rebalance_timeout_s=60.0,
            stuck_after_s=3_600.0,
            idle_timeout_s=3_600.0,
            log_level="WARNING",
        )
        parts = case.partitions
        asyncio.run(create_topics(settings, raw_partitions=parts, partitions=parts, replication=1))
        if case.tracks:
            loud = sorted(pieces.mentions)
            values = [self._states[pieces.mentions[key] > _LOUDNESS[1] / 2] for key in loud]
            asyncio.run(write_states(settings, keyed(loud, values, parts)))
        return settings

    def _worker(self, settings: Settings, role: Role, number: int, case: Case) -> RoleWorker:
        log = self.cluster.folder / f"{settings.topic_prefix}{role.value}.{number}.log"
        free = [core for core in usable_cores() if core != self.cluster.broker_core] if self.options.pin else []
        return RoleWorker(settings, role, log, free[number] if number < len(free) else None)

    def _fill(self, settings: Settings, case: Case, lines: Sequence[bytes]) -> None:
        self.cluster.fill(settings.topics.raw, lines, partitions=case.partitions)

    def _finish(self, settings: Settings, role: Role, crew: list[RoleWorker]) -> None:
        def alive() -> None:
            for worker in crew:
                worker.check()

        if left := worked_off(settings, role, alive):
            raise SystemExit(f"{role.value} has left {left} records of {input_topic(settings, role)}")


def say(what: str) -> None:
    """Tell how far it is."""
    print(f"scaling: {what}", file=sys.stderr, flush=True)
