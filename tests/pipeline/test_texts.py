from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.archive.texts import MAX_CHARS, MAX_IDS, TextSearch, tweet_ids
from schemas.codec import encode
from schemas.crisis import Exemplar
from schemas.tweet import Tweet
from tests.pipeline.present.scene import OPENED_MS, OVERDUE, RECORDS, SITUATION

MAX_BYTES = 1 << 20


def tweet(tweet_id: str, text: str) -> bytes:
    return encode(Tweet(id=tweet_id, created_at_ms=OPENED_MS, text=text, author_id="7"))


def deletion(tweet_id: str, kind: str = "delete") -> bytes:
    return encode({"data": {kind: {"tweet": {"id": tweet_id, "author_id": "7"}, "event_at": "2026-03-02T12:30:00Z"}}})


def found(wanted: list[str], *values: bytes | None) -> dict[str, str]:
    search = TextSearch(wanted, max_bytes=MAX_BYTES)
    for value in values:
        search.read(value)
    assert search.missing == len(set(wanted)) - len(search.texts)
    return search.texts


def test_only_what_was_asked_for_is_kept() -> None:
    assert found(["1", "3"], tweet("1", "one"), tweet("2", "two")) == {"1": "one"}


def test_the_first_text_of_an_id_stands() -> None:
    assert found(["1"], tweet("1", "one"), tweet("1", "edited")) == {"1": "one"}


def test_a_post_that_was_taken_back_is_not_told() -> None:
    assert found(["1", "2"], tweet("1", "one"), tweet("2", "two"), deletion("1")) == {"2": "two"}
    assert found(["1"], deletion("1"), tweet("1", "one")) == {}
    assert found(["1"], tweet("1", "one"), deletion("1"), deletion("1", "undelete")) == {}


def test_no_post_of_an_account_that_is_gone_is_told_wherever_the_log_says_so() -> None:
    gone = encode({"user_protect": {"id": 7, "timestamp_ms": "1772454600000"}})
    other = encode({"user_delete": {"id": 8, "timestamp_ms": "1772454600000"}})
    assert found(["1", "2"], tweet("1", "one"), gone, tweet("2", "two")) == {}
    assert found(["1"], tweet("1", "one"), other) == {"1": "one"}


def test_an_earlier_version_of_an_edited_post_is_not_told() -> None:
    edit = encode(
        {"tweet_edit": {"initial_tweet_id": "1", "edit_tweet_ids": ["1", "2"], "timestamp_ms": "1772454600000"}}
    )
    assert found(["1", "2"], tweet("1", "onne"), edit, tweet("2", "one")) == {"2": "one"}


def test_a_long_text_is_cut() -> None:
    assert len(found(["1"], tweet("1", "x" * 5000))["1"]) == MAX_CHARS


@given(value=st.one_of(st.none(), st.binary(max_size=200)))
def test_whatever_the_log_holds_is_read_without_an_error(value: bytes | None) -> None:
    assert found(["1"], value, tweet("1", "one")) == {"1": "one"}


def test_ids_are_those_that_records_name_each_once() -> None:
    assert tweet_ids([*RECORDS, *RECORDS]) == ["1", "41", "31", "30", "11", "12", "21"]
    assert tweet_ids([OVERDUE]) == []


@pytest.mark.parametrize("more", [0, 10])
def test_ids_are_bounded(more: int) -> None:
    many = tuple(Exemplar(tweet_id=str(number), engagement=0) for number in range(MAX_IDS + more))
    assert len(tweet_ids([replace(SITUATION, exemplars=many)])) == MAX_IDS
    assert TextSearch([str(number) for number in range(MAX_IDS + more)], max_bytes=1).missing == MAX_IDS
