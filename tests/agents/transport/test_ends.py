from __future__ import annotations

import asyncio
from collections.abc import Iterable

from aiokafka import TopicPartition

from agents.transport import end_offsets

TP = TopicPartition("talk", 0)


class Emptied:
    """A consumer of a partition that retention empties just after it has said where it ends."""

    def __init__(self) -> None:
        self.firsts = iter((3, 7))

    async def beginning_offsets(self, tps: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(tps, next(self.firsts, 7))

    async def end_offsets(self, tps: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(tps, 7)

    def seek(self, _tp: TopicPartition, _offset: int) -> None:
        pass

    async def getmany(self, *_tps: TopicPartition, timeout_ms: int) -> dict[TopicPartition, list[object]]:
        await asyncio.sleep(0)
        return {}


async def test_a_partition_that_retention_empties_meanwhile_is_not_waited_for() -> None:
    assert await end_offsets(Emptied(), [TP]) == {TP: 7}
