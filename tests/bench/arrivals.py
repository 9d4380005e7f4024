"""``python -m tests.bench.arrivals PLAN``: tweets that arrive by a schedule, whether or not anybody keeps up.

A process of its own. It makes all of its record batches first (nothing is left to do then but to send them), says so
on standard output, and waits for a line on standard input. From then on every hundredth of a second is due what the
rate asks for. Nothing that the broker or the workers do changes when the next tweets are due, so a system that stalls
is not spared the tweets of that time (no coordinated omission). How late each of these batches was appended is told.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from heapq import merge
from pathlib import Path
from typing import Any

import msgspec
from aiokafka import AIOKafkaProducer

from pipeline.simulate.payload import SNOWFLAKE_EPOCH_MS
from tests.bench.load import START_MS, Load
from tests.bench.outbursts import COMPLAINTS, TALK_A_MINUTE, Outbursts, brand_key, watchlist

__all__ = ["Arrivals", "Batch", "Closing", "Plan", "Ready", "Stream", "Told", "event_ms", "ready"]

TICK_S = 0.01
_BATCH_BYTES = 8 << 20
_MINUTE_MS = 60_000
_UNPACED = 500
"""Tweets in a batch where there is no rate."""
_ID = b'"id":"'


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """A firehose: a few brands that everybody talks of, many that few do, and crises of the latter."""

    brands: int = 20
    """Of the first kind."""
    outbursts: int = 400
    """Of the second; each has one crisis."""
    first: int = 1
    minutes: int = 50
    """Crises begin in as many minutes of event time, from minute ``first`` on."""
    tweets_per_second: float = 200.0
    """Of event time."""
    tweets: int = 800_000
    """How many there are."""
    seed: int = 3

    def watchlist(self) -> str:
        """Return all brands, TOML."""
        return f"{self._load().watchlist()}\n{watchlist(self.outbursts)}"

    def keys(self) -> list[str]:
        """Return the keys of the brands that have crises."""
        return [brand_key(number) for number in range(self.outbursts)]

    def lines(self, count: int) -> Iterator[bytes]:
        """Yield the first payloads in the order of arrival."""
        load = self._load()
        with load.file(self.tweets).open("rb") as file:
            often = ((at * 1000 / load.tweets_per_second, line.rstrip(b"\n")) for at, line in enumerate(file))
            for at, (_, line) in enumerate(merge(often, self._seldom(), key=lambda each: each[0])):
                if at == count:
                    return
                yield line

    def _load(self) -> Load:
        seldom = self.outbursts * (TALK_A_MINUTE + COMPLAINTS / self.minutes) / 60
        if seldom > self.tweets_per_second / 2:
            raise ValueError(f"{seldom:.0f} of {self.tweets_per_second} tweets a second are of outbursts")
        return Load(brands=self.brands, tweets_per_second=self.tweets_per_second - seldom, seed=self.seed)

    def _seldom(self) -> Iterator[tuple[float, bytes]]:
        outbursts = Outbursts(self.outbursts, first=self.first, minutes=self.minutes, seed=self.seed)
        minute = 0
        while True:
            said = list(outbursts.minute(minute))
            for at, (number, tone) in enumerate(said):
                after_ms = (minute + at / len(said)) * _MINUTE_MS
                yield after_ms, outbursts.line(number, tone, START_MS + int(after_ms))
            minute += 1


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be sent."""

    bootstrap: str
    topic: str
    partitions: int
    stream: Stream
    count: int
    lateness_ms: int
    told: str
    """Path of the file that tells in the end what was sent."""
    rate: float | None = None
    """Tweets a second; none is as fast as possible."""


class Batch(msgspec.Struct, frozen=True, array_like=True):
    """Tweets that were due together."""

    partition: int
    offset: int
    """Of the first."""
    due_ms: float
    appended_ms: int
    """By the broker's clock."""


class Closing(msgspec.Struct, frozen=True, array_like=True):
    """The first tweet that lets a minute be closed; of several partitions, in the one where it comes last."""

    end_ms: int
    """Of the minute, event time."""
    sequence: int
    """Tweets sent before it."""
    due_ms: float
    appended_ms: int


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What was sent, and when."""

    count: int
    batches: list[Batch]
    closings: list[Closing]
    woken_ms: list[float]
    """How long after it was due each batch was handed to the producer, milliseconds; none without a rate."""


@dataclass(slots=True, kw_only=True)
class Ready:
    """A batch that is ready to be sent, and the minutes that its tweets let be closed."""

    due_s: float
    """After the start."""
    partition: int
    builder: Any
    closes: list[tuple[int, int]]
    """End of the minute, epoch milliseconds, and number of the tweet."""
    sent: asyncio.Future[Any] | None = None


def event_ms(line: bytes) -> int:
    """Return the time of a tweet, by its ID.

    >>> event_ms(b'{"data":{"id":"1424570400250","text":""}}')
    1288835314301
    """
    begin = line.index(_ID) + len(_ID)
    return (int(line[begin : line.index(b'"', begin)]) >> 22) + SNOWFLAKE_EPOCH_MS


def ready(plan: Plan, lines: Iterable[bytes], create: Callable[[], Any]) -> list[Ready]:
    """Put tweets into the batches of a plan, closed and compressed, in the order in which they are due."""
    out: list[Ready] = []
    newest = [START_MS] * plan.partitions
    for at, line in enumerate(lines):
        partition = at % plan.partitions
        tick = at // _UNPACED if plan.rate is None else int(at / plan.rate / TICK_S)
        due_s = (tick + 1) * TICK_S
        found = next((each for each in reversed(out[-plan.partitions :]) if each.partition == partition), None)
        if found is None or found.due_s != due_s:
            found = Ready(due_s=due_s, partition=partition, builder=create(), closes=[])
            out.append(found)
        if found.builder.append(timestamp=None, key=None, value=line) is None:
            raise SystemExit("a batch of the load is larger than the producer allows")
        time_ms = event_ms(line) - plan.lateness_ms
        if time_ms > newest[partition]:
            ends = range(newest[partition] // _MINUTE_MS + 1, time_ms // _MINUTE_MS + 1)
            found.closes += [(end * _MINUTE_MS, at) for end in ends]
            newest[partition] = time_ms
    for each in out:
        each.builder._build()
    return out


class Arrivals:
    """Sends what is ready, each batch when it is due.

    Parameters
    ----------
    plan : Plan
        Where to.
    producer : AIOKafkaProducer
        Started.
    """

    def __init__(self, plan: Plan, producer: AIOKafkaProducer) -> None:
        self._plan = plan
        self._producer = producer
        self._queues: list[asyncio.Queue[Ready | None]] = [asyncio.Queue() for _ in range(plan.partitions)]

    @property
    def waiting(self) -> int:
        """How many batches are due and not with the producer yet."""
        return sum(queue.qsize() for queue in self._queues)

    async def send(self, batches: list[Ready]) -> Told:
        """Send all of them, and return when the broker has them all."""
        start_ms, began, woken_ms = time.time() * 1000, time.perf_counter(), []
        async with asyncio.TaskGroup() as group:
            for queue in self._queues:
                group.create_task(self._hand_on(queue))
            for batch in batches:
                if self._plan.rate is not None:
                    # No number of batches that wait makes the next one wait.
                    if (wait_s := began + batch.due_s - time.perf_counter()) > 0:
                        await asyncio.sleep(wait_s)
                    woken_ms.append((time.perf_counter() - began - batch.due_s) * 1000)
                self._queues[batch.partition].put_nowait(batch)
            for queue in self._queues:
                queue.put_nowait(None)
        return await self._told(batches, start_ms, woken_ms)

    async def _hand_on(self, queue: asyncio.Queue[Ready | None]) -> None:
        """Give one partition's batches to the producer, which holds one at a time."""
        while (batch := await queue.get()) is not None:
            batch.sent = await self._producer.send_batch(batch.builder, self._plan.topic, partition=batch.partition)

    async def _told(self, batches: list[Ready], start_ms: float, woken_ms: list[float]) -> Told:
        appended: list[Batch] = []
        last: dict[int, Closing] = {}
        let: Counter[int] = Counter()
        for batch in batches:
            assert batch.sent is not None
            where = await batch.sent
            due_ms = start_ms + batch.due_s * 1000
            appended.append(Batch(batch.partition, where.offset, due_ms, where.timestamp))
            for end_ms, at in batch.closes:
                let[end_ms] += 1
                last[end_ms] = max(
                    last.get(end_ms, Closing(end_ms, 0, 0.0, 0)),
                    Closing(end_ms, at, due_ms, where.timestamp),
                    key=lambda closing: closing.appended_ms,
                )
        return Told(
            count=self._plan.count,
            batches=appended,
            closings=[last[end_ms] for end_ms in sorted(last) if let[end_ms] == self._plan.partitions],
            woken_ms=woken_ms,
        )


async def _run(plan: Plan) -> Told:
    producer = AIOKafkaProducer(
        bootstrap_servers=plan.bootstrap,
        acks="all",
        compression_type="lz4",
        max_batch_size=_BATCH_BYTES,
        max_request_size=_BATCH_BYTES * 2,
        request_timeout_ms=120_000,
    )
    await producer.start()
    try:
        batches = ready(plan, plan.stream.lines(plan.count), producer.create_batch)
        gc.collect()
        gc.freeze()
        gc.disable()
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        return await Arrivals(plan, producer).send(batches)
    finally:
        await producer.stop()


def main() -> None:
    """Send what the file named on the command line asks for."""
    plan = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Plan)
    Path(plan.told).write_bytes(msgspec.json.encode(asyncio.run(_run(plan))))


if __name__ == "__main__":
    main()
