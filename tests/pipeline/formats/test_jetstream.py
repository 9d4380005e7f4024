"""Events of Jetstream: posts of Bluesky, what is taken back, and whatever else comes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.formats import ComplianceKind, ComplianceNotice, Parsed, parse
from schemas.codec import encode
from schemas.deadletter import DeadLetterReason
from schemas.tweet import SourceForm, TweetKind
from tests.ingest.jetserver import DID, account, commit, delete, post
from tests.pipeline.formats.payloads import MAX_BYTES, only_tweet, read, reason_of

TIME_US = 1_725_911_162_329_308
TIME_MS = TIME_US // 1000
DAY_MS = 24 * 3_600_000
URI = f"at://{DID}/app.bsky.feed.post/3l3qo2vuowo2b"
OTHER = "did:web:acme.example"
THEIRS = f"at://{OTHER}/app.bsky.feed.post/3l3ppp"
ROOT = "at://did:plc:bbbbbbbbbbbbbbbbbbbbbbbb/app.bsky.feed.post/3l3rrr"


def event(text: str = "My bag is lost again", **record: Any) -> dict[str, Any]:
    return post(TIME_US, "3l3qo2vuowo2b", text, **record)


def facet(start: int, end: int, **feature: Any) -> dict[str, Any]:
    return {"index": {"byteStart": start, "byteEnd": end}, "features": [feature]}


def test_a_post_is_read_with_its_address_as_its_id() -> None:
    tweet = only_tweet(event(langs=["fr-CA", "en"]))
    assert (tweet.id, tweet.platform, tweet.author_id, tweet.author_handle) == (URI, "bluesky", DID, None)
    assert (tweet.text, tweet.lang, tweet.kind) == ("My bag is lost again", "fr-CA", TweetKind.POST)
    assert (tweet.conversation_id, tweet.in_reply_to_id, tweet.referenced_id) == (URI, None, None)
    assert tweet.source_form is SourceForm.JETSTREAM


def test_a_reply_names_what_it_answers_the_thread_and_whom() -> None:
    tweet = only_tweet(event(reply={"root": {"uri": ROOT, "cid": "b"}, "parent": {"uri": THEIRS, "cid": "b"}}))
    assert (tweet.kind, tweet.conversation_id, tweet.in_reply_to_id) == (TweetKind.REPLY, ROOT, THEIRS)
    assert tweet.in_reply_to_handle == OTHER


@pytest.mark.parametrize(
    ("embed", "quoted"),
    [
        ({"$type": "app.bsky.embed.record", "record": {"uri": THEIRS, "cid": "b"}}, THEIRS),
        (
            {
                "$type": "app.bsky.embed.recordWithMedia",
                "record": {"$type": "app.bsky.embed.record", "record": {"uri": THEIRS, "cid": "b"}},
                "media": {"$type": "app.bsky.embed.external", "external": {"uri": "https://acme.example/news"}},
            },
            THEIRS,
        ),
        (
            {"$type": "app.bsky.embed.record", "record": {"uri": f"at://{OTHER}/app.bsky.graph.list/3l", "cid": "b"}},
            None,
        ),
        ({"$type": "app.bsky.embed.images", "images": [{"alt": "", "image": {}}]}, None),
        ({"record": {"uri": 5}}, None),
        ([], None),
    ],
)
def test_a_quote_is_a_post_that_shows_another_post(embed: object, quoted: str | None) -> None:
    tweet = only_tweet(event(embed=embed))
    assert (tweet.referenced_id, tweet.kind is TweetKind.QUOTE) == (quoted, quoted is not None)


def test_the_places_of_facets_are_bytes_of_utf_8() -> None:
    text = "Été 🧳 @acme.example where? #bagages ici"
    start = len("Été 🧳 ".encode())
    tweet = only_tweet(
        event(
            text,
            facets=[
                facet(start, start + len("@acme.example"), did=OTHER),
                facet(40, 48, tag="bagages"),
                facet(49, 52, uri="https://acme.example/a/long/address"),
            ],
            tags=["lost", "#Bagages"],
            embed={"external": {"uri": "https://acme.example/card"}},
        )
    )
    assert tweet.mentions == ("acme.example", OTHER)
    assert tweet.hashtags == ("bagages", "lost")
    assert tweet.urls == ("https://acme.example/a/long/address", "https://acme.example/card")


@pytest.mark.parametrize(
    "index",
    [None, {}, {"byteStart": 1, "byteEnd": 3}, {"byteStart": -1, "byteEnd": 99}, {"byteStart": "0", "byteEnd": 2}],
)
def test_a_place_that_is_none_leaves_the_account_and_no_handle(index: object) -> None:
    tweet = only_tweet(event("é@acme", facets=[{"index": index, "features": [{"did": OTHER}]}, None, {"features": 5}]))
    assert tweet.mentions == (OTHER,)


@pytest.mark.parametrize(
    ("created_at", "time_ms"),
    [
        ("2024-09-09T19:46:02.102Z", TIME_MS),
        ("2099-01-01T00:00:00Z", TIME_MS),
        ("2024-09-09T01:46:02Z", TIME_MS),  # a clock or a time zone that is wrong
        ("yesterday", TIME_MS),
        (5, TIME_MS),
        (None, TIME_MS),
        ("2019-04-01T12:00:00Z", 1_554_120_000_000),  # brought along from elsewhere
    ],
)
def test_a_post_is_as_old_as_the_server_says_unless_it_is_of_another_day(created_at: object, time_ms: int) -> None:
    assert only_tweet(event(createdAt=created_at)).created_at_ms == time_ms


def test_a_post_without_the_servers_time_has_its_own_or_none() -> None:
    assert only_tweet({**event(), "time_us": None}).created_at_ms == 1_725_911_162_102
    assert reason_of({**event(createdAt="soon"), "time_us": "x"}) == DeadLetterReason.NO_TIME


def test_a_deleted_post_is_a_notice_of_its_platform() -> None:
    notice = ComplianceNotice(
        kind=ComplianceKind.DELETE, tweet_id=URI, user_id=DID, time_ms=TIME_MS, platform="bluesky"
    )
    assert read(delete(TIME_US, "3l3qo2vuowo2b")) == Parsed(compliance=(notice,))


def test_a_changed_post_is_a_post_and_what_it_was_is_taken_back() -> None:
    parsed = read(commit(TIME_US, "3l3qo2vuowo2b", operation="update", text="x", createdAt="2024-09-09T19:46:02Z"))
    assert [tweet.id for tweet in parsed.tweets] == [URI]
    assert [(notice.kind, notice.tweet_id) for notice in parsed.compliance] == [(ComplianceKind.DROP, URI)]


@pytest.mark.parametrize(
    ("active", "status", "kind"),
    [
        (False, "deleted", ComplianceKind.USER_DELETE),
        (False, "takendown", ComplianceKind.USER_SUSPEND),
        (False, "suspended", ComplianceKind.USER_SUSPEND),
        (False, "deactivated", ComplianceKind.USER_PROTECT),
        (False, "something new", ComplianceKind.USER_PROTECT),
        (False, None, ComplianceKind.USER_PROTECT),
        (False, "desynchronized", None),
        (False, "throttled", None),
        (True, None, None),
        (True, "throttled", None),
    ],
)
def test_an_account_that_is_gone_is_a_notice(active: bool, status: str | None, kind: ComplianceKind | None) -> None:
    parsed = read(account(TIME_US, active=active, status=status))
    if kind is None:
        assert parsed == Parsed(ignored="account")
    else:
        (notice,) = parsed.compliance
        assert (notice.kind, notice.user_id, notice.tweet_id, notice.platform) == (kind, DID, None, "bluesky")


@pytest.mark.parametrize(
    ("payload", "what"),
    [
        (commit(TIME_US, "3l3", collection="app.bsky.feed.repost", subject={"uri": URI}), "collection"),
        (commit(TIME_US, "3l3", collection="app.bsky.feed.like", operation="delete"), "collection"),
        ({"did": DID, "time_us": TIME_US, "kind": "identity", "identity": {"did": DID, "handle": "a.b"}}, "identity"),
    ],
)
def test_what_is_no_post_is_passed_over(payload: object, what: str) -> None:
    assert read(payload) == Parsed(ignored=what)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ({**event(), "did": "alice.example"}, DeadLetterReason.BAD_FIELD),
        ({**event(), "did": "did:plc:" + "a" * 300}, DeadLetterReason.BAD_FIELD),
        (commit(TIME_US, "a/../b", text="x"), DeadLetterReason.BAD_FIELD),
        (commit(TIME_US, "3l3", operation="merge", text="x"), DeadLetterReason.BAD_FIELD),
        (commit(TIME_US, "3l3", text=["x"]), DeadLetterReason.MISSING_FIELD),
        (commit(TIME_US, "3l3"), DeadLetterReason.MISSING_FIELD),
        (account(TIME_US, did="5"), DeadLetterReason.BAD_FIELD),
        ({"did": DID, "time_us": TIME_US, "kind": "sync"}, DeadLetterReason.UNKNOWN_FORM),
    ],
)
def test_what_cannot_be_used_is_a_dead_letter_with_its_reason(payload: object, reason: DeadLetterReason) -> None:
    assert reason_of(payload) == reason


def test_a_bluesky_text_has_no_escapes_to_undo() -> None:
    assert only_tweet(event("R&amp;D < 3")).text == "R&amp;D < 3"


def test_an_event_reads_the_same_however_it_is_written_and_wrapped() -> None:
    payload = event(reply={"root": {"uri": ROOT}, "parent": {"uri": THEIRS}}, facets=[facet(0, 2, tag="a")], tags=["b"])
    spaced = parse(b" " + encode(payload), max_bytes=MAX_BYTES)
    assert spaced == read(payload) == read([payload]) == read({"payload": payload})


VALUES = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.sampled_from([URI, DID, "update", "delete"])
)
JSON = st.recursive(
    VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner), max_leaves=9
)


@given(st.data())
def test_any_value_in_any_place_gives_a_post_a_notice_or_a_reason(data: st.DataObject) -> None:
    payload: Any = event(
        reply={"root": {"uri": ROOT}, "parent": {"uri": THEIRS}},
        embed={"record": {"record": {"uri": THEIRS}}, "external": {"uri": "https://a.example"}},
        facets=[facet(0, 2, did=OTHER)],
        tags=["a"],
    )
    where = payload
    while isinstance(where, dict | list) and where:
        places = list(where) if isinstance(where, dict) else list(range(len(where)))
        place = data.draw(st.sampled_from(places))
        if not isinstance(where[place], dict | list) or data.draw(st.booleans()):
            where[place] = data.draw(JSON)
            break
        where = where[place]
    parsed = parse(json.dumps(payload).encode(), max_bytes=MAX_BYTES)
    assert parsed.tweets or parsed.rejects or parsed.compliance or parsed.ignored
    assert all(reject.reason is not DeadLetterReason.INTERNAL for reject in parsed.rejects)
    for tweet in parsed.tweets:
        assert parse(encode(tweet), max_bytes=MAX_BYTES) == Parsed(tweets=(tweet,))
