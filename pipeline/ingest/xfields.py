"""What the stream is asked to say of a post: what the pipeline reads, and nothing more.

ADR: X sends the ID and the text of a post and the ID, name and handle of an account unless asked for more, and other
objects only when they are expanded (https://docs.x.com/x-api/fundamentals/fields and ``/expansions``, 2026). What
is asked for follows from `pipeline.formats.v2payload`; a test compares the two, and drops one field after the other to
see that each changes what is read. Not asked for: ``timestamp_ms`` and ``author`` (other forms have them) and the
expansions of mentions and media (their handles stand in the text, and of media nothing is read).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["EXPANSIONS", "STREAM_QUERY", "TWEET_FIELDS", "USER_FIELDS"]

TWEET_FIELDS = (
    "author_id",
    "conversation_id",
    "created_at",
    "entities",
    "in_reply_to_user_id",
    "lang",
    "note_tweet",
    "public_metrics",
    "referenced_tweets",
)
"""Of a post, and of those that are included with it; besides ``id`` and ``text``."""

USER_FIELDS = ("public_metrics",)
"""Of an account; besides ``id`` and ``username``."""

EXPANSIONS = (
    "author_id",
    "in_reply_to_user_id",
    "referenced_tweets.id",
)
"""Objects that come with a post: its author, whom it answers, and what it repeats (a retweet's own text is cut)."""

STREAM_QUERY: Mapping[str, str] = MappingProxyType(
    {
        "expansions": ",".join(EXPANSIONS),
        "tweet.fields": ",".join(TWEET_FIELDS),
        "user.fields": ",".join(USER_FIELDS),
    }
)
"""The query of ``GET /2/tweets/search/stream``."""
