"""What track completes when: batches, states and clock of more brands than a batch writes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka import ConsumerRecord
from msgspec import structs

from agents import track
from agents.metrics import Metrics
from agents.settings import Settings
from agents.track import TrackStage
from agents.transport import OutRecord, RecordBatch
from pipeline.tracker import clock_key
from schemas.codec import encode
from schemas.mention import Gap, Mention, Origin, Watermark
from tests.pipeline.logs import START_MS, mention, watermark

CLOCK = clock_key(0).encode()


class Site:
    """A stage that writes two brands a batch, and what the broker was told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(track, "_STATES_A_BATCH", 2)
        self.table: dict[bytes, bytes] = {}
        self.writes: list[list[bytes]] = []
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.offset = -1
        watchlist = SimpleNamespace(current=SimpleNamespace(calendars={}, unheard=()))
        publisher = SimpleNamespace(write=self.publish)
        table = SimpleNamespace(own=lambda _partition: self, size=lambda _partition: 0, stir=self.stir)
        self.stirred = 0
        settings = Settings(brokers="127.0.0.1:1")
        self.stage = TrackStage(settings, cast("Any", watchlist), cast("Any", publisher), cast("Any", table), Metrics())

    async def publish(self, topic: str, records: Sequence[OutRecord]) -> None:
        pass

    async def stir(self) -> None:
        self.stirred += 1

    def items(self) -> Any:
        return self.table.items()

    async def write(self, entries: Mapping[bytes, bytes]) -> None:
        await self.go_on.wait()
        self.writes.append(list(entries))
        self.table.update(entries)

    def batch(self, *brands: str) -> RecordBatch:
        said: list[Mention | Watermark] = []
        for brand in brands:
            self.offset += 1
            said.append(mention(brand=brand, origin=Origin(partition=0, offset=self.offset)))
        said.append(watermark(START_MS, self.offset))
        records = [
            ConsumerRecord("vigie.mentions", 0, at, START_MS, 0, b"k", encode(each), None, 0, 0, ())
            for at, each in enumerate(said)
        ]
        return RecordBatch("vigie.mentions", 0, cast("Any", records), 1 << 40)


@pytest.fixture
async def site(monkeypatch: pytest.MonkeyPatch) -> Site:
    return Site(monkeypatch)


async def test_with_few_brands_a_batch_is_complete_when_it_is_processed(site: Site) -> None:
    batch = site.batch("b", "a")
    await site.stage.process(batch)

    assert batch.completed
    assert site.writes == [[b"a", b"b", CLOCK]]


async def test_a_batch_is_processed_at_once_and_complete_when_the_last_brand_it_changed_is_written(site: Site) -> None:
    first, second = site.batch("a", "b", "c", "d", "e"), site.batch("a")
    await site.stage.process(first)
    assert (first.is_processed, len(first)) == (True, 0), "its records are let go of"
    await site.stage.process(second)
    assert [first.completed, second.completed] == [False, False]
    await site.stage.settle()

    assert [first.completed, second.completed] == [True, True]
    assert site.writes == [[b"a", b"b"], [b"c", b"d"], [b"e", b"a", CLOCK]]


async def test_a_partition_of_which_a_batch_came_just_now_is_left_alone(site: Site) -> None:
    batch = site.batch("a", "b", "c")
    await site.stage.process(batch)
    await site.stage.settle(quiet_s=60.0)
    assert not batch.completed
    await site.stage.settle()
    assert batch.completed


async def test_the_changelog_is_stirred_while_the_partitions_stay(site: Site) -> None:
    await site.stage.settle()
    assert not site.stirred
    await site.stage.settle(quiet_s=60.0)
    assert site.stirred


async def test_an_owner_that_has_lost_the_partition_writes_and_completes_nothing_more(site: Site) -> None:
    batch = site.batch("a", "b", "c", "d", "e")
    await site.stage.process(batch)
    site.go_on.clear()
    settling = asyncio.ensure_future(site.stage.settle())
    await asyncio.sleep(0)
    site.stage.forget()
    site.go_on.set()
    await settling

    assert not batch.completed
    assert site.writes == [[b"a", b"b"], [b"c", b"d"]], "but for the write that was under way"


async def test_after_a_write_that_was_broken_off_nothing_is_complete_any_more(site: Site) -> None:
    first, second = site.batch("a", "b", "c"), site.batch("d")
    await site.stage.process(first)
    site.go_on.clear()
    settling = asyncio.ensure_future(site.stage.settle())
    await asyncio.sleep(0)
    settling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await settling
    site.go_on.set()
    await site.stage.process(second)
    await site.stage.settle()

    assert not first.completed
    assert not second.completed
    assert site.writes == [[b"a", b"b"]]


def test_what_became_of_gap_records_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(monkeypatch)
    batch = site.batch("acme")
    gap = Gap(source_partition=0, offset=1, start_ms=START_MS + 60_000, end_ms=START_MS + 120_000)
    cut = structs.replace(gap, offset=2, late_from_ms=START_MS)
    more = [
        ConsumerRecord("vigie.mentions", 0, 9 + at, START_MS, 0, None, encode(each), None, 0, 0, ())
        for at, each in enumerate((gap, cut))
    ]

    asyncio.run(site.stage.process(RecordBatch("vigie.mentions", 0, cast("Any", [*batch.records, *more]), 1 << 40)))

    counted = {mark: counter._value.get() for mark, counter in site.stage._gaps.items()}
    assert counted == {"marked": 1, "cut": 1, "closed": 0}
