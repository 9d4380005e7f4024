"""What the ID of a post looks like, platform by platform, and where the post can be read.

ADR: an ID is a text. X's are numbers of up to 19 digits; those of Bluesky are addresses of records, with the account
and the record's key in them (``at://did:plc:…/app.bsky.feed.post/3l3qo2vuowo2b``), 70 characters as a rule. Both are
unlike each other and unlike any other number, so an ID says where its post is, and nothing has to be stored beside it.
State and events hold IDs of up to :data:`LONGEST` characters; a post with a longer one is counted and not named.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = [
    "BLUESKY",
    "LONGEST",
    "POSTS_OF_BLUESKY",
    "X",
    "bluesky_uri",
    "is_did",
    "is_keepable",
    "parts_of_bluesky",
    "platform_of_account",
    "web_address",
]

X: Final = "x"
BLUESKY: Final = "bluesky"

LONGEST: Final = 96
"""Characters of an ID that state and events hold: one of Bluesky has some 70, or its account is a long domain."""
POSTS_OF_BLUESKY: Final = "app.bsky.feed.post"
"""The collection of a Bluesky account that its posts are in."""

_LONGEST_NUMBER = 20
_DID = re.compile(r"did:[a-z0-9]{1,16}:[A-Za-z0-9._:%-]{1,200}", re.ASCII)
_POST = re.compile(rf"at://({_DID.pattern})/{re.escape(POSTS_OF_BLUESKY)}/([A-Za-z0-9._:~-]{{1,512}})", re.ASCII)


def bluesky_uri(did: object, key: object) -> str | None:
    """Return the ID of a post of Bluesky, or none when it cannot be one.

    Parameters
    ----------
    did : object
        The account; any value.
    key : object
        The record's key; any value.

    >>> bluesky_uri("did:plc:abc", "3l3")
    'at://did:plc:abc/app.bsky.feed.post/3l3'
    >>> bluesky_uri("did:plc:abc", "a/b"), bluesky_uri("alice.example", "3l3"), bluesky_uri(None, 5)
    (None, None, None)
    """
    uri = f"at://{did}/{POSTS_OF_BLUESKY}/{key}" if type(did) is str and type(key) is str else ""
    return uri if _POST.fullmatch(uri) else None


def parts_of_bluesky(post_id: str) -> tuple[str, str] | None:
    """Return account and key of a post of Bluesky by its ID; none when it is not the ID of one.

    >>> parts_of_bluesky("at://did:plc:abc/app.bsky.feed.post/3l3"), parts_of_bluesky("20")
    (('did:plc:abc', '3l3'), None)
    """
    found = _POST.fullmatch(post_id)
    return None if found is None else (found[1], found[2])


def is_did(name: object) -> bool:
    """Say whether a name is that of an account of Bluesky.

    >>> is_did("did:plc:abc"), is_did("77")
    (True, False)
    """
    return type(name) is str and _DID.fullmatch(name) is not None


def is_keepable(post_id: str) -> bool:
    """Say whether an ID is one that state and events can hold."""
    return 0 < len(post_id) <= LONGEST and post_id.isascii() and post_id.isprintable()


def platform_of_account(user_id: str) -> str:
    """Return where an account is, by its ID: Bluesky's are DIDs, and X's numbers.

    >>> platform_of_account("did:plc:abc"), platform_of_account("2244994945")
    ('bluesky', 'x')
    """
    return BLUESKY if user_id.startswith("did:") else X


def web_address(post_id: str) -> str | None:
    """Return where a post can be read, by its ID; none when the ID, which comes from data, tells of no such place.

    >>> web_address("20")
    'https://x.com/i/web/status/20'
    >>> web_address("at://did:plc:abc/app.bsky.feed.post/3l3")
    'https://bsky.app/profile/did:plc:abc/post/3l3'
    >>> web_address("javascript:alert(1)")
    """
    if post_id.isascii() and post_id.isdigit() and len(post_id) <= _LONGEST_NUMBER:
        return f"https://x.com/i/web/status/{post_id}"
    if len(post_id) <= LONGEST and (parts := parts_of_bluesky(post_id)) is not None:
        did, key = parts
        return f"https://bsky.app/profile/{did}/post/{key}"
    return None
