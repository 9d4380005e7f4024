"""How far a consumer group has come."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from agents.role import Role
from agents.settings import Settings
from tests.brokers.client import end_offsets_of

__all__ = ["input_topic", "worked_off"]

_POLL_S = 0.05


def input_topic(settings: Settings, role: Role) -> str:
    """Return what a role reads."""
    return settings.topics.raw if role is Role.ENRICH else settings.topics.mentions


def worked_off(
    settings: Settings, role: Role, alive: Callable[[], None], *, timeout_s: float = 300.0, most: int = 0
) -> int:
    """Wait until a role has committed all that its input holds now; return how many records are left in the end.

    Parameters
    ----------
    settings, role
        Whose group.
    alive : callable
        Called now and then; raises when nothing more is to be expected.
    timeout_s : float
        How long to wait; then it returns, and records are left.
    most : int
        How many records may be left.
    """
    return asyncio.run(_worked_off(settings, role, alive, time.monotonic() + timeout_s, most))


async def _worked_off(settings: Settings, role: Role, alive: Callable[[], None], deadline: float, most: int) -> int:
    topic = input_topic(settings, role)
    ends = {TopicPartition(topic, n): end for n, end in (await end_offsets_of(settings.brokers, topic)).items()}
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.brokers)
    await admin.start()
    try:
        while True:
            found = await admin.list_consumer_group_offsets(settings.group(role), partitions=list(ends))
            left: int = sum(max(0, end - max(0, found[place].offset)) for place, end in ends.items())
            if left <= most or time.monotonic() > deadline:
                return left
            alive()
            await asyncio.sleep(_POLL_S)
    finally:
        await admin.close()
