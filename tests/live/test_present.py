"""The present read from real topics: quickly, from their ends, and on as news comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import pytest
from click.testing import CliRunner

from agents import exits
from agents.cli.main import main
from agents.present import presents_of, raw_texts, records_of, watch_topics
from agents.processes import role_environment
from pipeline.erasure import named_ids, redacted
from pipeline.present import Presents
from schemas.cloudevents import REDACTED_HEADER, crisis_headers, crisis_key
from schemas.codec import decode, encode
from schemas.situation import CrisisRecord
from schemas.tweet import Tweet
from schemas.window import Level, WindowClosed
from tests.brokers.base import Broker
from tests.brokers.client import Record, consume_all, produce
from tests.live.vigie import Vigie
from tests.pipeline.present.scene import CALM, OPENED_MS, RECORDS, WINDOWS, window, with_long_ids, write

TIMEOUT_S = 60.0
DAY_MINUTES = 24 * 60
WATCHLIST = 'version = 1\n[brands.acme]\nname = "Acme"\naliases = ["Acme"]\n'

pytestmark = pytest.mark.embedded


def records(events: list[WindowClosed] | list[CrisisRecord]) -> list[Record]:
    return [Record(value=encode(event), key=event.brand.encode()) for event in events]


@pytest.fixture
def vigie(broker: Broker, topic_prefix: str, tmp_path: Path) -> Vigie:
    made = Vigie(broker, tmp_path, topic_prefix, WATCHLIST)
    made.create_topics(raw_partitions=2, partitions=2)
    return made


def fill(vigie: Vigie, windows: list[WindowClosed], events: list[CrisisRecord] = RECORDS) -> None:
    topics, brokers = vigie.settings.topics, vigie.settings.brokers
    asyncio.run(produce(brokers, topics.windows, records(windows)))
    asyncio.run(produce(brokers, topics.crises, [*records(events), Record(value=b"of a version to come", key=b"acme")]))


async def newest(vigie: Vigie) -> Presents:
    async with asyncio.timeout(TIMEOUT_S), aclosing(watch_topics(vigie.settings, follow=False)) as news:
        return await anext(news)


def test_the_topics_tell_what_the_files_of_a_replay_tell(vigie: Vigie, tmp_path: Path) -> None:
    fill(vigie, [*WINDOWS, CALM])
    assert asyncio.run(newest(vigie)).brands == presents_of(write(tmp_path / "run")).brands


def test_the_month_before_is_not_read(vigie: Vigie) -> None:
    before = [window(minutes - 2 * DAY_MINUTES, brand="gone", level=Level.CALM) for minutes in range(3_000)]
    fill(vigie, [*before, *(window(m, brand="gone", level=Level.CALM) for m in range(96)), *WINDOWS, CALM])
    read: list[str] = []
    see = Presents.see_window

    def noted(presents: Presents, seen: WindowClosed) -> None:
        read.append(seen.brand)
        see(presents, seen)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Presents, "see_window", noted)
        presents = asyncio.run(newest(vigie))
    assert presents.brands["acme"].level is Level.CRISIS
    assert len(read) < 1_000 < len(before)


def test_news_is_followed(vigie: Vigie) -> None:
    fill(vigie, [*WINDOWS, CALM])
    later = window(96, level=Level.SEVERE)

    async def until_severe(news: AsyncGenerator[Presents, None]) -> None:
        presents = await anext(news)
        assert presents.brands["acme"].level is Level.CRISIS
        await produce(vigie.settings.brokers, vigie.settings.topics.windows, records([later]))
        async for presents in news:
            if presents.brands["acme"].level is Level.SEVERE:
                return

    async def follow() -> None:
        async with asyncio.timeout(TIMEOUT_S), aclosing(watch_topics(vigie.settings, follow=True)) as news:
            await until_severe(news)

    asyncio.run(follow())


def test_empty_topics_hold_no_present(vigie: Vigie) -> None:
    assert asyncio.run(newest(vigie)).brands == {}


def test_texts_come_from_the_raw_topic(vigie: Vigie) -> None:
    tweets = [Tweet(id=str(number), created_at_ms=OPENED_MS, text=f"text {number}") for number in range(5)]
    raw = [Record(value=encode(tweet), key=tweet.id.encode()) for tweet in tweets]
    asyncio.run(produce(vigie.settings.brokers, vigie.settings.topics.raw, raw))
    texts, missing = asyncio.run(raw_texts(vigie.settings, ["1", "3", "99"], OPENED_MS))
    assert (texts, missing) == ({"1": "text 1", "3": "text 3"}, 1)


def redact(vigie: Vigie, events: list[CrisisRecord]) -> None:
    """Publish events again, without the posts that they name."""
    topic, brokers = vigie.settings.topics.crises, vigie.settings.brokers
    [first, *_] = asyncio.run(consume_all(brokers, topic))
    again = [
        Record(
            value=encode(redacted(event, named_ids(event), ())),
            key=crisis_key(event),
            partition=first.partition,
            headers=(*crisis_headers(event), (REDACTED_HEADER, b"1")),
        )
        for event in events
        if named_ids(event)
    ]
    asyncio.run(produce(brokers, topic, again))


def test_what_was_withdrawn_is_shown_nowhere(vigie: Vigie, tmp_path: Path) -> None:
    events = [with_long_ids(event) for event in RECORDS]
    fill(vigie, [*WINDOWS, CALM], events)
    redact(vigie, events)
    environment, page = role_environment(vigie.settings), tmp_path / "acme.html"
    told = CliRunner().invoke(main, ["situation", "acme", "--json", "--html", str(page)], env=environment)
    assert told.exit_code == exits.OK, told.output
    assert decode(told.stdout)["level"] == 3
    shown = told.stdout + page.read_text(encoding="utf-8")
    assert not [tweet_id for event in events for tweet_id in named_ids(event) if tweet_id in shown]
    assert asyncio.run(records_of(vigie.settings, "acme")) == [redacted(e, named_ids(e), ()) for e in events]
    tail = ["tail", "crises", "--from-beginning", "--no-follow", "--brand", "acme"]
    lines = CliRunner().invoke(main, tail, env=environment).stdout.splitlines()
    assert [line.endswith("AGAIN, without tweets that were withdrawn") for line in lines] == [
        *(False for _ in [*events, "of a version to come"]),
        *(True for event in events if named_ids(event)),
    ]


def test_a_text_that_a_compliance_message_withdrew_is_missing(vigie: Vigie) -> None:
    tweets = [Tweet(id=str(number), created_at_ms=OPENED_MS, text=f"text {number}") for number in range(3)]
    raw = [Record(value=encode(tweet), key=tweet.id.encode()) for tweet in tweets]
    notice = encode({"delete": {"status": {"id": 1, "id_str": "1", "user_id": 9, "user_id_str": "9"}}})
    asyncio.run(produce(vigie.settings.brokers, vigie.settings.topics.raw, raw))
    asyncio.run(produce(vigie.settings.brokers, vigie.settings.topics.compliance, [Record(value=notice)]))
    assert asyncio.run(raw_texts(vigie.settings, ["1", "2"], OPENED_MS)) == ({"2": "text 2"}, 1)


def test_the_commands_read_the_topics(vigie: Vigie, tmp_path: Path) -> None:
    fill(vigie, [*WINDOWS, CALM])
    environment = role_environment(vigie.settings)
    page = tmp_path / "acme.html"
    told = CliRunner().invoke(main, ["situation", "acme", "--json", "--html", str(page)], env=environment)
    assert told.exit_code == exits.OK, told.output
    found = decode(told.stdout)
    assert (found["level"], found["stale"]) == (3, True)
    assert "<html" in page.read_text(encoding="utf-8")
    table = CliRunner().invoke(main, ["watch", "--once"], env=environment)
    assert table.exit_code == exits.OK, table.output
    assert "3 crisis" in table.stdout
    assert "STALE" in table.stdout
