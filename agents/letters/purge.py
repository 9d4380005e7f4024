"""Deleting the oldest dead letters."""

from __future__ import annotations

from collections import Counter
from contextlib import aclosing
from dataclasses import dataclass, field

from aiokafka import TopicPartition
from aiokafka.admin import RecordsToDelete
from aiokafka.errors import KafkaConnectionError, KafkaError

from agents.letters.letter import Letter, Mark, Place, Progress, read_letters
from agents.settings import Settings
from agents.topics import TopicProblem, admin_client

__all__ = ["Purge", "plan_purge", "purge"]


@dataclass(slots=True, kw_only=True)
class Purge:
    """What is to be deleted: in each partition everything before an offset."""

    before: dict[int, int] = field(default_factory=dict)
    """Partition and first offset that stays."""
    letters: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Letters that go, by stage and reason."""
    never_redriven: int = 0
    """How many of these were never redriven."""


async def plan_purge(
    settings: Settings, *, before: Place | None, older_than_ms: int | None, progress: Progress
) -> Purge:
    """Read the topic and say what would go. Deletes nothing.

    Parameters
    ----------
    settings : Settings
        Which broker.
    before : (int, int), optional
        Partition, and the first offset of it that stays.
    older_than_ms : int, optional
        Instead: of every partition what stands before the first letter written at this moment or later.
    progress : callable
        Told how many records have been read.

    Raises
    ------
    BrokerUnreachable, TopicProblem
        As :func:`agents.letters.letter.read_letters`.
    """
    found = Purge()
    going: dict[Place, tuple[str, str]] = {}
    marked: set[Place] = set()
    closed: set[int] = set()
    async with aclosing(read_letters(settings, progress=progress)) as letters:
        async for item in letters:
            partition, offset = item.place
            if isinstance(item, Mark):
                marked.add(item.letter)
            if partition in closed or not _goes(item, before, older_than_ms):
                closed.add(partition)
                continue
            found.before[partition] = offset + 1
            if isinstance(item, Letter):
                going[item.place] = (item.stage, item.reason)
    found.letters.update(going.values())
    found.never_redriven = len(going.keys() - marked)
    return found


def _goes(item: Letter | Mark, before: Place | None, older_than_ms: int | None) -> bool:
    if before is not None:
        return item.place[0] == before[0] and item.place[1] < before[1]
    return older_than_ms is not None and item.time_ms < older_than_ms


async def purge(settings: Settings, what: Purge) -> dict[int, int]:
    """Delete, and return the first offset that each partition holds now.

    Raises
    ------
    BrokerUnreachable
        Nobody answered.
    TopicProblem
        The broker cannot do it, or refuses.
    """
    topic = settings.topics.deadletters
    wanted = {TopicPartition(topic, p): RecordsToDelete(before_offset=offset) for p, offset in what.before.items()}
    async with admin_client(settings, timeout_s=5.0) as client:
        try:
            left = await client.delete_records(wanted)
        except KafkaConnectionError as exc:
            raise TopicProblem(
                f"the broker closed the connection when asked to delete records ({exc}). Apache Kafka can do it, the "
                "embedded broker cannot: there letters go with retention, or with the broker"
            ) from exc
        except KafkaError as exc:
            raise TopicProblem(f"{topic}: the broker refused to delete records: {exc!r}") from exc
    return {tp.partition: offset for tp, offset in left.items()}
