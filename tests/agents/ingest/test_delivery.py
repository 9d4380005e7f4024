"""From the journal to a broker: order, outages, refusals."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiokafka.errors import KafkaConnectionError, MessageSizeTooLargeError, TopicAuthorizationFailedError
from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st

from agents.ingest.contract import Mark, Outlet, Post, SourceRefused, Sums
from agents.ingest.delivery import Delivery
from agents.ingest.frames import Loss
from agents.ingest.journal import Journal
from agents.ingest.placement import partitions_of
from agents.ingest.runner import deliver
from agents.settings import Settings
from agents.topics import BrokerRefused, TopicProblem
from pipeline.ingest.coverage import Missing
from tests.brokers.base import Broker
from tests.brokers.client import Record, consume_all, create_topics

PARTITIONS = 3


class Script:
    """A source that does what a test says, then ends; or goes on for ever."""

    name = "script"

    def __init__(self, play: Callable[[Outlet], Awaitable[None]]) -> None:
        self._play = play

    async def run(self, outlet: Outlet) -> None:
        await self._play(outlet)


def post(number: int) -> Post:
    return Post(b"%d" % number, b'{"data":{"id":"%d"}}' % number)


@given(st.lists(st.none() | st.binary(max_size=40), max_size=50), st.integers(1, 12))
def test_keys_lie_where_the_java_client_puts_them(keys: list[bytes | None], count: int) -> None:
    partitions = list(range(count))
    choose = DefaultPartitioner()
    expected = [0 if key is None else choose(key, partitions, partitions) for key in keys]
    assert partitions_of(keys, partitions) == expected


# -- on a broker -------------------------------------------------------------------------------------


@pytest.fixture
def settings(broker: Broker, topic_prefix: str, tmp_path: Path) -> Settings:
    return Settings(
        brokers=broker.bootstrap,
        topic_prefix=topic_prefix,
        idempotent_producer=broker.kind == "kafka",
        ingest_dir=tmp_path,
        request_timeout_s=5,
        web_port=0,
    )


@pytest.fixture
async def topic(broker: Broker, settings: Settings) -> str:
    await create_topics(broker.bootstrap, {settings.topics.raw: PARTITIONS})
    return settings.topics.raw


async def records_of(broker: Broker, topic: str) -> list[Record]:
    return [record async for record in _all(broker, topic)]


async def _all(broker: Broker, topic: str) -> Any:
    for record in await consume_all(broker.bootstrap, topic):
        yield record


def by_partition(records: Sequence[Record]) -> dict[int, list[bytes]]:
    found: dict[int, list[bytes]] = {}
    for record in records:
        found.setdefault(record.partition or 0, []).append(record.value or b"")
    return found


async def test_posts_get_to_kafka_by_their_ids_and_a_gap_to_every_partition_in_its_place(
    broker: Broker, settings: Settings, topic: str
) -> None:
    async def play(outlet: Outlet) -> None:
        await outlet.put([post(number) for number in range(300)])
        await outlet.gap(Missing(1_000, 2_000), "disconnected")
        await outlet.gap(Missing(1_500, 2_500), "stalled", of="compliance")
        await outlet.put([Post(None, b"not JSON"), *[post(number) for number in range(300, 600)]])
        outlet.mark(5_000, "here")

    sums = await deliver(settings, Script(play))
    assert (sums.put, sums.stored, sums.waiting, sums.dropped) == (601, 601, 0, 0)
    assert [(gap.missing, gap.reason) for gap in sums.gaps] == [
        (Missing(1_000, 2_000), "disconnected"),
        (Missing(1_500, 2_500), "stalled"),
    ]
    gap = {"type": "gap", "start_ms": 1_000, "end_ms": 2_000, "reason": "disconnected", "source": "script"}
    records = await records_of(broker, topic)
    assert len(records) == 601 + 2 * PARTITIONS
    for partition, values in by_partition(records).items():
        numbers = [int(orjson.loads(value)["data"]["id"]) for value in values if value.startswith(b'{"data"')]
        assert numbers == sorted(numbers)
        cut = next(index for index, value in enumerate(values) if b'"gap"' in value)
        assert orjson.loads(values[cut]) == gap
        assert orjson.loads(values[cut + 1])["of"] == "compliance"
        before = sum(number < 300 for number in numbers)
        assert before == cut, f"the gap of partition {partition} is not in its place"
    choose = DefaultPartitioner()
    every = list(range(PARTITIONS))
    assert all(record.partition == choose(record.key, every, every) for record in records if record.key is not None)


async def test_the_next_run_goes_on_from_the_last_mark_and_delivers_what_was_left(
    broker: Broker, settings: Settings, topic: str
) -> None:
    broker.stop()
    put, stop = asyncio.Event(), asyncio.Event()

    async def first(outlet: Outlet) -> None:
        assert outlet.resumed == Mark(None, None)
        await outlet.put([post(1), post(2)])
        outlet.mark(7_000, "seven")
        put.set()
        await asyncio.Event().wait()

    async def stopped() -> None:
        await put.wait()
        stop.set()

    stopping = asyncio.create_task(stopped())
    sums = await deliver(settings, Script(first), stop=stop)
    await stopping
    assert (sums.put, sums.stored, sums.waiting) == (2, 0, 2)
    broker.start()
    if not broker.durable:
        await create_topics(broker.bootstrap, {topic: PARTITIONS})
    seen: list[Mark] = []

    async def second(outlet: Outlet) -> None:
        seen.append(outlet.resumed)
        await outlet.put([post(3)])

    sums = await deliver(settings, Script(second))
    assert seen == [Mark(7_000, "seven")]
    assert (sums.left, sums.put, sums.stored, sums.waiting) == (2, 1, 3, 0)
    assert {record.key for record in await records_of(broker, topic)} == {b"1", b"2", b"3"}


@pytest.mark.kafka
@pytest.mark.parametrize("break_it", ["kill", "pause"])
async def test_a_broker_that_goes_away_is_held_for_and_nothing_is_lost_or_out_of_order(
    broker: Broker, settings: Settings, topic: str, break_it: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "agents.ingest")
    held = asyncio.Event()

    class Held(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if "does not take posts" in record.getMessage():
                held.set()

    handler = Held()
    logging.getLogger("agents.ingest.delivery").addHandler(handler)

    async def play(outlet: Outlet) -> None:
        for number in range(200):
            await outlet.put([post(number)])
        await asyncio.to_thread(getattr(broker, break_it))
        for number in range(200, 400):
            await outlet.put([post(number)])
        await held.wait()
        for number in range(400, 600):
            await outlet.put([post(number)])
        await asyncio.to_thread(broker.recover)

    try:
        sums = await deliver(settings, Script(play))
    finally:
        logging.getLogger("agents.ingest.delivery").removeHandler(handler)
    assert (sums.put, sums.stored, sums.waiting, sums.dropped) == (600, 600, 0, 0)
    assert "takes posts again" in caplog.text
    for values in by_partition(await records_of(broker, topic)).values():
        first_seen = list(dict.fromkeys(int(orjson.loads(value)["data"]["id"]) for value in values))
        assert first_seen == sorted(first_seen)
    assert {int(record.key or b"") for record in await records_of(broker, topic)} == set(range(600))


async def test_a_topic_that_is_missing_ends_it_and_what_was_put_is_kept(settings: Settings) -> None:
    async def play(outlet: Outlet) -> None:
        await outlet.put([post(1)])
        await asyncio.Event().wait()

    with pytest.raises(TopicProblem, match="vigie topics create"):
        await deliver(settings, Script(play))
    journal = Journal(settings.ingest_dir / "script", max_bytes=1 << 30)
    assert journal.queue.waiting == 1
    journal.close()


@pytest.mark.kafka
async def test_a_record_that_the_broker_does_not_take_is_cut_and_everything_else_is_whole(
    broker: Broker, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    topic = settings.topics.raw
    await create_topics(broker.bootstrap, {topic: 1}, {"max.message.bytes": "20000"})

    async def play(outlet: Outlet) -> None:
        await outlet.put([post(1), Post(b"2", bytes(x % 251 for x in range(30_000))), post(3)])
        await outlet.put([Post(b"%d" % number, b"%05d" % number * 100) for number in range(4, 300)])

    sums = await deliver(settings.model_copy(update={"compression": "none"}), Script(play))
    assert (sums.stored, sums.waiting) == (299, 0)
    values = {record.key: record.value for record in await records_of(broker, topic)}
    assert values[b"1"] == post(1).value
    assert 0 < len(values[b"2"] or b"") < 20_000
    assert all(values[b"%d" % number] == b"%05d" % number * 100 for number in range(4, 300))


# -- refusals, made up -------------------------------------------------------------------------------


class Refusing:
    """In the place of aiokafka's producer: fails in its way, then takes everything."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.written: list[int] = []

    async def attempt(self, entries: Sequence[Any]) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.written.append(len(entries))


def delivery_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch, kafka: Refusing, sums: Sums
) -> tuple[Journal, Delivery, asyncio.Event]:
    arrived = asyncio.Event()
    journal = Journal(folder, max_bytes=1 << 30)

    def stored(count: int) -> None:
        sums.stored += count

    delivery = Delivery(Settings(), journal, "x", arrived=arrived, stored=stored, saving=asyncio.Lock())
    monkeypatch.setattr(delivery, "_write", kafka.attempt)
    monkeypatch.setattr("agents.ingest.delivery._FIRST_DELAY_S", 0.001)
    delivery._delay_s = 0.001
    return journal, delivery, arrived


def failing(cause: Exception) -> Exception:
    from agents.rounds import PublishError  # noqa: PLC0415 - where it is used

    error = PublishError(repr(cause))
    error.__cause__ = cause
    return error


async def test_a_login_that_is_refused_ends_it_only_before_kafka_has_taken_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sums = Sums()
    kafka = Refusing()
    journal, delivery, arrived = delivery_on(tmp_path, monkeypatch, kafka, sums)
    journal.put([post(1)])
    running = asyncio.create_task(delivery.run())
    await delivery.empty.wait()
    kafka.errors = [
        BrokerRefused("asks for a login"),
        BrokerRefused("asks for a login"),
        failing(KafkaConnectionError()),
    ]
    journal.put([post(2)])
    delivery.empty.clear()
    arrived.set()
    await delivery.empty.wait()
    running.cancel()
    assert sums.stored == 2
    held = [record.message for record in caplog.records if "does not take posts" in record.message]
    assert len(held) == 2, "once for each kind of trouble"
    assert not delivery.holding
    journal.close()


@pytest.mark.parametrize("refusal", [BrokerRefused("no"), failing(TopicAuthorizationFailedError("tweets.raw"))])
async def test_before_that_it_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusal: Exception) -> None:
    journal, delivery, _ = delivery_on(tmp_path, monkeypatch, Refusing(refusal), Sums())
    journal.put([post(1)])
    with pytest.raises(BrokerRefused):
        await delivery.run()
    assert journal.queue.waiting == 1
    journal.close()


async def test_marks_alone_need_no_kafka(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal, delivery, _ = delivery_on(tmp_path, monkeypatch, Refusing(AssertionError()), Sums())
    journal.put_mark(Mark(1_000, None))
    running = asyncio.create_task(delivery.run())
    await delivery.empty.wait()
    running.cancel()
    progress = journal.queue.progress
    assert progress is not None
    assert progress.mark == Mark(1_000, None)
    journal.close()


async def test_batches_that_are_too_large_get_smaller_before_a_record_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kafka = Refusing(*(failing(MessageSizeTooLargeError()) for _ in range(3)))
    journal, delivery, _ = delivery_on(tmp_path, monkeypatch, kafka, Sums())
    journal.put([post(1)])
    running = asyncio.create_task(delivery.run())
    await delivery.empty.wait()
    running.cancel()
    assert delivery._batch_bytes == 512 * 1024 // 8
    assert delivery._cut_bytes is None
    journal.close()


async def test_what_expires_while_kafka_is_away_is_not_delivered_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sums = Sums()
    kafka = Refusing(failing(KafkaConnectionError()))
    journal, delivery, _ = delivery_on(tmp_path, monkeypatch, kafka, sums)
    journal.put([post(1)], 5_000)
    expire = journal.expire
    calls: list[None] = []

    def expire_later() -> None:
        calls.append(None)
        if len(calls) == 2:
            journal.queue.disk.rotate()
            monkeypatch.setattr(journal, "_clock", lambda: 0.0)
            monkeypatch.setattr(journal.queue.disk, "_clock", lambda: 1e9)
        expire()

    monkeypatch.setattr(Journal, "has_expired", True)
    monkeypatch.setattr(journal, "expire", expire_later)
    running = asyncio.create_task(delivery.run())
    await delivery.empty.wait()
    running.cancel()
    assert (sums.stored, journal.dropped, journal.queue.waiting) == (0, 1, 0)
    assert isinstance(journal.losses[0], Loss)
    journal.close()


async def test_a_second_ingester_of_a_source_is_refused(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "script", max_bytes=1 << 30)

    async def play(_outlet: Outlet) -> None:
        raise AssertionError

    with pytest.raises(SourceRefused, match="another process reads script"):
        await deliver(Settings(ingest_dir=tmp_path), Script(play))
    journal.close()


async def test_a_password_that_cannot_be_read_meanwhile_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unreadable(settings: Settings) -> str | None:
        raise ValueError("sasl_password_file: gone")

    def options(settings: Settings) -> dict[str, Any]:
        raise ValueError("sasl_password_file: gone")

    journal = Journal(tmp_path, max_bytes=1 << 30)
    delivery = Delivery(Settings(), journal, "x", arrived=asyncio.Event(), stored=lambda _: None, saving=asyncio.Lock())
    delivery._checked = True
    monkeypatch.setattr("agents.ingest.delivery.client_options", options)
    with pytest.raises(BrokerRefused, match="sasl_password_file"):
        await delivery._write([])
    monkeypatch.setattr(delivery, "_connected", _away)
    monkeypatch.setattr("agents.ingest.delivery.refusal", unreadable)
    with pytest.raises(BrokerRefused, match="sasl_password_file"):
        await delivery._write([])
    journal.close()


async def _away() -> Any:
    raise KafkaConnectionError
