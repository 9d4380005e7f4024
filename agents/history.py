"""Reading a stretch of one partition's past, all of it or not at all."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from mode import get_logger

from agents.connection import client_options
from agents.settings import Settings
from agents.topics import BrokerUnreachable

__all__ = ["read_past"]

logger = get_logger(__name__)

_BACK_OFF_S = 0.5


async def read_past(
    settings: Settings, tp: TopicPartition, start: int, end: int
) -> AsyncIterator[list[ConsumerRecord[bytes, bytes]]]:
    """Yield the records from offset ``start`` up to ``end``, exclusive, that the broker still has.

    Parameters
    ----------
    settings : Settings
        Which broker, and for how long to wait for it.
    tp : TopicPartition
        The partition.
    start, end : int
        Offsets. ``end`` is at most the partition's end.

    Raises
    ------
    BrokerUnreachable
        The broker has not answered for ``retry_timeout_s``. A part of the past would not do: what depends on it
        would be decided in another way than before.
    """
    try:
        consumer = await _started(settings, tp)
    except KafkaError as exc:
        raise BrokerUnreachable(f"{tp.topic}[{tp.partition}]: the past cannot be read: {exc!r}") from exc
    progressed = time.monotonic()
    try:
        consumer.assign([tp])
        # What retention has removed is not there to be read.
        position = max(start, (await consumer.beginning_offsets([tp]))[tp])
        consumer.seek(tp, position)
        while position < end:
            fetched = (await consumer.getmany(tp, timeout_ms=2_000, max_records=2_000)).get(tp, [])
            if fetched:
                yield [record for record in fetched if record.offset < end]
                progressed = time.monotonic()
            elif time.monotonic() - progressed > settings.retry_timeout_s:
                raise BrokerUnreachable(f"{tp.topic}[{tp.partition}]: nothing came of the past at offset {position}")
            else:
                logger.warning(
                    "holding: waiting for the past of %s[%d] from %d",
                    tp.topic,
                    tp.partition,
                    position,
                    extra={"topic": tp.topic, "partition": tp.partition, "offset": position},
                )
            position = await consumer.position(tp)
    except KafkaError as exc:
        raise BrokerUnreachable(f"{tp.topic}[{tp.partition}]: the past cannot be read: {exc!r}") from exc
    finally:
        await consumer.stop()


async def _started(settings: Settings, tp: TopicPartition) -> AIOKafkaConsumer:
    """Return a consumer that has found the broker, which may just be starting anew."""
    began = time.monotonic()
    while True:
        consumer = AIOKafkaConsumer(**client_options(settings), enable_auto_commit=False, auto_offset_reset="earliest")
        try:
            await consumer.start()
        except KafkaError as exc:
            await consumer.stop()
            if time.monotonic() - began > settings.retry_timeout_s:
                raise
            logger.warning(
                "holding: nobody to ask for the past of %s[%d]: %r",
                tp.topic,
                tp.partition,
                exc,
                extra={"topic": tp.topic, "partition": tp.partition},
            )
            await asyncio.sleep(_BACK_OFF_S)
        else:
            return consumer
