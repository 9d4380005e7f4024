from __future__ import annotations

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
    assert metrics.publish_failures.labels("t")._value.get() == 3
    assert metrics.published.labels("t")._value.get() == 1


async def test_a_write_refused_for_too_long_says_so_and_writes_nothing() -> None:
    producer = Refusing(10**9)
    with pytest.raises(WriteRefused, match="not now"):
        await Publisher(cast("BatchProducer", producer), Metrics(), retry_timeout_s=0).write("t", [RECORD])
    assert producer.written == []


async def test_nothing_to_write_asks_nothing_of_the_broker() -> None:
    await Publisher(cast("BatchProducer", Refusing(1)), Metrics(), retry_timeout_s=0).write("t", [])
