from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import cast

import pytest

from agents import publishing
from agents.metrics import Metrics
from agents.publishing import Publisher, WriteRefused
from agents.transport import BatchProducer, OutRecord, PublishError

RECORD = OutRecord(b"k", b"v")


class Refusing:
    """A producer that refuses the first writes."""

    def __init__(self, refusals: int) -> None:
        self.refusals = refusals
        self.written: list[OutRecord] = []
        self.renewed = 0

    async def renew(self) -> None:
        self.renewed += 1

    async def publish(self, topic: str, records: Iterable[OutRecord]) -> int:
        if self.refusals:
            self.refusals -= 1
            raise PublishError("not now")
        new = list(records)
        self.written += new
        return len(new)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "_FIRST_DELAY_S", 0.0)


async def test_a_refused_write_is_repeated_until_the_broker_takes_it() -> None:
    producer, metrics = Refusing(3), Metrics()
    await Publisher(cast("BatchProducer", producer), metrics, retry_timeout_s=60).write("t", [RECORD])
    assert producer.written == [RECORD]
    assert producer.renewed == 3, "each attempt has a connection that has not refused anything"
    assert metrics.publish_failures.labels("t")._value.get() == 3
    assert metrics.published.labels("t")._value.get() == 1


async def test_a_write_refused_for_too_long_says_so_and_writes_nothing() -> None:
    producer = Refusing(10**9)
    with pytest.raises(WriteRefused, match="not now"):
        await Publisher(cast("BatchProducer", producer), Metrics(), retry_timeout_s=0).write("t", [RECORD])
    assert producer.written == []


async def test_nothing_to_write_asks_nothing_of_the_broker() -> None:
    await Publisher(cast("BatchProducer", Refusing(1)), Metrics(), retry_timeout_s=0).write("t", [])


class Silent(Refusing):
    """A broker that answers nothing."""

    async def publish(self, topic: str, records: Iterable[OutRecord]) -> int:
        await asyncio.Event().wait()
        raise AssertionError("unreachable")


async def test_a_write_that_nobody_answers_is_held_and_given_up_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "_NOTICE_S", 0.01)
    publisher = Publisher(cast("BatchProducer", Silent(0)), Metrics(), retry_timeout_s=0.05)
    writing = asyncio.create_task(publisher.write("t", [RECORD]))
    while not publisher.holding:  # noqa: ASYNC110 - a flag is what is tested
        await asyncio.sleep(0)
    with pytest.raises(WriteRefused, match="no answer for t"):
        await writing
    assert not publisher.holding


async def test_writes_wait_for_one_another() -> None:
    producer = Refusing(1)
    publisher = Publisher(cast("BatchProducer", producer), Metrics(), retry_timeout_s=60)
    await asyncio.gather(publisher.write("t", [RECORD]), publisher.write("t", [OutRecord(b"k", b"second")]))
    assert [record.value for record in producer.written] == [b"v", b"second"]
