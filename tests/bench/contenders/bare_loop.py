"""The practical limit: aiokafka's own loop around the pure functions, with nothing that keeps results exact.

Records are read by ``getmany`` and written by ``create_batch`` and ``send_batch``, aiokafka's fastest ways; offsets are
committed every second. Enrich and track are two loops in one process on the same two topics as Vigie's. There are no
tables, no life cycle, no metrics, no dead letters, no recovery: the state of a brand is written and never read.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from pipeline.settings import EngineSettings
from pipeline.tracker import Tracker
from schemas.codec import encode
from schemas.reading import read_mention_records
from schemas.window import WindowClosed
from tests.bench.contenders import Setup
from tests.bench.contenders.work import Reader, outgoing, quiet_collector

_COMMIT_S = 1.0
Records = Sequence[Any]
Written = Iterable[tuple[str, bytes | None, bytes, list[tuple[str, bytes]]]]
"""Topic, key, value and headers."""


async def main() -> None:
    setup = Setup.told()
    producer = AIOKafkaProducer(
        bootstrap_servers=setup.brokers,
        acks="all",
        enable_idempotence=True,
        compression_type="zstd",
        linger_ms=5,
        max_batch_size=512 * 1024,
    )
    await producer.start()
    loops = [loop(setup, setup.raw, "enrich", enrich(setup), producer)]
    if setup.chain:
        loops.append(loop(setup, setup.mentions, "track", track(setup), producer))
    quiet_collector()
    running = asyncio.gather(*loops)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
    try:
        await running
    except asyncio.CancelledError:
        await producer.stop()


def enrich(setup: Setup) -> Callable[[Records], Written]:
    reader = Reader(setup.watchlist)

    def work(records: Records) -> Written:
        for mention in reader.read(records):
            yield (setup.mentions, *outgoing(mention))
        yield setup.mentions, None, encode(reader.watermark()), []

    return work


def track(setup: Setup) -> Callable[[Records], Written]:
    tracker = Tracker(EngineSettings(), 0)

    def work(records: Records) -> Written:
        step = tracker.step(read_mention_records([record.value for record in records]))
        for event in step.events:
            topic = setup.windows if isinstance(event, WindowClosed) else setup.crises
            yield topic, event.brand.encode(), encode(event), []
        for brand, state in step.states.items():
            yield setup.states, brand.encode(), state, []

    return work


async def loop(
    setup: Setup, topic: str, stage: str, work: Callable[[Records], Written], producer: AIOKafkaProducer
) -> None:
    """Read, work, write; commit every second what is written."""
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=setup.brokers,
        group_id=setup.group(stage),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        session_timeout_ms=60_000,
    )
    await consumer.start()
    try:
        clock = asyncio.get_running_loop().time
        due, unsaid = clock(), False
        while True:
            found = await consumer.getmany(max_records=setup.batch, timeout_ms=200)
            for records in found.values():
                await write(producer, work(records))
                unsaid = True
            if unsaid and clock() >= due:
                await consumer.commit()
                due, unsaid = clock() + _COMMIT_S, False
    finally:
        await consumer.stop()


async def write(producer: AIOKafkaProducer, records: Written) -> None:
    """Write records and return when all are acknowledged."""
    batches: dict[str, Any] = {}
    sent: list[Awaitable[Any]] = []
    for topic, key, value, headers in records:
        batch = batches.get(topic)
        if batch is None:
            batch = batches[topic] = producer.create_batch()
        if batch.append(key=key, value=value, timestamp=None, headers=headers) is None:
            sent.append(await producer.send_batch(batch, topic, partition=0))
            batch = batches[topic] = producer.create_batch()
            batch.append(key=key, value=value, timestamp=None, headers=headers)
    for topic, batch in batches.items():
        sent.append(await producer.send_batch(batch, topic, partition=0))
    await asyncio.gather(*sent)


if __name__ == "__main__":
    asyncio.run(main())
