"""Faust as it comes, with its own aiokafka transport: batches by ``take``, counts in windowed tables.

In its favour: the counts of a batch are added to the tables at once, and not one by one.
"""

from __future__ import annotations

import asyncio
import os
import sys
import traceback
from collections import Counter
from collections.abc import Callable
from typing import Any, cast

import faust

from pipeline.records import Record
from schemas.mention import Mention
from schemas.reading import read_mention_records
from tests.bench.contenders import Setup
from tests.bench.contenders.work import MINUTE_MS, Reader, Scores, is_negative, outgoing, quiet_collector

_WITHIN_S = 0.05
_LATENESS_MS = 30_000


class App(faust.App):
    """Ends when an agent fails: Faust would start the agent anew, behind the batch that it failed on."""

    async def _on_agent_error(self, agent: Any, exc: BaseException) -> None:
        traceback.print_exception(exc)
        os._exit(1)


def main() -> None:
    setup = Setup.told()
    app = App(
        setup.group("stock"),
        broker=f"aiokafka://{setup.brokers}",
        store="memory://",
        datadir=setup.folder,
        topic_allow_declare=True,
        topic_disable_leader=True,
        topic_partitions=1,
        broker_max_poll_records=setup.batch,
        broker_session_timeout=60.0,
        broker_request_timeout=90.0,
        broker_heartbeat_interval=3.0,
        broker_commit_interval=1.0,
        consumer_auto_offset_reset="earliest",
        stream_buffer_maxsize=setup.batch * 4,
        producer_linger=0.005,
        producer_compression_type="zstd",
        producer_max_batch_size=512 * 1024,
        web_enabled=False,
        worker_redirect_stdouts=False,
    )
    reader = Reader(setup.watchlist)
    raw, mentions, windows = (
        app.topic(name, key_serializer="raw", value_serializer="raw")
        for name in (setup.raw, setup.mentions, setup.windows)
    )

    @app.agent(raw)
    async def enrich(stream: Any) -> None:
        async for events in stream.take_events(setup.batch, within=_WITHIN_S):
            records = [record_of(event.message) for event in events]
            sent = []
            for mention in reader.read(records):
                key, value, headers = outgoing(mention)
                stamp_s = mention.time_ms / 1000
                sent.append(await mentions.send(key=key, value=value, headers=headers, timestamp=stamp_s))
            await asyncio.gather(*sent)

    if setup.chain:
        define_track(app, mentions, windows, setup.batch)
    quiet_collector()
    faust.Worker(app, loglevel="WARNING", quiet=True, stdout=sys.stderr).execute_from_commandline()


def define_track(app: faust.App, mentions: Any, windows: Any, batch: int) -> None:
    """Count each minute of each brand in windowed tables, and score it when no more is to be expected for it."""
    scores, window = Scores(), {"s": 0.0}
    volume, negative = (windowed(app, name, lambda _event: window["s"]) for name in ("volume", "negative"))
    open_minutes: set[tuple[int, str]] = set()
    newest_ms = 0

    @app.agent(mentions)
    async def track(stream: Any) -> None:
        nonlocal newest_ms
        async for values in stream.take(batch, within=_WITHIN_S):
            read = cast("list[Mention]", read_mention_records(values))
            newest_ms = max(newest_ms, *(mention.time_ms for mention in read))
            places = [
                (mention.time_ms // MINUTE_MS * MINUTE_MS, mention.brand, is_negative(mention)) for mention in read
            ]
            for table, counted in (
                (volume, Counter(place[:2] for place in places)),
                (negative, Counter(place[:2] for place in places if place[2])),
            ):
                for (minute_ms, brand), count in counted.items():
                    window["s"] = minute_ms / 1000
                    table[brand] += count
            open_minutes.update(place[:2] for place in places)
            for minute_ms, brand in sorted(open_minutes):
                if minute_ms + MINUTE_MS + _LATENESS_MS > newest_ms:
                    break
                open_minutes.remove((minute_ms, brand))
                window["s"] = minute_ms / 1000
                key, value = scores.score(brand, minute_ms, volume[brand].value(), negative[brand].value())
                await windows.send(key=key, value=value)


def windowed(app: faust.App, name: str, seconds_of: Callable[[Any], float]) -> Any:
    # Its partitioner, since in a loop over batches there is no current event for the table to take a partition from.
    table: Any = app.Table(name, default=int, partitions=1, use_partitioner=True).tumbling(60.0, expires=600.0)
    return table.relative_to(seconds_of)


def record_of(message: Any) -> Record:
    return Record(message.offset, int(message.timestamp * 1000), message.key, message.value)


if __name__ == "__main__":
    main()
