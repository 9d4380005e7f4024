"""Bytewax: batches by ``flat_map_batch``, a keyed window by ``fold_window`` that does not sort, Kafka in and out.

In its favour: mentions go to the window inside the process and not by way of their topic, and nothing is kept for a
recovery. Its Kafka source keeps no offsets on the broker: it is done when all mentions are written.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import bytewax.operators as op
from bytewax.connectors.kafka import KafkaSink, KafkaSinkMessage, KafkaSource
from bytewax.dataflow import Dataflow
from bytewax.operators.windowing import EventClock, TumblingWindower, fold_window
from bytewax.run import cli_main

from pipeline.records import Record
from schemas.mention import Mention
from tests.bench.contenders import Setup
from tests.bench.contenders.work import MINUTE_MS, Reader, Scores, is_negative, outgoing, quiet_collector

_EPOCH = datetime(2025, 1, 1, tzinfo=UTC)
Counts = tuple[int, int]


def main() -> None:
    setup = Setup.told()
    reader, scores = Reader(setup.watchlist), Scores()
    flow = Dataflow("bench")
    source = KafkaSource([setup.brokers], [setup.raw], batch_size=setup.batch)
    sink = KafkaSink([setup.brokers], None, {"compression.type": "lz4", "enable.idempotence": "true"})

    def read(batch: list[Any]) -> list[Mention]:
        return reader.read([Record(each.offset, each.timestamp[1], each.key, each.value) for each in batch])

    def write(batch: list[Mention]) -> list[Any]:
        return [message(setup.mentions, *outgoing(mention)) for mention in batch]

    mentions = op.flat_map_batch("read", op.input("raw", flow, source), read)
    op.output("mentions", op.flat_map_batch("write", mentions, write), sink)
    if setup.chain:
        keyed = op.flat_map_batch("key", mentions, lambda batch: [(mention.brand, mention) for mention in batch])
        counted = fold_window(
            "count",
            keyed,
            EventClock(ts_getter=time_of, wait_for_system_duration=timedelta(seconds=30)),
            TumblingWindower(length=timedelta(minutes=1), align_to=_EPOCH),
            builder=lambda: (0, 0),
            folder=lambda counts, mention: (counts[0] + 1, counts[1] + is_negative(mention)),
            merger=lambda one, other: (one[0] + other[0], one[1] + other[1]),
            ordered=False,
        )

        def score(closed: tuple[str, tuple[int, Counts]]) -> Any:
            brand, (number, counts) = closed
            minute_ms = int(_EPOCH.timestamp() * 1000) + number * MINUTE_MS
            return message(setup.windows, *scores.score(brand, minute_ms, *counts))

        op.output("windows", op.map("score", counted.down, score), sink)
    quiet_collector()
    cli_main(flow)


def time_of(mention: Mention) -> datetime:
    return datetime.fromtimestamp(mention.time_ms / 1000, UTC)


def message(topic: str, key: bytes, value: bytes, headers: Any = ()) -> Any:
    return KafkaSinkMessage(key=key, value=value, topic=topic, headers=list(headers))


if __name__ == "__main__":
    main()
