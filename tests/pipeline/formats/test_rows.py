from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.formats import columns, rows
from pipeline.formats.outcome import FormError
from schemas.tweet import SourceForm, TweetKind
from tests.pipeline.formats.payloads import POST_ID, POST_MS, only_tweet, reason_of

ROW = {"id": POST_ID, "text": "R&amp;D is late", "created_at": "2022-06-07 18:18:12 -0800"}


def test_a_row_is_read_by_our_field_names() -> None:
    tweet = rows.tweet(ROW | {"author_handle": "@traveller", "retweet_count": "3", "like_count": "4.0"})
    assert (tweet.id, tweet.created_at_ms, tweet.text) == (POST_ID, POST_MS, "R&D is late")
    assert (tweet.author_handle, tweet.engagement) == ("traveller", 7)
    assert tweet.source_form is SourceForm.ARCHIVE


@pytest.mark.parametrize(
    "names",
    [
        ["tweet_id", "text", "tweet_created"],
        ["Tweet ID", " Tweet Text", " Created At"],
        ["id_str", "full_text", "date"],
        ["Tweet-ID", "content", "Timestamp"],
    ],
)
def test_columns_are_known_by_usual_names_however_written(names: list[str]) -> None:
    assert columns.find(names, {}) == {"id": 0, "text": 1, "created_at": 2}


def test_a_mapping_wins_over_guessing_and_takes_its_column_away() -> None:
    found = columns.find(["text", "remark", "id"], {"text": "remark"})
    assert found == {"text": 1, "id": 2}


def test_the_surer_name_wins() -> None:
    assert columns.find(["name", "id", "screen_name", "tweet_id"], {}) == {"id": 3, "author_handle": 2}


@pytest.mark.parametrize(
    ("cell", "post_id"),
    [
        *(("12", "12"), (12, "12"), (" 12 ", "12"), ('"12"', "12"), ("12.0", "12"), (12.0, "12")),
        *(("5.7E+17", None), ("570306133677760513.0", None), (5.7e17, None), ("", None), ("nan", None)),
        ("toot-9", "toot-9"),
    ],
)
def test_an_id_damaged_by_a_spreadsheet_is_no_id(cell: object, post_id: str | None) -> None:
    tweet = rows.tweet(ROW | {"id": cell}, row_id="row-1")
    assert tweet.id == (post_id or "row-1")


def test_the_time_comes_from_the_id_where_the_row_has_none() -> None:
    assert rows.tweet(ROW | {"created_at": ""}).created_at_ms // 1000 == POST_MS // 1000


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"id": ""}, "missing_field"),
        ({"id": "5.7E+17"}, "bad_field"),
        ({"text": "  "}, "missing_field"),
        ({"text": 5}, "bad_field"),
        ({"id": "20", "created_at": "soon"}, "no_time"),
    ],
)
def test_what_a_row_cannot_do_without_is_named(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(FormError) as caught:
        rows.tweet(ROW | changes)
    assert caught.value.reason == reason


def test_kinds_are_known_by_references_or_by_the_text() -> None:
    assert rows.tweet(ROW | {"in_reply_to_id": "5"}).kind is TweetKind.REPLY
    assert rows.tweet(ROW | {"quoted_id": "5"}).kind is TweetKind.QUOTE
    retweet = rows.tweet(ROW | {"text": "RT @acme_air: We are so…"})
    assert (retweet.kind, retweet.text, retweet.mentions) == (TweetKind.RETWEET, "We are so…", ("acme_air",))
    assert retweet.truncated


def test_a_flat_object_on_the_raw_topic_is_read_as_a_row() -> None:
    tweet = only_tweet({"tweet_id": POST_ID, "text": "late", "tweet_created": ROW["created_at"], "name": "x"})
    assert (tweet.id, tweet.created_at_ms, tweet.author_handle) == (POST_ID, POST_MS, "x")


def test_a_text_alone_is_not_enough() -> None:
    assert reason_of({"text": "late", "label": 1}) == "missing_field"


CELLS = st.one_of(st.text(max_size=30), st.integers(), st.floats(), st.none(), st.booleans(), st.just(POST_ID))


@given(st.dictionaries(st.sampled_from(columns.FIELDS), CELLS), st.none() | st.just("row-1"))
def test_a_row_gives_a_tweet_or_a_reason(row: dict[str, Any], row_id: str | None) -> None:
    try:
        tweet = rows.tweet(row, row_id=row_id)
    except FormError as error:
        assert str(error)  # noqa: PT017 - either outcome is right, neither may be empty
    else:
        assert tweet.text.strip() or "&" in row["text"] or row["text"].startswith("RT @")
        assert 0 <= tweet.engagement <= 2**53


def test_keys_longer_than_any_column_are_passed_over_and_not_kept() -> None:
    row = {"tweet_id": POST_ID, "text": "late", "tweet_created": ROW["created_at"], "x" * 5_000: 1}
    assert only_tweet(row).id == POST_ID
    before = columns.known.cache_info().currsize
    assert only_tweet(row | {"y" * 5_000: 1}).id == POST_ID
    assert columns.known.cache_info().currsize == before
