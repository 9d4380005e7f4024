"""How long after its cause a window or a crisis is there: p50, p99 and the worst, while the chain is loaded.

Definition. Events of a minute can only come when the watermark has passed its end: when a tweet has come that is
younger than the end of the minute by the allowed lateness. The delay is from the append of the first such tweet, by
the broker's clock, to the append of the event, by the same clock; so it is what Vigie adds to the lateness that was
configured. (With several raw partitions: of the one in which that tweet comes last.) All output topics are made to
stamp what is appended, and everything is computed from the logs afterwards, so nobody looks on while it is measured.

ADR: what is chosen, and in whose favour.

*Event time runs faster than the clock*, 200 tweets to a second of it: at 8,000 tweets a second a minute is over in
one and a half, and there are dozens of closings to measure instead of one. It does not flatter: a closing costs
the same, there are forty times as many of them in the way of one another and of the tweets, and they are in the
capacity, too. The lateness passes as fast as the minutes do; it is not part of the delay.

*The load is open.* `tests.bench.arrivals` sends by its schedule whatever happens. How late each batch was appended
is reported beside the delay, and the delay from when the tweet was *due* as well, which a slow broker does not shorten.

*Crises really happen*: 400 quiet brands have one each, by a hundred complaints in one minute (`tests.bench.outbursts`).
They close with everybody else, in one batch, so the delay of a crisis includes all brands' closing.

*The capacity is measured here* and not taken from the throughput, where both workers share one core: the same workers,
on all cores, with the broker, over the same log, which is there already. The generator adds next to nothing, as its
batches are made beforehand. Capacity is the rate at which windows close, from the first third of the log on.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from bisect import bisect_right
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import dropwhile
from pathlib import Path
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from agents.role import Role
from agents.settings import Settings, load_settings
from agents.topics import create_topics
from agents.transport import end_offsets
from schemas.codec import decode
from schemas.crisis import CrisisEventType
from schemas.times import from_rfc3339
from tests.bench.arrivals import Closing, Plan, Stream, Told
from tests.bench.cluster import Cluster
from tests.bench.pasts import keyed, learnt_states, write_states
from tests.bench.progress import worked_off
from tests.bench.results import Delay, Options, Results
from tests.bench.state import Kind
from tests.bench.workers import RoleWorker, running
from tests.brokers.client import alter_topic, end_offsets_of

__all__ = ["Delays", "Shape", "histogram", "percentile", "run"]

LOADS = (0.3, 0.7, 0.95)
LATENESS_MS = 30_000
BOUNDS_MS = (5, 10, 20, 50, 100, 200, 300, 500, 750, 1_000, 1_500, 2_000, 3_000, 5_000, 10_000, 30_000, 60_000)
_EVERY = 37
"""Of so many mentions one is looked at."""
_DRAIN_S = 90.0
_CRISES = {each.value for each in CrisisEventType}
_QUIET = Kind(brands=1, a_minute=2.0, share=0)


@dataclass(frozen=True, kw_only=True)
class Shape:
    """How much is measured."""

    loads: tuple[float, ...]
    seconds: float
    """Measured, at each load, or longer: until ``least_minutes`` of event time are over."""
    least_minutes: int
    warm_up_s: float
    """Sent before that and not looked at."""
    backlog: int
    """Tweets by which the capacity is measured."""
    stream: Stream
    partitions: int = 1
    """Of tweets, and of mentions."""

    @classmethod
    def of(cls, options: Options) -> Shape:
        """Return what the options ask for."""
        if options.quick:
            return cls(
                loads=(0.7,),
                seconds=10.0,
                least_minutes=5,
                warm_up_s=4.0,
                backlog=90_000,
                stream=Stream(brands=options.brands, outbursts=200, minutes=20, tweets=200_000, seed=options.seed),
            )
        return cls(
            loads=LOADS,
            seconds=40.0,
            least_minutes=12,
            warm_up_s=8.0,
            backlog=200_000,
            stream=Stream(brands=options.brands, seed=options.seed),
        )


@dataclass
class Delays:
    """Milliseconds from cause to effect, of one load."""

    crises: list[float] = field(default_factory=list)
    crises_due: list[float] = field(default_factory=list)
    """From when the tweet was due."""
    windows: list[float] = field(default_factory=list)
    mentions: list[float] = field(default_factory=list)
    behind: list[float] = field(default_factory=list)
    """From when a batch was due to its append."""
    closings: int = 0
    waiting: int = 0
    """Records that had not been worked off when measuring was given up."""

    def figures(self, load: float, rate: float, capacity: float) -> Delay:
        """Return them as the results have them."""
        measured = self.crises or [float("nan")]
        if not self.crises:
            raise SystemExit(f"no crisis event came at {load:.0%} of the capacity, {rate:,.0f} tweets a second")
        return Delay(
            load=load,
            tweets_per_second=round(rate, 1),
            p50_ms=percentile(measured, 50),
            p99_ms=percentile(measured, 99),
            max_ms=max(measured),
            samples=len(measured),
            histogram=histogram(measured),
            note="; ".join(self._told(capacity)),
        )

    def _told(self, capacity: float) -> Iterable[str]:
        yield f"capacity {capacity:,.0f} tweets a second, both workers and the broker on all cores"
        yield f"{self.closings} closed minutes"
        for name, values in (
            ("crises from when the tweet was due", self.crises_due),
            ("windows", self.windows),
            ("mentions", self.mentions),
            ("tweets appended after they were due", self.behind),
        ):
            if values:
                p50, p99 = percentile(values, 50), percentile(values, 99)
                yield f"{name}: p50 {p50:,.0f}, p99 {p99:,.0f}, max {max(values):,.0f} ms of {len(values):,}"
        if self.waiting:
            yield f"{self.waiting:,} records were still waiting {_DRAIN_S:.0f} s after the last tweet"


def run(options: Options, results: Results) -> None:
    """Measure the delays.

    Raises
    ------
    SystemExit
        Something did not start, or nothing came out.
    """
    shape = Shape.of(options)
    states = learnt_states(_QUIET, 2 if options.quick else 5)
    with Cluster(pin=False) as cluster:
        bench = Bench(cluster, shape, states)
        capacity = bench.capacity()
        say(f"capacity {capacity:,.0f} tweets/s")
        for load in shape.loads:
            delays = bench.delays(load, load * capacity)
            results.delays.append(delays.figures(load, load * capacity, capacity))
            say(f"{load:.0%}: {results.delays[-1].note}")


class Bench:
    """A broker, and workers that are started anew, on new topics, for each load."""

    def __init__(self, cluster: Cluster, shape: Shape, states: Sequence[bytes]) -> None:
        self._cluster, self._shape, self._states = cluster, shape, states
        self._folder = cluster.folder
        self._watchlist = cluster.folder / "watchlist.toml"
        self._watchlist.write_text(shape.stream.watchlist(), encoding="utf-8")

    def capacity(self) -> float:
        """Return how many tweets a second the chain works off when there are always more."""
        settings = self._prepared("capacity.")
        with self._sender(settings, self._shape.backlog, None) as sender:
            told = sender.send()
            with running(settings, self._folder, Role.ENRICH, Role.TRACK) as workers:
                self._worked_off(settings, workers)
        return rate_of_closings(told.closings, asyncio.run(first_windows(settings)))

    def delays(self, load: float, rate: float) -> Delays:
        """Return the delays while so many tweets arrive a second."""
        shape = self._shape
        settings = self._prepared(f"load{load * 100:.0f}.")
        minutes = shape.least_minutes * 60 * shape.stream.tweets_per_second
        count = min(round(rate * shape.warm_up_s + max(rate * shape.seconds, minutes)), shape.stream.tweets)
        say(f"{load:.0%} of the capacity: {rate:,.0f} tweets/s for {count / rate:.0f} s")
        with (
            self._sender(settings, count, rate) as sender,
            running(settings, self._folder, Role.ENRICH, Role.TRACK) as workers,
        ):
            told = sender.send()
            waiting = self._worked_off(settings, workers)
        found = asyncio.run(delays_of(settings, told, skip=round(rate * shape.warm_up_s)))
        found.waiting = waiting
        return found

    def _prepared(self, prefix: str) -> Settings:
        settings = load_settings(
            brokers=self._cluster.bootstrap,
            topic_prefix=prefix,
            watchlist=self._watchlist,
            data_dir=self._folder / "faust",
            allowed_lateness_s=LATENESS_MS / 1000,
            idle_timeout_s=3_600.0,
            log_level="WARNING",
        )
        asyncio.run(self._fill(settings))
        return settings

    async def _fill(self, settings: Settings) -> None:
        shape, topics = self._shape, settings.topics
        await create_topics(settings, raw_partitions=shape.partitions, partitions=shape.partitions, replication=1)
        for topic in (topics.mentions, topics.windows, topics.crises):
            await alter_topic(settings.brokers, topic, {"message.timestamp.type": "LogAppendTime"})
        await write_states(settings, keyed(shape.stream.keys(), self._states, shape.partitions))

    def _sender(self, settings: Settings, count: int, rate: float | None) -> Any:
        return sender(
            Plan(
                bootstrap=settings.brokers,
                topic=settings.topics.raw,
                partitions=self._shape.partitions,
                stream=self._shape.stream,
                count=count,
                lateness_ms=LATENESS_MS,
                told=str(self._folder / f"{settings.topic_prefix}told.json"),
                rate=rate,
            ),
            self._folder / f"{settings.topic_prefix}plan.json",
        )

    def _worked_off(self, settings: Settings, workers: Sequence[RoleWorker]) -> int:
        """Wait until all is committed; return how many records still wait when that takes too long."""

        def alive() -> None:
            for worker in workers:
                worker.check()

        return sum(worked_off(settings, worker.role, alive, timeout_s=_DRAIN_S) for worker in workers)


@dataclass
class Sender:
    """The process of `tests.bench.arrivals`, with everything made and nothing sent yet."""

    process: subprocess.Popen[str]
    told: Path

    def send(self) -> Told:
        """Have it send, and return what it tells in the end."""
        self.process.communicate("go\n")
        if self.process.returncode:
            raise SystemExit(f"the load was not sent: exit code {self.process.returncode}")
        return msgspec.json.decode(self.told.read_bytes(), type=Told)


@contextmanager
def sender(plan: Plan, path: Path) -> Any:
    """Start the process that sends, and wait until it has made everything."""
    path.write_bytes(msgspec.json.encode(plan))
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.arrivals", str(path)], stdin=-1, stdout=-1, text=True
    )
    try:
        assert process.stdout is not None
        if process.stdout.readline() != "ready\n":
            raise SystemExit(f"the load could not be made: exit code {process.wait()}")
        yield Sender(process, Path(plan.told))
    finally:
        process.kill()
        process.wait()


async def appended(settings: Settings, topic: str) -> AsyncIterator[ConsumerRecord[bytes, bytes]]:
    """Yield all that is in a topic."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.brokers, enable_auto_commit=False, max_partition_fetch_bytes=8 << 20
    )
    await consumer.start()
    try:
        places = [TopicPartition(topic, each) for each in await end_offsets_of(settings.brokers, topic)]
        consumer.assign(places)
        ends = await end_offsets(consumer, places)
        await consumer.seek_to_beginning(*places)
        while not all([await consumer.position(place) >= end for place, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                for record in records:
                    yield record
    finally:
        await consumer.stop()


async def first_windows(settings: Settings) -> dict[int, int]:
    """Return when the first window of each minute was appended, by the minute's end; epoch milliseconds both."""
    found: dict[int, int] = {}
    async for record in appended(settings, settings.topics.windows):
        end_ms = from_rfc3339(decode(record.value)["window_end"])
        found[end_ms] = min(found.get(end_ms, record.timestamp), record.timestamp)
    return found


def rate_of_closings(closings: Sequence[Closing], windows: dict[int, int]) -> float:
    """Return the tweets a second that were worked off, by when minutes were closed.

    Parameters
    ----------
    closings : sequence of Closing
        In order; the first third of them is not looked at.
    windows : dict
        When windows of each were appended.

    Raises
    ------
    SystemExit
        There are too few.
    """
    seen = [closing for closing in closings if closing.end_ms in windows]
    seen = seen[len(seen) // 3 :]
    if len(seen) < 3:
        raise SystemExit(f"only {len(seen)} minutes were closed: too few to measure the capacity by")
    took_ms = windows[seen[-1].end_ms] - windows[seen[0].end_ms]
    return (seen[-1].sequence - seen[0].sequence) / took_ms * 1000


async def delays_of(settings: Settings, told: Told, *, skip: int) -> Delays:
    """Return the delays of all that was caused by tweets from number ``skip`` on."""
    topics = settings.topics
    closings = {closing.end_ms: closing for closing in told.closings if closing.sequence >= skip}
    found = Delays(closings=len(closings))
    found.behind = [batch.appended_ms - batch.due_ms for batch in told.batches]
    async for record in appended(settings, topics.windows):
        if closing := closings.get(from_rfc3339(decode(record.value)["window_end"])):
            found.windows.append(record.timestamp - closing.appended_ms)
    async for record in appended(settings, topics.crises):
        event = decode(record.value)
        if event["type"] in _CRISES and (closing := closings.get(from_rfc3339(event["time"]))):
            found.crises.append(record.timestamp - closing.appended_ms)
            found.crises_due.append(record.timestamp - closing.due_ms)
    appended_ms = append_times(told)
    async for record in appended(settings, topics.mentions):
        if record.offset % _EVERY == 0 and record.key is not None:
            origin = decode(record.value)["origin"]
            found.mentions.append(record.timestamp - appended_ms(origin["partition"], origin["offset"]))
    return found


def append_times(told: Told) -> Callable[[int, int], int]:
    """Return what tells when the tweet at (partition, offset) was appended, epoch milliseconds."""
    offsets: dict[int, list[int]] = defaultdict(list)
    times: dict[int, list[int]] = defaultdict(list)
    for batch in told.batches:
        offsets[batch.partition].append(batch.offset)
        times[batch.partition].append(batch.appended_ms)
    return lambda partition, offset: times[partition][bisect_right(offsets[partition], offset) - 1]


def percentile(values: Sequence[float], share: float) -> float:
    """Return the least value that so many percent of the values do not exceed (nearest rank).

    >>> percentile([30.0, 10.0, 20.0], 50), percentile(range(1, 201), 99)
    (20.0, 198)
    """
    ranked = sorted(values)
    return ranked[max(0, -int(-len(ranked) * share // 100) - 1)]


def histogram(values: Iterable[float]) -> list[tuple[float, int]]:
    """Return (upper bound, how many are up to it and above the one before), from the first to the last that has any.

    >>> histogram([6, 9, 18])
    [(10.0, 2), (20.0, 1)]
    """
    ranked = sorted(values)
    bounds = [float(bound) for bound in BOUNDS_MS if not ranked or bound < ranked[-1]]
    later = [float(bound) for bound in BOUNDS_MS[len(bounds) :]]
    bounds.append(later[0] if later else ranked[-1])
    counts = [bisect_right(ranked, bound) for bound in bounds]
    pairs = [(bound, count - before) for bound, count, before in zip(bounds, counts, [0, *counts], strict=False)]
    return list(dropwhile(lambda pair: not pair[1], pairs))


def say(what: str) -> None:
    """Tell how far it is."""
    print(f"delay: {what}", file=sys.stderr, flush=True)
