from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from pipeline.enrich import Enriched, Enricher
from pipeline.records import Record
from pipeline.settings import EngineSettings
from pipeline.sourceclock import SourceClock
from pipeline.text import StandardAnalyzer, TextAnalysis, TextAnalyzer
from pipeline.watchlist import BrandMatch, Watchlist
from schemas.codec import encode
from schemas.deadletter import REDRIVEN_ORIGIN_HEADER, DeadLetterReason
from schemas.mention import Gap
from schemas.tone import ToneIssue
from schemas.tweet import Tweet, TweetKind

START_MS = 1_424_570_400_000
"""2015-02-22T02:00:00Z."""
WATCHLIST = Watchlist.parse('version = 1\n[brands.acme]\nname = "Acme"\naliases = ["Acme"]\nofficial = ["acme"]\n')
ANALYZER = StandardAnalyzer()


def enricher(analyzer: TextAnalyzer = ANALYZER, **changes: object) -> Enricher:
    return Enricher(replace(EngineSettings(), **changes), WATCHLIST, analyzer)  # type: ignore[arg-type]


def tweet(number: int, time_ms: int = START_MS, text: str = "acme is late") -> Tweet:
    return Tweet(id=str(number), created_at_ms=time_ms, text=text)


def record(offset: int, *tweets: Tweet, timestamp: int | None = START_MS) -> Record:
    return Record(offset, timestamp, None, encode(tweets[0] if len(tweets) == 1 else tweets))


def enriched(*records: Record, analyzer: TextAnalyzer = ANALYZER) -> Enriched:
    engine = enricher(analyzer)
    return engine.enrich(engine.new_clock(0), records)


# -- duplicates over a restart -----------------------------------------------------------------------

tweets = st.builds(
    tweet,
    st.integers(1, 6),
    st.sampled_from([START_MS, START_MS + 10_000, START_MS - 60_000, START_MS + 300_001, START_MS + 10**10]),
    st.sampled_from(["acme is late", "nothing"]),
)
values = st.lists(tweets, max_size=4).map(encode) | st.sampled_from([None, b"{", b'{"limit": {"track": 1}}'])
logs = st.lists(st.tuples(values, st.sampled_from([START_MS, START_MS + 50_000, None, -1])), max_size=25)


@settings(max_examples=150)
@given(log=logs, data=st.data(), memory=st.integers(0, 8))
def test_a_restarted_worker_decides_as_the_old_one_would_have(
    log: list[tuple[bytes | None, int | None]], data: st.DataObject, memory: int
) -> None:
    records = [Record(offset, timestamp, None, value) for offset, (value, timestamp) in enumerate(log)]
    cut = data.draw(st.integers(0, len(records)))
    engine = enricher(duplicate_memory=memory)
    old = engine.new_clock(0)
    engine.enrich(old, records[:cut])
    new = restarted(engine, old, records)

    again = data.draw(st.integers(0, cut))
    assert engine.enrich(new, records[again:]).mentions == engine.enrich(old, records[cut:]).mentions
    assert new.dump() == old.dump()


def restarted(engine: Enricher, old: SourceClock, records: Sequence[Record]) -> SourceClock:
    """Return the clock of a worker that found the old one in the table, and read the last records again."""
    new = engine.new_clock(0)
    assert new.load(old.dump())
    memory = engine.settings.duplicate_memory
    engine.remember(new, [r for r in records if new.next_offset - memory <= r.offset < new.next_offset])
    return new


@settings(max_examples=200)
@given(log=logs, cut=st.integers(0, 25))
def test_counts_and_rejects_do_not_depend_on_where_a_worker_was_restarted(
    log: list[tuple[bytes | None, int | None]], cut: int
) -> None:
    records = [Record(offset, timestamp, None, value) for offset, (value, timestamp) in enumerate(log)]
    engine = enricher(duplicate_memory=5)
    whole = engine.enrich(engine.new_clock(0), records)
    old = engine.new_clock(0)
    first = engine.enrich(old, records[:cut])
    second = engine.enrich(restarted(engine, old, records), records[cut:])

    assert first.counts + second.counts == +whole.counts
    assert [*first.rejected, *second.rejected] == whole.rejected
    assert [*first.mentions, *second.mentions] == whole.mentions


V2 = {
    "data": {"id": "5", "text": "acme is late", "author_id": "7", "created_at": "2015-02-22T02:00:00.000Z"},
    "includes": {"users": [{"id": "7", "username": "acme"}]},
}
GAP = {"type": "gap", "start_ms": START_MS - 90_000, "end_ms": START_MS + 60_000}


@settings(max_examples=200)
@given(
    log=st.lists(
        st.tuples(
            values | st.sampled_from([V2, GAP, [V2, GAP, 5], {"delete": {"status": {"id": 5}}}]).map(encode),
            st.sampled_from([START_MS, START_MS + 50_000, None, -1]),
            st.sampled_from([(), ((REDRIVEN_ORIGIN_HEADER, b"0:1"),)]),
        ),
        max_size=25,
    ),
    seen=st.integers(0, 3),
)
def test_a_batch_gives_what_its_records_give_one_by_one(
    log: list[tuple[bytes | None, int | None, Sequence[tuple[str, bytes]]]], seen: int
) -> None:
    records = [
        Record(offset, timestamp, None, value, headers) for offset, (value, timestamp, headers) in enumerate(log)
    ]
    engine = enricher(duplicate_memory=5)
    one, many = engine.new_clock(0), engine.new_clock(0)
    one.next_offset = many.next_offset = seen
    whole = engine.enrich(many, records)
    parts = [engine.enrich(one, [record]) for record in records]

    assert [m for part in parts for m in part.mentions] == whole.mentions
    assert [g for part in parts for g in part.gaps] == whole.gaps
    assert [r for part in parts for r in part.rejected] == whole.rejected
    assert sum((part.counts for part in parts), Counter()) == whole.counts
    assert one.dump() == many.dump()


def test_a_tweet_refused_for_its_date_is_not_remembered_so_a_later_resend_counts() -> None:
    engine = enricher()
    refused = record(0, tweet(7, START_MS + 10**9))
    old = engine.new_clock(0)
    engine.enrich(old, [refused])
    resent = record(1, tweet(7, START_MS + 10**9), timestamp=START_MS + 10**9)

    assert len(engine.enrich(restarted(engine, old, [refused]), [resent]).mentions) == 1


# -- dates -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ahead_ms", "rejects"), [(300_000, 0), (300_001, 1)])
def test_a_tweet_dated_after_its_record_is_rejected_past_the_tolerance(ahead_ms: int, rejects: int) -> None:
    out = enriched(record(0, tweet(1, START_MS + ahead_ms)))

    assert [r.reason for r in out.rejected] == [DeadLetterReason.IN_THE_FUTURE] * rejects
    assert all("300 s after the record" in r.message for r in out.rejected)
    assert out.counts["tweets"] == 1 - rejects


@pytest.mark.parametrize("timestamp", [None, -1])
def test_a_record_without_a_timestamp_says_nothing_of_its_tweets_dates(timestamp: int | None) -> None:
    assert len(enriched(record(0, tweet(1), timestamp=timestamp)).mentions) == 1


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"[]",
        b"null",
        b'{"v":2,"next_offset":1,"newest_ms":1}',
        b'{"v":1,"next_offset":-1,"newest_ms":1}',
        b'{"v":1,"next_offset":18446744073709551615,"newest_ms":1}',
        b'{"v":1,"next_offset":1,"newest_ms":-1}',
        b'{"v":1,"next_offset":1,"newest_ms":253402300800000}',
        b'{"v":1,"next_offset":true,"newest_ms":1}',
        b'{"v":1,"next_offset":1.0,"newest_ms":1}',
        b'{"v":1,"next_offset":1}',
    ],
)
def test_a_clock_that_none_can_have_written_is_ignored(value: bytes) -> None:
    clock = enricher().new_clock(0)

    assert not clock.load(value)
    assert (clock.next_offset, clock.newest_ms) == (0, None)


def test_a_gap_is_cut_to_what_is_still_open_and_counted_when_nothing_is() -> None:
    gap = {"type": "gap", "start_ms": START_MS - 90_000, "end_ms": START_MS + 60_000}
    late = {"type": "gap", "start_ms": START_MS - 90_000, "end_ms": START_MS - 30_000}
    out = enriched(record(0, tweet(1)), *(Record(n, START_MS, None, encode(g)) for n, g in enumerate((gap, late), 1)))

    assert out.gaps == [
        Gap(
            source_partition=0,
            offset=1,
            start_ms=START_MS - 30_000,
            end_ms=START_MS + 60_000,
            late_from_ms=START_MS - 90_000,
        )
    ]
    assert out.counts["gaps_too_late"] == 1


# -- our own bugs ------------------------------------------------------------------------------------


class Broken:
    """An analyzer that fails on some texts, or gives too few analyses."""

    name = "broken"

    def __init__(self, *, short: bool) -> None:
        self._short = short

    def analyze(self, tweets: Sequence[Tweet]) -> list[TextAnalysis]:
        readable = [tweet for tweet in tweets if "poison" not in tweet.text]
        if len(readable) < len(tweets) and not self._short:
            raise KeyError("a secret")
        return ANALYZER.analyze(readable)


LOG = [
    record(0, tweet(1)),
    record(1, tweet(2), tweet(3, START_MS - 60_000, "acme poison")),
    Record(2, START_MS, None, b"{"),
    record(3, tweet(4)),
]


@pytest.mark.parametrize(("short", "exception"), [(False, "KeyError"), (True, "ValueError")])
def test_a_tweet_that_the_analyzer_fails_on_is_rejected_and_the_others_are_read(
    short: bool,
    exception: str,
) -> None:
    out = enriched(*LOG, analyzer=Broken(short=short))

    assert [m.tweet_id for m in out.mentions] == ["1", "2", "4"]
    assert [(r.record.offset, r.reason.value, r.exception) for r in out.rejected] == [
        (1, "internal", exception),
        (2, "not_json", "FormError"),
    ]
    assert (out.counts["tweets"], out.counts["late"]) == (4, 0)
    assert "secret" not in out.rejected[0].message


def test_a_tweet_that_the_analyzer_fails_on_is_the_same_wherever_the_batch_is_cut() -> None:
    engine = enricher(Broken(short=False))
    clock = engine.new_clock(0)
    parts = [engine.enrich(clock, [one]) for one in LOG]
    whole = enriched(*LOG, analyzer=Broken(short=False))

    assert [m for part in parts for m in part.mentions] == whole.mentions
    assert [r for part in parts for r in part.rejected] == whole.rejected


def test_a_tweet_that_the_watchlist_fails_on_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    match = Watchlist.match

    def broken(self: Watchlist, tweet: Tweet) -> tuple[BrandMatch, ...]:
        if "poison" in tweet.text:
            raise IndexError
        return match(self, tweet)

    monkeypatch.setattr(Watchlist, "match", broken)
    out = enriched(*LOG)

    assert [m.tweet_id for m in out.mentions] == ["1", "2", "4"]
    assert [(r.record.offset, r.exception) for r in out.rejected] == [(1, "IndexError"), (2, "FormError")]


def test_a_clock_knows_the_last_record_it_has_read_from_another_in_its_place() -> None:
    engine = enricher()
    clock = engine.new_clock(0)
    log = [record(offset, tweet(offset + 1), timestamp=START_MS + offset) for offset in range(3)]
    engine.enrich(clock, log)
    kept = engine.new_clock(0)
    assert kept.load(clock.dump())
    assert all(map(kept.is_of, log))
    assert kept.is_of(log[1]._replace(timestamp=1)), "only the last one is remembered"
    assert not kept.is_of(log[2]._replace(timestamp=1))


# -- the brand's own posts ---------------------------------------------------------------------------


def test_the_tone_of_official_posts_is_told_and_that_of_nobody_else() -> None:
    said = "calm down, it is acme"
    own = structs.replace(tweet(1, text=said), author_handle="Acme")
    public = structs.replace(tweet(2, text=said), author_handle="somebody")
    passed_on = structs.replace(own, id="3", kind=TweetKind.RETWEET)
    found = enriched(*(record(offset, one) for offset, one in enumerate((own, public, passed_on)))).mentions

    assert [(mention.official, mention.tone) for mention in found] == [
        (True, (ToneIssue.BLAME,)),
        (False, ()),
        (True, ()),
    ]
