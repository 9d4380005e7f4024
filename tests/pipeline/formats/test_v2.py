from __future__ import annotations

from typing import Any

import pytest

from schemas.deadletter import DeadLetterReason
from schemas.tweet import SourceForm, TweetKind
from tests.pipeline.formats.payloads import (
    ORIGINAL_ID,
    POST_ID,
    POST_MS,
    only_reject,
    only_tweet,
    read,
    reason_of,
    v2_data,
    v2_line,
    v2_user,
)


def retweet_line(**includes: Any) -> dict[str, Any]:
    line = v2_line(
        text="RT @acme_air: We are sorry, the lounge at ga…",
        referenced_tweets=[{"type": "retweeted", "id": ORIGINAL_ID}],
        entities={"mentions": [{"username": "acme_air", "id": "88"}]},
    )
    line["includes"].update(includes)
    return line


def test_a_stream_line_is_read_whole() -> None:
    tweet = only_tweet(v2_line())
    assert tweet.id == POST_ID
    assert tweet.created_at_ms == POST_MS
    assert tweet.text == "Two hours at the gate, @acme_air & no word. #delayed"
    assert tweet.kind is TweetKind.POST
    assert (tweet.author_id, tweet.author_handle, tweet.author_followers) == ("77", "traveller", 120)
    assert tweet.lang == "en"
    assert tweet.conversation_id == POST_ID
    assert tweet.engagement == 16
    assert tweet.hashtags == ("delayed",)
    assert tweet.mentions == ("acme_air",)
    assert tweet.cashtags == ("ACME",)
    assert tweet.urls == ("https://acme.example/status",)
    assert not tweet.truncated
    assert tweet.source_form is SourceForm.V2_STREAM


def test_the_default_fields_of_the_api_are_enough() -> None:
    tweet = only_tweet({"data": {"id": POST_ID, "text": "late again", "edit_history_tweet_ids": [POST_ID]}})
    assert tweet.created_at_ms // 1000 == POST_MS // 1000
    assert tweet.author_id is None


def test_a_response_gives_its_posts_oldest_first() -> None:
    newer, older = v2_data(), v2_data(id=ORIGINAL_ID, created_at="2022-06-08T02:17:00.000Z", author_id="78")
    parsed = read({"data": [newer, older], "includes": {"users": [v2_user(), v2_user("78", "other", 5)]}})
    assert [tweet.id for tweet in parsed.tweets] == [ORIGINAL_ID, POST_ID]
    assert [tweet.author_handle for tweet in parsed.tweets] == ["other", "traveller"]
    assert {tweet.source_form for tweet in parsed.tweets} == {SourceForm.V2_RESPONSE}


def test_a_bad_item_of_a_response_does_not_cost_the_others() -> None:
    parsed = read({"data": [v2_data(), {"id": "5"}, 3]})
    assert [tweet.id for tweet in parsed.tweets] == [POST_ID]
    assert [reject.reason for reject in parsed.rejects] == ["missing_field", "bad_field"]
    assert parsed.rejects[0].message.startswith("data[1]: ")


def test_a_long_post_gives_the_text_of_its_note() -> None:
    assert only_tweet(v2_line(note_tweet={"text": "the long text"})).text == "the long text"


def test_a_retweet_has_the_full_text_of_the_original_when_it_is_included() -> None:
    original = {
        "id": ORIGINAL_ID,
        "text": "We are sorry, the lounge at gate 9 &amp; 10 is closed. #service with @helper_desk",
        "entities": {"hashtags": [{"tag": "service"}], "mentions": [{"username": "helper_desk"}]},
    }
    tweet = only_tweet(retweet_line(tweets=[original]))
    assert tweet.kind is TweetKind.RETWEET
    assert tweet.referenced_id == ORIGINAL_ID
    assert tweet.text == "We are sorry, the lounge at gate 9 & 10 is closed. #service with @helper_desk"
    assert tweet.hashtags == ("service",)
    assert tweet.mentions == ("acme_air", "helper_desk")
    assert not tweet.truncated
    assert tweet.author_handle == "traveller"


def test_a_retweet_without_its_original_keeps_what_it_has_and_says_it_is_cut() -> None:
    tweet = only_tweet(retweet_line())
    assert tweet.text == "We are sorry, the lounge at ga…"
    assert tweet.truncated
    assert tweet.kind is TweetKind.RETWEET
    assert tweet.mentions == ("acme_air",)


def test_a_retweet_is_known_by_its_text_when_the_payload_has_no_references() -> None:
    tweet = only_tweet({"data": {"id": POST_ID, "text": "RT @acme_air: We are sorry"}})
    assert (tweet.kind, tweet.text, tweet.mentions) == (TweetKind.RETWEET, "We are sorry", ("acme_air",))
    assert not tweet.truncated


def test_a_reply_names_what_and_whom_it_answers() -> None:
    reply = {"referenced_tweets": [{"type": "replied_to", "id": "5"}], "in_reply_to_user_id": "88"}
    tweet = only_tweet(v2_line(**reply))
    assert (tweet.kind, tweet.in_reply_to_id, tweet.in_reply_to_handle) == (TweetKind.REPLY, "5", "acme_air")


def test_a_quote_that_answers_is_a_quote_and_names_both() -> None:
    references = [{"type": "replied_to", "id": "5"}, {"type": "quoted", "id": "6"}]
    tweet = only_tweet(v2_line(referenced_tweets=references))
    assert (tweet.kind, tweet.in_reply_to_id, tweet.referenced_id) == (TweetKind.QUOTE, "5", "6")


def test_the_text_of_urls_is_as_far_expanded_as_the_payload_has_it() -> None:
    urls = [
        {"url": "https://t.co/a", "expanded_url": "https://sho.rt/a", "unwound_url": "https://acme.example/long"},
        {"url": "https://t.co/b", "expanded_url": None},
        {"url": "https://t.co/b"},
    ]
    assert only_tweet(v2_line(entities={"urls": urls})).urls == ("https://acme.example/long", "https://t.co/b")


def test_a_post_out_of_its_data_is_still_v2() -> None:
    tweet = only_tweet(v2_data() | {"author": v2_user()})
    assert (tweet.source_form, tweet.author_handle) == (SourceForm.V2_RESPONSE, "traveller")
    assert tweet.hashtags == ("delayed",)


def test_partial_errors_beside_posts_are_not_dead_letters() -> None:
    errors = [{"title": "Not Found Error", "resource_type": "tweet"}]
    parsed = read({"data": [v2_data()], "errors": errors})
    assert len(parsed.tweets) == 1
    assert parsed.rejects == ()


@pytest.mark.parametrize(
    "payload",
    [
        {"errors": [{"title": "operational-disconnect", "detail": "This stream has been disconnected"}]},
        {"data": None, "errors": [{"title": "Not Found Error"}]},
        {"title": "ConnectionException", "detail": "too many", "connection_issue": "TooManyConnections"},
        {"errors": [{"code": 88, "message": "Rate limit exceeded"}]},
        {"error": {"message": "forced disconnect", "sent": "2022-06-08T02:18:12+00:00"}},
    ],
)
def test_errors_without_posts_are_api_errors(payload: object) -> None:
    assert reason_of(payload) is DeadLetterReason.API_ERROR


def test_an_api_error_is_named_by_its_title() -> None:
    assert "operational-disconnect" in only_reject({"errors": [{"title": "operational-disconnect"}]}).message


@pytest.mark.parametrize(
    ("payload", "what"),
    [
        ({"data": [{"start": "a", "end": "b", "tweet_count": 4}] * 3}, "3 post counts"),
        ({"data": [v2_user()]}, "1 users"),
        ({"data": v2_user()}, "users"),
    ],
)
def test_a_response_of_something_else_is_one_dead_letter_that_says_of_what(payload: object, what: str) -> None:
    reject = only_reject(payload)
    assert reject.reason is DeadLetterReason.UNKNOWN_FORM
    assert what in reject.message


@pytest.mark.parametrize("payload", [{"meta": {"result_count": 0}}, {"data": [], "meta": {}}, {"data": None}, []])
def test_a_search_that_found_nothing_is_ignored_by_name(payload: object) -> None:
    parsed = read(payload)
    assert parsed.ignored == "empty_response"
    assert parsed.rejects == ()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"id": None}, "missing_field"),
        ({"id": 1.5343591e18}, "bad_field"),
        ({"id": "12 34"}, "bad_field"),
        ({"id": True}, "bad_field"),
        ({"text": None}, "missing_field"),
        ({"text": ["no"]}, "bad_field"),
        ({"id": "20", "created_at": None}, "no_time"),
        ({"id": "20", "created_at": "1960-01-01T00:00:00Z"}, "no_time"),
    ],
)
def test_what_a_post_cannot_do_without_is_named(changes: dict[str, Any], reason: str) -> None:
    assert reason_of(v2_line(**changes)) == reason


def test_an_unreadable_time_is_taken_from_the_id() -> None:
    assert only_tweet(v2_line(created_at="soon")).created_at_ms // 1000 == POST_MS // 1000


@pytest.mark.parametrize(
    "changes",
    [
        {"entities": "none"},
        {"entities": {"hashtags": {"a": 1}, "mentions": [None, 3, {"username": 5}], "urls": ["x"]}},
        {"referenced_tweets": [3, {"type": ["retweeted"]}, {"type": "quoted", "id": []}]},
        {"public_metrics": [1], "author_id": 5.5, "lang": 3, "conversation_id": {}},
        {"in_reply_to_user_id": ["x"], "note_tweet": [], "author": 3},
    ],
)
def test_wrong_types_where_nothing_depends_on_them_cost_nothing(changes: dict[str, Any]) -> None:
    line = v2_line(**changes)
    line["includes"] = {"users": [{"id": []}, 4], "tweets": "x"}
    assert only_tweet(line).id == POST_ID


def test_texts_entities_and_counts_are_bounded() -> None:
    tweet = only_tweet(
        v2_line(
            text="x" * 30_000,
            entities={"hashtags": [{"tag": f"t{n}"} for n in range(80)] + [{"tag": "y" * 300}]},
            public_metrics={"retweet_count": 2**62, "like_count": -5},
        )
    )
    assert len(tweet.text) == 25_000
    assert tweet.truncated
    assert len(tweet.hashtags) == 50
    assert tweet.engagement == 2**53
