from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from msgspec import structs

from pipeline.formats import v2, v2payload
from pipeline.ingest.xfields import EXPANSIONS, STREAM_QUERY, TWEET_FIELDS, USER_FIELDS
from schemas.tweet import Tweet

Query = Mapping[str, str]

DEFAULTS = {"tweet": {"id", "text", "edit_history_tweet_ids"}, "user": {"id", "name", "username"}}
"""What X sends unasked: https://docs.x.com/x-api/fundamentals/fields."""
NOT_OF_THE_STREAM = {"timestamp_ms", "author"}
"""Read from other forms of a post."""


def user(number: str, handle: str, followers: int) -> dict[str, Any]:
    return {
        "id": number,
        "name": handle.title(),
        "username": handle,
        "public_metrics": {"followers_count": followers, "tweet_count": 3},
        "verified": False,
        "description": "…",
    }


def post(**fields: Any) -> dict[str, Any]:
    """A post with every field that X documents and that takes part in anything."""
    return {
        "id": "1600000000000000001",
        "text": "@acme Two hours at the gate #delayed $ACME https://t.co/a",
        "edit_history_tweet_ids": ["1600000000000000001"],
        "author_id": "1",
        "conversation_id": "1599999999999999999",
        "created_at": "2022-12-06T05:17:00.123Z",
        "lang": "en",
        "source": "X for iPhone",
        "possibly_sensitive": False,
        "reply_settings": "everyone",
        "attachments": {"media_keys": ["3_1"]},
        "context_annotations": [{"domain": {"id": "47"}, "entity": {"id": "1"}}],
        "geo": {"place_id": "5"},
        "edit_controls": {"edits_remaining": 5},
        "public_metrics": {"retweet_count": 1, "reply_count": 2, "like_count": 3, "quote_count": 4},
        "entities": {
            "mentions": [{"start": 0, "end": 5, "username": "acme", "id": "7"}],
            "hashtags": [{"start": 1, "end": 2, "tag": "delayed"}],
            "cashtags": [{"start": 1, "end": 2, "tag": "ACME"}],
            "urls": [{"url": "https://t.co/a", "expanded_url": "https://acme.example/", "unwound_url": "https://b.c/"}],
        },
        **fields,
    }


def line(data: dict[str, Any], *tweets: dict[str, Any]) -> dict[str, Any]:
    users = [user("1", "traveller", 120), user("2", "helpdesk", 5), user("7", "acme", 9)]
    media, places = [{"media_key": "3_1", "type": "photo"}], [{"id": "5", "full_name": "Paris"}]
    return {
        "data": data,
        "includes": {"users": users, "tweets": [*tweets], "media": media, "places": places},
        "matching_rules": [{"id": "1", "tag": "vigie:acme"}],
    }


REPEATED = post(id="1599999999999999998", text="We are sorry, the lounge is closed today. #service " + "y" * 90)
SAMPLES = {
    "plain": line(post()),
    "long": line(post(note_tweet={"text": "Two hours " * 40})),
    "reply": line(
        post(
            entities={},
            in_reply_to_user_id="2",
            referenced_tweets=[{"type": "replied_to", "id": "1599999999999999998"}],
        ),
        REPEATED,
    ),
    "retweet": line(
        post(
            text="RT @acme: We are sorry, the lounge is clo…",
            referenced_tweets=[{"type": "retweeted", "id": "1599999999999999998"}],
        ),
        REPEATED,
    ),
    "quote": line(post(referenced_tweets=[{"type": "quoted", "id": "1599999999999999998"}]), REPEATED),
}


def as_x_answers(full: dict[str, Any], query: Query) -> dict[str, Any]:
    """Keep of all that X knows what a query asks for."""
    asked = {kind: DEFAULTS[kind] | set(query.get(f"{kind}.fields", "").split(",")) for kind in ("tweet", "user")}
    expansions = set(query.get("expansions", "").split(","))
    data, includes = full["data"], full["includes"]
    wanted_users = {data[name] for name in ("author_id", "in_reply_to_user_id") if name in expansions & data.keys()}
    referenced = {each["id"] for each in data.get("referenced_tweets", ())}
    wanted_posts = referenced if "referenced_tweets.id" in expansions else set()

    def kept(kind: str, each: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in each.items() if name in asked[kind]}

    return {
        "data": kept("tweet", data),
        "includes": {
            "users": [kept("user", each) for each in includes["users"] if each["id"] in wanted_users],
            "tweets": [kept("tweet", each) for each in includes["tweets"] if each["id"] in wanted_posts],
        },
        "matching_rules": full["matching_rules"],
    }


def read(payload: dict[str, Any]) -> Tweet | None:
    return v2.line(json.dumps(payload).encode())


def without(query: Query, parameter: str, name: str) -> Query:
    left = ",".join(each for each in query[parameter].split(",") if each != name)
    return {**query, parameter: left}


ASKED = [(parameter, name) for parameter, names in STREAM_QUERY.items() for name in names.split(",")]


@pytest.mark.parametrize("sample", SAMPLES)
def test_what_is_asked_for_is_all_that_is_read(sample: str) -> None:
    full = SAMPLES[sample]
    assert read(full) is not None
    assert read(as_x_answers(full, STREAM_QUERY)) == read(full)


@pytest.mark.parametrize(("parameter", "name"), ASKED)
def test_whatever_is_not_asked_for_would_be_missed(parameter: str, name: str) -> None:
    less = without(STREAM_QUERY, parameter, name)
    assert any(read(as_x_answers(full, less)) != read(full) for full in SAMPLES.values())


def test_every_field_that_is_read_is_asked_for_and_no_other() -> None:
    read_of_a_post = {each.encode_name for each in structs.fields(v2payload.Post)}
    read_of_a_user = {each.encode_name for each in structs.fields(v2payload.User)}
    assert read_of_a_post - DEFAULTS["tweet"] - NOT_OF_THE_STREAM == set(TWEET_FIELDS)
    assert read_of_a_user - DEFAULTS["user"] == set(USER_FIELDS)
    assert {each.encode_name for each in structs.fields(v2payload.Includes)} == {"users", "tweets"}


def test_no_field_is_asked_for_twice_and_the_query_is_in_order() -> None:
    for names in (TWEET_FIELDS, USER_FIELDS, EXPANSIONS):
        assert [*names] == sorted(set(names))
    assert set(STREAM_QUERY) == {"expansions", "tweet.fields", "user.fields"}
