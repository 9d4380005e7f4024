"""The notify agent: records of crises in, notifications out. Whom to tell what is decided in `pipeline.notify`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable

import aiohttp
from aiokafka import ConsumerRecord
from mode import get_logger

from agents.deadletters import DeadLetterLimit
from agents.faultpoints import FaultPoint, FaultPoints
from agents.metrics import Metrics, PartitionFacts, StageMeter
from agents.notify.courier import Courier, now_ms
from agents.notify.plan import PlanFile
from agents.notify.records import (
    STAGE,
    ReadRecord,
    read_record,
    redriven_channel,
    undeliverable_letter,
    unreadable_letter,
)
from agents.notify.share import Call, Share
from agents.notify.sinks import Undeliverable
from agents.publishing import Publisher
from agents.settings import Settings
from agents.state import StateTable
from agents.transport import OutRecord, RecordBatch
from pipeline.notify.line import Result
from pipeline.notify.outbox import Ended, Outbox
from pipeline.notify.step import Step
from schemas.crisis import CrisisEvent
from schemas.deadletter import DeadLetterReason
from schemas.reading import SchemaError
from schemas.situation import CommunicationOverdue, Situation
from schemas.times import from_rfc3339

__all__ = ["NotifyStage"]

logger = get_logger(__name__)

_OUTCOMES = ("ok", "retry", "refused")
_STIR_S = 60.0


class NotifyStage:
    """What the notify agent does. One `Share` for each assigned partition, one `Courier` for each channel.

    Order matters: what a batch adds to the outboxes is in the state table before the batch is complete. From then on
    the couriers (`run`) tell it, each at its receiver's pace; the log does not wait for them.
    """

    def __init__(
        self, settings: Settings, plan: PlanFile, publisher: Publisher, table: StateTable, metrics: Metrics
    ) -> None:
        self._plan = plan
        self._letters = settings.topics.deadletters
        self._publisher = publisher
        self._table = table
        self._metrics = metrics
        self._meter = StageMeter(
            metrics,
            STAGE,
            parts=("decode", "compute"),
            reasons=[DeadLetterReason.BAD_FIELD, DeadLetterReason.UNDELIVERABLE],
        )
        self._faults = FaultPoints(settings.fault_points)
        self._limit = DeadLetterLimit(settings.deadletter_limit_share, settings.deadletter_limit_records)
        self._shares: dict[int, Share] = {}
        self._couriers: dict[str, Courier] = {}
        self._changed = asyncio.Event()

    # -- what comes in -------------------------------------------------------------------------------

    def forget(self) -> None:
        """Drop everything about assigned partitions, and break off what is being told: another owner tells it."""
        self._shares.clear()
        for courier in self._couriers.values():
            courier.abandon()
        self._ring()

    async def process(self, batch: RecordBatch) -> None:
        """Take a batch into the outboxes, write their state, and complete it.

        Raises
        ------
        agents.deadletters.TooManyDeadLetters
            The worker must not go on; nothing of the batch was acked.
        agents.publishing.WriteRefused
            The broker took no writes for too long.
        """
        started = time.perf_counter()
        await self._faults.reach(FaultPoint.NOTIFY_TAKEN)
        share = self._share(batch.partition)
        is_last = batch.next_offset >= batch.highwater
        share.caught_up = share.caught_up and is_last
        cpu = time.thread_time()
        read, letters, problem = self._decode(batch)
        self._limit.judge(records=len(batch), rejected=len(letters), example=problem)
        cpu = self._meter.spent("decode", cpu)
        touched = self._take(share, read, letters)
        self._meter.spent("compute", cpu)
        await self._publisher.write(self._letters, letters)
        await share.write(touched)
        await self._faults.reach(FaultPoint.NOTIFY_STATE)
        batch.complete()
        share.caught_up = is_last
        self._meter.acked(batch, started)
        self._ring()

    def look(self, partition: int, *, at_end: bool) -> None:
        """Look at an assigned partition, about once a second: at its end, what its state says is pending is told."""
        if at_end and not self._share(partition).caught_up:
            self._shares[partition].caught_up = True
            self._ring()

    def reload_if_changed(self) -> None:
        """Read the notification file again when it has changed."""
        if self._plan.reload_if_changed():
            for share in self._shares.values():
                self.note(share.keep_only(self._plan.sinks))
            self._changed.set()

    def _share(self, partition: int) -> Share:
        """Return a partition, taking it over if it was just assigned."""
        share = self._shares.get(partition)
        if share is None:
            share = self._shares[partition] = Share.restored(self._table.own(partition))
            for reason, count in share.problems.items():
                self._metrics.state_problems.labels(reason).inc(count)
                logger.warning(
                    "partition %d: %d state records not used: %s",
                    partition,
                    count,
                    reason,
                    extra={"stage": STAGE, "partition": partition},
                )
            self.note(share.keep_only(self._plan.sinks))
            logger.info(
                "partition %d: %d brands restored",
                partition,
                len(share.outboxes),
                extra={"stage": STAGE, "partition": partition},
            )
        return share

    def _decode(self, batch: RecordBatch) -> tuple[list[ReadRecord], list[OutRecord], str]:
        """Return what could be read, the letters for what could not, and why that was for one of them."""
        read, letters, problem = [], [], ""
        for record in batch:
            try:
                read.append(read_record(record))
            except SchemaError as exc:
                problem = str(exc)
                letters.append(self._unreadable(record, exc))
        return read, letters, problem

    def _unreadable(self, record: ConsumerRecord[bytes, bytes], error: SchemaError) -> OutRecord:
        logger.warning(
            "partition %d offset %d is no record of a crisis: %s",
            record.partition,
            record.offset,
            error,
            extra={"topic": record.topic, "partition": record.partition, "offset": record.offset},
        )
        self._meter.rejected(DeadLetterReason.BAD_FIELD)
        return unreadable_letter(record, error)

    def _take(self, share: Share, read: Iterable[ReadRecord], letters: list[OutRecord]) -> dict[str, None]:
        """Take records into the outboxes. Returns the brands whose state has changed; adds letters where need be."""
        at_ms, touched = now_ms(), dict[str, None]()
        for event, step, redacted in read:
            share.newest_ms = max(share.newest_ms or 0, from_rfc3339(event.time))
            if step is None or isinstance(event, Situation):
                continue
            channel, outbox = redriven_channel(step), share.outbox(event.brand)
            touched[event.brand] = None
            if channel is None:
                self.note(self._put(event, step, outbox, at_ms, redacted=redacted))
            elif channel in self._plan.sinks:
                outbox.redrive(step, channel, at_ms)
            else:
                letters.append(self._unknown(step, channel))
        return touched

    def _put(
        self, event: CrisisEvent | CommunicationOverdue, step: Step, outbox: Outbox, at_ms: int, *, redacted: bool
    ) -> list[Ended]:
        plan = self._plan.plan
        if isinstance(event, CommunicationOverdue):
            return outbox.remind(step, from_rfc3339(event.time), plan.reminded(event, at_ms), at_ms)
        return outbox.take(step, plan.addresses(event, at_ms), at_ms, redacted=redacted)

    def _unknown(self, step: Step, channel: str) -> OutRecord:
        self._meter.rejected(DeadLetterReason.UNDELIVERABLE)
        error = Undeliverable(f"the notification file has no channel {channel}")
        logger.error(
            "crisis %s is for channel %s, which the notification file does not have",
            step.crisis_id,
            channel,
            extra={"crisis_id": step.crisis_id, "channel": channel},
        )
        return undeliverable_letter(step, channel, error)

    # -- what goes out -------------------------------------------------------------------------------

    async def run(self) -> None:
        """Keep a courier for each channel at work until cancelled.

        Raises
        ------
        agents.publishing.WriteRefused
            The broker took no writes for too long.
        """
        tasks: dict[str, asyncio.Task[None]] = {}
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
            try:
                while True:
                    self._changed.clear()
                    self._hire(session, tasks)
                    await self._watch(tasks)
                    for share in tuple(self._shares.values()):
                        await share.owned.stir()
            finally:
                for task in tasks.values():
                    task.cancel()
                await asyncio.gather(*tasks.values(), return_exceptions=True)

    def _hire(self, session: aiohttp.ClientSession, tasks: dict[str, asyncio.Task[None]]) -> None:
        """Have a courier for each channel of the file; those of channels that are gone end by themselves."""
        for channel in self._plan.sinks:
            if channel in tasks:
                continue
            courier = self._couriers[channel] = Courier(
                channel,
                desk=self,
                plan=self._plan,
                publisher=self._publisher,
                letters=self._letters,
                metrics=self._metrics,
                faults=self._faults,
            )
            tasks[channel] = asyncio.create_task(courier.run(session), name=f"courier of {channel}")
            for result in Result:
                self._metrics.notifications.labels(channel, result.value)
            for outcome in _OUTCOMES:
                self._metrics.notification_attempts.labels(channel, outcome)
            self._metrics.notifications_pending.labels(channel).set(self._pending(channel))
        self._ring()

    async def _watch(self, tasks: dict[str, asyncio.Task[None]]) -> None:
        """Wait for another plan, or a minute at most; a courier that fails fails us."""
        change = asyncio.create_task(self._changed.wait())
        try:
            await asyncio.wait({change, *tasks.values()}, timeout=_STIR_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            change.cancel()
        for channel, task in list(tasks.items()):
            if task.done():
                task.result()
                del tasks[channel], self._couriers[channel]
                self._metrics.notifications_pending.remove(channel)

    def _ring(self) -> None:
        for channel, courier in self._couriers.items():
            self._metrics.notifications_pending.labels(channel).set(self._pending(channel))
            courier.ring()

    def _pending(self, channel: str) -> int:
        return sum(share.pending(channel) for share in self._shares.values())

    # -- for the couriers ----------------------------------------------------------------------------

    def call(self, channel: str, *, repeats: bool) -> Call | None:
        """Return what is to be done next for a channel, now or later; news before what is only repeated."""
        calls = (call for share in self._shares.values() for call in share.calls(channel, repeats=repeats))
        return min(calls, key=lambda call: (max(call.due_ms, now_ms()), call.repeats, call.due_ms), default=None)

    def owns(self, call: Call) -> bool:
        """Whether the partition is still this worker's."""
        return any(share is call.share for share in self._shares.values())

    def note(self, ended: list[Ended]) -> None:
        """Count notifications that have ended."""
        for channel, result in ended:
            self._metrics.notifications.labels(channel, result.value).inc()
        for channel in {channel for channel, _ in ended} & self._couriers.keys():
            self._metrics.notifications_pending.labels(channel).set(self._pending(channel))

    # -- metrics -------------------------------------------------------------------------------------

    def facts(self, partition: int) -> PartitionFacts:
        """Return what is known of a partition that is assigned to this worker."""
        size, share = self._table.size(partition), self._shares.get(partition)
        if share is None:
            return PartitionFacts(state_bytes=size)
        return PartitionFacts(newest_ms=share.newest_ms, state_bytes=size, state_brands=share.waiting_brands())
