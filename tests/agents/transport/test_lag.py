"""How many records wait, as far as a consumer knows. What aiokafka knows is made up here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from faust.exceptions import ConsumerNotStarted
from faust.types import TP

from agents.settings import Settings
from agents.transport import BatchConsumer, RecordBatch
from tests.agents.apps import app_of

INPUT, CHANGELOG = TP("input", 0), TP("changelog", 0)


@pytest.fixture
async def idle() -> AsyncIterator[BatchConsumer]:
    """A consumer that is never started."""
    made = cast("BatchConsumer", app_of(Settings()).consumer)
    yield made
    made._thread.thread_loop.close()


@pytest.fixture
async def consumer(idle: BatchConsumer, monkeypatch: pytest.MonkeyPatch) -> BatchConsumer:
    """A consumer with a partition of 100 records, of which 40 have been fetched."""
    idle.app.conf.broker_max_poll_records = 1000
    known = {INPUT: SimpleNamespace(highwater=100, _position=40), CHANGELOG: SimpleNamespace(highwater=7, _position=0)}
    monkeypatch.setattr(idle, "_input_topics", lambda: frozenset({"input"}))
    monkeypatch.setattr(idle, "assignment", lambda: set(known))
    monkeypatch.setattr(idle, "_state", known.get)
    return idle


def hand_out(consumer: BatchConsumer, first: int, last: int) -> RecordBatch:
    fetched: Any = [
        SimpleNamespace(offset=offset, value=b"", timestamp=1, timestamp_type=1) for offset in (first, last)
    ]
    (message,) = consumer._messages(INPUT, fetched, committed=True)
    batch: Any = message.value
    return cast("RecordBatch", batch)


async def test_what_was_fetched_waits_until_its_batch_is_complete(consumer: BatchConsumer) -> None:
    batches = [hand_out(consumer, 10, 19), hand_out(consumer, 20, 39)]
    assert consumer.lags() == {INPUT: 90}, "from the first record handed out"
    batches[1].complete()
    assert consumer.lags() == {INPUT: 90}, "a batch before it is still open"
    batches[0].complete()
    assert consumer.lags() == {INPUT: 60}


async def test_what_is_processed_does_not_wait_though_it_is_not_committed_yet(consumer: BatchConsumer) -> None:
    batch = hand_out(consumer, 10, 39)
    batch.processed()
    assert (consumer.lags(), consumer._new_offset(INPUT)) == ({INPUT: 60}, None)
    consumer._state(INPUT)._position = 100
    assert consumer.is_at_end(INPUT)


async def test_before_anything_was_handed_out_all_from_our_place_on_waits(consumer: BatchConsumer) -> None:
    assert consumer.lags() == {INPUT: 60}


async def test_at_the_end_nothing_waits_though_the_last_offsets_were_not_ours_to_read(consumer: BatchConsumer) -> None:
    hand_out(consumer, 10, 97).complete()
    consumer._state(INPUT)._position = 100
    assert consumer.lags() == {INPUT: 0}


async def test_before_the_first_answer_to_a_fetch_nobody_knows(consumer: BatchConsumer) -> None:
    consumer._state(INPUT).highwater = None
    assert consumer.lags() == {INPUT: None}


async def test_a_partition_that_is_taken_away_meanwhile_is_unknown_and_nothing_is_raised(
    consumer: BatchConsumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "_state", lambda _tp: None)
    assert consumer.lags() == {INPUT: None}


async def test_a_consumer_that_has_not_started_has_no_partitions(idle: BatchConsumer) -> None:
    with pytest.raises(ConsumerNotStarted):
        idle.assignment()
    assert idle.lags() == {}


async def test_another_assignment_begins_anew(consumer: BatchConsumer) -> None:
    hand_out(consumer, 10, 39)
    consumer.ledger.clear()
    consumer._began.clear()
    assert consumer.lags() == {INPUT: 60}
