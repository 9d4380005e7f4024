from __future__ import annotations

from itertools import pairwise

import orjson
import pytest

from pipeline.enrich import Enricher
from pipeline.formats import parse
from pipeline.records import Record
from pipeline.settings import EngineSettings
from pipeline.text import StandardAnalyzer
from pipeline.watchlist import Watchlist
from tests.bench.load import START_MS, Load

COUNT = 10_000


@pytest.fixture(scope="module")
def lines() -> list[bytes]:
    return list(Load().lines(COUNT))


def test_no_text_no_author_and_no_id_comes_twice(lines: list[bytes]) -> None:
    posts = [orjson.loads(line)["data"] for line in lines]
    assert len({post["text"] for post in posts}) == COUNT
    assert len({post["id"] for post in posts}) == COUNT
    people = [post["author_id"] for post in posts if len(post["author_id"]) > 5]
    assert len(set(people)) > 0.999 * len(people) > 0.8 * COUNT


def test_new_words_keep_coming(lines: list[bytes]) -> None:
    known: set[str] = set()
    growth = []
    for line in lines:
        before = len(known)
        known.update(orjson.loads(line)["data"]["text"].lower().split())
        growth.append(len(known) - before)
    assert 0.5 < sum(growth[-2000:]) / 2000 < 3


def test_nearly_every_tweet_speaks_of_a_brand_and_is_a_record_of_the_usual_size(lines: list[bytes]) -> None:
    load = Load()
    enricher = Enricher(EngineSettings(), Watchlist.parse(load.watchlist()), StandardAnalyzer())
    records = [Record(offset, None, None, line) for offset, line in enumerate(lines[:3000])]
    enriched = enricher.enrich(enricher.new_clock(0), records)
    assert not enriched.rejected
    assert enriched.counts["late"] == enriched.counts["duplicates"] == 0
    assert 0.95 < 1 - enriched.counts["unmatched"] / 3000 < 0.99
    assert len({mention.brand for mention in enriched.mentions}) == load.brands
    assert 850 < sum(map(len, lines)) / COUNT < 1000


def test_event_time_passes_as_fast_as_was_asked() -> None:
    load = Load(tweets_per_second=50.0)
    times = [tweet.created_at_ms for line in load.lines(COUNT) for tweet in parse(line, max_bytes=100_000).tweets]
    assert max(times) == pytest.approx(START_MS + COUNT / 50 * 1000, abs=2000)
    assert min(later - sooner for sooner, later in pairwise(times)) > -9000


def test_a_part_of_a_load_is_the_same_by_itself() -> None:
    load = Load()
    assert list(load.lines(10, first=4_995)) == list(load.lines(5_005))[4_995:]


def test_another_seed_gives_other_tweets_about_the_same_brands() -> None:
    one, other = Load(seed=1), Load(seed=2)
    assert next(one.lines(1)) != next(other.lines(1))
    assert one.watchlist() == other.watchlist()


def test_there_can_be_many_brands_of_many_names() -> None:
    load = Load(brands=500, aliases=20)
    watchlist = Watchlist.parse(load.watchlist())
    assert len(watchlist.brands) == 500
    names = {name for line in load.watchlist().splitlines() if line.startswith("aliases") for name in line.split('"')}
    assert len(names) > 500 * 20
