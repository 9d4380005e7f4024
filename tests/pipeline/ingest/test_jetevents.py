"""Which events of Jetstream are passed on."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ingest.jetevents import Choice, Picked
from pipeline.watchlist import Watchlist
from schemas.codec import encode
from tests.ingest.jetserver import DID, account, commit, delete, post

WATCHLIST = Watchlist.parse(
    """
version = 1
[brands.acme]
name = "Acme"
aliases = ["Acme Air"]
handles = ["acme_air", "acme.example"]
official = ["did:web:acme.example"]
"""
)
US = 1_725_911_162_329_308
OFFICIAL = "did:web:acme.example"
THEIRS = f"at://{OFFICIAL}/app.bsky.feed.post/3l3ppp"


def key(rkey: str, did: str = DID) -> bytes:
    return f"at://{did}/app.bsky.feed.post/{rkey}".encode()


def choice(*, all_deletions: bool = False) -> Choice:
    return Choice(lambda: WATCHLIST, set(), all_deletions=all_deletions)


def pick(event: dict[str, Any], chooses: Choice | None = None) -> Picked:
    return (chooses or choice()).pick(encode(event))


@pytest.mark.parametrize(
    "event",
    [
        post(US, "3l3", "Acme Air lost my bag"),
        post(US, "3l3", "@acme.example where is it?"),
        post(US, "3l3", "@acme_air.bsky.social where is it?"),
        post(US, "3l3", "where?", reply={"root": {"uri": THEIRS}, "parent": {"uri": THEIRS}}),
        post(US, "3l3", "you", facets=[{"features": [{"did": OFFICIAL}]}]),
    ],
)
def test_a_post_about_a_brand_is_passed_on_under_its_id(event: dict[str, Any]) -> None:
    assert pick(event) == Picked(US, key("3l3"))


def test_a_post_by_a_brand_is_passed_on_when_its_did_is_on_the_watchlist() -> None:
    assert pick(post(US, "3l3", "Good morning", did=OFFICIAL)) == Picked(US, key("3l3", OFFICIAL))


def test_a_post_about_no_brand_is_let_go() -> None:
    assert pick(post(US, "3l3", "Good morning")) == Picked(US, passed_over="unmatched")


def test_a_deletion_is_passed_on_for_what_was_passed_on() -> None:
    chooses = choice()
    assert pick(delete(US, "3l3"), chooses) == pick(account(US), chooses) == Picked(US, passed_over="deletion")
    pick(post(US, "3l3", "Acme Air lost my bag"), chooses)
    assert pick(delete(US, "3l3"), chooses) == Picked(US, key("3l3"))
    assert pick(account(US), chooses) == Picked(US, DID.encode())
    assert pick(delete(US, "3l4"), chooses) == Picked(US, passed_over="deletion")


def test_every_deletion_is_passed_on_when_it_is_not_known_what_was() -> None:
    chooses = choice(all_deletions=True)
    assert pick(delete(US, "3l3"), chooses) == Picked(US, key("3l3"))
    assert pick(account(US), chooses) == Picked(US, DID.encode())


def test_a_changed_post_is_passed_on_when_it_was_about_a_brand_or_is_now() -> None:
    chooses = choice()
    changed = commit(US, "3l3", operation="update", text="Never mind", createdAt="2024-09-09T19:46:02Z")
    assert pick(changed, chooses) == Picked(US, passed_over="unmatched")
    pick(post(US, "3l3", "Acme Air lost my bag"), chooses)
    assert pick(changed, chooses) == Picked(US, key("3l3"))


@pytest.mark.parametrize(
    ("event", "what"),
    [
        (account(US, active=True, status=None), "account"),
        ({"did": DID, "time_us": US, "kind": "identity"}, "identity"),
        (commit(US, "3l3", collection="app.bsky.feed.like"), "collection"),
        ({"did": DID, "time_us": US, "kind": "sync"}, "unknown"),
    ],
)
def test_what_asks_nothing_of_us_is_counted_by_what_it_is(event: dict[str, Any], what: str) -> None:
    assert pick(event) == Picked(US, passed_over=what)


@pytest.mark.parametrize("value", [b"", b"{", b"\xff", b"[]", b"5", b'{"a":1}', b'{"did":"did:plc:a"}'])
def test_what_is_no_event_is_passed_on_as_it_came(value: bytes) -> None:
    assert choice().pick(value) == Picked(None)


def test_a_post_that_cannot_be_read_is_passed_on_to_become_a_dead_letter() -> None:
    assert pick(commit(US, "3l3")) == Picked(US)


@given(st.binary(max_size=200) | st.text(max_size=99).map(lambda text: encode(post(US, text, text, did=text))))
def test_nothing_that_comes_raises(value: bytes) -> None:
    picked = choice().pick(value)
    assert picked.key is None or picked.passed_over is None
