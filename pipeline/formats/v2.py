"""API v2: a filtered-stream line, and look-up and search responses.

``{"data": {...}, "includes": {...}, "matching_rules": [...]}``; a response has a list under ``data``.
https://docs.x.com/x-api/fundamentals/data-dictionary
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.formats.fields import (
    MAX_ENTITIES,
    bounded_text,
    count,
    created_at_ms,
    handle,
    is_cut,
    language,
    merged,
    names,
    platform_id,
    required_id,
    required_text,
    split_retweet,
    total,
    unescape,
    urls,
)
from schemas.tweet import SourceForm, Tweet, TweetKind

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Includes", "looks_bare", "not_posts", "tweet"]

_Object = dict[str, Any]
_EMPTY: _Object = {}
_COUNTS = ("retweet_count", "reply_count", "like_count", "quote_count")
_POST, _REPLY, _RETWEET, _QUOTE = TweetKind.POST, TweetKind.REPLY, TweetKind.RETWEET, TweetKind.QUOTE


class Includes:
    """The users and posts beside the data, by ID."""

    __slots__ = ("posts", "users")

    def __init__(self, includes: object) -> None:
        users = posts = None
        if type(includes) is dict:
            users, posts = includes.get("users"), includes.get("tweets")
        self.users = _by_id(users) if users else _EMPTY
        self.posts = _by_id(posts) if posts else _EMPTY


def _by_id(items: object) -> dict[str, _Object]:
    if type(items) is not list:
        return {}
    found: dict[str, _Object] = {}
    for item in items:
        if type(item) is dict and type(key := item.get("id")) is str:
            found.setdefault(key, item)
    return found


def looks_bare(payload: Mapping[str, Any]) -> bool:
    """Say whether an object is a v2 post that was taken out of its ``data``."""
    return (
        "edit_history_tweet_ids" in payload
        or type(payload.get("public_metrics")) is dict
        or "referenced_tweets" in payload
        or ("author_id" in payload and "entities" in payload)
    )


def not_posts(item: object) -> str | None:
    """Name what a response holds instead of posts, judged by its first item."""
    if type(item) is not dict or "text" in item:
        return None
    if "tweet_count" in item:
        return "post counts"
    if "username" in item:
        return "users"
    return None


def tweet(data: _Object, includes: Includes, form: SourceForm) -> Tweet:
    """Read one post.

    A retweet's own text is cut at 140 characters, so the original's is taken from ``includes`` where it is
    there; else what the retweet has, without ``RT @handle:``, marked as truncated if it was cut.

    Raises
    ------
    FormError
        No usable ID, text or time.
    """
    post_id = required_id(data, "id")
    text = _full_text(data)
    retweeted, quoted, replied_to = _references(data)
    body: _Object = data
    entities = found if type(found := data.get("entities")) is dict else _EMPTY
    named = names(entities, "mentions", "username") if entities else ()
    kind, truncated = _kind(quoted, replied_to), False
    if retweeted is not None or text.startswith("RT @"):
        split = split_retweet(text)
        original = includes.posts.get(retweeted) if retweeted is not None else None
        if original is not None and type(original.get("text")) is str:
            body, text = original, _full_text(original)
            entities = found if type(found := body.get("entities")) is dict else _EMPTY
        elif split is not None:
            text = split[1]
            truncated = is_cut(text)
        if retweeted is not None or split is not None:
            kind = _RETWEET
            by = (split[0],) if split is not None else ()
            named = merged(by, named, names(entities, "mentions", "username"))
    text, cut = bounded_text(unescape(text))
    author = _author(data, includes)
    answered, metrics = data.get("in_reply_to_user_id"), data.get("public_metrics")
    return Tweet(
        id=post_id,
        created_at_ms=created_at_ms(data, post_id),
        text=text,
        kind=kind,
        author_id=platform_id(data.get("author_id")) or platform_id(author.get("id")),
        author_handle=handle(author.get("username")) if author else None,
        author_followers=_followers(author) if author else 0,
        lang=language(data.get("lang")),
        conversation_id=platform_id(data.get("conversation_id")),
        in_reply_to_id=replied_to,
        in_reply_to_handle=_answered_handle(answered, data, includes) if type(answered) is str else None,
        referenced_id=retweeted or quoted,
        engagement=total(metrics, _COUNTS) if type(metrics) is dict else 0,
        hashtags=names(entities, "hashtags", "tag") if entities else (),
        mentions=named,
        cashtags=names(entities, "cashtags", "tag") if entities else (),
        urls=urls(entities) if entities else (),
        truncated=truncated or cut,
        source_form=form,
    )


def _full_text(data: _Object) -> str:
    """Return the text; of a long post the whole, which is under ``note_tweet``."""
    note = data.get("note_tweet")
    if type(note) is dict and type(long := note.get("text")) is str:
        return long
    return required_text(data.get("text"), "text")


def _references(data: _Object) -> tuple[str | None, str | None, str | None]:
    """Return the IDs of what the post retweets, quotes and answers."""
    retweeted = quoted = replied_to = None
    references = data.get("referenced_tweets")
    if references and type(references) is list:
        for reference in references[:8]:
            if type(reference) is not dict:
                continue
            match reference.get("type"):
                case "retweeted":
                    retweeted = platform_id(reference.get("id"))
                case "quoted":
                    quoted = platform_id(reference.get("id"))
                case "replied_to":
                    replied_to = platform_id(reference.get("id"))
                case _:
                    pass
    return retweeted, quoted, replied_to


def _kind(quoted: str | None, replied_to: str | None) -> TweetKind:
    if quoted is not None:
        return _QUOTE
    return _POST if replied_to is None else _REPLY


def _author(data: _Object, includes: Includes) -> _Object:
    """Return the author from ``includes``, or put in place by a tool that flattens responses."""
    author_id = data.get("author_id")
    if type(author_id) is str and (known := includes.users.get(author_id)) is not None:
        return known
    author = data.get("author")
    return author if type(author) is dict else _EMPTY


def _followers(author: _Object) -> int:
    metrics = author.get("public_metrics")
    return count(metrics.get("followers_count")) if type(metrics) is dict else 0


def _answered_handle(user_id: str, data: _Object, includes: Includes) -> str | None:
    user = includes.users.get(user_id)
    if user is not None:
        return handle(user.get("username"))
    entities = data.get("entities")
    named = entities.get("mentions") if type(entities) is dict else None
    if type(named) is list:
        for item in named[:MAX_ENTITIES]:
            if type(item) is dict and item.get("id") == user_id:
                return handle(item.get("username"))
    return None
