"""Writing an archive to the input topic."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from agents.connection import client_options
from agents.settings import Settings
from agents.topics import BrokerUnreachable, TopicProblem, check_topics
from pipeline.archive import ArchiveRecord

__all__ = ["feed"]

_AWAIT_EVERY = 2000


async def feed(settings: Settings, archive: Iterable[ArchiveRecord], *, speed: float | None = None) -> int:
    """Write records in order to ``tweets.raw`` and return how many, once all are acknowledged.

    Parameters
    ----------
    settings : Settings
        Broker and topic.
    archive : iterable of ArchiveRecord
        In the order of the log.
    speed : float, optional
        Times real time by the records' own times; as fast as possible when left out.

    Raises
    ------
    BrokerUnreachable, TopicProblem
        The second also when the broker refuses a record.
    """
    await check_topics(settings)
    producer = AIOKafkaProducer(
        **client_options(settings),
        acks="all",
        enable_idempotence=settings.idempotent_producer,
        compression_type=None if settings.compression == "none" else settings.compression,
        linger_ms=5,
        max_batch_size=256 * 1024,
        max_request_size=max(settings.max_record_bytes * 2, 1_048_576),
    )
    try:
        await producer.start()
    except KafkaError as exc:
        raise BrokerUnreachable(f"no Kafka broker answered at {settings.brokers} ({exc})") from exc
    pace = _Pace(speed)
    topic, count = settings.topics.raw, 0
    pending: list[asyncio.Future[object]] = []
    try:
        for record in archive:
            await pace.until(record.time_ms)
            pending.append(await producer.send(topic, value=record.value, key=record.key))
            count += 1
            if len(pending) >= _AWAIT_EVERY:
                await asyncio.gather(*pending)
                pending.clear()
        await asyncio.gather(*pending)
    except KafkaError as exc:
        raise TopicProblem(f"{topic} refused a record after {count}: {exc!r}") from exc
    finally:
        await producer.stop()
    return count


class _Pace:
    """Waits so that records leave ``speed`` times as fast as their times say."""

    def __init__(self, speed: float | None) -> None:
        self._speed = speed
        self._origin: tuple[float, int] | None = None

    async def until(self, time_ms: int | None) -> None:
        if self._speed is None or time_ms is None:
            return
        now = time.monotonic()
        if self._origin is None:
            self._origin = (now, time_ms)
        began, first_ms = self._origin
        wait_s = began + (time_ms - first_ms) / 1000 / self._speed - now
        if wait_s > 0:
            await asyncio.sleep(wait_s)
