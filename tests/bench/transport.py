"""``python -m tests.bench.transport``: what the way from topic to topic costs, with stages that do nothing.

A worker process of Vigie as it is, but its stage takes each batch and writes a sample of real mentions of equal
number (enrich), or reads nothing of it (track), and a clock; so all that it costs is the transport, aiokafka and
Faust. CPU time of the whole process, all threads, between its first and its last batch.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path
from typing import Any, TextIO, cast

import faust
from msgspec import msgpack

import agents.wiring
from agents import logs
from agents.app import create_app
from agents.enrich import _mention_record
from agents.metrics import PartitionFacts, StageMeter
from agents.processes import calm_collector, role_environment
from agents.role import Role
from agents.settings import Settings, load_settings
from agents.topics import create_topics
from agents.transport import OutRecord
from pipeline.archive import ArchiveRecord
from pipeline.enrich import Enricher
from pipeline.records import Record
from pipeline.simulate import default_scenario, demo_watchlist, simulate
from pipeline.text import StandardAnalyzer
from pipeline.watchlist import Watchlist
from tests.brokers.kafka import Kafka
from tests.feed import feed

_SAMPLE = 10_000
_TREE = Path(__file__).parents[2]


class Meter:
    """What a process spends between the first and the last record of a run."""

    def __init__(self, expected: int) -> None:
        self._expected = expected
        self._seen = self._batches = self._skipped = 0
        self._cpu = self._wall = 0.0
        self.collecting = self._began = 0.0
        self._delays: list[float] = []
        gc.callbacks.append(self._collected)

    def _collected(self, phase: str, _info: dict[str, int]) -> None:
        now = time.thread_time()
        if phase == "start":
            self._began = now
        else:
            self.collecting += now - self._began

    def count(self, batch: Any) -> None:
        self._seen += len(batch)
        self._batches += 1
        if not self._skipped:
            self._skipped = self._seen
            self._cpu, self._wall, self.collecting = time.process_time(), time.perf_counter(), 0.0
            return
        self._delays.append(time.time() * 1000 - batch.records[0].timestamp)
        if self._seen >= self._expected:
            self._report()

    def _report(self) -> None:
        cpu, wall = time.process_time() - self._cpu, time.perf_counter() - self._wall
        records, batches = self._seen - self._skipped, self._batches - 1
        delays = sorted(self._delays)
        figures = {
            "cpu_us": cpu / records * 1e6,
            "cpu_ms_batch": cpu / batches * 1e3,
            "cpu_share": cpu / wall,
            "gc_us": self.collecting / records * 1e6,
            "records_a_batch": records / batches,
            "per_second": records / wall,
            "delay_p50_ms": delays[len(delays) // 2],
            "delay_p99_ms": delays[len(delays) * 99 // 100],
        }
        print(json.dumps(figures), flush=True)
        os._exit(0)


class Nothing:
    """A stage that does nothing but read and write."""

    def __init__(self, settings: Settings, _watchlist: Any, publisher: Any, table: Any, metrics: Any) -> None:
        self._mentions, self._publisher, self._table = settings.topics.mentions, publisher, table
        self._enriches = os.environ["BENCH_ROLE"] == "enrich"
        self._meter = Meter(int(os.environ["BENCH_RECORDS"]))
        self._stage = StageMeter(metrics, "bench", parts=(), reasons=())
        self._sample = cycle(msgpack.decode(Path(os.environ["BENCH_SAMPLE"]).read_bytes(), type=list[OutRecord]))

    def forget(self) -> None: ...

    def facts(self, partition: int) -> PartitionFacts:
        return PartitionFacts()

    def brands(self, partitions: Any) -> dict[str, Any]:
        return {}

    async def say_idle(self, *_: Any) -> None: ...

    async def settle(self, **_: Any) -> None: ...

    async def process(self, batch: Any) -> None:
        started = time.perf_counter()
        if batch.topic.endswith("feedback"):
            batch.complete()
            return
        if self._enriches:
            mentions = list(islice(self._sample, len(batch)))
            count = await self._publisher.partitions(self._mentions)
            mentions += [OutRecord(None, b"{}" * 50, [("ce_type", b"vigie.watermark.v1")], p) for p in range(count)]
            await self._publisher.write(self._mentions, mentions)
        await self._table.own(batch.partition).write({b"clock": b"x" * 200})
        batch.complete()
        self._stage.acked(batch, started)
        self._meter.count(batch)


def work() -> None:
    """Be the worker that is measured."""
    for stage in ("EnrichStage", "TrackStage"):
        setattr(agents.wiring, stage, Nothing)
    app = create_app(load_settings(), Role(os.environ["BENCH_ROLE"]))
    idle_s = float(os.environ.get("BENCH_IDLE_S", "0"))

    @app.task  # type: ignore[untyped-decorator]
    async def idle() -> None:
        while not app.ready:  # noqa: ASYNC110 - nobody says when
            await asyncio.sleep(0.1)
        print("{}", flush=True)
        if idle_s:
            await asyncio.sleep(3.0)
            cpu = time.process_time()
            await asyncio.sleep(idle_s)
            print(json.dumps({"cpu_share": (time.process_time() - cpu) / idle_s}), flush=True)
            os._exit(0)

    # As `vigie worker` does.
    logs.configure("WARNING", "text", os.environ["BENCH_ROLE"])
    calm_collector()
    process = faust.Worker(app, quiet=True, stdout=sys.stderr, override_logging=False)
    process.spinner = None
    process.execute_from_commandline()


@contextmanager
def worker(settings: Settings, role: str, tree: Path, **told: Any) -> Iterator[subprocess.Popen[str]]:
    environment = role_environment(settings) | {f"BENCH_{name.upper()}": str(value) for name, value in told.items()}
    environment |= {"PYTHONPATH": str(tree), "BENCH_ROLE": role}
    command = [sys.executable, "-P", __file__, "--work"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def figures_of(process: subprocess.Popen[str], timeout_s: float = 180) -> dict[str, float]:
    said, _ = process.communicate(timeout=timeout_s)
    if process.returncode or not said.strip():
        raise SystemExit(f"a worker failed with exit code {process.returncode}")
    found: dict[str, float] = json.loads(said.splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=60_000, help="records a run at full speed")
    parser.add_argument("--partitions", type=int, default=1, help="partitions of mentions")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--rate", type=int, help="records a second, in place of full speed")
    parser.add_argument("--burst", type=int, default=10, help="records that come together, with --rate")
    parser.add_argument("--idle", type=float, help="measure workers without input for so many seconds")
    parser.add_argument("--role", choices=["enrich", "track"], action="append", help="only this one")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of the worker")
    parser.add_argument("--also", type=Path, help="another working tree, measured in turn")
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        work()
    with tempfile.TemporaryDirectory() as folder:
        Bench(options, Path(folder)).run()


class Bench:
    """Runs of workers over topics of their own, trees in turn."""

    def __init__(self, options: argparse.Namespace, folder: Path) -> None:
        self._options, self._folder = options, folder
        self._trees = {"this": _TREE} | ({"also": options.also.resolve()} if options.also else {})
        self._found: dict[str, list[dict[str, float]]] = {}
        self._tweets, self._sample = self._make_sample()

    def _make_sample(self) -> tuple[list[ArchiveRecord], Path]:
        (self._folder / "watchlist.toml").write_text(demo_watchlist())
        tweets = list(islice(simulate(default_scenario(seed=3)), _SAMPLE))
        enricher = Enricher(
            load_settings().engine(), Watchlist.load(self._folder / "watchlist.toml"), StandardAnalyzer()
        )
        records = [Record(index, tweet.time_ms + 500, tweet.key, tweet.value) for index, tweet in enumerate(tweets)]
        mentions = enricher.enrich(enricher.new_clock(0), records).mentions
        path = self._folder / "sample.msgpack"
        path.write_bytes(msgpack.encode([_mention_record(mention) for mention in mentions]))
        return [ArchiveRecord(tweet.key, tweet.value, tweet.time_ms) for tweet in tweets], path

    def run(self) -> None:
        kafka = Kafka(self._folder / "kafka")
        kafka.start()
        try:
            for run in range(self._options.runs):
                for name, tree in self._trees.items():
                    settings = self._prepare(kafka, f"{name}{run}.")
                    if self._options.idle:
                        self._idle(settings, name, tree)
                    elif self._options.rate:
                        self._paced(settings, name, tree)
                    else:
                        self._full(settings, name, tree)
        finally:
            kafka.stop()
        self._tell()

    def _prepare(self, kafka: Kafka, prefix: str) -> Settings:
        settings = load_settings(
            brokers=kafka.bootstrap,
            topic_prefix=prefix,
            watchlist=self._folder / "watchlist.toml",
            data_dir=self._folder / "faust",
            rebalance_timeout_s=2.0,
            session_timeout_s=6.0,
            web_port=0,
            log_level="WARNING",
            **dict(each.split("=", 1) for each in self._options.set),
        )
        asyncio.run(create_topics(settings, raw_partitions=1, partitions=self._options.partitions, replication=1))
        time.sleep(2.0)  # until the broker answers with all of them
        return settings

    def _roles(self) -> list[str]:
        return self._options.role or ["enrich", "track"]

    def _note(self, what: str, figures: dict[str, float]) -> None:
        print(what, {key: round(value, 2) for key, value in figures.items()}, file=sys.stderr, flush=True)
        self._found.setdefault(what, []).append(figures)

    def _idle(self, settings: Settings, name: str, tree: Path) -> None:
        for role in self._roles():
            with worker(settings, role, tree, records=1, sample=self._sample, idle_s=self._options.idle) as process:
                self._note(f"{role} idle, {name}", figures_of(process))

    def _full(self, settings: Settings, name: str, tree: Path) -> None:
        asyncio.run(feed(settings, islice(cycle(self._tweets), self._options.records)))
        for role in ["enrich", "track"]:
            with worker(settings, role, tree, records=self._options.records, sample=self._sample) as process:
                self._note(f"{role}, {name}", figures_of(process))

    def _paced(self, settings: Settings, name: str, tree: Path) -> None:
        count, told = self._options.records, {"sample": self._sample}
        with (
            worker(settings, "enrich", tree, records=count, **told) as enrich,
            worker(settings, "track", tree, records=count, **told) as track,
        ):
            for process in (enrich, track):
                cast("TextIO", process.stdout).readline()  # it is ready
            pause_ms = 1000 * self._options.burst // self._options.rate
            tweets = islice(cycle(self._tweets), count)
            paced = (
                ArchiveRecord(tweet.key, tweet.value, index // self._options.burst * pause_ms)
                for index, tweet in enumerate(tweets)
            )
            asyncio.run(feed(settings, paced, speed=1.0))
            self._note(f"enrich paced, {name}", figures_of(enrich, 30))
            self._note(f"track paced, {name}", figures_of(track, 30))

    def _tell(self) -> None:
        for what, runs in sorted(self._found.items()):
            print(what)
            for figure in runs[0]:
                values = [run[figure] for run in runs]
                print(f"    {figure:<16} {statistics.median(values):>10.2f} ({min(values):.2f} to {max(values):.2f})")


if __name__ == "__main__":
    main()
