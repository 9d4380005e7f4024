"""Writing results so that nothing is acked before the broker has them."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from mode import get_logger
from prometheus_client import Counter

from agents.metrics import Metrics
from agents.transport import BatchProducer, OutRecord, PublishError

__all__ = ["Publisher", "WriteRefused"]

logger = get_logger(__name__)

T = TypeVar("T")

_FIRST_DELAY_S = 0.25
_LAST_DELAY_S = 10.0
_NOTICE_S = 5.0
"""How often a write that is not answered is spoken of."""


class WriteRefused(Exception):
    """The broker refused a write for longer than the limit: the worker must exit, its input unacked."""


class Publisher:
    """Writes batches and keeps trying: the worker holds, says why, and goes on when the broker does.

    Calls wait for one another: what is written has an order.

    Parameters
    ----------
    producer : BatchProducer
        The application's producer.
    metrics : Metrics
        Counts what was written and what was refused.
    retry_timeout_s : float
        How long one write may take, retries included, before :class:`WriteRefused`.
    """

    def __init__(self, producer: BatchProducer, metrics: Metrics, retry_timeout_s: float) -> None:
        self._producer = producer
        self._metrics = metrics
        self._counters: dict[str, tuple[Counter, Counter]] = {}
        self._retry_timeout_s = retry_timeout_s
        self._turn = asyncio.Lock()
        self.holding = False
        """A write has been refused, or is not answered: the worker waits for the broker, for a bounded time."""

    async def write(self, topic: str, records: Sequence[OutRecord]) -> None:
        """Write records and return when the broker has acknowledged all of them.

        A write that failed in part is repeated whole: consumers drop repeated events by their ID.

        Raises
        ------
        WriteRefused
            After ``retry_timeout_s`` of refusals or silence.
        """
        written, _ = self._counted(topic)
        if records:
            count = await self._hold(topic, lambda: self._producer.publish(topic, records))
            written.inc(count)

    async def partitions(self, topic: str) -> int:
        """Return how many partitions a topic has.

        Raises
        ------
        WriteRefused
            The broker does not know it, or does not answer, for ``retry_timeout_s``.
        """
        try:
            return len(await self._producer.partitions(topic))  # without a word to the broker, as a rule
        except PublishError:
            return len(await self._hold(topic, lambda: self._producer.partitions(topic)))

    def _counted(self, topic: str) -> tuple[Counter, Counter]:
        """Return what counts the records written to a topic, and the refusals; both begin at 0."""
        found = self._counters.get(topic)
        if found is None:
            metrics = self._metrics
            found = (metrics.published.labels(topic), metrics.publish_failures.labels(topic))
            self._counters[topic] = found
        return found

    async def _hold(self, topic: str, attempt: Callable[[], Awaitable[T]]) -> T:
        """Try until it succeeds or the time is over."""
        async with self._turn:
            return await self._try(topic, attempt)

    async def _try(self, topic: str, attempt: Callable[[], Awaitable[T]]) -> T:
        deadline = time.monotonic() + self._retry_timeout_s
        delay_s = _FIRST_DELAY_S
        try:
            while True:
                try:
                    return await self._patiently(topic, attempt, deadline)
                except PublishError as exc:
                    _, refused = self._counted(topic)
                    refused.inc()
                    self.holding = True
                    if time.monotonic() + delay_s > deadline:
                        raise WriteRefused(f"gave up after {self._retry_timeout_s:.0f} s: {exc}") from exc
                    logger.warning(
                        "holding, nothing is acked: %s; trying again in %.1f s", exc, delay_s, extra={"topic": topic}
                    )
                    await asyncio.sleep(delay_s)
                    delay_s = min(delay_s * 2, _LAST_DELAY_S)
                    await self._renew()
        finally:
            self.holding = False

    async def _patiently(self, topic: str, attempt: Callable[[], Awaitable[T]], deadline: float) -> T:
        """Wait for one attempt: an idempotent write is repeated by the client for as long as nobody answers."""
        pending = asyncio.ensure_future(attempt())
        try:
            while not (await asyncio.wait({pending}, timeout=_NOTICE_S))[0]:
                self.holding = True
                if time.monotonic() > deadline:
                    raise WriteRefused(f"gave up after {self._retry_timeout_s:.0f} s: no answer for {topic}")
                logger.warning(
                    "holding, nothing is acked: the broker has not answered for %s yet", topic, extra={"topic": topic}
                )
            return pending.result()
        finally:
            pending.cancel()

    async def _renew(self) -> None:
        with contextlib.suppress(PublishError):  # the old connection may still serve
            await self._producer.renew()
