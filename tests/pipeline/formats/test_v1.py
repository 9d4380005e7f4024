from __future__ import annotations

from typing import Any

import pytest

from schemas.tweet import SourceForm, TweetKind
from tests.pipeline.formats.payloads import ORIGINAL_ID, POST_ID, POST_MS, only_tweet, read, reason_of, v1_status

ORIGINAL = {
    "id_str": ORIGINAL_ID,
    "created_at": "Wed Jun 08 02:00:00 +0000 2022",
    "text": "We are sorry, the lounge at ga…",
    "truncated": True,
    "user": {"id_str": "88", "screen_name": "acme_air", "followers_count": 9},
    "extended_tweet": {
        "full_text": "We are sorry, the lounge at gate 9 is closed. #service",
        "entities": {"hashtags": [{"text": "service"}], "user_mentions": [{"screen_name": "helper_desk"}]},
    },
}


def test_a_status_is_read_whole() -> None:
    tweet = only_tweet(v1_status())
    assert tweet.id == POST_ID
    assert tweet.created_at_ms == POST_MS
    assert tweet.text == "Two hours at the gate, @acme_air & no word. #delayed"
    assert (tweet.author_id, tweet.author_handle, tweet.author_followers) == ("77", "traveller", 120)
    assert tweet.engagement == 13
    assert (tweet.hashtags, tweet.mentions, tweet.cashtags) == (("delayed",), ("acme_air",), ("ACME",))
    assert tweet.urls == ("https://acme.example/status",)
    assert (tweet.kind, tweet.source_form) == (TweetKind.POST, SourceForm.V1_STATUS)


def test_the_text_id_wins_over_a_number_that_lost_digits() -> None:
    assert only_tweet(v1_status(id=1.5343591069450035e18)).id == POST_ID
    assert reason_of(v1_status(id=1.5343591069450035e18, id_str=None)) == "bad_field"


def test_the_number_does_where_there_is_no_text_id() -> None:
    assert only_tweet(v1_status(id_str=None)).id == POST_ID


def test_extended_mode_has_the_text_under_full_text() -> None:
    status = v1_status(full_text="the whole text", display_text_range=[4, 9])
    del status["text"]
    assert only_tweet(status).text == "the whole text"


def test_compatibility_mode_has_text_and_entities_under_extended_tweet() -> None:
    extended = {"full_text": "the whole text", "entities": {"hashtags": [{"text": "whole"}]}}
    tweet = only_tweet(v1_status(truncated=True, extended_tweet=extended))
    assert (tweet.text, tweet.hashtags, tweet.truncated) == ("the whole text", ("whole",), False)


def test_a_cut_text_without_its_rest_says_so() -> None:
    assert only_tweet(v1_status(truncated=True)).truncated


def test_a_retweet_has_the_text_of_the_original_and_its_own_time() -> None:
    tweet = only_tweet(v1_status(text="RT @acme_air: We are sorry, the…", retweeted_status=ORIGINAL))
    assert tweet.kind is TweetKind.RETWEET
    assert tweet.referenced_id == ORIGINAL_ID
    assert tweet.text == "We are sorry, the lounge at gate 9 is closed. #service"
    assert tweet.hashtags == ("service",)
    assert tweet.mentions == ("acme_air", "helper_desk")
    assert tweet.created_at_ms == POST_MS
    assert not tweet.truncated


def test_a_retweet_whose_original_has_no_text_keeps_its_own() -> None:
    tweet = only_tweet(v1_status(text="RT @acme_air: We are so…", retweeted_status={"id_str": ORIGINAL_ID}))
    assert (tweet.text, tweet.truncated, tweet.kind) == ("We are so…", True, TweetKind.RETWEET)
    assert tweet.referenced_id == ORIGINAL_ID


@pytest.mark.parametrize("quote", [{"quoted_status": {"id_str": "6", "text": "x"}}, {"quoted_status_id_str": "6"}])
def test_a_quote_keeps_its_own_text_and_names_the_quoted(quote: dict[str, Any]) -> None:
    tweet = only_tweet(v1_status(**quote))
    assert (tweet.kind, tweet.referenced_id) == (TweetKind.QUOTE, "6")
    assert tweet.text.startswith("Two hours")


def test_a_reply_names_what_and_whom_it_answers() -> None:
    tweet = only_tweet(v1_status(in_reply_to_status_id=5, in_reply_to_screen_name="acme_air"))
    assert (tweet.kind, tweet.in_reply_to_id, tweet.in_reply_to_handle) == (TweetKind.REPLY, "5", "acme_air")


@pytest.mark.parametrize("key", ["statuses", "results"])
def test_a_search_response_gives_its_statuses(key: str) -> None:
    parsed = read({key: [v1_status(), v1_status(id_str="", id=None)], "search_metadata": {}})
    assert [tweet.id for tweet in parsed.tweets] == [POST_ID]
    assert [reject.reason for reject in parsed.rejects] == ["bad_field"]


def test_a_bare_list_is_a_timeline() -> None:
    assert len(read([v1_status(), v1_status(id_str=ORIGINAL_ID)]).tweets) == 2


def test_the_time_in_milliseconds_is_used_where_created_at_is_unreadable() -> None:
    assert only_tweet(v1_status(created_at=None, timestamp_ms=str(POST_MS + 7))).created_at_ms == POST_MS + 7


def test_the_original_format_of_the_enterprise_products_is_told_apart() -> None:
    tweet = only_tweet(v1_status(matching_rules=[{"tag": "acme"}], quote_count=4, reply_count=1))
    assert tweet.source_form is SourceForm.ENTERPRISE_ORIGINAL
    assert tweet.engagement == 18


def test_the_unwound_url_of_an_enriched_payload_is_preferred() -> None:
    url = {"url": "https://t.co/a", "expanded_url": "https://sho.rt/a", "unwound": {"url": "https://acme.example/"}}
    assert only_tweet(v1_status(entities={"urls": [url]})).urls == ("https://acme.example/",)


@pytest.mark.parametrize(
    "changes",
    [
        {"user": None},
        {"user": {"screen_name": 4, "followers_count": "many", "id": -3}},
        {"entities": [], "extended_tweet": "x", "quoted_status": 3, "retweeted_status": []},
        {"retweet_count": None, "favorite_count": "7", "lang": "und", "truncated": "yes"},
    ],
)
def test_wrong_types_where_nothing_depends_on_them_cost_nothing(changes: dict[str, Any]) -> None:
    tweet = only_tweet(v1_status(**changes))
    assert tweet.id == POST_ID
    assert not tweet.truncated
