from collections import Counter
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.openbucket import OpenBucket
from pipeline.rings import dump_rows, load_rows, window_starts
from pipeline.windows import Windows
from schemas.codec import decode, encode
from schemas.mention import Mention, Sentiment, SentimentLabel
from schemas.tweet import TweetKind
from schemas.window import WINDOW_NAMES, WINDOW_SECONDS, WindowCounts
from tests.pipeline.logs import mention, random_mention

NOON = 23_742_720
"""2015-02-21T12:00:00Z in epoch minutes."""


def bucket_of(mentions: list[Mention]) -> OpenBucket:
    bucket = OpenBucket()
    for each in mentions:
        bucket.fold(each)
    return bucket


def some_minute(rng: Random) -> list[Mention]:
    if rng.random() < 0.5:
        return []
    return [random_mention(rng, "acme", 0, 0, 0) for _ in range(rng.randint(0, 5))]


def counted_again(mentions: list[Mention]) -> dict[str, Any]:
    """Count by hand everything that is exact."""
    public = [m for m in mentions if not m.official]
    labels = Counter(m.sentiment.label for m in public)
    return {
        "volume": len(public),
        "negative": labels[SentimentLabel.NEGATIVE],
        "neutral": labels[SentimentLabel.NEUTRAL],
        "positive": labels[SentimentLabel.POSITIVE],
        "reach": sum(m.reach for m in public),
        "questions": sum(m.question for m in public),
        "retweets": sum(m.kind == TweetKind.RETWEET for m in public),
        "negative_retweets": sum(
            m.kind == TweetKind.RETWEET and m.sentiment.label == SentimentLabel.NEGATIVE for m in public
        ),
        "languages": languages(Counter(m.lang if m.lang != "zh-Hant" else "other" for m in public)),
    }


def languages(counts: Counter[str]) -> list[tuple[str, int]]:
    rest = counts.pop("other", 0)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    rest += sum(n for _code, n in ordered[5:])
    return ordered[:5] + ([("other", rest)] if rest else [])


def exact(counts: WindowCounts) -> dict[str, Any]:
    names = ("volume", "negative", "neutral", "positive", "reach", "questions", "retweets", "negative_retweets")
    return {name: getattr(counts, name) for name in names} | {"languages": list(counts.languages.items())}


def covered(name: str, minute: int) -> range:
    """Minutes of a window as its documentation has them."""
    end, length = minute + 1, WINDOW_SECONDS[name] // 60
    start = end - length if length <= 60 else end // 15 * 15 - length
    return range(start, end)


@settings(max_examples=5)
@given(seed=st.integers(0, 10**6))
def test_every_window_counts_what_counting_again_counts(seed: int) -> None:
    rng = Random(seed)
    first = NOON + rng.randrange(60)
    windows, log = Windows(), dict[int, list[Mention]]()
    for minute in range(first, first + 1600):
        log[minute] = [] if minute % 300 < 100 else some_minute(rng)
        closed = windows.close(minute, bucket_of(log[minute]), observed=True)
        if rng.random() < 0.05:
            for name in WINDOW_NAMES:
                inside = [m for at in covered(name, minute) for m in log.get(at, ())]
                assert exact(closed[name]) == counted_again(inside), name


@settings(max_examples=5)
@given(seed=st.integers(0, 10**6))
def test_a_restart_after_any_minute_changes_no_count(seed: int) -> None:
    rng = Random(seed)
    minute = NOON + rng.randrange(60)
    kept, restarted = Windows(), Windows()
    for _ in range(1600):
        bucket = bucket_of([] if minute % 300 < 100 else some_minute(rng))
        observed = rng.random() < 0.9
        expected = kept.close(minute, bucket, observed=observed)
        assert restarted.close(minute, bucket, observed=observed) == expected
        assert restarted.own_posts_24h == kept.own_posts_24h
        assert restarted.unobserved_minutes == kept.unobserved_minutes
        if rng.random() < 0.05:
            state = restarted.dump(minute)
            restarted = Windows.load(state, minute)
            assert restarted.dump(minute) == state
        minute += 1


@settings(max_examples=40)
@given(seed=st.integers(0, 10**6))
def test_a_bucket_is_the_same_for_any_order_of_its_mentions_and_any_restart(seed: int) -> None:
    rng = Random(seed)
    mentions = [random_mention(rng, "acme", 0, 0, 0) for _ in range(rng.randint(0, 40))]
    expected = bucket_of(mentions)
    rng.shuffle(mentions)
    bucket = OpenBucket()
    for each in mentions:
        bucket = OpenBucket.restore(decode(encode(bucket.state()))) if rng.random() < 0.3 else bucket
        bucket.fold(each)

    assert bucket.documents.documents() == expected.documents.documents()
    assert bucket.exemplar_tweets() == expected.exemplar_tweets()
    assert Windows().close(NOON, bucket, observed=True) == Windows().close(NOON, expected, observed=True)


def test_long_windows_start_at_a_quarter_hour() -> None:
    """At 12:00 they are exactly 6 and 24 hours long; at 12:14 they are 14 minutes longer."""
    assert window_starts(NOON - 1).tolist() == [NOON - n for n in (1, 5, 15, 60, 360, 1440)]
    assert window_starts(NOON + 13).tolist()[-2:] == [NOON - 360, NOON - 1440]
    assert window_starts(NOON + 14).tolist()[-2:] == [NOON + 15 - 360, NOON + 15 - 1440]


def test_at_most_five_languages_are_named_most_frequent_first_ties_by_code() -> None:
    spoken = ["en"] * 3 + ["fr"] * 2 + ["de"] * 2 + ["es", "it", "pt", "nl"]
    closed = Windows().close(NOON, bucket_of([mention(lang=lang) for lang in spoken]), observed=True)

    assert list(closed["1h"].languages.items()) == [("en", 3), ("de", 2), ("fr", 2), ("es", 1), ("it", 1), ("other", 2)]


@pytest.mark.parametrize("lang", ["", "e", "zh-Hant", "EN", "1a", "éé", "\ud800a", "other", "x" * 10_000])
def test_what_is_no_language_code_counts_as_other(lang: str) -> None:
    closed = Windows().close(NOON, bucket_of([mention(lang=lang)]), observed=True)

    assert closed["24h"].languages == {"other": 1}


def test_a_language_that_nobody_uses_for_a_day_leaves_the_state() -> None:
    windows = Windows()
    windows.close(NOON, bucket_of([mention(lang="fr")]), observed=True)
    assert stored_languages(windows.dump(NOON)) == b"fr"
    for minute in range(NOON + 1, NOON + 1500):
        windows.close(minute, bucket_of([mention()] if minute % 60 == 0 else []), observed=True)

    assert stored_languages(windows.dump(NOON + 1499)) == b"en"


def stored_languages(state: bytes) -> bytes:
    return state[8 : 8 + int.from_bytes(state[:2])]


def test_copies_within_a_window_are_repeats_even_when_no_minute_has_two() -> None:
    windows, closed = Windows(), dict[str, WindowCounts]()
    for minute in range(NOON, NOON + 40):
        closed = windows.close(minute, bucket_of([mention(repeat_key=4711)]), observed=True)

    assert [closed[name].repeats for name in WINDOW_NAMES] == [0, 4, 14, 39, 39, 39]


def test_many_copies_in_every_minute_are_repeats_even_when_the_window_has_too_many_texts() -> None:
    rng = Random(1)
    windows, closed = Windows(), dict[str, WindowCounts]()
    for minute in range(NOON, NOON + 60):
        bucket = bucket_of([mention(repeat_key=rng.getrandbits(53)) for _ in range(50)] + [mention()] * 50)
        closed = windows.close(minute, bucket, observed=True)

    assert closed["1h"].repeats == pytest.approx(60 * 49, rel=0.1)


def test_retweets_are_no_repeats() -> None:
    closed = Windows().close(NOON, bucket_of([mention(kind=TweetKind.RETWEET)] * 9), observed=True)

    assert (closed["1m"].retweets, closed["1m"].repeats) == (9, 0)


def test_authors_are_between_one_and_the_volume() -> None:
    closed = Windows().close(NOON, bucket_of([mention(author=7)] * 30), observed=True)

    assert {counts.authors for counts in closed.values()} == {1}


def negative(author: int, kind: TweetKind = TweetKind.POST) -> Mention:
    return mention(author=author, kind=kind, sentiment=ANGRY)


ANGRY = Sentiment(label=SentimentLabel.NEGATIVE, negative=900, neutral=80, positive=20)


def test_authors_of_negative_posts_are_those_who_wrote_one_and_retweeted_none() -> None:
    minute = [
        *[negative(author=7)] * 30,
        negative(author=8, kind=TweetKind.RETWEET),
        *[mention(author=n) for n in (9, 10)],
    ]
    closed = Windows().close(NOON, bucket_of(minute), observed=True)

    assert {counts.authors for counts in closed.values()} == {4}
    assert {counts.negative_authors for counts in closed.values()} == {1}


def test_authors_of_negative_posts_leave_a_window_with_their_last_and_survive_being_stored() -> None:
    windows = Windows()
    windows.close(NOON, bucket_of([negative(author=7), negative(author=8)]), observed=True)
    windows.close(NOON + 1, bucket_of([negative(author=8), mention(author=7)]), observed=True)
    for minute in range(NOON + 2, NOON + 5):
        windows.close(minute, bucket_of([mention(author=7)]), observed=True)
    again = Windows.load(windows.dump(NOON + 4), NOON + 4)
    assert again.dump(NOON + 4) == windows.dump(NOON + 4)
    for each in (windows, again):
        closed = each.close(NOON + 5, bucket_of([mention(author=9)]), observed=True)
        assert [closed[name].negative_authors for name in WINDOW_NAMES] == [0, 1, 2, 2, 2, 2]


def test_minutes_with_equal_counts_can_have_different_authors() -> None:
    windows = Windows()
    alone = windows.close(NOON, bucket_of([mention(author=7), mention(author=7)]), observed=True)
    together = windows.close(NOON + 1, bucket_of([mention(author=7), mention(author=8)]), observed=True)

    assert (alone["1m"].authors, together["1m"].authors, together["5m"].authors) == (1, 2, 2)


def test_the_brands_own_posts_are_in_no_count_but_their_own() -> None:
    windows = Windows()
    closed = windows.close(NOON, bucket_of([mention(official=True, question=True, reach=9)]), observed=True)

    assert windows.own_posts_24h == 1
    assert set(map(encode, closed.values())) == {encode(Windows().close(NOON, OpenBucket(), observed=True)["1m"])}


def test_a_hundred_thousand_mentions_in_a_minute_stay_bounded() -> None:
    rng = Random(2)
    bucket = OpenBucket()
    for n in range(100_000):
        bucket.fold(
            mention(
                id=f"{rng.getrandbits(64):x}",
                tweet_id=str(n),
                author=rng.getrandbits(53),
                repeat_key=rng.getrandbits(53),
                lang=chr(97 + n % 26) + chr(97 + n // 26 % 26),
                phrases=(f"phrase {n}", f"other phrase {n}"),
                hashtags=(f"tag{n}",),
                reach=10**12,
                engagement=n,
            )
        )

    closed = Windows().close(NOON, bucket, observed=True)["1m"]
    assert len(encode(bucket.state())) < 12_000
    assert (closed.volume, closed.reach) == (100_000, 100_000 * (2**31 - 1))
    assert closed.authors == pytest.approx(100_000, rel=0.4)
    assert [tweet.tweet_id for tweet in bucket.exemplar_tweets()] == ["99999", "99998", "99997"]


@pytest.mark.parametrize(
    "changes",
    [
        {"reach": -5, "engagement": -7, "author": -1, "repeat_key": -3},
        {"reach": 2**70, "engagement": 2**70, "author": 2**70, "repeat_key": 2**70},
        {"id": "\ud800", "phrases": ("\ud800", "ok"), "hashtags": ("\udfff",)},
        {"tweet_id": "9" * 10_000},
        {"tweet_id": "\ud800"},
        {"phrases": ("x" * 10_000,) * 24, "hashtags": ("",)},
    ],
)
def test_a_strange_mention_is_counted_and_can_be_stored(changes: dict[str, Any]) -> None:
    bucket = bucket_of([mention(**changes)])

    restored = OpenBucket.restore(decode(encode(bucket.state())))
    assert Windows().close(NOON, restored, observed=True)["1m"].volume == 1
    assert len(encode(bucket.state())) < 1_000


def test_the_labels_are_the_sentiment_label_of_each_mention() -> None:
    labels = [SentimentLabel.NEGATIVE] * 3 + [SentimentLabel.NEUTRAL] * 2 + [SentimentLabel.POSITIVE]
    mentions = [mention(sentiment=Sentiment(label=label, negative=0, neutral=0, positive=1000)) for label in labels]
    counts = Windows().close(NOON, bucket_of(mentions), observed=True)["1m"]

    assert (counts.negative, counts.neutral, counts.positive) == (3, 2, 1)


def test_the_history_is_exact_of_late_and_keeps_the_sums_before() -> None:
    rng = Random(8)
    windows, log = Windows(), dict[int, list[Mention]]()
    closed: dict[str, WindowCounts] = {}
    for minute in range(NOON, NOON + 705):
        log[minute] = some_minute(rng)
        closed = windows.close(minute, bucket_of(log[minute]), observed=minute % 50 != 0)
    minute = NOON + 704
    *_, (last, observed, again, counts) = windows.history(NOON, minute)

    assert (last, observed) == (minute, True)
    assert again.unobserved_minutes == windows.unobserved_minutes
    assert {name: exact(counts[name]) for name in WINDOW_NAMES} == {name: exact(closed[name]) for name in WINDOW_NAMES}
    past = {at: rolled["1m"].volume for at, _observed, _again, rolled in windows.history(NOON, minute)}
    assert min(past) == NOON
    assert all(past[at] == counted_again(log[at])["volume"] for at in range(minute - 59, minute + 1))
    assert sum(past.values()) == counts["24h"].volume


def test_reach_beyond_what_31_bits_hold_is_exact_after_a_restart() -> None:
    windows, closed = Windows(), dict[str, WindowCounts]()
    for minute in range(NOON, NOON + 40):
        closed = windows.close(minute, bucket_of([mention(reach=2**31 - 1 - minute % 7)] * 9), observed=True)
    again = Windows.load(windows.dump(NOON + 39), NOON + 39)

    assert closed["1h"].reach == sum(9 * (2**31 - 1 - minute % 7) for minute in range(NOON, NOON + 40))
    assert again.close(NOON + 40, OpenBucket(), observed=True) == windows.close(NOON + 40, OpenBucket(), observed=True)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes(9),
        bytes(10) + b"\x05",
        bytes(10) + b"\x01" + bytes(59),
        b"\x01" + bytes(9) + bytes(60),
        bytes(9) + b"\x04" + b"\xff" * 240,
    ],
)
def test_damaged_rows_are_refused(data: bytes) -> None:
    assert load_rows(dump_rows(np.zeros((60, 10), np.int32)), 60, 10).shape == (60, 10)
    with pytest.raises(ValueError):
        load_rows(data, 60, 10)


@settings(max_examples=60)
@given(seed=st.integers(0, 10**6))
def test_windows_that_were_damaged_anywhere_are_refused_or_go_on(seed: int) -> None:
    rng = Random(seed)
    windows, minute = Windows(), NOON + rng.randrange(60)
    for _ in range(rng.randrange(1, 40)):
        windows.close(minute, bucket_of(some_minute(rng)), observed=True)
        minute += 1
    damaged = bytearray(windows.dump(minute - 1))
    damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
    try:
        again = Windows.load(bytes(damaged), minute - 1)
    except ValueError:
        return
    for _ in range(20):
        again.close(minute, bucket_of(some_minute(rng)), observed=True)
        again.dump(minute)
        minute += 1
