"""What X takes back is named nowhere any more, whatever happens to workers meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from agents.faultpoints import FaultPoint
from agents.reading import read_topic
from agents.settings import Settings
from agents.state import ChangelogPartition
from agents.topics import BRAND_STATE, changelog
from pipeline.archive import ArchiveRecord
from pipeline.erasure import named_ids
from pipeline.formats import parse
from pipeline.simulate import demo_watchlist, simulate
from pipeline.tracker import Tracker
from schemas.codec import encode
from schemas.reading import read_crisis_record
from schemas.situation import CommunicationOverdue, CrisisRecord
from schemas.times import from_rfc3339
from tests.brokers.base import Broker
from tests.brokers.client import Record, alter_topic, committed_offsets, consume_all, end_offsets_of
from tests.feed import feed
from tests.live.vigie import Vigie, differences, now_ms, oracle, until
from tests.pipeline.explain.logs import scenario

TIMEOUT_S = 120.0
WEEK_MS = 7 * 24 * 3_600_000
LATER_MS = (now_ms() - scenario().start_ms - WEEK_MS) // WEEK_MS * WEEK_MS
"""The log is of the last weeks: an account is known by its hashes of a year."""
CUT = from_rfc3339("2025-02-07T09:20:00Z") + LATER_MS
"""The crisis has been opened and has risen by then, and goes on for hours."""
AT_ONCE = {"segment.ms": "1000", "max.compaction.lag.ms": "1000", "min.cleanable.dirty.ratio": "0.01"}


@cache
def records() -> tuple[ArchiveRecord, ...]:
    """The log with the one planted crisis, some weeks ago at the same hours of the same days."""
    told = scenario()
    brands = tuple(
        replace(brand, events=tuple(replace(event, start_ms=event.start_ms + LATER_MS) for event in brand.events))
        for brand in told.brands
    )
    later = replace(told, start_ms=told.start_ms + LATER_MS, brands=brands)
    return tuple(ArchiveRecord(tweet.key, tweet.value, tweet.time_ms) for tweet in simulate(later))


def published(settings: Settings) -> list[Record]:
    return asyncio.run(consume_all(settings.brokers, settings.topics.crises))


def events(read: list[Record]) -> dict[bytes, CrisisRecord]:
    """The last version of each event, by its key."""
    return {record.key or b"": read_crisis_record(record.value) for record in read}


def named_in_state(settings: Settings) -> frozenset[str]:
    """The posts that the stored state of track names."""
    return asyncio.run(_named_in_state(settings))


async def _named_in_state(settings: Settings) -> frozenset[str]:
    partitions: dict[int, ChangelogPartition] = {}
    topic = changelog(settings, "track", BRAND_STATE)
    async for record in read_topic(settings, topic, from_beginning=True, follow=False):
        partitions.setdefault(record.partition, ChangelogPartition()).read(record)
    found: set[str] = set()
    for partition, held in partitions.items():
        tracker = Tracker(settings.engine(), partition)
        for key, value in held.entries.items():
            tracker.restore(key.decode(), value)
        assert not tracker.problems
        for brand in tracker._brands.values():
            found.update(brand._posters, *(bucket.posters for bucket in brand._open.values()))
    return frozenset(found)


def authors() -> dict[str, str]:
    """The account that wrote each post of the log."""
    tweets = (tweet for record in records() for tweet in parse(record.value, max_bytes=1 << 20).tweets)
    return {tweet.id: tweet.author_id for tweet in tweets if tweet.author_id}


def is_proven(settings: Settings) -> bool:
    topic, group = settings.topics.compliance, settings.group("erase")
    ends = asyncio.run(end_offsets_of(settings.brokers, topic))
    return 0 < ends[0] == asyncio.run(committed_offsets(settings.brokers, group, topic))[0]


def notices(posts: list[str], account: str) -> Iterator[ArchiveRecord]:
    for post in posts:
        yield ArchiveRecord(None, encode({"delete": {"status": {"id_str": post, "user_id_str": "1"}}}), None)
    yield ArchiveRecord(None, encode({"data": {"user_delete": {"user": {"id": account}}}}), None)


def test_what_x_takes_back_is_named_nowhere_whatever_happens_to_workers(
    broker: Broker, topic_prefix: str, tmp_path: Path
) -> None:
    vigie = Vigie(broker, tmp_path, topic_prefix, demo_watchlist(), erase_interval_s=1.0, commit_interval_s=0.3)
    vigie.create_topics(raw_partitions=1, partitions=2)
    settings, topics = vigie.settings, vigie.settings.topics
    if broker.kind == "kafka":
        asyncio.run(alter_topic(broker.bootstrap, topics.crises, AT_ONCE))
    whole = oracle(settings, records(), read_at_ms=now_ms())
    beginning = [record for record in records() if (record.time_ms or 0) < CUT]
    expected = oracle(settings, beginning, read_at_ms=now_ms())
    with vigie.worker("first") as worker:
        asyncio.run(feed(settings, beginning))
        vigie.published(topics.crises, until=expected.crises, running=[worker], timeout_s=TIMEOUT_S)
        until(lambda: named_in_state(settings), what="a state that names posts", trial=vigie)
    before = events(published(settings))
    by_account, wrote = dict[str, str](), authors()
    for event in before.values():
        known = {} if isinstance(event, CommunicationOverdue) else event.authors
        by_account |= {post: wrote[post] for post in known if post in wrote}
    in_state = sorted(named_in_state(settings) & by_account.keys())
    assert len(in_state) > 2, "the log names too little for this"
    posts, account = in_state[:2], by_account[in_state[-1]]
    gone = {*posts, *(post for post, writer in by_account.items() if writer == account)}

    with vigie.worker("dies", fault_points=f"{FaultPoint.ERASE_BROADCAST.value}:kill@1") as worker:
        asyncio.run(feed(settings, list(notices(posts, account))))
        assert worker.wait(TIMEOUT_S) == 128 + 9
    assert not is_proven(settings)
    with vigie.worker("last") as worker:
        until(lambda: is_proven(settings), what="the proof", trial=vigie, timeout_s=TIMEOUT_S)
        after = events(published(settings))
        assert not gone & named_in_state(settings)
        asyncio.run(feed(settings, records()[len(beginning) :]))
        windows = vigie.published(topics.windows, until=whole.windows, running=[worker], timeout_s=TIMEOUT_S)
    assert not differences(windows, whole.windows), "what was counted stays counted"
    assert not any(gone & named_ids(event) for event in events(published(settings)).values())
    assert after.keys() == before.keys()
    assert not any(gone & named_ids(event) for event in after.values())
    left = {post for event in before.values() for post in named_ids(event)} - gone
    assert left
    assert left == {post for event in after.values() for post in named_ids(event)}
    if broker.durable:
        everything = b"".join(record.value or b"" for record in published(settings))
        assert not [post for post in gone if post.encode() in everything], "versions of before are still there"


@pytest.mark.kafka
def test_an_event_that_was_redacted_and_is_not_compacted_yet_keeps_its_notice_open(
    broker: Broker, topic_prefix: str, tmp_path: Path
) -> None:
    vigie = Vigie(broker, tmp_path, topic_prefix, demo_watchlist(), erase_interval_s=0.5, commit_interval_s=0.3)
    vigie.create_topics(raw_partitions=1, partitions=1)
    settings, topics = vigie.settings, vigie.settings.topics
    expected = oracle(settings, records(), read_at_ms=now_ms())
    with vigie.worker("worker") as worker:
        asyncio.run(feed(settings, records()))
        vigie.published(topics.crises, until=expected.crises, running=[worker], timeout_s=TIMEOUT_S)
        post = min(post for event in events(published(settings)).values() for post in named_ids(event))
        asyncio.run(feed(settings, list(notices([post], "1"))))
        said = "0 batches of notices proven, 1 not yet; 0 events redacted, 1 partitions wait for compaction"
        until(lambda: said in vigie.logs(whole=True), what="a redacted event", trial=vigie)
        assert not any(post in named_ids(event) for event in events(published(settings)).values())
        assert not is_proven(settings)
        asyncio.run(alter_topic(broker.bootstrap, topics.crises, AT_ONCE))
        until(lambda: is_proven(settings), what="the proof", trial=vigie, timeout_s=TIMEOUT_S)
        assert not [record for record in published(settings) if post.encode() in (record.value or b"")]
