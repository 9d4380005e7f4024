"""IDs of posts, and where posts can be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.postid import LONGEST, bluesky_uri, is_keepable, parts_of_bluesky, web_address

DID = "did:plc:eygmaihciaxprqvxpfvl6flk"
URI = f"at://{DID}/app.bsky.feed.post/3l3qo2vuowo2b"


def test_a_post_of_bluesky_has_an_address_of_its_account_and_its_key() -> None:
    assert bluesky_uri(DID, "3l3qo2vuowo2b") == URI
    assert parts_of_bluesky(URI) == (DID, "3l3qo2vuowo2b")
    assert web_address(URI) == f"https://bsky.app/profile/{DID}/post/3l3qo2vuowo2b"
    assert is_keepable(URI)


@pytest.mark.parametrize(
    "post_id",
    [
        "",
        "x",
        "javascript:alert(1)",
        "1/../../evil",
        "٣",
        "9" * 21,
        "\ud800",
        f"{URI}\n",
        f"{URI}?a=b",
        f'{URI}"><script>',
        f"at://{DID}/app.bsky.feed.like/3l3",
        f"at://{DID}/app.bsky.feed.post/../3l3",
        "at://alice.example/app.bsky.feed.post/3l3",
        f"at://{DID}/app.bsky.feed.post/" + "3" * LONGEST,
    ],
)
def test_what_is_no_id_leads_nowhere(post_id: str) -> None:
    assert web_address(post_id) is None


@given(st.text(max_size=120) | st.from_regex(r"\A(at://|did:|[0-9])[\x00-\x7f]{0,99}", fullmatch=True))
def test_an_address_has_nothing_in_it_that_could_end_it(post_id: str) -> None:
    address = web_address(post_id)
    assert address is None or (address.isascii() and address.isprintable() and not set(address) & set("\"'<>|\\ ()"))
