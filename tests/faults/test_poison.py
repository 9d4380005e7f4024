"""Whatever is in a record or in a stored value, nothing raises, nothing is lost, nothing grows without bound."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from random import Random
from typing import Any

import pytest

from pipeline.enrich import Enriched, Enricher
from pipeline.formats import Parsed, parse
from pipeline.records import Record
from pipeline.settings import EngineSettings
from pipeline.simulate import demo_watchlist
from pipeline.text import StandardAnalyzer
from pipeline.tracker import Tracker
from pipeline.watchlist import Watchlist
from schemas.codec import encode
from schemas.deadletter import DeadLetterReason
from schemas.mention import Mention
from schemas.reading import read_mention_record
from tests.faults.outcome import Note, outcome_of_payloads
from tests.faults.poison import BATCH, HUGE, crowd, examples, given_seeds, poison
from tests.faults.sound import valid
from tests.pipeline.formats.payloads import POST_MS
from tests.pipeline.formats.test_parse import assert_sound
from tests.pipeline.logs import MINUTE_MS, LogItem, watermark

ENRICHED, READ_BACK, TRACKED = 1000, 500, 500
"""Examples of each test below."""
PAYLOADS = BATCH * (ENRICHED + READ_BACK + TRACKED)
"""What all of them come to."""

MAX_MENTION = 256 * 1024
MAX_MENTION_WITH_TEXT = 384 * 1024
"""Bytes of JSON: a quarter and less than a half of what a broker takes as one record."""

pytestmark = pytest.mark.xdist_group("test_poison")  # the last test counts what the others have done

_seen: Counter[str] = Counter()
"""Payloads that each test has got through."""


@cache
def enricher(*, keep_text: bool = False) -> Enricher:
    return Enricher(EngineSettings(keep_text=keep_text), Watchlist.parse(demo_watchlist()), StandardAnalyzer())


def log_of(batch: list[int]) -> list[Record]:
    """Return a log of damaged payloads after a sound one; some records have no time, or a wild one."""
    first = encode(valid(Random(0)))
    times = (POST_MS + 60_000, POST_MS + 60_000, POST_MS + 60_000, None, -1, 2**62, 0)
    records = [Record(n, times[seed % len(times)], None, poison(seed)) for n, seed in enumerate(batch, 1)]
    return [Record(0, POST_MS, None, first), *records]


# -- raw records -------------------------------------------------------------------------------------


@examples(ENRICHED)
@given_seeds
def test_every_raw_record_is_accounted_for_whatever_is_in_it(batch: list[int]) -> None:
    engine, log = enricher(), log_of(batch)
    whole = engine.enrich(engine.new_clock(3), log)
    clock = engine.new_clock(3)
    one_by_one = [engine.enrich(clock, [record]) for record in log]

    for record, enriched in zip(log, one_by_one, strict=True):
        parsed = parse(record.value, max_bytes=engine.settings.max_record_bytes)
        assert_sound(parsed)
        assert_accounted_for(parsed, enriched)
    assert whole.mentions == [m for one in one_by_one for m in one.mentions]
    assert whole.rejected == [r for one in one_by_one for r in one.rejected]
    assert whole.gaps == [g for one in one_by_one for g in one.gaps]
    assert whole.counts == sum((one.counts for one in one_by_one), Counter())
    _seen["enriched"] += len(batch)


def assert_accounted_for(parsed: Parsed, enriched: Enriched) -> None:
    """Check what `Enriched` promises of one record."""
    counts, rejected = enriched.counts, enriched.rejected
    gaps = sum(reject.exception == "FutureGap" for reject in rejected)
    future = sum(reject.reason is DeadLetterReason.IN_THE_FUTURE for reject in rejected) - gaps
    spoken_of = len({mention_.origin.index for mention_ in enriched.mentions})
    assert (counts["records"], counts["skipped"]) == (1, 0)
    assert len(rejected) - future - gaps == len(parsed.rejects)
    assert counts["tweets"] + future == len(parsed.tweets)
    assert counts["tweets"] == counts["duplicates"] + counts["unmatched"] + spoken_of
    assert counts["late"] == len({m.origin.index for m in enriched.mentions if m.late})
    assert len(enriched.gaps) == counts["gaps"]
    assert counts["gaps"] + gaps + counts["gaps_too_late"] + counts["compliance_gaps"] == len(parsed.gaps)
    assert counts["compliance"] == len(parsed.compliance)
    assert counts["ignored"] == (parsed.ignored is not None)
    assert rejected or counts["tweets"] or parsed.gaps or counts["compliance"] or counts["ignored"]
    assert all(reject.reason is not DeadLetterReason.INTERNAL for reject in rejected)
    assert all(reject.message and reject.exception for reject in rejected)


@examples(READ_BACK)
@given_seeds
def test_every_mention_and_gap_is_read_back_equal_and_is_bounded(batch: list[int]) -> None:
    for keep_text, bound in ((False, MAX_MENTION), (True, MAX_MENTION_WITH_TEXT)):
        engine = enricher(keep_text=keep_text)
        clock = engine.new_clock(0)
        enriched = engine.enrich(clock, log_of(batch))
        for event in (*enriched.mentions, *enriched.gaps, engine.watermark(clock, 1)):
            value = encode(event)
            assert len(value) <= bound
            assert read_mention_record(value) == event
    _seen["read back"] += len(batch)


@pytest.mark.parametrize("sort", range(HUGE))
@pytest.mark.parametrize("field", ["text", "urls", "hashtags", "id"])
def test_a_tweet_of_a_megabyte_makes_a_mention_of_a_few_hundred_kib_at_most(sort: int, field: str) -> None:
    huge = crowd(sort, 900_000)
    payload = fullest() | {field: huge if field in ("text", "id") else [huge[:2_048], *huge.split(" ")]}
    for keep_text, bound in ((False, MAX_MENTION), (True, MAX_MENTION_WITH_TEXT)):
        assert all(len(encode(m)) <= bound for m in mentions_of(payload, keep_text=keep_text))


@pytest.mark.parametrize("character", ["\x01", "a", "é", "ß", "\u0390", "\U00010400", "\U0001f621"])
def test_a_tweet_with_every_field_at_its_bound_makes_a_mention_of_a_few_hundred_kib(character: str) -> None:
    (small,), (large,) = (mentions_of(fullest(character), keep_text=keep_text) for keep_text in (False, True))

    assert len(small.urls) == 10
    assert len(small.handles) == 20
    assert len(encode(small)) <= MAX_MENTION
    assert len(encode(large)) <= MAX_MENTION_WITH_TEXT


def fullest(character: str = "\x01") -> dict[str, Any]:
    """Return a canonical tweet that has of everything as much as is read, of a character that grows as JSON."""
    names = [f"{n:02d}{character * 98}" for n in range(60)]
    words = " ".join(chr(0x10428 + n) * 38 + "z" for n in range(24))
    return {
        "id": character * 280,
        "created_at_ms": POST_MS,
        "text": f"@CorailAir {words} {chr(0x1F621) * 20} {character * 30_000}",
        "platform": character * 280,
        **dict.fromkeys(("conversation_id", "in_reply_to_id", "author_id", "author_handle"), character * 280),
        **dict.fromkeys(("hashtags", "mentions", "cashtags"), names),
        "urls": [f"{n:02d}{character * 2_046}" for n in range(60)],
        **dict.fromkeys(("author_followers", "engagement"), 2**63),
    }


def mentions_of(payload: object, *, keep_text: bool) -> list[Mention]:
    engine = enricher(keep_text=keep_text)
    return engine.enrich(
        engine.new_clock(0), [Record(0, None, None, json.dumps(payload, ensure_ascii=False).encode())]
    ).mentions


@examples(TRACKED)
@given_seeds
def test_the_tracker_takes_every_mention_and_its_state_goes_on_as_it_would(batch: list[int]) -> None:
    engine, log = enricher(), log_of(batch)
    clock = engine.new_clock(0)
    first, second = (events_of(engine.enrich(clock, part)) for part in (log[:26], log[26:]))
    last = [*second, watermark(POST_MS + 9 * MINUTE_MS, len(log))]
    tracker, restarted = new_tracker(), new_tracker()
    for key, value in tracker.step([*first, watermark(POST_MS, 26)]).states.items():
        restarted.restore(key, value)

    ours, theirs = tracker.step(last), restarted.step(last)

    assert restarted.problems == {}
    assert theirs == ours
    _seen["tracked"] += len(batch)


def new_tracker() -> Tracker:
    return Tracker(EngineSettings(), 0)


def events_of(enriched: Enriched) -> list[LogItem]:
    return [*enriched.gaps, *enriched.mentions]


def test_more_than_a_hundred_thousand_payloads_have_gone_through(note: Note) -> None:
    """The last of this file: of the whole of it, when it was run as a whole."""
    assert PAYLOADS >= 100_000
    if len(_seen) == 3:
        seen = _seen.total()
        note(outcome_of_payloads("poisoned raw records", seen, PAYLOADS))
        assert seen >= PAYLOADS
