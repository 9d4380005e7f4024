"""What a real worker writes on standard error, at its most talkative, over good, bad and hostile input."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from agents.connection import client_options
from agents.reading import read_topic
from agents.settings import Settings
from pipeline.archive import ArchiveRecord
from pipeline.simulate import demo_watchlist
from schemas.codec import decode, encode
from tests.brokers.base import Broker
from tests.feed import feed
from tests.live.vigie import Vigie, now_ms, oracle, until
from tests.pipeline.explain.logs import records

TIMEOUT_S = 60.0
WORD = "Quittenmus"
MARKER = f"the {WORD} was off, never again!"
"""What somebody has written; wherever a word of it shows up, a tweet's text may."""


def marked() -> Iterator[ArchiveRecord]:
    """Good tweets with a crisis in them, each with the marker in its text."""
    mark = b'"text":"%s ' % MARKER.encode()
    for record in records():
        yield ArchiveRecord(record.key, (record.value or b"").replace(b'"text":"', mark), record.time_ms)


def bad(good: bytes) -> Iterator[bytes]:
    """Records that cannot be used, each with the marker where it hurts."""
    yield MARKER.encode()
    yield b'{"text": "' + MARKER.encode()  # cut off
    yield b'"' + MARKER.encode() + b'"'
    yield b'{"' + MARKER.encode() + b'": 1}'
    yield b"\xff\xfe" + MARKER.encode()
    yield b'{"text": "\\ud83d' + MARKER.encode() + b'"}'
    yield b'{"a":' * 3_000 + b'"' + MARKER.encode() + b'"'
    yield from (encode(each) for each in _spoiled(decode(good)))


def _spoiled(value: Any) -> Iterator[Any]:
    """Yield a value with each one thing inside of it replaced by the marker, as text, key, item and number."""
    if isinstance(value, dict):
        for key, each in value.items():
            for hostile in (MARKER, [MARKER], {MARKER: MARKER}, f"9{MARKER}"):
                yield {**value, key: hostile}
            yield {MARKER if name == key else name: held for name, held in value.items()}
            yield from ({**value, key: inside} for inside in _spoiled(each))
    elif isinstance(value, list):
        yield from (
            [*value[:at], inside, *value[at + 1 :]] for at, each in enumerate(value) for inside in _spoiled(each)
        )


async def write(settings: Settings, topic: str, values: list[bytes]) -> None:
    producer = AIOKafkaProducer(**client_options(settings))
    await producer.start()
    try:
        for value in values:
            await producer.send_and_wait(topic, value)
    finally:
        await producer.stop()


async def letters(settings: Settings) -> list[dict[str, bytes]]:
    """Headers of all dead letters."""
    async with aclosing(read_topic(settings, settings.topics.deadletters, from_beginning=True, follow=False)) as found:
        return [dict(record.headers) async for record in found]


@pytest.mark.embedded
def test_every_line_is_an_object_with_its_fields_and_none_holds_a_tweets_text(
    broker: Broker, topic_prefix: str, tmp_path: Path
) -> None:
    vigie = Vigie(
        broker,
        tmp_path,
        topic_prefix,
        demo_watchlist(),
        log_level="DEBUG",
        log_format="json",
        keep_text=True,
        deadletter_limit_share=1.0,
    )
    vigie.create_topics(raw_partitions=1, partitions=1)
    topics = vigie.settings.topics
    good = list(marked())
    log = [*(ArchiveRecord(None, value, None) for value in bad(good[0].value)), *good]
    expected = oracle(vigie.settings, log, read_at_ms=now_ms())
    with vigie.worker() as worker:
        asyncio.run(
            write(vigie.settings, topics.mentions, list(bad(b'{"type":"mention","v":1,"origin":{"offset":1}}')))
        )
        asyncio.run(feed(vigie.settings, log))
        vigie.published(topics.crises, until=expected.crises, running=[worker], timeout_s=TIMEOUT_S)
        until(lambda: "is idle" in vigie.logs(whole=True), what="the idle partition is spoken of", trial=vigie)
    said = [json.loads(line) for line in vigie.logs(whole=True).splitlines()]
    for line in said:
        assert {"time", "level", "logger", "message", "role"} <= line.keys(), line
        assert line["time"].endswith("Z")
        assert datetime.fromisoformat(line["time"]).tzinfo == UTC
    assert {line["role"] for line in said} == {"enrich", "track", "erase"}
    assert any(line["level"] == "DEBUG" for line in said)
    assert any(line["logger"].startswith(("faust", "mode")) for line in said), "other people's lines have the same form"
    (crisis, *_) = [line for line in said if line["message"].startswith("crisis ")]
    assert crisis["brand"] == "nimbus-mobile"
    assert crisis["crisis_id"] in crisis["message"]
    (idle,) = [line for line in said if "is idle" in line["message"]]
    assert (idle["topic"], idle["partition"], idle["stage"]) == (topics.raw, 0, "enrich")
    found = asyncio.run(letters(vigie.settings))
    assert len(found) > 25
    assert {headers["vigie.deadletter.stage"] for headers in found} == {b"enrich", b"track"}
    assert not [headers for headers in found if any(WORD.encode() in value for value in headers.values())]
    assert not [line for line in said if WORD in json.dumps(line)]
