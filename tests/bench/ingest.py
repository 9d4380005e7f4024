"""The way in at speed: one ingester on one core, between a stream of X and a real Kafka on the other.

At 10,000 posts a second for a minute, and at whatever it takes. The sum is held: as many records in Kafka as were sent,
each ID once, and no gap.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from aiokafka import AIOKafkaConsumer, TopicPartition

from agents.embedded.probe import LOOPBACK, free_port
from agents.processes import role_environment
from agents.role import ingest_web_port
from agents.settings import Settings, load_settings
from tests.bench.cluster import Cluster
from tests.bench.firehose import Firehose
from tests.bench.measuring import Child, cpu_seconds, peak_rss_mib
from tests.bench.results import Ingest, Options, Results, Target
from tests.ports import free_ports

__all__ = ["run"]

_RATE = 10_000.0
_PARTITIONS = 8
_POLL_S = 0.25
_WATCHLIST = 'version = 1\n[brands.contoso]\nname = "Contoso"\naliases = ["Contoso"]\n'


def run(options: Options, results: Results) -> None:
    """Measure both; ``options.quick`` takes a third of the posts.

    Raises
    ------
    SystemExit
        The ingester ended, or posts are missing.
    """
    seconds = 20 if options.quick else 60
    results.ingest = []
    with Cluster(pin=options.pin) as cluster:
        for name, rate, posts in (
            ("10,000 a second", _RATE, int(_RATE * seconds)),
            ("as fast as it goes", 0.0, int(_RATE * seconds / 2)),
        ):
            found = _Run(cluster, name, rate, posts).measure()
            results.ingest.append(found)
            print(f"ingest, {name}: {_said(found)}", file=sys.stderr, flush=True)
    asked, full = results.ingest
    _judge(results, asked, full)


def _judge(results: Results, asked: Ingest, full: Ingest) -> None:
    name = "posts from X to Kafka"
    results.judge(
        Target(name=f"{name}, sustained on one core", at_least=0.97 * _RATE, measured=asked.per_second, unit="posts/s")
    )
    results.judge(Target(name=f"{name}, CPU of one core", at_most=100.0, measured=asked.cpu_us, unit="µs a post"))
    results.judge(Target(name=f"{name}, at full speed", at_least=_RATE, measured=full.per_second, unit="posts/s"))
    results.judge(Target(name=f"{name}, behind at the end", at_most=1.0, measured=asked.behind_s, unit="s"))


def _said(found: Ingest) -> str:
    return (
        f"{found.per_second:,.0f} posts/s, {found.cpu_us:.1f} µs a post, {found.behind_s:.2f} s behind at the end, "
        f"spool at most {found.spool_mib:.1f} MiB, {found.rss_mib:.0f} MiB; "
        f"{found.sent:,} sent, {found.stored:,} stored"
    )


class _Run:
    """One stream from its first post to its last."""

    def __init__(self, cluster: Cluster, name: str, rate: float, posts: int) -> None:
        self._cluster, self._name, self._posts = cluster, name, posts
        self._prefix = f"ingest{rate:.0f}."
        self._told = cluster.folder / f"{self._prefix}told.jsonl"
        self._plan = Firehose(port=free_port(), posts=posts, rate=rate, told=str(self._told))

    def measure(self) -> Ingest:
        """Run it."""
        cluster, settings = self._cluster, self._settings()
        cluster.create({settings.topics.raw: _PARTITIONS})
        server_log = cluster.folder / f"{self._prefix}server.log"
        environment = {**role_environment(settings), "PYTHONPATH": str(Path.cwd())}
        command = [sys.executable, "-m", "agents.cli.run", "ingest", "x"]
        with (
            Child(self._plan.arguments(), environment, server_log, cluster.broker_core) as server,
            ExitStack() as stack,
        ):
            _wait(lambda: self._when("ready"), server, "the stream is made", 300.0)
            log = cluster.folder / f"{self._prefix}log"
            ingester = stack.enter_context(Child(command, environment, log, cluster.worker_core))
            pages = f"http://{LOOPBACK}:{ingest_web_port(settings)}/metrics"
            _wait(lambda: _metric(pages, "posts_total"), ingester, "the first post is put", 60.0)
            began, cpu, first = time.time(), cpu_seconds(ingester.pid), _metric(pages, "stored_total")
            spool = 0.0
            while (stored := _metric(pages, "stored_total")) < self._posts:
                ingester.check()
                spool = max(spool, _metric(pages, "spool_bytes"))
                if time.time() - began > 600.0:
                    raise SystemExit(f"{self._posts - stored:,.0f} of {self._posts:,} posts are not stored")
                time.sleep(_POLL_S)
            ended = time.time()
            cpu = cpu_seconds(ingester.pid) - cpu
            rss = peak_rss_mib(ingester.pid)
        records, ids = asyncio.run(_counted(settings))
        if records != self._posts or ids != self._posts:
            raise SystemExit(f"{self._posts:,} posts sent, {records:,} records stored, {ids:,} different IDs")
        return Ingest(
            name=self._name,
            sent=self._posts,
            stored=records,
            per_second=(self._posts - first) / (ended - began),
            cpu_us=1e6 * cpu / (self._posts - first),
            behind_s=max(0.0, ended - (self._when("sent") or ended)),
            spool_mib=spool / 2**20,
            rss_mib=rss,
        )

    def _settings(self) -> Settings:
        folder = self._cluster.folder
        watchlist, token = folder / "ingest.toml", folder / "token"
        watchlist.write_text(_WATCHLIST, encoding="utf-8")
        token.write_text("token-1", encoding="utf-8")
        token.chmod(0o600)
        return load_settings(
            brokers=self._cluster.bootstrap,
            topic_prefix=self._prefix,
            watchlist=watchlist,
            x_token_file=token,
            x_api=f"http://{LOOPBACK}:{self._plan.port}",
            ingest_dir=folder / f"{self._prefix}journal",
            web_port=free_ports(5),
        )

    def _when(self, what: str) -> float | None:
        """Return when the server said something."""
        if not self._told.exists():
            return None
        said = [json.loads(line) for line in self._told.read_text(encoding="utf-8").splitlines()]
        return next((float(each[what]) for each in said if what in each), None)


def _wait(condition: Callable[[], object], child: Child, what: str, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        child.check()
        if time.monotonic() > deadline:
            raise SystemExit(f"waited {timeout_s:.0f} s in vain until {what}")
        time.sleep(0.02)


def _metric(url: str, name: str) -> float:
    try:
        with urlopen(url, timeout=5.0) as answer:  # noqa: S310 - our own ingester
            lines = answer.read().decode().splitlines()
    except (URLError, OSError):
        return 0.0
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"vigie_ingest_{name}{{"))


async def _counted(settings: Settings) -> tuple[int, int]:
    """Return how many records the topic has, and how many different keys."""
    places = [TopicPartition(settings.topics.raw, number) for number in range(_PARTITIONS)]
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.brokers, max_partition_fetch_bytes=8 << 20)
    await consumer.start()
    try:
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        ends = await consumer.end_offsets(places)
        keys: set[bytes | None] = set()
        left = sum(ends.values())
        while left > 0:
            for batch in (await consumer.getmany(timeout_ms=1000)).values():
                left -= len(batch)
                keys.update(record.key for record in batch)
        return sum(ends.values()), len(keys)
    finally:
        await consumer.stop()
