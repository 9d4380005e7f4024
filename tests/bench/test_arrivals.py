import asyncio
import doctest
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import tests.bench.arrivals
from pipeline.simulate.payload import snowflake
from tests.bench.arrivals import Arrivals, Plan, Ready, Stream, Told, ready
from tests.bench.load import START_MS

MINUTE_MS = 60_000


def plan(*, partitions: int = 1, rate: float | None = 1_000.0) -> Plan:
    return Plan(
        bootstrap="",
        topic="raw",
        partitions=partitions,
        stream=Stream(),
        count=0,
        lateness_ms=30_000,
        told="",
        rate=rate,
    )


def lines(*after_ms: int) -> Iterator[bytes]:
    return (b'{"data":{"id":"%d"}}' % snowflake(START_MS + each, 0, 0) for each in after_ms)


class Builder:
    """A batch that only counts."""

    def __init__(self) -> None:
        self.count = 0
        self.built = False

    def append(self, *, timestamp: None, key: None, value: bytes) -> object:
        self.count += 1
        return value

    def _build(self) -> None:
        self.built = True


class Producer:
    """Takes batches when it is let, and appends each 5 ms after the one before."""

    def __init__(self, *, lets: bool) -> None:
        self.lets = asyncio.Event()
        if lets:
            self.lets.set()
        self.sent = 0

    async def send_batch(self, builder: Builder, topic: str, *, partition: int) -> "asyncio.Future[Any]":
        await self.lets.wait()
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        done.set_result(SimpleNamespace(offset=self.sent, timestamp=1_000 + 5 * self.sent))
        self.sent += builder.count
        return done


def test_docstrings() -> None:
    assert doctest.testmod(tests.bench.arrivals).failed == 0


def test_what_is_due_in_a_hundredth_of_a_second_is_one_batch_of_each_partition() -> None:
    batches = ready(plan(partitions=2), lines(*range(40)), Builder)
    assert [(round(each.due_s, 3), each.partition, each.builder.count) for each in batches] == [
        (due_s, partition, 5) for due_s in (0.01, 0.02, 0.03, 0.04) for partition in (0, 1)
    ]
    assert all(each.builder.built for each in batches)


def test_a_minute_is_closed_by_the_first_tweet_that_is_younger_than_its_end_by_the_lateness() -> None:
    end = START_MS + MINUTE_MS
    batches = ready(plan(rate=100.0), lines(0, 89_999, 90_000, 95_000, 88_000, 150_001), Builder)
    assert [each.closes for each in batches] == [[], [], [(end, 2)], [], [], [(end + MINUTE_MS, 5)]]


def test_a_minute_is_closed_by_the_partition_in_which_that_tweet_comes_last() -> None:
    told = send(plan(partitions=2, rate=None), ready(plan(partitions=2, rate=None), lines(0, 90_000, 90_001), Builder))
    assert [(each.end_ms, each.sequence, each.appended_ms) for each in told.closings] == [
        (START_MS + MINUTE_MS, 1, 1_010)
    ]


def test_a_minute_that_one_partition_does_not_let_be_closed_is_not_told() -> None:
    assert not send(plan(partitions=2), ready(plan(partitions=2), lines(0, 90_000), Builder)).closings


def test_a_broker_that_stalls_does_not_make_the_next_tweets_wait() -> None:
    async def stalled() -> Told:
        producer = Producer(lets=False)
        arrivals = Arrivals(plan(), producer)
        batches = ready(plan(), lines(*range(50)), Builder)
        sending = asyncio.ensure_future(arrivals.send(batches))
        async with asyncio.timeout(20):
            while arrivals.waiting < 4:  # of five; the producer holds the first  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        producer.lets.set()
        return await sending

    told = asyncio.run(stalled())
    assert len(told.woken_ms) == len(told.batches) == 5
    assert [each.offset for each in told.batches] == [0, 10, 20, 30, 40]


def send(what: Plan, batches: list[Ready]) -> Told:
    async def sent() -> Told:
        return await Arrivals(what, Producer(lets=True)).send(batches)

    return asyncio.run(sent())
