"""Tweets made of drafts are tweets like any other."""

from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from pipeline.drafts import draft_of
from pipeline.formats import parse
from schemas.codec import encode
from schemas.tweet import Tweet
from tests.pipeline.formats.payloads import MAX_BYTES, only_tweet, read, v1_status, v2_data, v2_line

MADE = (
    v2_line(),
    v2_line(referenced_tweets=[{"type": "retweeted", "id": "5"}], text="RT @acme_air: x…"),
    {"data": [v2_data()]},
    {"data": {"id": "1534359106945003520", "text": "x", "author_id": 5}},
    v1_status(),
    v1_status(matching_rules=[]),
)


def test_a_draft_has_the_fields_of_a_tweet_in_their_order() -> None:
    assert draft_of(Tweet).__struct_fields__ == Tweet.__struct_fields__


def test_a_draft_takes_every_field_and_none_too_many() -> None:
    with pytest.raises(TypeError):
        draft_of(Tweet)("1", 2, "late again")


@pytest.mark.parametrize("payload", MADE)
def test_a_tweet_that_was_read_is_the_tweet_its_fields_make(payload: object) -> None:
    tweet = only_tweet(payload)
    same = Tweet(**structs.asdict(tweet))
    assert type(tweet) is Tweet
    assert (tweet, hash(tweet), repr(tweet), encode(tweet)) == (same, hash(same), repr(same), encode(same))
    assert copy.copy(tweet) == pickle.loads(pickle.dumps(tweet)) == same  # noqa: S301 - made here


@pytest.mark.parametrize("payload", MADE)
def test_a_tweet_that_was_read_cannot_be_changed(payload: object) -> None:
    tweet = only_tweet(payload)
    with pytest.raises(AttributeError):
        tweet.text = "x"  # type: ignore[misc]
    with pytest.raises((AttributeError, TypeError)):
        tweet.more = "x"  # type: ignore[attr-defined]


def test_the_result_of_a_record_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        read(v2_line()).tweets = ()  # type: ignore[misc]


USERS: st.SearchStrategy[list[object]] = st.lists(
    st.fixed_dictionaries(
        {"id": st.sampled_from(["77", "78", "79", 77, None]), "username": st.sampled_from(["a", "b", "@c", ""])}
    )
    | st.sampled_from([None, "77", []]),
    max_size=4,
)


@given(users=USERS, posts=USERS, answered=st.sampled_from([None, "77", "79"]))
def test_a_post_reads_the_same_alone_and_in_a_response_whose_includes_are_indexed(
    users: list[object], posts: list[object], answered: str | None
) -> None:
    data = v2_data(
        text="RT @acme_air: we are so…",
        referenced_tweets=[{"type": "retweeted", "id": "78"}],
        in_reply_to_user_id=answered,
    )
    with_texts = [{**post, "text": "we are sorry"} if isinstance(post, dict) else post for post in posts]
    includes = {"users": users, "tweets": with_texts}
    one = parse(encode({"data": data, "includes": includes}), max_bytes=MAX_BYTES).tweets
    many = parse(encode({"data": [data], "includes": includes}), max_bytes=MAX_BYTES).tweets
    assert [(t.author_handle, t.in_reply_to_handle, t.text, t.mentions) for t in one] == [
        (t.author_handle, t.in_reply_to_handle, t.text, t.mentions) for t in many
    ]
