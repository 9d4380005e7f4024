"""A courier for each channel: tells it what is due, one thing after the other, and notes what became of it.

ADR: one task a channel, so that a receiver that is down, or takes its time, delays no other one. What is due is looked
up anew before each attempt, over all brands of the partitions that this worker has, so there is no queue to keep in
step with the state. The order of writing is what makes it at-least-once: accepted by the receiver (or written to the
dead letters), then noted in the state table; a crash in between tells once more, under the same idempotency key.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Protocol

import aiohttp
from mode import get_logger

from agents.faultpoints import FaultPoint, FaultPoints
from agents.metrics import Metrics
from agents.notify.plan import PlanFile
from agents.notify.records import STAGE, undeliverable_letter
from agents.notify.share import Call
from agents.notify.sinks import NotNow, Sink, Undeliverable
from agents.publishing import Publisher
from pipeline.notify.line import Item, Result
from pipeline.notify.notification import Notification
from pipeline.notify.outbox import Ended
from pipeline.notify.step import Step
from schemas.deadletter import DeadLetterReason
from schemas.ids import notification_id
from schemas.reading import SchemaError, read_crisis_record
from schemas.situation import Situation

__all__ = ["Courier", "Desk", "now_ms"]

logger = get_logger(__name__)

_LOOK_S = 5.0
"""How long a courier sleeps at most: the wall clock, by which it is told when to wake, may be set anew."""


class Desk(Protocol):
    """Where couriers get their work."""

    def call(self, channel: str, *, repeats: bool) -> Call | None:
        """Return what is to be done next for a channel, now or later."""

    def owns(self, call: Call) -> bool:
        """Whether the partition is still this worker's."""

    def note(self, ended: list[Ended]) -> None:
        """Count notifications that have ended."""


class Courier:
    """Tells one channel.

    Parameters
    ----------
    channel : str
        Its name.
    desk : Desk
        Where the work comes from.
    plan : PlanFile
        The sinks and the budget.
    publisher : Publisher
        Writes dead letters, to the topic ``letters``.
    metrics : Metrics
        Counts attempts.
    faults : FaultPoints
        For tests.
    """

    def __init__(
        self,
        channel: str,
        *,
        desk: Desk,
        plan: PlanFile,
        publisher: Publisher,
        letters: str,
        metrics: Metrics,
        faults: FaultPoints,
    ) -> None:
        self._channel = channel
        self._desk = desk
        self._plan = plan
        self._publisher = publisher
        self._letters = letters
        self._metrics = metrics
        self._faults = faults
        self._bell = asyncio.Event()
        self._attempt: asyncio.Future[None] | None = None

    def ring(self) -> None:
        """Say that there may be something to do."""
        self._bell.set()

    def abandon(self) -> None:
        """Break off the attempt that is under way: what it is about is no longer this worker's."""
        if self._attempt is not None:
            self._attempt.cancel()

    async def run(self, session: aiohttp.ClientSession) -> None:
        """Tell the channel what is due for as long as it is in the notification file.

        Raises
        ------
        agents.publishing.WriteRefused
            The broker took no writes for too long.
        """
        while (sink := self._plan.sinks.get(self._channel)) is not None:
            self._bell.clear()
            call = self._desk.call(self._channel, repeats=sink.repeats)
            if call is None or call.due_ms > now_ms():
                await self._sleep(call)
            elif call.repeats:
                await self._repeat(session, sink, call)
            else:
                await self._tell(session, sink, call)

    async def _sleep(self, call: Call | None) -> None:
        wait_s = _LOOK_S if call is None else min((call.due_ms - now_ms()) / 1000, _LOOK_S)
        with suppress(TimeoutError):  # `asyncio.wait_for` loses a cancellation that comes with the bell (Python 3.11)
            async with asyncio.timeout(max(wait_s, 0.0)):
                await self._bell.wait()

    async def _tell(self, session: aiohttp.ClientSession, sink: Sink, call: Call) -> None:
        item, ended = call.line.next(self._plan.plan.budget, now_ms())
        self._desk.note([(self._channel, result) for result in ended])
        if item is None:
            await call.share.write([call.brand])
            return
        if item.newest_only and item.attempts == 1:
            # From now on the receiver may have it: its crisis can no longer end unsaid.
            await call.share.write([call.brand])
            if not self._desk.owns(call):
                return
        answered, error = await self._try(session, sink, call, item.step, repeat=False)
        if not answered or not self._desk.owns(call):
            return
        if error is None:
            await self._faults.reach(FaultPoint.NOTIFY_DELIVERED)
            self._delivered(call, item)
        elif isinstance(error, NotNow) and call.line.failed(item, now_ms(), _ms(error.retry_after_s)):
            logger.warning(
                "%s; trying again (attempt %d)",
                self._about(call, item.step, error),
                item.attempts,
                extra=self._fields(call, item.step),
            )
        else:
            await self._bury(call, item, error)
        await call.share.write([call.brand])

    async def _repeat(self, session: aiohttp.ClientSession, sink: Sink, call: Call) -> None:
        step = call.line.told
        if step is None:
            return
        call.share.repeated_ms[call.brand, self._channel] = now_ms()
        _answered, error = await self._try(session, sink, call, step, repeat=True)
        if error is not None:
            logger.warning(
                "%s; it is told again in a minute",
                self._about(call, step, error),
                extra=self._fields(call, step),
            )

    async def _try(
        self, session: aiohttp.ClientSession, sink: Sink, call: Call, step: Step, *, repeat: bool
    ) -> tuple[bool, Exception | None]:
        """Make one attempt. Returns whether it came to its end, and why it failed, if it did."""
        self._attempt = asyncio.ensure_future(self._deliver(session, sink, step, repeat=repeat))
        try:
            await asyncio.wait({self._attempt})
            return self._outcome(self._attempt, call, step)
        finally:
            self._attempt.cancel()
            self._attempt = None

    async def _deliver(self, session: aiohttp.ClientSession, sink: Sink, step: Step, *, repeat: bool) -> None:
        payload = step.payload.encode()
        event = read_crisis_record(payload)
        if isinstance(event, Situation):
            raise SchemaError("type: a situation is told to nobody")
        notification = Notification(
            id=notification_id(step.event_id, self._channel), event=event, payload=payload, repeat=repeat
        )
        await sink.deliver(session, notification, now=datetime.now(UTC))

    def _outcome(self, attempt: asyncio.Future[None], call: Call, step: Step) -> tuple[bool, Exception | None]:
        attempts = self._metrics.notification_attempts
        if attempt.cancelled():
            return False, None
        match attempt.exception():
            case None:
                attempts.labels(self._channel, "ok").inc()
                return True, None
            case NotNow() as error:
                attempts.labels(self._channel, "retry").inc()
                return True, error
            case Undeliverable() as error:
                attempts.labels(self._channel, "refused").inc()
                return True, error
            case Exception() as error:
                # A bug of ours must not keep every later notification waiting.
                logger.error("%s", self._about(call, step, error), exc_info=error, extra=self._fields(call, step))
                attempts.labels(self._channel, "refused").inc()
                return True, error
            case error:
                raise error

    def _delivered(self, call: Call, item: Item) -> None:
        at_ms, appended_ms = now_ms(), item.step.origin.appended_ms
        call.share.outboxes[call.brand].delivered(self._channel, item)
        call.share.repeated_ms[call.brand, self._channel] = at_ms
        self._metrics.notification_delay.labels(self._channel).observe(max(0, at_ms - appended_ms) / 1000)
        self._desk.note([(self._channel, Result.DELIVERED)])
        logger.info("%s", self._about(call, item.step, "delivered"), extra=self._fields(call, item.step))

    async def _bury(self, call: Call, item: Item, error: Exception) -> None:
        logger.error(
            "%s; it becomes a dead letter",
            self._about(call, item.step, error),
            extra=self._fields(call, item.step),
        )
        await self._publisher.write(self._letters, [undeliverable_letter(item.step, self._channel, error)])
        await self._faults.reach(FaultPoint.NOTIFY_LETTER)
        self._metrics.deadletters.labels(STAGE, DeadLetterReason.UNDELIVERABLE.value).inc()
        call.line.dead(item)
        self._desk.note([(self._channel, Result.DEAD)])

    def _fields(self, call: Call, step: Step) -> dict[str, object]:
        """Return what a line of the log is about, for `agents.logs`."""
        return {
            "channel": self._channel,
            "crisis_id": step.crisis_id,
            "brand": call.brand,
            "partition": step.origin.partition,
            "offset": step.origin.offset,
        }

    def _about(self, call: Call, step: Step, what: object) -> str:
        origin = step.origin
        return (
            f"channel {self._channel}: crisis {step.crisis_id} {step.name} "
            f"(brand={call.brand} partition={origin.partition} offset={origin.offset}): {what}"
        )


def now_ms() -> int:
    """Return the wall clock, epoch milliseconds."""
    return time.time_ns() // 1_000_000


def _ms(seconds: float | None) -> int:
    return 0 if seconds is None else round(seconds * 1000)
