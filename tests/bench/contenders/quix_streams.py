"""Quix Streams: one record at a time, which is what it has, and a keyed tumbling window in its own state store.

Mentions are read back from their topic, keyed by brand: ``group_by`` would make one more hop through Kafka for itself.
Offsets and state are committed every second, as everybody's.
"""

from __future__ import annotations

from typing import Any

from quixstreams import Application, message_context
from quixstreams.dataframe.windows import Count, Sum
from quixstreams.models import Serializer

from pipeline.records import Record
from schemas.mention import Mention
from schemas.reading import read_mention_record
from tests.bench.contenders import Setup
from tests.bench.contenders.work import MINUTE_MS, Reader, Scores, is_negative, outgoing, quiet_collector


class Second(Serializer):  # type: ignore[misc]
    """Writes the value of a record that is ready."""

    def __call__(self, value: Any, ctx: Any) -> bytes:
        written: bytes = value[1]
        return written


def main() -> None:
    setup = Setup.told()
    app = Application(
        broker_address=setup.brokers,
        consumer_group=setup.group("quix"),
        auto_offset_reset="earliest",
        commit_interval=1.0,
        state_dir=setup.folder,
        loglevel="WARNING",
        # Larger batches than by default: what librdkafka's documentation advises for throughput.
        producer_extra_config={"compression.type": "lz4", "linger.ms": 100, "batch.num.messages": 10_000},
        consumer_extra_config={"session.timeout.ms": 60_000, "fetch.min.bytes": 100_000, "fetch.wait.max.ms": 200},
    )
    reader, scores = Reader(setup.watchlist), Scores()
    raw = app.topic(setup.raw, value_deserializer="bytes")
    mentions = app.topic(setup.mentions, value_deserializer="bytes", value_serializer=Second())
    windows = app.topic(setup.windows, value_serializer=Second())

    def read(value: bytes, key: Any, timestamp: int, headers: Any) -> list[Mention]:
        return reader.read([Record(message_context().offset, timestamp, None, value)])

    enriched = app.dataframe(raw).apply(read, expand=True, metadata=True).apply(outgoing)
    enriched = enriched.set_headers(lambda record, *_: record[2])
    enriched.to_topic(mentions, key=lambda record: record[0])
    if setup.chain:
        tracked = app.dataframe(mentions).apply(read_mention_record)
        tracked = tracked.set_timestamp(lambda mention, *_: mention.time_ms)
        tracked = tracked.apply(lambda mention: {"negative": int(is_negative(mention))})
        counted = tracked.tumbling_window(MINUTE_MS, grace_ms=30_000).agg(volume=Count(), negative=Sum("negative"))

        def score(value: dict[str, int], key: bytes, timestamp: int, headers: Any) -> tuple[bytes, bytes]:
            return scores.score(key.decode(), value["start"], value["volume"], value["negative"])

        counted.final().apply(score, metadata=True).to_topic(windows)
    quiet_collector()
    app.run()


if __name__ == "__main__":
    main()
