"""Telling forms apart, and the promises of `parse` for whatever comes."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pipeline.formats as package
from pipeline.formats import Parsed, parse, v2
from schemas.codec import decode, encode
from schemas.deadletter import DeadLetterReason
from schemas.tweet import SourceForm
from tests.pipeline.formats.payloads import (
    CANONICAL,
    MAX_BYTES,
    POST_ID,
    only_reject,
    only_tweet,
    read,
    reason_of,
    v1_status,
    v2_data,
    v2_line,
)

ROW = {"tweet_id": POST_ID, "text": "late again", "date": "2022-06-08 02:18:12", "user": "traveller"}
COMPLIANCE = {"data": {"delete": {"tweet": {"id": "5", "author_id": "7"}, "event_at": "2022-06-08T02:18:12Z"}}}
GAP = {"type": "gap", "start_ms": 1, "end_ms": 2, "reason": "reconnect"}
RETWEET = v1_status(text="RT @acme_air: x", retweeted_status=v1_status(), quoted_status=v1_status())
RESPONSE = {"data": [v2_data(), v2_data(id="7")], "includes": {"users": [{"id": "77"}], "tweets": [v2_data()]}}
VALID = (v2_line(), RESPONSE, v1_status(), RETWEET, v1_status(matching_rules=[]), CANONICAL, ROW, COMPLIANCE, GAP)


def assert_sound(parsed: Parsed) -> None:
    """Check what holds for every result."""
    assert parsed.tweets or parsed.rejects or parsed.compliance or parsed.gaps or parsed.ignored
    assert all(reject.reason is not DeadLetterReason.INTERNAL for reject in parsed.rejects)
    assert all(reject.message and len(reject.message) < 700 for reject in parsed.rejects)
    assert len(parsed.rejects) <= 21
    assert [t.created_at_ms for t in parsed.tweets] == sorted(t.created_at_ms for t in parsed.tweets)
    for tweet in parsed.tweets:
        assert len(tweet.text) <= 25_000
        assert 0 <= tweet.engagement <= 2**53
        assert 0 <= tweet.author_followers <= 2**53
        assert max(map(len, (tweet.hashtags, tweet.mentions, tweet.cashtags, tweet.urls))) <= 50
        assert parse(encode(tweet), max_bytes=MAX_BYTES) == Parsed(tweets=(tweet,))


def test_the_public_names_are_those_exported() -> None:
    assert set(package.__all__) == {"ComplianceKind", "ComplianceNotice", "GapNotice", "Parsed", "Reject", "parse"}


@pytest.mark.parametrize("max_bytes", [0, 10])
@pytest.mark.parametrize("value", [None, b"", b"\r\n", b"  \t", b"\x0b\x0c"])
def test_a_tombstone_and_a_keep_alive_are_empty_whatever_the_bound(value: bytes | None, max_bytes: int) -> None:
    (reject,) = parse(value, max_bytes=max_bytes).rejects
    assert reject.reason is DeadLetterReason.EMPTY


def test_a_record_over_the_bound_is_rejected_unread() -> None:
    value = encode(v2_line())
    assert parse(value, max_bytes=len(value)).tweets
    (reject,) = parse(value, max_bytes=len(value) - 1).rejects
    assert reject.reason is DeadLetterReason.TOO_LARGE


@pytest.mark.parametrize("value", [b"{", b"\xff\xfe", b'{"id": NaN}', b"tweet", b"[" * 2_000, b'"\xed\xa0\x80"'])
def test_what_is_no_json_is_rejected_with_the_place(value: bytes) -> None:
    (reject,) = parse(value, max_bytes=MAX_BYTES).rejects
    assert (reject.reason, reject.exception) == (DeadLetterReason.NOT_JSON, "FormError")
    assert "line 1" in reject.message


@pytest.mark.parametrize("payload", [5, True, None, "words", {}, {"a": 1}, {"data": 5}, {"data": {}}, [[[[[]]]]]])
def test_json_of_no_known_form_is_rejected(payload: object) -> None:
    assert reason_of(payload) in {DeadLetterReason.UNKNOWN_FORM, DeadLetterReason.BAD_FIELD}


def test_an_unknown_form_is_described_by_its_keys_but_never_by_its_texts() -> None:
    message = only_reject({"alpha": "a secret", "what a secret": 1}).message
    assert "alpha and 1 more" in message
    assert "secret" not in message


def test_activity_streams_are_refused_by_name() -> None:
    activity = {"objectType": "activity", "verb": "post", "actor": {}, "id": "tag:x", "body": "words"}
    assert "original format" in only_reject(activity).message


@pytest.mark.parametrize("key", ["payload", "response", "tweet", "status", "message"])
@pytest.mark.parametrize("payload", [v2_line(), v1_status(), CANONICAL, ROW], ids=["v2", "v1", "canonical", "row"])
def test_a_known_envelope_is_taken_off(key: str, payload: object) -> None:
    assert read({key: payload, "source": "connector"}).tweets == read(payload).tweets != ()


def test_json_in_a_string_is_read_as_some_connectors_write_it() -> None:
    text = encode(v2_line()).decode()
    assert only_tweet(text) == only_tweet({"schema": None, "payload": text}) == only_tweet(v2_line())


def test_a_row_with_its_text_under_tweet_is_no_envelope() -> None:
    assert only_tweet({"id": POST_ID, "tweet": "late again"}).source_form is SourceForm.ARCHIVE


def test_a_lone_surrogate_becomes_a_replacement_character() -> None:
    line = encode(v2_line(text="MARK")).replace(b"MARK", rb"cut \ud83d, whole \ud83d\ude00, no escape \\ud83d")
    (tweet,) = parse(line, max_bytes=MAX_BYTES).tweets
    assert tweet.text == "cut \ufffd, whole \U0001f600, no escape \\ud83d"


def test_a_byte_order_mark_is_skipped() -> None:
    assert parse(b"\xef\xbb\xbf" + encode(v2_line()), max_bytes=MAX_BYTES).tweets


def test_nulls_and_invisible_characters_survive() -> None:
    assert only_tweet(v2_line(text="a\x00b\u200b")).text == "a\x00b\u200b"


def test_many_bad_items_are_told_once() -> None:
    parsed = read([1] * 5_000)
    assert len(parsed.rejects) == 21
    assert "4980 more" in parsed.rejects[-1].message


def test_a_bug_of_ours_is_a_dead_letter_that_quotes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError("the tweet's text")

    monkeypatch.setattr(v2, "tweet", broken)
    (reject,) = read(v2_line()).rejects
    assert (reject.reason, reject.exception) == (DeadLetterReason.INTERNAL, "KeyError")
    assert "text" not in reject.message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
KEYS = st.sampled_from(
    [
        *("data", "includes", "id", "id_str", "text", "full_text", "user", "users", "tweets", "entities", "payload"),
        *("delete", "status", "tweet", "type", "created_at_ms", "source_form", "statuses", "errors", "error", "meta"),
        *("retweeted_status", "extended_tweet", "author_id", "referenced_tweets", "public_metrics", "matching_rules"),
        *("user_delete", "withheld", "title", "detail", "objectType", "verb", "created_at", "date", "limit"),
    ]
)
KNOWN_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2**60) | st.sampled_from(["gap", "x", POST_ID, "{}", "[1]", "{"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=20,
)


@given(st.binary(max_size=200))
def test_any_bytes_give_something(value: bytes) -> None:
    assert_sound(parse(value, max_bytes=MAX_BYTES))


@given(JSON)
def test_any_json_gives_something(payload: object) -> None:
    assert_sound(read(payload))


@settings(max_examples=300)
@given(KNOWN_JSON)
def test_any_json_of_known_keys_gives_something(payload: object) -> None:
    assert_sound(read(payload))


@settings(max_examples=300)
@given(st.sampled_from(VALID), st.data())
def test_a_valid_payload_with_fields_dropped_or_swapped_gives_something(valid: Any, data: st.DataObject) -> None:
    payload = copy.deepcopy(valid)
    for _ in range(data.draw(st.integers(1, 4))):
        mutate(payload, data)
    assert_sound(read(payload))


def mutate(payload: Any, data: st.DataObject) -> None:
    """Drop or replace one value somewhere inside."""
    while True:
        keys = list(payload) if type(payload) is dict else list(range(len(payload)))
        if not keys:
            return
        key = data.draw(st.sampled_from(keys))
        if type(payload[key]) in (dict, list) and payload[key] and data.draw(st.booleans()):
            payload = payload[key]
            continue
        if data.draw(st.booleans()):
            del payload[key]
        else:
            payload[key] = data.draw(JSON)
        return


@given(st.sampled_from(VALID), st.data())
def test_a_valid_record_with_damaged_bytes_gives_something(valid: object, data: st.DataObject) -> None:
    value = bytearray(encode(valid))
    for _ in range(data.draw(st.integers(1, 4))):
        value[data.draw(st.integers(0, len(value) - 1))] = data.draw(st.integers(0, 255))
    assert_sound(parse(bytes(value), max_bytes=MAX_BYTES))


@given(st.sampled_from(VALID))
def test_parsing_the_same_bytes_again_gives_the_same(valid: object) -> None:
    assert read(valid) == read(decode(encode(valid)))
