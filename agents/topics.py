"""The topics on the broker: what each must look like, making them, and checking them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from agents import exits
from agents.connection import client_options, refusal
from agents.deadletters import MAX_LETTER_BYTES
from agents.settings import Settings

__all__ = [
    "BRAND_STATE",
    "MAX_STATE_BYTES",
    "NOTIFY_STATE",
    "SOURCE_CLOCK",
    "BrokerRefused",
    "BrokerUnreachable",
    "TopicProblem",
    "TopicSpec",
    "admin_client",
    "changelog",
    "check_topics",
    "create_topics",
    "topic_specs",
]

SOURCE_CLOCK = "source_clock"
"""Enrich's table: the clock of each raw partition."""
BRAND_STATE = "brand_state"
"""Track's table: all state of a brand."""
NOTIFY_STATE = "notify_state"
"""Notify's table: what each channel knows of a brand's crisis, and is still to be told."""

MAX_STATE_BYTES = 16 * 1024 * 1024
"""Largest state record. In live traffic a brand takes a few KiB; while a worker catches up on partitions that are
days apart, the buckets between the slowest and the fastest are all open, and travel in the state."""

T = TypeVar("T")

_HOUR_MS = 3600 * 1000
_DAY_MS = 24 * _HOUR_MS


class BrokerUnreachable(Exception):
    """No broker answered in time. The message says where we looked and what to try."""

    exit_code = exits.UNAVAILABLE


class BrokerRefused(BrokerUnreachable):
    """A broker is there and does not take us, now or later. The message says why, and which setting to look at."""

    exit_code = exits.CONFIG


class TopicProblem(Exception):
    """Topics are missing or have the wrong number of partitions; one line each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSpec:
    """What a topic must look like."""

    name: str
    partitions: int
    config: dict[str, str] = field(default_factory=dict)
    same_partitions_as: str | None = None
    """The changelog of a table must have the partitions of the topic it is computed from; feedback those of mentions,
    so that both are assigned to the same worker."""
    personal: bool = False
    """It holds what is about people: nobody should keep it for longer than this says (`agents.retention`)."""


def changelog(settings: Settings, role: str, table: str) -> str:
    """Name of a table's changelog topic, as Faust builds it."""
    return f"{settings.group(role)}-{table}-changelog"


def topic_specs(settings: Settings, *, raw_partitions: int = 8, partitions: int = 8) -> Iterator[TopicSpec]:
    """Yield every topic Vigie needs.

    ADR: texts stay for less than a day. X gives 24 hours to honour a deletion, and what is not kept needs none: raw
    records and dead letters, the only ones with texts, stay for 22. Kafka deletes by the segment: the oldest record of
    one goes up to an hour (`segment.ms`) and some minutes later, still within the day. So do mentions where they carry
    texts; without, a week, which is for a tracker that was away. Compliance messages stay for a week, too: they name
    what was deleted, but without them it would stay named in crises for a year. Whoever has not had them proven after
    20 hours is paged (VigieErasureOverdue), and has the rest of the week to mend it.

    Crises are compacted, so that a version of an event that names less replaces the one before, at latest two hours
    after it was written and something came after it (`segment.ms`, `max.compaction.lag.ms`). Of changelogs, the same.

    Parameters
    ----------
    settings : Settings
        For names and prefixes.
    raw_partitions : int
        Partitions of the input topic.
    partitions : int
        Partitions of mentions, windows, crises and feedback: the most track workers that can share the work.
    """
    names = settings.topics
    delete = {"cleanup.policy": "delete"}
    week = {**delete, "retention.ms": str(7 * _DAY_MS), "segment.ms": str(_DAY_MS)}
    within_a_day = {**delete, "retention.ms": str(22 * _HOUR_MS), "segment.ms": str(_HOUR_MS)}
    by_the_broker = {"message.timestamp.type": "LogAppendTime"}
    # A worker reads all of a changelog at every rebalance, so it is kept short; the lag is agents/state.py's.
    compact = {
        "cleanup.policy": "compact",
        "min.cleanable.dirty.ratio": "0.1",
        "min.compaction.lag.ms": str(10 * 60 * 1000),
        "max.compaction.lag.ms": str(_HOUR_MS),
        "segment.bytes": str(32 * 1024 * 1024),
        "segment.ms": str(10 * 60 * 1000),
    }
    # The broker's own clock on raw records: "dated in the future" is judged against it.
    yield TopicSpec(
        name=names.raw,
        partitions=raw_partitions,
        config=within_a_day | by_the_broker,
        personal=True,
    )
    # One partition: one worker at a time takes posts out of the crises. The age of a notice is by the broker's clock.
    yield TopicSpec(name=names.compliance, partitions=1, config=week | by_the_broker, personal=True)
    yield TopicSpec(
        name=names.mentions,
        partitions=partitions,
        config=within_a_day if settings.keep_text else week,
        personal=True,
    )
    yield TopicSpec(name=names.windows, partitions=partitions, config={**delete, "retention.ms": str(30 * _DAY_MS)})
    yield TopicSpec(
        name=names.crises,
        partitions=partitions,
        config={
            "cleanup.policy": "compact,delete",
            "retention.ms": str(365 * _DAY_MS),
            "segment.ms": str(_HOUR_MS),
            "max.compaction.lag.ms": str(_HOUR_MS),
        },
        personal=True,
    )
    # Brand by brand what people say has to come to the worker that tracks the brand.
    yield TopicSpec(
        name=names.feedback,
        partitions=partitions,
        config={**delete, "retention.ms": str(365 * _DAY_MS)},
        same_partitions_as=names.mentions,
        personal=True,
    )
    yield TopicSpec(
        name=names.deadletters,
        partitions=1,
        config={**within_a_day, "max.message.bytes": str(MAX_LETTER_BYTES)},
        personal=True,
    )
    yield TopicSpec(
        name=changelog(settings, "enrich", SOURCE_CLOCK),
        partitions=raw_partitions,
        config=compact,
        same_partitions_as=names.raw,
    )
    yield TopicSpec(
        name=changelog(settings, "track", BRAND_STATE),
        partitions=partitions,
        config={**compact, "max.message.bytes": str(MAX_STATE_BYTES)},
        same_partitions_as=names.mentions,
        personal=True,
    )
    # There whether or not anybody is notified, so that notify can be switched on without a second thought.
    yield TopicSpec(
        name=changelog(settings, "notify", NOTIFY_STATE),
        partitions=partitions,
        config={**compact, "max.message.bytes": str(MAX_STATE_BYTES)},
        same_partitions_as=names.crises,
        personal=True,
    )


@asynccontextmanager
async def admin_client(settings: Settings, *, timeout_s: float | None = None) -> AsyncIterator[AIOKafkaAdminClient]:
    """Connect to the broker, trying again with back-off until the timeout.

    Raises
    ------
    BrokerUnreachable
        Nobody answered, or, at once, :class:`BrokerRefused`.
    """
    limit_s = settings.start_timeout_s if timeout_s is None else timeout_s

    async def connected() -> AIOKafkaAdminClient:
        client = AIOKafkaAdminClient(**client_options(settings), request_timeout_ms=5_000)
        try:
            await client.start()
        except (KafkaError, OSError):
            await client.close()
            raise
        return client

    client = await _answered(connected, settings, limit_s)
    try:
        yield client
    finally:
        await client.close()


async def _answered(question: Callable[[], Awaitable[T]], settings: Settings, limit_s: float) -> T:
    """Ask until somebody answers: of several brokers, the one asked first may be the one that is down."""
    deadline = time.monotonic() + limit_s
    delay_s = 0.2
    while True:
        try:
            return await question()
        except (AssertionError, KafkaError, OSError) as exc:  # the client asserts that some broker is known
            if reason := await refusal(settings):
                raise BrokerRefused(reason) from exc
            if time.monotonic() + delay_s > deadline:
                raise BrokerUnreachable(
                    f"no Kafka broker answered at {settings.brokers} within {limit_s:.0f} s ({exc}).\n"
                    "Is it running and reachable from here? Set VIGIE_BROKERS=host:port, "
                    "or try Vigie without Kafka: vigie demo"
                ) from exc
            await asyncio.sleep(delay_s)
            delay_s = min(delay_s * 2, 5.0)


async def _partition_counts(client: AIOKafkaAdminClient, settings: Settings) -> dict[str, int]:
    # Asking for all topics and choosing here: a request that names a missing topic may create it.
    described = await _answered(client.describe_topics, settings, settings.start_timeout_s)
    return {topic["topic"]: len(topic["partitions"]) for topic in described if topic["error_code"] == 0}


async def create_topics(
    settings: Settings, *, raw_partitions: int, partitions: int, replication: int
) -> tuple[list[str], list[str]]:
    """Create what is missing.

    A changelog takes the partition count of its source topic as that is on the broker, whatever was asked.

    Returns
    -------
    tuple of (list of str, list of str)
        Names created, and names that were there already.

    Raises
    ------
    BrokerUnreachable, TopicProblem
        The second when the broker refuses a topic, with its reason.
    """
    created, present = [], []
    async with admin_client(settings) as client:
        counts = await _partition_counts(client, settings)
        for spec in topic_specs(settings, raw_partitions=raw_partitions, partitions=partitions):
            if spec.name in counts:
                present.append(spec.name)
                continue
            count = counts.get(spec.same_partitions_as or "", spec.partitions)
            topic = NewTopic(
                name=spec.name,
                num_partitions=count,
                replication_factor=replication,
                topic_configs={**spec.config, **_in_sync(replication)},
            )
            try:
                response = await client.create_topics([topic])
            except KafkaError as exc:
                raise TopicProblem(f"{spec.name}: {exc!r}") from exc
            for answer in response.topic_errors:
                if answer[1] not in (0, TopicAlreadyExistsError.errno):
                    reason = answer[2] if len(answer) > 2 and answer[2] else for_code(answer[1]).__name__
                    raise TopicProblem(f"{spec.name}: {reason}")
            counts[spec.name] = count
            created.append(spec.name)
    return created, present


def _in_sync(replication: int) -> dict[str, str]:
    """Ask for all copies but one, at least, before a write is acknowledged.

    By Kafka's default one is enough: a leader that is alone, acknowledges, and is lost takes what it has along.
    """
    return {"min.insync.replicas": str(replication - 1)} if replication > 2 else {}


def _lost(spec: TopicSpec) -> str:
    if spec.config.get("cleanup.policy") == "compact":
        return "its state is rebuilt from the input that the broker still has"
    return "what it holds is lost"


async def check_topics(
    settings: Settings, *, timeout_s: float | None = None, only: Collection[str] | None = None
) -> dict[str, int]:
    """Return the partition counts of our topics, or say what is wrong with them.

    Parameters
    ----------
    settings : Settings
        Broker and names.
    timeout_s : float, optional
        How long to look for a broker; `start_timeout_s` when left out.
    only : collection of str, optional
        Names of the topics that are needed; all when left out. A login may see no others.

    Raises
    ------
    BrokerUnreachable
        Nobody answered.
    TopicProblem
        One line for each missing topic or wrong partition count, and what to do.
    """
    async with admin_client(settings, timeout_s=timeout_s) as client:
        counts = await _partition_counts(client, settings)
    specs = [spec for spec in topic_specs(settings) if only is None or spec.name in only]
    problems = [f"topic {spec.name} is missing" for spec in specs if spec.name not in counts]
    problems += [
        f"topic {spec.name} has {counts[spec.name]} partitions, but {spec.same_partitions_as} has "
        f"{counts[spec.same_partitions_as]}: they must be equal; recreate {spec.name} ({_lost(spec)})"
        for spec in specs
        if spec.same_partitions_as in counts
        and spec.name in counts
        and counts[spec.name] != counts[spec.same_partitions_as]
    ]
    if problems:
        missing = any("missing" in line for line in problems)
        hint = ["create them with: vigie topics create"] if missing else []
        raise TopicProblem("\n".join(problems + hint))
    return {spec.name: counts[spec.name] for spec in specs}
