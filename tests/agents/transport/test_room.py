from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from faust.types import TP
from mode.utils.queues import FlowControlEvent, ThrowableQueue

from agents.transport import BatchConsumer

SIZES = pytest.mark.parametrize("size", range(1, 10))
ONE, OTHER = TP("t", 0), TP("t", 1)


class Waiting:
    """What a consumer knows of room, with one stream, whose queue is the real one."""

    def __init__(self, size: int) -> None:
        flow = FlowControlEvent()
        flow.resume()
        self.queue: ThrowableQueue[int] = ThrowableQueue(maxsize=size, flow_control=flow)
        self.flow_active, self.should_stop = True, False
        self._worked_off, self.suspend_flow = asyncio.Event(), asyncio.Event()
        self._dropped = {tp: lambda tp=tp: BatchConsumer.on_buffer_drop(cast("Any", self), tp) for tp in (ONE, OTHER)}

    def _batch_channels(self) -> list[Any]:
        return [SimpleNamespace(committed=True, queue=self.queue)]

    async def wait_first(self, *waits: Any, timeout: float) -> None:  # noqa: ASYNC109 - mode's signature
        tasks = [asyncio.ensure_future(wait) for wait in waits]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)  # the time-out does not help
        for task in tasks:
            task.cancel()

    async def give(self, tp: TP = ONE) -> None:
        await BatchConsumer._room(cast("Any", self))
        self.queue.put_nowait_enhanced(0, on_pressure_high=lambda: None, on_pressure_drop=self._dropped[tp])


@SIZES
async def test_a_stream_is_given_batches_without_a_wait_until_it_has_enough_and_its_queue_never_overflows(
    size: int,
) -> None:
    consumer = Waiting(size)
    giving = asyncio.create_task(_give(consumer, 100))
    await asyncio.wait([giving], timeout=0.02)
    assert max(1, size // 2) <= consumer.queue.qsize() <= size
    giving.cancel()


@SIZES
async def test_a_stream_that_works_gets_everything_at_once_from_both_partitions(size: int) -> None:
    consumer = Waiting(size)
    giving = asyncio.create_task(_give(consumer, 100))
    async with asyncio.timeout(5):
        for _ in range(100):
            if consumer.queue.empty():
                await consumer.queue.get()
            else:
                consumer.queue.get_nowait()
            await asyncio.sleep(0)
        await giving


async def test_who_waits_for_a_full_stream_is_woken_when_the_flow_stops() -> None:
    consumer = Waiting(3)
    giving = asyncio.create_task(_give(consumer, 4))
    assert not (await asyncio.wait([giving], timeout=0.02))[0]
    consumer.flow_active = False
    consumer.suspend_flow.set()
    assert (await asyncio.wait([giving], timeout=1))[0]


async def _give(consumer: Waiting, count: int) -> None:
    for number in range(count):
        await consumer.give(OTHER if number % 3 else ONE)
