"""What the bench measured, as one file that its parts write and the report and the capacity page read.

Every part of the bench is a module with one function, ``run(options, results)``, that measures, puts its figures into
its own field of `Results`, and writes nothing else; `tests.bench.__main__` calls the parts one after the other and
saves the file after each, so that a part that fails loses only its own figures. A figure that was not measured is
absent: an empty list, an empty mapping or ``None``, never a zero.

ADR: figures are kept by run and not as a median, because the range is part of what was measured; `median` and `spread`
are computed where they are shown.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from pipeline.capacity import Measured

__all__ = [
    "Delay",
    "Footprint",
    "Ingest",
    "Machine",
    "Memory",
    "Options",
    "Part",
    "Point",
    "Recovery",
    "Results",
    "Run",
    "Scaling",
    "Target",
    "Throughput",
]

DEFAULT_PATH = Path("build/bench/results.json")

Axis: TypeAlias = Literal["brands", "aliases", "partitions", "workers"]


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How much is measured.

    A part asks ``options.quick`` for what it may leave out, and never looks at the command line.
    """

    quick: bool = False
    """A figure of each kind in a few minutes: fewer runs, fewer records, fewer points of an axis."""
    runs: int = 3
    """Interleaved runs of each contender."""
    records: int = 60_000
    """Tweets that are counted in one run of a fast contender; slow ones (Faust as it comes) get fewer."""
    warm_up: int = 20_000
    """Tweets before those, not counted: imports, compiled patterns, caches of brands, but no text that comes again."""
    brands: int = 10
    tweets_per_second: int = 6_000
    """Event time of the load: how many tweets share a second."""
    seed: int = 3
    pin: bool = True
    """Worker on core 0 and broker on core 1, where the system can and has two."""


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """Where it was measured."""

    cpu: str
    cores: int
    memory_gib: float
    os: str
    python: str
    when: str
    """UTC, ISO 8601, to the second."""
    kafka: str | None = None
    java: str | None = None
    pinned: str = "not pinned"
    """Which process ran on which core, in words."""
    busy: float | None = None
    """Cores that other processes kept busy while the bench ran, where the system tells; 0 is an idle machine."""


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One contender, once: from the first counted record to the last."""

    records: int
    """Tweets counted; of "vigie track", mentions."""
    cpu_us: float
    """CPU of the contender's own processes a record, microseconds, user and system together."""
    per_second: float
    """Records a second of wall time, as it happened; ``1e6 / cpu_us`` is what one core of an idle machine could do."""
    rss_mib: float | None = None
    """Most resident memory of its processes, together."""
    broker_cpu_us: float | None = None
    """CPU of Kafka a record, in the same time."""
    parts: dict[str, float] = msgspec.field(default_factory=dict)
    """Microseconds a record by part ("compute", "encode", "enrich", "track", ...), where the contender tells."""
    checks: dict[str, int] = msgspec.field(default_factory=dict)
    """What came out ("mentions", "windows", "scores"): a contender that does less shows here."""


class Throughput(msgspec.Struct, kw_only=True):
    """All runs of one contender; its name is one of `tests.bench.contenders.NAMES`."""

    contender: str
    runs: list[Run] = msgspec.field(default_factory=list)
    version: str = ""
    """Of the engine measured, such as ``quixstreams 3.28.1``."""
    note: str = ""
    """What it leaves out or does differently; says in whose favour."""

    def cpu_us(self) -> float:
        """Return the median CPU a record, microseconds."""
        return median(self.runs, lambda run: run.cpu_us)

    def per_core_second(self) -> float:
        """Return what one core does a second: of its CPU, not of the clock of a busy machine."""
        return 1e6 / self.cpu_us()


class Delay(msgspec.Struct, frozen=True, kw_only=True):
    """From the append of a tweet that completes a crisis to the crisis event, beyond the configured lateness."""

    load: float
    """Share of the capacity of one core that arrives, such as 0.7."""
    tweets_per_second: float
    p50_ms: float
    p99_ms: float
    max_ms: float
    samples: int
    histogram: list[tuple[float, int]] = msgspec.field(default_factory=list)
    """Pairs of (upper bound in ms, samples up to it and above the bound before)."""
    note: str = ""


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One place on an axis of scaling; what was not measured there is ``None``."""

    x: int
    enrich_us: float | None = None
    """Median of the runs, CPU a tweet."""
    track_us: float | None = None
    """Median of the runs, CPU a mention."""
    per_second: float | None = None
    """Tweets a second: of all workers together on the axis "workers"."""
    rss_mib: float | None = None
    runs: list[Run] = msgspec.field(default_factory=list)
    note: str = ""


class Scaling(msgspec.Struct, frozen=True, kw_only=True):
    """How the cost of a tweet moves along one axis."""

    axis: Axis
    points: list[Point]
    note: str = ""


class Recovery(msgspec.Struct, frozen=True, kw_only=True):
    """Start of a worker on a changelog that is there already."""

    brands: int
    changelog_mib: float
    seconds: float
    """From the start of the process to its first new record."""


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """Resident memory of a role in steady state."""

    role: str
    brands: int
    aliases: int
    rss_mib: float


class Footprint(msgspec.Struct, kw_only=True):
    """What a worker needs apart from CPU."""

    startup_s: dict[str, list[float]] = msgspec.field(default_factory=dict)
    """By role: from the start of the process to its first record, one figure a run, seconds."""
    recovery: list[Recovery] = msgspec.field(default_factory=list)
    memory: list[Memory] = msgspec.field(default_factory=list)


class Ingest(msgspec.Struct, frozen=True, kw_only=True):
    """One ingester between a stream of X and Kafka, at one speed."""

    name: str
    sent: int
    stored: int
    per_second: float
    """Posts stored a second, from the first to the last."""
    cpu_us: float
    """CPU of the ingester a post, microseconds."""
    behind_s: float
    """From the last post sent to the last one stored."""
    spool_mib: float
    """Most that waited on disk for Kafka."""
    rss_mib: float
    """Most resident memory."""


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A number that was asked for."""

    name: str
    at_least: float | None = None
    at_most: float | None = None
    measured: float | None = None
    """None when it was not measured."""
    unit: str = ""

    @property
    def met(self) -> bool | None:
        """Whether it was reached; ``None`` when it was not measured."""
        if self.measured is None:
            return None
        return (self.at_least is None or self.measured >= self.at_least) and (
            self.at_most is None or self.measured <= self.at_most
        )


class Results(msgspec.Struct, kw_only=True):
    """Everything; a field belongs to the part that fills it."""

    version: Literal[1] = 1
    machine: Machine | None = None
    options: Options = msgspec.field(default_factory=Options)
    throughput: list[Throughput] = msgspec.field(default_factory=list)
    delays: list[Delay] = msgspec.field(default_factory=list)
    scaling: list[Scaling] = msgspec.field(default_factory=list)
    footprint: Footprint | None = None
    ingest: list[Ingest] = msgspec.field(default_factory=list)
    ratios: dict[str, float] = msgspec.field(default_factory=dict)
    """Of the throughput, by name: "vigie enrich / bare loop enrich", as `tests.bench.throughput` computes them."""
    targets: list[Target] = msgspec.field(default_factory=list)
    capacity: Measured | None = None
    """What records cost, and the formula held against runs that it has not seen."""
    problems: dict[str, str] = msgspec.field(default_factory=dict)
    """By part of the bench or contender: why it has no figures."""

    def contender(self, name: str) -> Throughput | None:
        """Return the figures of one contender, if it was measured."""
        return next((each for each in self.throughput if each.contender == name and each.runs), None)

    def axis(self, name: Axis) -> Scaling | None:
        """Return one axis of scaling, if it was measured."""
        return next((each for each in self.scaling if each.axis == name), None)

    def judge(self, target: Target) -> None:
        """Write down a target and what was measured of it, in place of an older one of that name."""
        self.targets = [*(each for each in self.targets if each.name != target.name), target]

    @classmethod
    def load(cls, path: Path = DEFAULT_PATH) -> Results:
        """Read what a bench wrote.

        Raises
        ------
        msgspec.ValidationError
            For a file of another version, or with something unknown in place of a figure.
        """
        return msgspec.json.decode(path.read_bytes(), type=cls)

    def save(self, path: Path = DEFAULT_PATH) -> None:
        """Write everything, in place of what was there."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n")


Part: TypeAlias = Callable[[Options, Results], None]
"""The one function of a part, ``run(options, results)``.

It raises `SystemExit` with a plain message when it cannot measure; the bench writes that down under `Results.problems`
and goes on with the next part, and ends with exit code 1.
"""


def median(runs: Sequence[Run], of: Callable[[Run], float]) -> float:
    """Return the middle of one figure over the runs."""
    return statistics.median(of(run) for run in runs)


def spread(runs: Sequence[Run], of: Callable[[Run], float]) -> tuple[float, float]:
    """Return the least and the most of one figure over the runs."""
    values = [of(run) for run in runs]
    return min(values), max(values)
