"""The columns of archives: which of our fields a column holds, known by its name or by a mapping."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

__all__ = ["FIELDS", "LONGEST", "find", "is_usable", "known"]

LONGEST = 100
"""Characters of a column's name by which it is known."""

_ALIASES: dict[str, tuple[str, ...]] = {
    "id": ("tweet_id", "id_str", "id", "tweetid", "tweet_id_str", "status_id", "post_id"),
    "text": ("full_text", "text", "tweet_text", "tweet", "tweet_content", "content"),
    "created_at": (
        *("created_at", "tweet_created", "tweet_created_at", "created_at_utc", "created_utc", "created"),
        *("posted_at", "published_at", "tweet_date", "post_date", "timestamp_ms", "timestamp"),
        *("datetime", "date_time", "date", "time"),
    ),
    "author_handle": (
        *("screen_name", "user_screen_name", "author_username", "user_username", "username", "handle"),
        *("from_user", "user_name", "author", "user", "name"),
    ),
    "author_id": ("author_id", "user_id_str", "user_id", "from_user_id"),
    "author_followers": (
        *("user_followers", "followers_count", "user_followers_count", "author_followers", "followers"),
        *("author_followers_count", "author_public_metrics_followers_count"),
    ),
    "lang": ("lang", "language", "tweet_lang"),
    "retweet_count": ("retweet_count", "retweets", "retweetcount", "public_metrics_retweet_count", "shares"),
    "reply_count": ("reply_count", "replies", "replycount", "public_metrics_reply_count"),
    "like_count": (
        *("like_count", "likes", "likecount", "favorite_count", "favorites", "favoritecount"),
        "public_metrics_like_count",
    ),
    "quote_count": ("quote_count", "quotes", "quotecount", "public_metrics_quote_count"),
    "conversation_id": ("conversation_id", "conversationid"),
    "in_reply_to_id": (
        *("in_reply_to_status_id_str", "in_reply_to_status_id", "in_reply_to_tweet_id"),
        *("in_response_to_tweet_id", "in_reply_to_id", "referenced_tweets_replied_to_id"),
    ),
    "in_reply_to_handle": ("in_reply_to_screen_name", "in_reply_to_username", "in_reply_to_handle"),
    "retweeted_id": ("retweeted_status_id_str", "retweeted_status_id", "referenced_tweets_retweeted_id"),
    "quoted_id": ("quoted_status_id_str", "quoted_status_id", "referenced_tweets_quoted_id"),
    "platform": (),
}
"""Our field, and the column names it goes by, the surest first, as `_normal` writes them."""

FIELDS: tuple[str, ...] = tuple(_ALIASES)
"""What a mapping can name."""

_OTHER = re.compile(r"[^a-z0-9]+")


def find(names: Sequence[str], mapping: Mapping[str, str]) -> dict[str, int]:
    """Return the position of the column of each field that has one.

    Parameters
    ----------
    names : Sequence[str]
        The columns, as the file writes them. Case, spaces and punctuation do not matter for guessing.
    mapping : Mapping[str, str]
        Our field -> column, exactly as written. Wins over guessing, which takes no column named here; a
        column that is not there is passed over.
    """
    found = {field: names.index(name) for field, name in mapping.items() if name in names}
    taken = set(found.values())
    by_name: dict[str, int] = {}
    for position, name in enumerate(names):
        if position not in taken:
            by_name.setdefault(_normal(name), position)
    for field, aliases in _ALIASES.items():
        guess = next((by_name[alias] for alias in aliases if alias in by_name), None)
        if field not in mapping and guess is not None:
            found[field] = guess
    return found


@lru_cache(maxsize=256)
def known(names: tuple[str, ...]) -> Mapping[str, str]:
    """Return field -> key of an object with these keys, guessed; empty when it is no row of posts."""
    found = find(names, {})
    return {field: names[position] for field, position in found.items()} if is_usable(found) else {}


def is_usable(found: Mapping[str, object]) -> bool:
    """Say whether posts can be made of these fields: a text, and a time or an ID that may hold one."""
    return "text" in found and ("created_at" in found or "id" in found)


def _normal(name: str) -> str:
    return _OTHER.sub("_", name[:LONGEST].lower()).strip("_")
