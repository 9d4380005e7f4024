"""Writing results so that nothing is acked before the broker has them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from mode import get_logger

from agents.metrics import Metrics
from agents.transport import BatchProducer, OutRecord, PublishError

__all__ = ["Publisher", "WriteRefused"]

logger = get_logger(__name__)

_FIRST_DELAY_S = 0.25
_LAST_DELAY_S = 10.0


class WriteRefused(Exception):
    """The broker refused a write for longer than the limit: the worker must exit, its input unacked."""


class Publisher:
    """Writes batches and keeps trying: the worker holds, says why, and goes on when the broker does.

    Parameters
    ----------
    producer : BatchProducer
        The application's producer.
    metrics : Metrics
        Counts what was written and what was refused.
    retry_timeout_s : float
        How long one write is tried again before :class:`WriteRefused`.
    """

    def __init__(self, producer: BatchProducer, metrics: Metrics, retry_timeout_s: float) -> None:
        self._producer = producer
        self._metrics = metrics
        self._retry_timeout_s = retry_timeout_s

    async def write(self, topic: str, records: Sequence[OutRecord]) -> None:
        """Write records and return when the broker has acknowledged all of them.

        A write that failed in part is repeated whole: consumers drop repeated events by their ID.

        Raises
        ------
        WriteRefused
            After ``retry_timeout_s`` of refusals.
        """
        if not records:
            return
        deadline = time.monotonic() + self._retry_timeout_s
        delay_s = _FIRST_DELAY_S
        while True:
            try:
                count = await self._producer.publish(topic, records)
            except PublishError as exc:
                self._metrics.publish_failures.labels(topic).inc()
                if time.monotonic() + delay_s > deadline:
                    raise WriteRefused(f"gave up after {self._retry_timeout_s:.0f} s: {exc}") from exc
                logger.warning("holding, nothing is acked: %s; trying again in %.1f s", exc, delay_s)
                await asyncio.sleep(delay_s)
                delay_s = min(delay_s * 2, _LAST_DELAY_S)
            else:
                self._metrics.published.labels(topic).inc(count)
                return

    async def partitions(self, topic: str) -> int:
        """Return how many partitions a topic has.

        Raises
        ------
        PublishError
            It is not known to the broker.
        """
        found = await self._producer._ensure_producer().partitions_for(topic)  # noqa: SLF001 - the driver we subclass
        if not found:
            raise PublishError(f"topic {topic} has no partitions")
        return len(found)
