"""One contender of the bench, in a process of its own: reads a topic, says what it cost, ends."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any, cast

import faust

from agents.app import create_app
from agents.role import Role
from agents.settings import Settings, load_settings
from agents.transport import BatchProducer, BatchTopic
from agents.watchlist import WatchlistFile
from pipeline.enrich import Enricher
from pipeline.records import Record
from pipeline.text import StandardAnalyzer
from schemas import cloudevents
from schemas.cloudevents import EventType
from schemas.codec import encode

CONTENDERS = ("stock transport", "batch transport", "stock faust enrich", "vigie enrich", "vigie track")


def stock_mentions(settings: Settings) -> str:
    """Where stock Faust writes, so that the track contender reads Vigie's own mentions only."""
    return f"{settings.topic_prefix}bench.mentions"


class Meter:
    """CPU and wall time of this process between the first record and the last."""

    def __init__(self, expected: int) -> None:
        self.expected = expected
        self.seen = 0
        self._cpu = self._wall = 0.0

    def count(self, records: int) -> None:
        if not self.seen:
            self._cpu, self._wall = time.process_time(), time.perf_counter()
            self._first = records
        self.seen += records
        if self.seen >= self.expected:
            self.report({})

    def report(self, parts: dict[str, float]) -> None:
        counted = self.seen - self._first
        cpu, wall = time.process_time() - self._cpu, time.perf_counter() - self._wall
        figures = {
            "records": counted,
            "cpu_us": cpu / counted * 1e6,
            "per_second": counted / wall,
            "parts": {name: seconds / self.seen * 1e6 for name, seconds in parts.items()},
        }
        print(json.dumps(figures), flush=True)
        os._exit(0)


def plain_app(settings: Settings, name: str, scheme: str) -> faust.App:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    return faust.App(
        f"{settings.topic_prefix}bench-{name}",
        broker=f"{scheme}://{settings.brokers}",
        store="memory://",
        datadir=str(settings.data_dir / name),
        topic_allow_declare=False,
        topic_disable_leader=True,
        broker_max_poll_records=settings.max_batch_records,
        broker_rebalance_timeout=settings.rebalance_timeout_s,
        broker_session_timeout=settings.session_timeout_s,
        broker_heartbeat_interval=settings.session_timeout_s / 5,
        broker_commit_interval=1.0,
        consumer_auto_offset_reset="earliest",
        producer_linger=0.005,
        producer_compression_type="lz4",
        web_enabled=False,
        worker_redirect_stdouts=False,
    )


def stock_transport(settings: Settings, meter: Meter) -> faust.App:
    app = plain_app(settings, "stock", "aiokafka")
    topic = app.topic(settings.topics.raw, key_type=bytes, value_type=bytes)

    @app.agent(topic)
    async def read(stream: Any) -> None:
        async for _value in stream:
            meter.count(1)

    return app


def batch_transport(settings: Settings, meter: Meter) -> faust.App:
    app = plain_app(settings, "batch", "batch")
    cast("BatchProducer", app.producer).idempotent = settings.idempotent_producer
    topic = BatchTopic(app, topics=[settings.topics.raw], maxsize=8, key_type=bytes, value_type=bytes)

    @app.agent(topic)
    async def read(stream: Any) -> None:
        async for batch in stream:
            batch.complete()
            meter.count(len(batch))

    return app


def stock_enrich(settings: Settings, meter: Meter) -> faust.App:
    """The work of the enrich stage as a Faust tutorial would write it."""
    app = plain_app(settings, "stock-enrich", "aiokafka")
    raw = app.topic(settings.topics.raw, key_type=bytes, value_type=bytes)
    mentions = app.topic(stock_mentions(settings), key_type=bytes, value_type=bytes)
    enricher = Enricher(
        settings.engine(),
        WatchlistFile(settings.watchlist, create_app(settings, Role.ENRICH).metrics).current,
        StandardAnalyzer(),
    )
    clocks: dict[int, Any] = {}

    @app.agent(raw)
    async def enrich(stream: Any) -> None:
        async for event in stream.events():
            message = event.message
            clock = clocks.setdefault(message.partition, enricher.new_clock(message.partition))
            record = Record(message.offset, int(message.timestamp * 1000), message.key, message.value)
            for mention in enricher.enrich(clock, [record]).mentions:
                headers = cloudevents.headers(
                    id=mention.id,
                    type=EventType.MENTION,
                    subject=mention.brand,
                    time_ms=mention.time_ms,
                    stage="enrich",
                )
                await mentions.send(key=mention.brand.encode(), value=encode(mention), headers=headers)
            meter.count(1)

    return app


def vigie(settings: Settings, meter: Meter, role: Role) -> faust.App:
    app = create_app(settings, role)
    counter = app.metrics.records.labels(role.value)

    @app.timer(0.01)  # type: ignore[untyped-decorator]
    async def watch() -> None:
        new = int(counter._value.get()) - meter.seen
        if new and meter.seen + new >= meter.expected:
            meter.seen += new
            meter.report(
                {
                    sample.labels["part"]: sample.value
                    for metric in app.metrics.step_cpu.collect()
                    for sample in metric.samples
                    if sample.name.endswith("_total")
                }
            )
        if new:
            meter.count(new)

    return app


def main() -> None:
    name, expected = sys.argv[1], int(sys.argv[2])
    settings, meter = load_settings(), Meter(expected)
    match name:
        case "stock transport":
            app = stock_transport(settings, meter)
        case "batch transport":
            app = batch_transport(settings, meter)
        case "stock faust enrich":
            app = stock_enrich(settings, meter)
        case "vigie enrich":
            app = vigie(settings, meter, Role.ENRICH)
        case _:
            app = vigie(settings, meter, Role.TRACK)
    faust.Worker(app, loglevel="WARNING", quiet=True, stdout=sys.stderr).execute_from_commandline()


if __name__ == "__main__":
    main()
