"""The notify stage without a broker: a clock of its own, sinks that do as they are told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import aiohttp

from agents.metrics import Metrics
from agents.notify.plan import PlanFile
from agents.notify.stage import NotifyStage
from agents.publishing import Publisher, WriteRefused
from agents.settings import Settings
from agents.state import Ownership, StateTable
from agents.transport import OutRecord, RecordBatch
from pipeline.notify.channels import Channel
from pipeline.notify.notification import Notification
from schemas.cloudevents import crisis_key
from schemas.codec import encode
from schemas.crisis import CrisisEvent
from schemas.situation import CommunicationOverdue, Situation
from tests.pipeline.notify.lives import MINUTE_MS, Life, at

NOON = at("2026-03-27T12:00")
PLAN = """
version = 1
[channels.ops]
kind = "webhook"
url = "https://example.org/ops"
secret_file = "secret"
[channels.alerts]
kind = "alertmanager"
url = "http://alertmanager:9093"
[[routes]]
channels = ["ops", "alerts"]
"""


class FakeSink:
    """Keeps what it takes; fails as it is told to."""

    def __init__(self, channel: Channel) -> None:
        self.repeats = channel.kind == "alertmanager"
        self.took: list[Notification] = []
        self.asked = 0
        self.answers: list[BaseException | None] = []
        self.hangs = False
        self.cancelled = False
        self.after: Callable[[], object] | None = None
        """Called once the answer is there, before anybody has seen it."""

    async def deliver(self, session: aiohttp.ClientSession, notification: Notification, *, now: datetime) -> None:
        self.asked += 1
        if self.hangs:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.cancelled = True
                raise
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None:
            raise answer
        self.took.append(notification)
        if self.after is not None:
            asyncio.get_running_loop().call_soon(self.after)

    def said(self) -> list[tuple[str, bool]]:
        return [(str(each.event.type), each.repeat) for each in self.took]


class FakeTable:
    """Partitions whose changelog is a dictionary."""

    def __init__(self) -> None:
        self.entries: dict[bytes, bytes] = {}
        self.writes = 0
        self.stirred = 0

    def own(self, partition: int) -> Ownership:
        return cast("Ownership", FakeOwnership(self))

    def size(self, partition: int) -> int:
        return sum(map(len, self.entries.values()))


class FakeOwnership:
    def __init__(self, table: FakeTable) -> None:
        self._table = table

    def items(self) -> list[tuple[bytes, bytes]]:
        return list(self._table.entries.items())

    async def write(self, entries: Mapping[bytes, bytes]) -> None:
        await asyncio.sleep(0)
        self._table.writes += 1
        self._table.entries |= entries

    async def stir(self) -> None:
        self._table.stirred += 1


class Letters:
    """A publisher whose topic is a list."""

    def __init__(self) -> None:
        self.records: list[OutRecord] = []
        self.refuses = False

    async def write(self, topic: str, records: Sequence[OutRecord]) -> None:
        await asyncio.sleep(0)
        if self.refuses:
            raise WriteRefused("no")
        self.records += records


class Bench:
    """A stage without a broker, by a clock of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now_ms = NOON
        self.table, self.letters = FakeTable(), Letters()
        self.metrics = Metrics()
        self.life = Life()
        self.offset = 0
        (folder / "notify.toml").write_text(PLAN, encoding="utf-8")
        (folder / "secret").write_text("first", encoding="utf-8")
        self.plan = PlanFile(folder / "notify.toml", self.metrics)
        self.stage = self.made()

    def made(self) -> NotifyStage:
        return NotifyStage(
            Settings(),
            self.plan,
            cast("Publisher", self.letters),
            cast("StateTable", self.table),
            self.metrics,
        )

    def sink(self, channel: str) -> FakeSink:
        return cast("FakeSink", self.plan.sinks[channel])

    def batch(
        self,
        *events: CrisisEvent | CommunicationOverdue | Situation | bytes,
        more: int = 0,
        key: bytes | None = None,
        headers: tuple[tuple[str, bytes], ...] = (),
    ) -> RecordBatch:
        records = []
        for event in events:
            value = event if isinstance(event, bytes) else encode(event)
            own = b"" if isinstance(event, bytes) else crisis_key(event)
            records.append(
                SimpleNamespace(
                    topic="vigie.crises",
                    partition=0,
                    offset=self.offset,
                    key=own if key is None else key,
                    value=value,
                    headers=(("ce_id", b"\xff"), *headers),
                    timestamp=self.now_ms,
                )
            )
            self.offset += 1
        return RecordBatch("vigie.crises", 0, cast("Any", records), self.offset + more)

    async def happens(self, *levels: int, more: int = 0) -> list[CrisisEvent]:
        events = []
        for level in levels:
            self.now_ms += MINUTE_MS
            events.append(self.life.goes_to(level, self.now_ms))
        batch = self.batch(*events, more=more)
        await self.stage.process(batch)
        assert batch.completed
        return events

    @asynccontextmanager
    async def running(self) -> AsyncIterator[asyncio.Task[None]]:
        task = asyncio.create_task(self.stage.run())
        try:
            yield task
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError, WriteRefused):
                await task

    def counted(self, channel: str, result: str) -> float:
        labels = {"channel": channel, "result": result}
        return self.metrics.registry.get_sample_value("vigie_notifications_total", labels) or 0.0

    def attempted(self, channel: str, outcome: str) -> float:
        labels = {"channel": channel, "outcome": outcome}
        return self.metrics.registry.get_sample_value("vigie_notification_attempts_total", labels) or 0.0


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - what is waited for are plain attributes
            await asyncio.sleep(0.001)
