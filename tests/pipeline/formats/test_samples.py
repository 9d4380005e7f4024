"""Recorded payloads of the real API: none is lost silently."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from pipeline.formats import Parsed, parse
from schemas.codec import encode
from tests.pipeline.formats.payloads import MAX_BYTES, SHARED

SAMPLES = SHARED / "api_samples"

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"recorded payloads are not at {SAMPLES}")


def parse_lines(name: str) -> list[Parsed]:
    return [parse(line, max_bytes=MAX_BYTES) for line in Path(SAMPLES / name).read_bytes().splitlines()]


@pytest.mark.parametrize(
    ("name", "tweets", "rejects"),
    [
        ("v2_filtered_stream_line.json", 1, {}),
        ("v2_tweepy_decoded.jsonl", 230, {"unknown_form": 1}),
        ("v11_tweepy_decoded.jsonl", 59, {}),
        ("v11_tweet_parser_original_format_examples.json", 25, {}),
    ],
)
def test_every_recorded_payload_gives_its_tweets_or_a_reason(name: str, tweets: int, rejects: dict[str, int]) -> None:
    results = parse_lines(name)
    assert sum(len(parsed.tweets) for parsed in results) == tweets
    assert Counter(reject.reason.value for parsed in results for reject in parsed.rejects) == rejects
    assert all(parsed.tweets or parsed.rejects for parsed in results)


def test_every_recorded_tweet_survives_our_own_form() -> None:
    for path in sorted(SAMPLES.iterdir()):
        for parsed in parse_lines(path.name):
            for tweet in parsed.tweets:
                assert parse(encode(tweet), max_bytes=MAX_BYTES) == Parsed(tweets=(tweet,))


def test_retweets_of_the_enterprise_samples_have_their_originals_whole() -> None:
    tweets = [t for p in parse_lines("v11_tweet_parser_original_format_examples.json") for t in p.tweets]
    retweets = [tweet for tweet in tweets if tweet.kind == "retweet"]
    assert len(retweets) == 3
    assert not any(tweet.truncated or tweet.text.startswith("RT @") for tweet in retweets)
    assert max(len(tweet.text) for tweet in tweets) > 140
