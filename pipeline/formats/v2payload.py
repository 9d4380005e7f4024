"""What is read of an API v2 payload. Every field may be absent, and the rest of the payload is passed over.

https://docs.x.com/x-api/fundamentals/data-dictionary
"""

from __future__ import annotations

from msgspec import Struct

from pipeline.formats.typed import Count, Id

__all__ = ["Entities", "Includes", "Line", "Link", "Metrics", "Original", "Post", "Reference", "User"]


class Named(Struct, gc=False):
    """An account that a text names."""

    username: str | None = None
    id: Id = None


class Tag(Struct, gc=False):
    """A hashtag or a cashtag."""

    tag: str | None = None


class Unwound(Struct, gc=False):
    """What a short link leads to, in the enterprise form."""

    url: str | None = None


class Link(Struct, gc=False):
    """A URL of a text."""

    url: str | None = None
    expanded_url: str | None = None
    unwound_url: str | None = None
    unwound: Unwound | None = None


class Entities(Struct, gc=False):
    """What stands in a text."""

    mentions: list[Named] | None = None
    hashtags: list[Tag] | None = None
    cashtags: list[Tag] | None = None
    urls: list[Link] | None = None


class Note(Struct, gc=False):
    """The whole of a long post."""

    text: str | None = None


class Original(Struct, gc=False):
    """A post among the ``includes``: of a retweet, the one that says it all."""

    id: Id = None
    text: str | None = None
    note_tweet: Note | None = None
    entities: Entities | None = None


class Followers(Struct, gc=False):
    """``public_metrics`` of an account."""

    followers_count: Count = None


class User(Struct, gc=False):
    """An account."""

    id: Id = None
    username: str | None = None
    public_metrics: Followers | None = None


class Metrics(Struct, gc=False):
    """``public_metrics`` of a post."""

    retweet_count: Count = None
    reply_count: Count = None
    like_count: Count = None
    quote_count: Count = None


class Reference(Struct, gc=False):
    """A post that another one retweets, quotes or answers."""

    type: str | None = None
    id: Id = None


class Post(Original, gc=False):
    """A post."""

    author_id: Id = None
    created_at: str | None = None
    timestamp_ms: Id = None
    lang: str | None = None
    conversation_id: Id = None
    in_reply_to_user_id: str | None = None
    public_metrics: Metrics | None = None
    referenced_tweets: list[Reference] | None = None
    author: User | None = None
    """The account, as put in place by a tool that flattens responses."""


class Includes(Struct, gc=False):
    """What posts refer to."""

    users: list[User] | None = None
    tweets: list[Original] | None = None


class Line(Struct, gc=False):
    """A line of the filtered stream."""

    data: Post
    includes: Includes | None = None
