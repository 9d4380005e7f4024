"""Writing records in batches, a round of them after the other: what every writer to Kafka here has in common.

ADR: a batch of a partition is never written behind one that failed. Each round holds at most one batch of each
partition, and all of them are acknowledged before the next one is sent. Trackers drop every mention whose raw offset
lies below one that they have seen, so a hole that is filled later would be lost; posts keep their order around a gap.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from itertools import zip_longest
from typing import Any

from aiokafka.errors import KafkaError

__all__ = ["Placed", "PublishError", "batches_of", "send_rounds"]


class PublishError(Exception):
    """Records could not be written. Nothing that depends on them may be acked."""


Placed = tuple[int, bytes | None, bytes | None, Sequence[tuple[str, bytes]]]
"""A record: the partition that it goes to, key, value, headers."""


def batches_of(create_batch: Callable[[], Any], records: Iterable[Placed]) -> tuple[dict[int, list[Any]], int]:
    """Return closed batches of each partition, in order, and how many records they hold.

    ``create_batch`` is aiokafka's. What is larger than a batch has one of its own.
    """
    queues: dict[int, list[Any]] = {}
    appends: dict[int, Callable[..., object]] = {}
    count = 0
    for partition, key, value, given in records:
        headers = given if type(given) is list else list(given)  # aiokafka takes nothing else
        append = appends.get(partition)
        if append is None or append(timestamp=None, key=key, value=value, headers=headers) is None:
            batch = create_batch()
            queues.setdefault(partition, []).append(batch)
            append = appends[partition] = batch.append
            append(timestamp=None, key=key, value=value, headers=headers)
        count += 1
    for queue in queues.values():
        for batch in queue:
            batch.close()  # otherwise aiokafka's send() may still add to it
    return queues, count


async def send_rounds(producer: Any, topic: str, queues: dict[int, list[Any]]) -> None:
    """Write batches and return when the broker has acknowledged all of them.

    Raises
    ------
    PublishError
        A batch was refused or timed out; its cause is the first error. Some may have been written: of each partition a
        first part.
    """
    for batches in zip_longest(*queues.values()):
        await _send_round(producer, topic, zip(queues, batches, strict=True))


async def _send_round(producer: Any, topic: str, batches: Iterable[tuple[int, Any]]) -> None:
    """Send one batch for each partition and wait until nothing of it is under way any more."""
    sent: list[asyncio.Future[object]] = []
    failed: list[BaseException] = []
    for partition, batch in batches:
        if batch is not None:
            try:  # does not wait for the broker: all of them are in one request
                sent.append(await producer.send_batch(batch, topic, partition=partition))
            except KafkaError as exc:
                failed.append(exc)
    count = len(sent) + len(failed)
    results = await asyncio.gather(*sent, return_exceptions=True)
    failed += [result for result in results if isinstance(result, BaseException)]
    if failed:
        raise PublishError(f"{len(failed)} of {count} batches to {topic}: {failed[0]!r}") from failed[0]
