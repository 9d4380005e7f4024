"""What ``vigie doctor`` looks at: broker, topics, retention, consumer lag, state."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from agents.connection import client_options
from agents.reading import read_topic
from agents.retention import retention_of
from agents.settings import Settings, SettingsError
from agents.state import ChangelogPartition
from agents.topics import BRAND_STATE, BrokerUnreachable, TopicProblem, changelog, check_topics
from agents.transport import end_offsets
from pipeline.tracker import Tracker
from pipeline.watchlist import Watchlist, WatchlistError
from schemas.times import to_rfc3339

__all__ = ["Finding", "diagnose"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The result of one check."""

    check: str
    ok: bool
    detail: str


async def diagnose(settings: Settings, *, timeout_s: float) -> AsyncIterator[Finding]:
    """Yield findings, from the most basic on; what a failed check makes pointless is left out."""
    yield _configuration(settings)
    try:
        counts = await check_topics(settings, timeout_s=timeout_s)
    except BrokerUnreachable as exc:
        yield Finding(check="broker", ok=False, detail=str(exc))
        return
    except TopicProblem as exc:
        yield Finding(check="broker", ok=True, detail=f"answers at {settings.brokers}")
        yield Finding(check="topics", ok=False, detail=str(exc))
        return
    yield Finding(check="broker", ok=True, detail=f"answers at {settings.brokers}")
    yield Finding(
        check="topics", ok=True, detail=", ".join(f"{name} ({count})" for name, count in sorted(counts.items()))
    )
    yield await _retention(settings)
    names = settings.topics
    read = [
        ("enrich", names.raw),
        ("track", names.mentions),
        ("track", names.feedback),
        ("erase", names.compliance),
    ]
    if settings.notify is not None:
        read.append(("notify", names.crises))
    for role, topic in read:
        yield await _lag(settings, role, topic, counts[topic])
    for finding in await _state(settings):
        yield finding


def _configuration(settings: Settings) -> Finding:
    try:
        settings.engine()
        watchlist = Watchlist.load(settings.watchlist)
    except (SettingsError, WatchlistError) as exc:
        return Finding(check="configuration", ok=False, detail=str(exc))
    detail = f"{settings.watchlist}: {len(watchlist.brands)} brands"
    if settings.author_key_file is None:
        detail += "; without author_key_file (VIGIE_AUTHOR_KEY_FILE) anybody can work out the hashes of authors"
    return Finding(check="configuration", ok=True, detail=detail)


async def _retention(settings: Settings) -> Finding:
    found = await retention_of(settings)
    lines = found.problems + [f"not known of {name}: {why}" for name, why in found.unknown.items()]
    detail = "\n".join(lines) or "no topic keeps personal data for longer than it should"
    return Finding(check="retention", ok=not found.problems, detail=detail)


async def _lag(settings: Settings, role: str, topic: str, partitions: int) -> Finding:
    group = settings.group(role)
    consumer = AIOKafkaConsumer(**client_options(settings), group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        tps = [TopicPartition(topic, partition) for partition in range(partitions)]
        consumer.assign(tps)
        ends = await end_offsets(consumer, tps)
        starts = await consumer.beginning_offsets(tps)
        committed = {tp: await consumer.committed(tp) for tp in tps}
    except KafkaError as exc:
        return Finding(check=f"lag of {role}", ok=False, detail=f"cannot read offsets of {group}: {exc!r}")
    finally:
        await consumer.stop()
    started = any(offset is not None for offset in committed.values())
    lag = sum(ends[tp] - max(starts[tp], committed[tp] or 0) for tp in tps)
    detail = f"{lag:,} records of {topic} not committed yet"
    return Finding(
        check=f"lag of {role}",
        ok=True,
        detail=detail if started else f"{detail}; group {group} has never committed: no worker has run",
    )


async def _state(settings: Settings) -> tuple[Finding, Finding]:
    """Say whether input is missing now, by the state, and whether that can be read."""
    topic = changelog(settings, "track", BRAND_STATE)
    partitions: dict[int, ChangelogPartition] = {}
    missing: set[tuple[int, int]] = set()
    async for record in read_topic(settings, topic, from_beginning=True, follow=False):
        partitions.setdefault(record.partition, ChangelogPartition()).read(record)
    problems: Counter[str] = Counter()
    brands = size = 0
    for partition, held in sorted(partitions.items()):
        tracker = Tracker(settings.engine(), partition)
        for key, value in held.entries.items():
            tracker.restore(key.decode("utf-8", "replace"), value)
            size += len(value)
        brands += len(tracker.brands())
        missing.update(tracker.missing)
        problems += tracker.problems
    if problems:
        listed = ", ".join(f"{count} {reason}" for reason, count in sorted(problems.items()))
        state = Finding(check="state", ok=False, detail=f"{brands} brands readable; not used: {listed}")
    else:
        state = Finding(check="state", ok=True, detail=f"{brands} brands readable, {size / 1024:.1f} KiB")
    return _input(missing), state


def _input(missing: Collection[tuple[int, int]]) -> Finding:
    """Say whether input is missing of the time that is not closed yet."""
    if not missing:
        return Finding(check="input", ok=True, detail="no gap is known of the minutes that are still open")
    start_ms, end_ms = min(start for start, _ in missing), max(end for _, end in missing)
    times = f"{to_rfc3339(start_ms)} to {to_rfc3339(end_ms)}"
    detail = f"missing from {times}, of minutes that are still open: the ingester says why (its log, its /metrics)"
    return Finding(check="input", ok=False, detail=detail)
