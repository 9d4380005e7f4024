"""Where a partition ends, by what a fetch says.

ADR: the embedded broker answers ListOffsets with the first offset of the last batch plus one, so anything that
trusts it reads too little: a table recovered up to there misses the last writes. The high watermark in a
fetch response is right on every broker, and one fetch of the last batch costs little, so that is what we use
everywhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from aiokafka import AIOKafkaConsumer, TopicPartition

__all__ = ["end_offsets"]

_TIMEOUT_S = 30.0


async def end_offsets(consumer: AIOKafkaConsumer, tps: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
    """Return the offset after the last record of each partition.

    Parameters
    ----------
    consumer : AIOKafkaConsumer
        Assigned to the partitions by hand, with nothing read yet; its positions are anywhere afterwards.
    tps : iterable of TopicPartition
        Which partitions.

    Raises
    ------
    TimeoutError
        The broker did not answer.
    """
    wanted = list(tps)
    first = await consumer.beginning_offsets(wanted)
    ends = dict(await consumer.end_offsets(wanted))
    unsure = {tp for tp in wanted if ends[tp] > first[tp]}
    for tp in unsure:
        consumer.seek(tp, ends[tp] - 1)
    async with asyncio.timeout(_TIMEOUT_S):
        while unsure:
            fetched = await consumer.getmany(*unsure, timeout_ms=500)
            for tp in fetched:
                ends[tp] = consumer.highwater(tp)
            unsure.difference_update(fetched)
            if unsure and not fetched:
                # Retention may have removed the last batch meanwhile: then nothing comes, and nothing is unsure.
                first = await consumer.beginning_offsets(unsure)
                unsure = {tp for tp in unsure if first[tp] < ends[tp]}
    return ends
