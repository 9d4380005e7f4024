"""One load through both roles, with everything counted that the capacity formula multiplies.

Brands have a past of two days (`tests.bench.pasts`), so states have the size and minutes the work of every day. As in
`tests.bench.throughput` a worker reads some tweets first and is frozen while those that count are written; track is
frozen, too, while enrich reads them.
"""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from agents.role import Role
from agents.settings import Settings, load_settings
from agents.topics import BRAND_STATE, changelog, create_topics
from pipeline.capacity import Observation
from tests.bench.cluster import Cluster
from tests.bench.load import Load
from tests.bench.measuring import cpu_seconds
from tests.bench.pasts import keyed, write_states
from tests.bench.progress import worked_off
from tests.bench.workers import RoleWorker, resident_mib, until
from tests.brokers.client import end_offsets_of

__all__ = ["Observed", "Shape", "observe"]

_MENTIONS = 'vigie_tweets_total{outcome="mentions"}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A load, and the topics it goes through."""

    matching: float
    brands: int
    tweets_per_second: float
    tweets: int
    """That count."""
    warm_up: int
    raw_partitions: int = 1
    partitions: int = 1
    """Of mentions."""

    def told(self) -> str:
        """Return it in words."""
        return (
            f"{100 * self.matching:.0f} % matching, {self.brands:,} brands, {self.tweets_per_second:,.0f} tweets/s, "
            f"{self.raw_partitions} raw and {self.partitions} mentions partitions"
        )

    def load(self, seed: int) -> Load:
        """Return the tweets."""
        return Load(brands=self.brands, tweets_per_second=self.tweets_per_second, matching=self.matching, seed=seed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What one load came to."""

    shape: Shape
    enrich: Observation
    track: Observation | None
    """None when no tweet speaks of a brand."""
    bytes_a_record: dict[str, float]
    """By ``raw``, ``mention``, ``window`` and ``state``: on the broker's disk; of topics that have records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spent:
    """What a role did from when it was let go until it had read everything, and what that took."""

    cpu_s: float
    broker_cpu_s: float
    states: int
    windows: int
    rss_mib: float


def observe(cluster: Cluster, shape: Shape, states: Sequence[bytes], *, prefix: str, seed: int) -> Observed:
    """Run both roles over a load.

    Parameters
    ----------
    cluster
        Topics of the prefix are made, and removed in the end.
    shape
        The load.
    states
        Values of brands that have a past.
    prefix
        Of topics and groups, not in use yet.
    seed
        Of the load.

    Raises
    ------
    SystemExit
        A worker ended, or something took too long.
    """
    load = shape.load(seed)
    settings = _settings(cluster, load, prefix)
    asyncio.run(_prepare(settings, shape, load, states))
    with load.file(shape.warm_up + shape.tweets).open("rb") as file, ExitStack() as stack:
        enrich = stack.enter_context(_worker(cluster, settings, Role.ENRICH))
        tracks = [stack.enter_context(_worker(cluster, settings, Role.TRACK))] if shape.matching else []
        tweets = (line.rstrip(b"\n") for line in file)
        cluster.fill(settings.topics.raw, islice(tweets, shape.warm_up), partitions=shape.raw_partitions)
        for worker in (enrich, *tracks):
            _wait(settings, worker)
        mentions = enrich.metric(_MENTIONS)
        for worker in (enrich, *tracks):
            worker.pause()
        cluster.fill(settings.topics.raw, tweets, partitions=shape.raw_partitions)
        spent = [_let_go(cluster, settings, worker) for worker in (enrich, *tracks)]
        mentions = enrich.metric(_MENTIONS) - mentions
        observed = Observed(
            shape=shape,
            enrich=_observation(shape, Role.ENRICH, spent[0], shape.tweets, mentions),
            track=_observation(shape, Role.TRACK, spent[1], mentions, mentions) if tracks else None,
            bytes_a_record=_sizes(cluster, settings),
        )
    cluster.delete(prefix)
    return observed


def _settings(cluster: Cluster, load: Load, prefix: str) -> Settings:
    watchlist = cluster.folder / f"{prefix}watchlist.toml"
    watchlist.write_text(load.watchlist(), encoding="utf-8")
    return load_settings(
        brokers=cluster.bootstrap,
        topic_prefix=prefix,
        watchlist=watchlist,
        data_dir=cluster.folder / "faust",
        session_timeout_s=300.0,  # who is frozen is still a member
        stuck_after_s=3600.0,
        idle_timeout_s=3600.0,
        log_level="WARNING",
    )


async def _prepare(settings: Settings, shape: Shape, load: Load, states: Sequence[bytes]) -> None:
    await create_topics(settings, raw_partitions=shape.raw_partitions, partitions=shape.partitions, replication=1)
    if shape.matching:
        keys = list(tomllib.loads(load.watchlist())["brands"])
        await write_states(settings, keyed(keys, states, shape.partitions))


def _worker(cluster: Cluster, settings: Settings, role: Role) -> RoleWorker:
    worker = RoleWorker(
        settings, role, cluster.folder / f"{settings.topic_prefix}{role.value}.log", cluster.worker_core
    )
    until(worker.is_ready, f"{role.value} is ready", timeout_s=120.0)
    return worker


def _wait(settings: Settings, worker: RoleWorker) -> None:
    if (left := worked_off(settings, worker.role, worker.check)) > 0:
        raise SystemExit(f"{worker.role.value} has left {left} records")


def _let_go(cluster: Cluster, settings: Settings, worker: RoleWorker) -> _Spent:
    states, windows = changelog(settings, "track", BRAND_STATE), settings.topics.windows
    before = cpu_seconds(worker.pid), cluster.broker_cpu_seconds(), _count(settings, states), _count(settings, windows)
    worker.resume()
    _wait(settings, worker)
    return _Spent(
        cpu_s=cpu_seconds(worker.pid) - before[0],
        broker_cpu_s=cluster.broker_cpu_seconds() - before[1],
        states=_count(settings, states) - before[2],
        windows=_count(settings, windows) - before[3],
        rss_mib=resident_mib(worker.pid),
    )


def _count(settings: Settings, topic: str) -> int:
    return sum(asyncio.run(end_offsets_of(settings.brokers, topic)).values())


def _observation(shape: Shape, role: Role, spent: _Spent, records: int, mentions: int) -> Observation:
    return Observation(
        role=role.value,
        brands=shape.brands,
        partitions=shape.raw_partitions if role is Role.ENRICH else shape.partitions,
        matching=shape.matching,
        records=records,
        mentions=mentions,
        states=spent.states,
        brand_minutes=spent.windows,
        cpu_s=round(spent.cpu_s, 3),
        broker_cpu_s=round(spent.broker_cpu_s, 3),
        rss_mib=round(spent.rss_mib, 1),
    )


def _sizes(cluster: Cluster, settings: Settings) -> dict[str, float]:
    """Return the bytes on disk of a record of each kind."""
    topics = {
        "raw": settings.topics.raw,
        "mention": settings.topics.mentions,
        "window": settings.topics.windows,
        "state": changelog(settings, "track", BRAND_STATE),
    }
    counted = {kind: _count(settings, topic) for kind, topic in topics.items()}
    return {kind: _on_disk(cluster.folder, topics[kind]) / count for kind, count in counted.items() if count}


def _on_disk(folder: Path, topic: str) -> int:
    return sum(segment.stat().st_size for segment in (folder / "kafka" / "data").glob(f"{topic}-[0-9]*/*.log"))
