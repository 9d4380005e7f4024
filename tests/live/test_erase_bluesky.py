"""What Bluesky takes back is named nowhere any more, like what X does; IDs are no numbers there."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from click.testing import CliRunner

from agents.cli.main import main
from agents.processes import role_environment
from pipeline.archive import ArchiveRecord
from pipeline.erasure import named_ids
from pipeline.formats import parse
from pipeline.postid import bluesky_uri
from pipeline.simulate import demo_watchlist
from schemas.codec import encode
from schemas.situation import CommunicationOverdue
from tests.brokers.base import Broker
from tests.brokers.client import alter_topic
from tests.feed import feed
from tests.ingest.jetserver import account, commit, delete, post
from tests.live import test_erase as x
from tests.live.vigie import Vigie, now_ms, oracle, until


def did(author: str | None) -> str:
    return f"did:plc:{(author or '0').rjust(24, 'a')}"


@cache
def records() -> tuple[ArchiveRecord, ...]:
    """X's log as Bluesky would have sent it: the same posts at the same times, by accounts of its own."""
    return tuple(_events())


def _events() -> Iterator[ArchiveRecord]:
    for record in x.records():
        parsed = parse(record.value, max_bytes=1 << 20)
        for tweet in parsed.tweets if len(parsed.tweets) == 1 else ():
            by = did(tweet.author_id)
            uri = bluesky_uri(by, tweet.id)
            assert uri is not None
            event = post(tweet.created_at_ms * 1000, tweet.id, tweet.text, did=by, createdAt=None, langs=[tweet.lang])
            yield ArchiveRecord(uri.encode(), encode(event), tweet.created_at_ms)


def notices(posts: list[str], gone: str) -> list[ArchiveRecord]:
    """The first post is deleted, the second one changed, and an account gone."""
    deleted, changed = (uri.removeprefix("at://").split("/") for uri in posts)
    now_us = now_ms() * 1000
    events = [
        delete(now_us, deleted[2], did=deleted[0]),
        commit(now_us, changed[2], did=changed[0], operation="update", text="never mind", createdAt=None),
        account(now_us, did=gone, status="takendown"),
    ]
    return [ArchiveRecord(None, encode(event), None) for event in events]


def test_what_bluesky_takes_back_is_named_nowhere(broker: Broker, topic_prefix: str, tmp_path: Path) -> None:
    vigie = Vigie(broker, tmp_path, topic_prefix, demo_watchlist(), erase_interval_s=0.5, commit_interval_s=0.3)
    vigie.create_topics(raw_partitions=1, partitions=2)
    settings, topics = vigie.settings, vigie.settings.topics
    if broker.durable:
        asyncio.run(alter_topic(broker.bootstrap, topics.crises, x.AT_ONCE))
    beginning = [record for record in records() if (record.time_ms or 0) < x.CUT]
    expected = oracle(settings, beginning, read_at_ms=now_ms())
    assert expected.crises, "the log gives no crisis"
    with vigie.worker() as worker:
        asyncio.run(feed(settings, beginning))
        vigie.published(topics.crises, until=expected.crises, running=[worker], timeout_s=x.TIMEOUT_S)
        before = x.events(x.published(settings))
        named = {uri for event in before.values() for uri in named_ids(event)}
        by = {
            uri: uri.split("/")[2]
            for event in before.values()
            if not isinstance(event, CommunicationOverdue)
            for uri in event.authors
        }
        until(lambda: len(x.named_in_state(settings) & by.keys()) > 2, what="a state that names posts", trial=vigie)
        in_state = sorted(x.named_in_state(settings) & by.keys())
        assert len(in_state) > 2, "the log names too little for this"
        posts, gone_account = in_state[:2], by[in_state[-1]]
        gone = {*posts, *(uri for uri in named if uri.split("/")[2] == gone_account)}
        asyncio.run(feed(settings, notices(posts, gone_account)))
        until(lambda: x.is_proven(settings), what="the proof", trial=vigie, timeout_s=x.TIMEOUT_S)
        assert not gone & x.named_in_state(settings)
        after = x.events(x.published(settings))
    assert after.keys() == before.keys()
    left = {uri for event in after.values() for uri in named_ids(event)}
    assert left == named - gone
    assert left
    everything = b"".join(record.value or b"" for record in x.published(settings))
    assert not broker.durable or not [uri for uri in gone if uri.encode() in everything]
    told = _verified(settings, posts, gone_account)
    places = {(each["topic"], each["what"]) for each in told if not each["allowed"] and not each["replaced"]}
    assert places == {(topics.raw, "post")}, "what it sent is gone within the day, and the rest is gone"
    assert {each["what"] for each in told if each["topic"] == topics.compliance} == {"notice"}


def _verified(settings: object, posts: list[str], gone_account: str) -> list[dict[str, object]]:
    """What ``vigie compliance verify`` finds."""
    words = [
        "compliance",
        "verify",
        "--json",
        "--user",
        gone_account,
        *(word for uri in posts for word in ("--id", uri)),
    ]
    result = CliRunner().invoke(main, words, env=role_environment(settings), catch_exceptions=False)  # type: ignore[arg-type]
    found: list[dict[str, object]] = json.loads(result.stdout)["found"]
    return found
