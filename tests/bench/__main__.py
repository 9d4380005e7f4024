"""``make bench``: what a tweet costs on the live path, beside stock Faust doing the same work.

Every figure is CPU time of the worker's own process, from its first record to its last, on tweets it has
not seen before. Contenders take turns, so that a busy machine hits all of them alike.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from agents.feed import feed
from agents.processes import role_environment
from agents.settings import Settings, load_settings
from agents.topics import create_topics
from agents.transport import end_offsets
from pipeline.archive import ArchiveRecord
from pipeline.simulate import default_scenario, demo_watchlist, simulate
from tests.bench.contender import CONTENDERS, stock_mentions
from tests.brokers.base import Broker
from tests.brokers.client import create_topics as create_plain_topics
from tests.brokers.embedded import Embedded
from tests.brokers.kafka import Kafka


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--tweets", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--broker", choices=["embedded", "kafka"], default="embedded")
    arguments = parser.parse_args()
    tweets = [
        ArchiveRecord(t.key, t.value, t.time_ms) for t in islice(simulate(default_scenario(seed=3)), arguments.tweets)
    ]
    figures: dict[str, list[dict[str, Any]]] = {name: [] for name in CONTENDERS}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        broker: Broker = Embedded() if arguments.broker == "embedded" else Kafka(Path(folder) / "kafka")
        broker.start()
        stack.callback(broker.stop)
        for run in range(arguments.runs):
            settings = prepare(broker, Path(folder), run)
            asyncio.run(feed(settings, tweets))
            for name in CONTENDERS:
                print(f"run {run + 1} of {arguments.runs}: {name}", file=sys.stderr, flush=True)
                figures[name].append(measure(settings, name, len(tweets)))
    print(describe(figures, arguments.broker))
    Path("build").mkdir(exist_ok=True)
    Path("build/bench.json").write_text(json.dumps(figures, indent=2))


def prepare(broker: Broker, folder: Path, run: int) -> Settings:
    (folder / "watchlist.toml").write_text(demo_watchlist())
    settings = load_settings(
        brokers=broker.bootstrap,
        topic_prefix=f"run{run}.",
        watchlist=folder / "watchlist.toml",
        data_dir=folder / "faust",
        idempotent_producer=broker.kind == "kafka",
        rebalance_timeout_s=2.0,
        session_timeout_s=3.0,
        web_port=0,
        log_level="WARNING",
    )
    asyncio.run(create_topics(settings, raw_partitions=1, partitions=1, replication=1))
    asyncio.run(create_plain_topics(broker.bootstrap, {stock_mentions(settings): 1}))
    return settings


async def last_offset(settings: Settings, topic: str) -> int:
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.brokers)
    await consumer.start()
    try:
        tp = TopicPartition(topic, 0)
        consumer.assign([tp])
        return (await end_offsets(consumer, [tp]))[tp]
    finally:
        await consumer.stop()


def measure(settings: Settings, name: str, tweets: int) -> dict[str, Any]:
    topic = settings.topics.mentions if name == "vigie track" else settings.topics.raw
    expected = asyncio.run(last_offset(settings, topic)) if name == "vigie track" else tweets
    environment = role_environment(settings) | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.contender", name, str(expected)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode or not done.stdout.strip():
        raise SystemExit(f"{name} failed:\n{done.stderr[-3000:]}")
    figures: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return figures


def describe(figures: dict[str, list[dict[str, Any]]], broker: str) -> str:
    lines = [
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {broker} broker",
        "median (range) over the runs",
        f"{'':<20} {'CPU µs a record':>24} {'records/s':>12}  of which",
    ]
    for name, runs in figures.items():
        cpu = [run["cpu_us"] for run in runs]
        rate = statistics.median(run["per_second"] for run in runs)
        parts = {part: statistics.median(run["parts"].get(part, 0.0) for run in runs) for part in runs[0]["parts"]}
        listed = ", ".join(f"{part} {value:.1f}" for part, value in parts.items())
        spread = f"{statistics.median(cpu):.1f} ({min(cpu):.1f}-{max(cpu):.1f})"
        lines.append(f"{name:<20} {spread:>24} {rate:>12,.0f}  {listed}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
