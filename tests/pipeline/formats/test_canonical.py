from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.formats import Parsed, parse
from schemas.codec import encode
from schemas.tweet import SourceForm, Tweet, TweetKind
from tests.pipeline.formats.payloads import CANONICAL, MAX_BYTES, POST_ID, POST_MS, only_tweet, reason_of

UTF8 = st.characters(exclude_categories=["Cs"])
NAME = st.text(UTF8, min_size=1, max_size=30)
NAMES = st.lists(NAME, max_size=50).map(tuple)
COUNT = st.integers(0, 2**53)

TWEETS = st.builds(
    Tweet,
    id=NAME,
    created_at_ms=st.integers(0, 253_402_300_799_999),
    text=st.text(UTF8, max_size=200),
    platform=NAME,
    kind=st.sampled_from(TweetKind),
    author_id=st.none() | NAME,
    author_handle=st.none() | NAME,
    author_followers=COUNT,
    lang=st.none() | NAME,
    conversation_id=st.none() | NAME,
    in_reply_to_id=st.none() | NAME,
    in_reply_to_handle=st.none() | NAME,
    referenced_id=st.none() | NAME,
    engagement=COUNT,
    hashtags=NAMES,
    mentions=NAMES,
    cashtags=NAMES,
    urls=NAMES,
    truncated=st.booleans(),
    source_form=st.sampled_from(SourceForm),
)


@given(TWEETS)
def test_what_is_encoded_parses_back_equal(tweet: Tweet) -> None:
    assert parse(encode(tweet), max_bytes=MAX_BYTES) == Parsed(tweets=(tweet,))


def test_absent_fields_have_their_defaults_and_texts_are_taken_as_they_are() -> None:
    assert only_tweet(CANONICAL) == Tweet(
        id=POST_ID,
        created_at_ms=POST_MS,
        text="Two hours at the gate &amp; no word",
        platform="mastodon",
        kind=TweetKind.REPLY,
        hashtags=("delayed",),
        source_form=SourceForm.V1_STATUS,
    )


def test_a_key_of_a_newer_version_is_passed_over() -> None:
    assert only_tweet(CANONICAL | {"mood": "calm"}) == only_tweet(CANONICAL)


@pytest.mark.parametrize("key", ["id", "text", "created_at_ms"])
def test_what_it_cannot_do_without_is_missed(key: str) -> None:
    assert reason_of({k: v for k, v in CANONICAL.items() if k != key}) == "missing_field"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("id", 5), ("id", ""), ("created_at_ms", -1), ("created_at_ms", 1e12), ("created_at_ms", 10**15)),
        *(("text", 5), ("kind", "shout"), ("kind", []), ("source_form", "v3"), ("truncated", 1)),
        *(("author_followers", -1), ("engagement", "9"), ("hashtags", "x"), ("urls", [1]), ("lang", 5)),
        *(("mentions", ["y" * 300]), ("author_id", "z" * 300), ("cashtags", {})),
    ],
)
def test_our_own_form_is_read_strictly(key: str, value: object) -> None:
    assert reason_of(CANONICAL | {key: value}) == "bad_field"


def test_its_lists_texts_and_counts_are_bounded() -> None:
    big = {"text": "x" * 30_000, "hashtags": ["t"] * 60, "engagement": 2**60}
    tweet = only_tweet(CANONICAL | big)
    assert (len(tweet.text), len(tweet.hashtags), tweet.engagement) == (25_000, 50, 2**53)
    assert tweet.truncated
