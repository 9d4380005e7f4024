import json
from collections import Counter
from dataclasses import replace
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from pipeline.simulate import (
    MAX_DELAY_MS,
    Kind,
    Scenario,
    SimulatedTweet,
    default_scenario,
    simulate,
    truth,
    write,
)
from schemas.codec import decode
from schemas.mention import SentimentLabel
from schemas.times import from_rfc3339

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
SNOWFLAKE_EPOCH_MS = 1_288_834_974_657

DIGEST = "c39666c5fde45477c42199e66ff0fc95"
"""Of the first 2,000 values of the demo; a change of it is a change of the demo."""


def digest(scenario: Scenario, records: int = 2_000) -> str:
    hashed = blake2b(digest_size=16)
    for tweet in islice(simulate(scenario), records):
        hashed.update(tweet.key + b"\t" + tweet.value + b"\n")
    return hashed.hexdigest()


def volume(tweets: list[SimulatedTweet], brand: str, start_ms: int, end_ms: int) -> int:
    return sum(t.brand == brand and start_ms <= t.time_ms < end_ms for t in tweets)


def negative_share(tweets: list[SimulatedTweet], brand: str, start_ms: int, end_ms: int) -> float:
    tones = Counter(t.tone for t in tweets if t.brand == brand and start_ms <= t.time_ms < end_ms)
    return tones[SentimentLabel.NEGATIVE] / tones.total()


def text_of(value: bytes) -> str:
    payload: dict[str, Any] = decode(value)
    return str(payload["data"]["text"] if "data" in payload else payload["full_text"])


def test_a_seed_gives_the_same_bytes_on_every_machine() -> None:
    assert digest(default_scenario()) == DIGEST


def test_another_seed_gives_other_bytes() -> None:
    assert digest(default_scenario(seed=8)) != DIGEST


def test_a_brand_talks_the_same_whoever_else_is_there() -> None:
    whole = default_scenario()
    alone = replace(whole, brands=whole.brands[:1], days=1)
    both = replace(whole, brands=whole.brands[:2], days=1)
    key = whole.brands[0].key
    heard = [(t.time_ms, t.tone) for t in simulate(both) if t.brand == key]
    assert sorted(heard) == sorted((t.time_ms, t.tone) for t in simulate(alone) if t.brand == key)


def test_the_demo_has_a_size_that_fits_its_time(demo: list[SimulatedTweet]) -> None:
    assert 40_000 <= len(demo) <= 60_000


def test_the_key_is_a_snowflake_of_the_time(demo: list[SimulatedTweet]) -> None:
    assert all((int(t.key) >> 22) + SNOWFLAKE_EPOCH_MS == t.time_ms for t in demo)


def test_ids_are_distinct(demo: list[SimulatedTweet]) -> None:
    ids = [t.key for t in demo if t.brand is not None]
    assert len(set(ids)) == len(ids)


def test_disorder_is_there_and_stays_within_its_bound(demo: list[SimulatedTweet]) -> None:
    newest, behind = 0, []
    for tweet in demo:
        newest = max(newest, tweet.time_ms)
        behind.append(newest - tweet.time_ms)
    assert 1_000 < max(behind) <= MAX_DELAY_MS
    assert sum(b > 0 for b in behind) > len(demo) / 100


def test_every_tweet_lies_within_the_scenario(demo: list[SimulatedTweet]) -> None:
    scenario = default_scenario()
    assert all(scenario.start_ms <= t.time_ms < scenario.end_ms for t in demo)


def test_a_few_records_are_broken_and_the_rest_are_json(demo: list[SimulatedTweet]) -> None:
    broken = [t for t in demo if t.brand is None]
    assert 0.0003 < len(broken) / len(demo) < 0.002
    for tweet in demo:
        assert tweet.value
        assert b"\n" not in tweet.value
        if tweet.brand is not None:
            json.loads(tweet.value)


def test_the_payload_says_id_and_second_of_the_tweet(demo: list[SimulatedTweet]) -> None:
    lines = [t for t in demo[:3_000] if t.brand is not None and t.value.startswith(b'{"data"')]
    assert len(lines) > 2_500
    for tweet in lines:
        data = decode(tweet.value)["data"]
        assert data["id"].encode() == tweet.key
        assert from_rfc3339(data["created_at"]) == tweet.time_ms // 1000 * 1000


def test_both_api_forms_and_all_kinds_of_post_occur(demo: list[SimulatedTweet]) -> None:
    seen: Counter[str] = Counter()
    for tweet in demo:
        if tweet.brand is None:
            continue
        payload = decode(tweet.value)
        if "data" in payload:
            seen.update(reference["type"] for reference in payload["data"].get("referenced_tweets", ()))
        else:
            seen["v1"] += 1
            seen["v1 retweet"] += "retweeted_status" in payload
    assert min(seen[k] for k in ("retweeted", "quoted", "replied_to", "v1", "v1 retweet")) > 300


def test_a_retweet_repeats_an_earlier_post(demo: list[SimulatedTweet]) -> None:
    for tweet in demo[:5_000]:
        if tweet.brand is None or b'"retweeted"' not in tweet.value:
            continue
        payload = decode(tweet.value)
        original = payload["includes"]["tweets"][0]
        assert int(original["id"]) < int(tweet.key)
        opening = payload["data"]["text"].split(": ", 1)[1].removesuffix("…")
        assert original["text"].startswith(opening)


def test_texts_are_many_and_fit_a_post(demo: list[SimulatedTweet]) -> None:
    texts = [text_of(t.value) for t in demo if t.brand is not None]
    assert len(set(texts)) > 20_000
    assert not any("{" in text or "}" in text for text in texts)
    own = [text for text in texts if not text.startswith("RT @")]
    assert max(map(len, own)) <= 300  # 280 characters, some of them escaped
    assert min(map(len, own)) > 3


def test_the_french_brand_is_talked_about_in_french(demo: list[SimulatedTweet]) -> None:
    languages = Counter(
        decode(t.value)["data"]["lang"] for t in demo if t.brand == "corail-air" and t.value.startswith(b'{"data"')
    )
    assert languages["fr"] > 0.8 * languages.total()
    assert languages["en"] > 100


def test_nights_are_quieter_than_days(demo: list[SimulatedTweet]) -> None:
    scenario = default_scenario()
    for brand in scenario.brands:
        midnight = scenario.start_ms - brand.utc_offset_hours * HOUR_MS + DAY_MS
        night = volume(demo, brand.key, midnight + 2 * HOUR_MS, midnight + 5 * HOUR_MS)
        noon = volume(demo, brand.key, midnight + 11 * HOUR_MS, midnight + 14 * HOUR_MS)
        assert noon > 3 * night


def test_ordinary_counts_are_more_scattered_than_poisson(demo: list[SimulatedTweet]) -> None:
    start = default_scenario().start_ms + DAY_MS + 13 * HOUR_MS
    minutes = Counter((t.time_ms - start) // 60_000 for t in demo if t.brand == "nimbus-mobile")
    counts = [minutes[i] for i in range(240)]
    mean = sum(counts) / len(counts)
    variance = sum((c - mean) ** 2 for c in counts) / len(counts)
    assert variance > 1.5 * mean


def test_ordinary_talk_is_negative_in_the_share_of_its_brand(demo: list[SimulatedTweet]) -> None:
    scenario = default_scenario()
    for brand in scenario.brands:
        share = negative_share(demo, brand.key, scenario.start_ms, scenario.start_ms + 2 * DAY_MS)
        # Retweets and the brand's own answers draw it away from the mark a little.
        assert share == pytest.approx(brand.negative, abs=0.07)


def test_the_truth_lists_every_planted_event_in_order_of_time() -> None:
    scenario = default_scenario()
    told = truth(scenario)
    planted = {event.id: event for brand in scenario.brands for event in brand.events}
    assert [event["id"] for event in told["events"]] == ["bagages", "goose", "outage"]
    for event in told["events"]:
        assert event["start_ms"] == planted[event["id"]].start_ms == from_rfc3339(event["start"])
        assert event["start_ms"] < event["peak_ms"] < event["end_ms"] < scenario.end_ms
        if planted[event["id"]].kind is Kind.CRISIS:
            assert event["min_level"] == 2
        else:
            assert event["max_level"] == 1


def test_the_sudden_crisis_is_loud_and_negative(demo: list[SimulatedTweet]) -> None:
    event = next(e for e in truth(default_scenario())["events"] if e["shape"] == "sudden")
    start, end = event["peak_ms"], event["peak_ms"] + HOUR_MS // 2
    loud = volume(demo, event["brand"], start, end)
    usual = [volume(demo, event["brand"], start - d * DAY_MS, end - d * DAY_MS) for d in (1, 2, 3, 4)]
    assert loud > 5 * max(usual)
    assert 10 < loud / (sum(usual) / 4) < 25
    assert negative_share(demo, event["brand"], start, end) > 0.85


def test_the_viral_spike_is_loud_and_cheerful(demo: list[SimulatedTweet]) -> None:
    event = next(e for e in truth(default_scenario())["events"] if e["shape"] == "viral")
    start, end = event["peak_ms"], event["peak_ms"] + HOUR_MS // 2
    usual = [volume(demo, event["brand"], start - d * DAY_MS, end - d * DAY_MS) for d in (1, 2, 3)]
    assert volume(demo, event["brand"], start, end) > 5 * max(usual)
    assert negative_share(demo, event["brand"], start, end) < 0.15


def test_the_slow_crisis_creeps_up_without_much_volume(demo: list[SimulatedTweet]) -> None:
    event = next(e for e in truth(default_scenario())["events"] if e["shape"] == "slow")
    start, peak, brand = event["start_ms"], event["peak_ms"], event["brand"]
    third = (peak - start) // 3
    shares = [negative_share(demo, brand, start + i * third, start + (i + 1) * third) for i in range(3)]
    shares.append(negative_share(demo, brand, peak, peak + 2 * HOUR_MS))
    assert shares == sorted(shares)
    assert shares[-1] > 0.68
    usual = [volume(demo, brand, peak - d * DAY_MS, peak + 3 * HOUR_MS - d * DAY_MS) for d in (1, 2, 3)]
    assert volume(demo, brand, peak, peak + 3 * HOUR_MS) < 2 * max(usual)


def test_people_use_the_words_that_the_truth_names(demo: list[SimulatedTweet]) -> None:
    for event in truth(default_scenario())["events"]:
        during = [
            text_of(t.value).lower()
            for t in demo
            if t.brand == event["brand"] and event["peak_ms"] <= t.time_ms < event["peak_ms"] + HOUR_MS // 2
        ]
        said = sum(any(word in text for word in event["about"]) for text in during)
        assert said > 0.4 * len(during)


def test_writing_gives_the_three_files(tmp_path: Path) -> None:
    scenario = replace(default_scenario(), days=1)
    written = write(scenario, tmp_path / "new")
    lines = written.tweets.read_bytes().split(b"\n")
    assert lines.pop() == b""
    tweets = list(simulate(scenario))
    assert lines == [t.value for t in tweets]
    assert written.records == len(lines)
    assert written.malformed == sum(t.brand is None for t in tweets)
    assert decode(written.truth.read_bytes()) == truth(scenario)
    assert "[brands.nimbus-mobile]" in written.watchlist.read_text("utf-8")
