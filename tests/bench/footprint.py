"""What a worker needs apart from CPU: memory, the time to its first record, and the time to be back when it was killed.

Workers are as users run them, with the settings that they have by default. A killed worker's group waits for it for the
session timeout (`VIGIE_SESSION_TIMEOUT_S`, 10 seconds by default) before its successor gets the partitions, and the
tweets of that time are worked off beside those that go on arriving: so by far the most of the time to be back is
chosen by these two.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack

from agents.role import Role
from agents.settings import Settings, load_settings
from agents.topics import create_topics
from tests.bench.arrivals import Plan
from tests.bench.cluster import Cluster
from tests.bench.delay import LATENESS_MS, Shape, sender
from tests.bench.load import Load
from tests.bench.pasts import keyed, write_states
from tests.bench.progress import worked_off
from tests.bench.recovery import PARTITIONS, mixed_states, recover
from tests.bench.results import Footprint, Memory, Options, Results
from tests.bench.scaling import Pieces
from tests.bench.workers import RoleWorker, resident_mib, running, until

__all__ = ["KILLED", "Bench", "run"]

KILLED = "killed at 70 % load, until caught up"
"""Ends the name of a figure of that kind in `Footprint.startup_s`."""
_ALIASES = 4
_LOAD = 0.7
_BEFORE_S, _AFTER_S = 10.0, 60.0
_CAUGHT_UP_S = 2.0
"""Less than so many seconds of tweets not committed yet: a second is what lies between two commits."""
_POLL_S = 0.02
_FEW = 1_000
_ROLES = (Role.ENRICH, Role.TRACK)


def run(options: Options, results: Results) -> None:
    """Measure all of it; ``options.quick`` leaves out the kill and what takes ten thousand brands.

    Raises
    ------
    SystemExit
        A worker ended, or did not come to what was waited for.
    """
    found = results.footprint = Footprint()
    with Cluster(pin=False) as cluster:
        bench = Bench(cluster, options)
        for number in range(1 if options.quick else 3):
            say(f"start {number + 1}")
            for name, seconds in bench.start(f"start{number}."):
                found.startup_s.setdefault(name, []).append(round(seconds, 2))
        values, rate = mixed_states(), 0.0
        for brands in (10,) if options.quick else (10, 10_000):
            say(f"memory with {brands:,} brands")
            memory, here = bench.memory(f"memory{brands}.", brands, values)
            found.memory += memory
            rate = rate or here
        if not options.quick:
            for brands in (1_000, 10_000, 30_000):
                say(f"recovery of {brands:,} brands")
                found.recovery.append(recover(cluster, f"recovery{brands}.", values, brands))
            capacity = results.delays[0].tweets_per_second / results.delays[0].load if results.delays else rate
            for role in _ROLES:
                say(f"{role.value} is killed at {_LOAD * capacity:,.0f} tweets/s")
                seconds = bench.kill(f"kill.{role.value}.", role, _LOAD * capacity)
                found.startup_s[f"{role.value}, {KILLED}"] = [round(seconds, 2)]


class Bench:
    """A broker, and workers on topics of their own for each question."""

    def __init__(self, cluster: Cluster, options: Options) -> None:
        self._cluster, self._options = cluster, options

    def start(self, prefix: str) -> Iterator[tuple[str, float]]:
        """Yield, by role, the seconds from the start of the process to its first record, and until it says ready."""
        pieces = self._pieces(10, records=_FEW)
        settings = self._prepared(prefix, pieces.load.watchlist(), partitions=PARTITIONS)
        self._cluster.fill(settings.topics.raw, pieces.lines("count")[:_FEW], partitions=PARTITIONS)
        for role in _ROLES:
            with RoleWorker(settings, role, self._cluster.folder / f"{prefix}{role.value}.log") as worker:
                until(worker.is_ready, f"{role.value} is ready", poll_s=_POLL_S)
                yield f"{role.value}, until it says ready", time.monotonic() - worker.began
                until(worker.records, f"{role.value} has read a record", poll_s=_POLL_S)
                yield role.value, time.monotonic() - worker.began
                worked_off(settings, role, worker.check)

    def memory(self, prefix: str, brands: int, values: list[bytes]) -> tuple[list[Memory], float]:
        """Return the memory of both roles, idle and after tweets at full speed, and how many a second that was."""
        pieces = self._pieces(brands, records=self._options.records)
        settings = self._prepared(prefix, pieces.load.watchlist())
        keys = sorted(pieces.mentions)
        asyncio.run(write_states(settings, keyed(keys, values, 1)))
        with running(settings, self._cluster.folder, *_ROLES) as workers:
            found = [self._memory(worker, ", idle", brands) for worker in workers]
            began = time.monotonic()
            for piece in ("warm", "count", "close"):
                self._cluster.fill(settings.topics.raw, pieces.lines(piece))
            for worker in workers:
                self._finish(settings, worker)
            rate = pieces.records / (time.monotonic() - began)
            found += [self._memory(worker, "", brands) for worker in workers]
        self._cluster.delete(prefix)
        return found, rate

    @staticmethod
    def _memory(worker: RoleWorker, when: str, brands: int) -> Memory:
        mib = round(resident_mib(worker.pid), 1)
        return Memory(role=f"{worker.role.value}{when}", brands=brands, aliases=_ALIASES, rss_mib=mib)

    def kill(self, prefix: str, role: Role, rate: float) -> float:
        """Kill a worker while tweets arrive, start another at once, and return the seconds until it has caught up."""
        stream = Shape.of(self._options).stream
        settings = self._prepared(prefix, stream.watchlist())
        plan = Plan(
            bootstrap=settings.brokers,
            topic=settings.topics.raw,
            partitions=1,
            stream=stream,
            count=min(round(rate * (_BEFORE_S + _AFTER_S)), stream.tweets),
            lateness_ms=LATENESS_MS,
            told=str(self._cluster.folder / f"{prefix}told.json"),
            rate=rate,
        )
        with ExitStack() as stack:
            sending = stack.enter_context(sender(plan, self._cluster.folder / f"{prefix}plan.json"))
            workers = stack.enter_context(running(settings, self._cluster.folder, *_ROLES))
            thread = threading.Thread(target=sending.send)
            thread.start()
            time.sleep(_BEFORE_S)
            next(worker for worker in workers if worker.role is role).kill()
            killed = time.monotonic()
            log = self._cluster.folder / f"{prefix}{role.value}.successor.log"
            successor = stack.enter_context(RoleWorker(settings, role, log))
            until(successor.records, "the successor has read a record", poll_s=_POLL_S)
            most = round(rate * _CAUGHT_UP_S)
            until(lambda: self._left(settings, successor) <= most, "the successor has caught up", timeout_s=240.0)
            caught_up = time.monotonic()
            if not thread.is_alive():
                raise SystemExit(f"{role.value} had not caught up when the load ended")
            thread.join()
        return caught_up - killed

    @staticmethod
    def _left(settings: Settings, worker: RoleWorker) -> int:
        return worked_off(settings, worker.role, worker.check, timeout_s=0.0)

    @staticmethod
    def _finish(settings: Settings, worker: RoleWorker) -> None:
        if left := worked_off(settings, worker.role, worker.check):
            raise SystemExit(f"{worker.role.value} has left {left} records")

    def _pieces(self, brands: int, *, records: int) -> Pieces:
        options = self._options
        load = Load(brands=brands, aliases=_ALIASES, tweets_per_second=options.tweets_per_second, seed=options.seed)
        return Pieces(load, self._cluster.folder, warm_up=options.warm_up, records=records)

    def _prepared(self, prefix: str, watchlist: str, *, partitions: int = 1) -> Settings:
        path = self._cluster.folder / f"{prefix}toml"
        path.write_text(watchlist, encoding="utf-8")
        settings = load_settings(
            brokers=self._cluster.bootstrap,
            topic_prefix=prefix,
            watchlist=path,
            data_dir=self._cluster.folder / "faust",
            log_level="WARNING",
        )
        asyncio.run(create_topics(settings, raw_partitions=partitions, partitions=partitions, replication=1))
        return settings


def say(what: str) -> None:
    """Tell how far it is."""
    print(f"footprint: {what}", file=sys.stderr, flush=True)
