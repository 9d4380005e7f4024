"""API v2: a filtered-stream line, and look-up and search responses.

``{"data": {...}, "includes": {...}, "matching_rules": [...]}``; a response has a list under ``data``.
https://docs.x.com/x-api/fundamentals/data-dictionary
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.formats.draft import TweetDraft
from pipeline.formats.fields import (
    MAX_ENTITIES,
    MAX_TEXT,
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
from pipeline.formats.times import time_ms
from schemas.tweet import SourceForm, Tweet, TweetKind

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["indexed", "looks_bare", "not_posts", "tweet"]

_Object = dict[str, Any]
_EMPTY: _Object = {}
_COUNTS = ("retweet_count", "reply_count", "like_count", "quote_count")
_POST, _REPLY, _RETWEET, _QUOTE = TweetKind.POST, TweetKind.REPLY, TweetKind.RETWEET, TweetKind.QUOTE


class _Index(dict[str, _Object]):
    """Objects by ID. A type of its own, because no payload can hold it."""


def indexed(includes: object) -> object:
    """Return ``includes`` with its lists as indexes by ID, for a response: many posts look into the same one.

    The few objects of a line are looked through in less time than an index takes to make.
    """
    if type(includes) is not dict:
        return None
    return {kind: _by_id(items) for kind in ("users", "tweets") if type(items := includes.get(kind)) is list}


def _by_id(items: list[Any]) -> _Index:
    found = _Index()
    for item in items:
        if type(item) is dict and type(key := item.get("id")) is str:
            found.setdefault(key, item)
    return found


def _included(includes: object, kind: str, wanted: str) -> _Object | None:
    """Return the first object of a kind with an ID, or none."""
    items = includes.get(kind) if type(includes) is dict else None
    if type(items) is list:
        for item in items:
            if type(item) is dict and item.get("id") == wanted:
                found: _Object = item
                return found
    elif type(items) is _Index:
        return items.get(wanted)
    return None


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


def tweet(data: _Object, includes: object, form: SourceForm) -> Tweet:
    """Read one post.

    A retweet's own text is cut at 140 characters, so the original's is taken from ``includes`` where it is
    there; else what the retweet has, without ``RT @handle:``, marked as truncated if it was cut.

    Parameters
    ----------
    data : dict
        The post.
    includes : object
        The payload's ``includes``, or its index (:func:`indexed`) where many posts share it.
    form : SourceForm
        Where the post was found.

    Raises
    ------
    FormError
        No usable ID, text or time.
    """
    draft, get = TweetDraft(), data.get
    draft.id = post_id = platform_id(get("id")) or required_id(data, "id")
    draft.text = text = _full_text(data)
    draft.truncated = False
    if "referenced_tweets" in data or text[:4] == "RT @":
        _set_references(draft, data, includes)
    else:
        draft.kind, draft.in_reply_to_id, draft.referenced_id = _POST, None, None
        _set_entities(draft, get("entities"))
    if "&" in draft.text:
        draft.text = unescape(draft.text)
    if len(draft.text) > MAX_TEXT:
        draft.text, draft.truncated = draft.text[:MAX_TEXT], True
    known = time_ms(get("created_at"))
    draft.created_at_ms = known if known is not None else created_at_ms(data, post_id)
    _set_author(draft, data, includes)
    answered, metrics = get("in_reply_to_user_id"), get("public_metrics")
    draft.in_reply_to_handle = _answered_handle(answered, data, includes) if type(answered) is str else None
    draft.engagement = total(metrics, _COUNTS) if type(metrics) is dict else 0
    draft.platform = "x"
    draft.lang = language(get("lang"))
    thread = get("conversation_id")
    draft.conversation_id = post_id if thread == post_id else platform_id(thread)
    draft.source_form = form
    return draft.finished()


def _full_text(data: _Object) -> str:
    """Return the text; of a long post the whole, which is under ``note_tweet``."""
    if "note_tweet" in data and type(note := data["note_tweet"]) is dict and type(long := note.get("text")) is str:
        return long
    text = data.get("text")
    return text if type(text) is str else required_text(text, "text")


def _set_entities(draft: TweetDraft, entities: object) -> None:
    draft.hashtags = draft.mentions = draft.cashtags = draft.urls = ()
    if type(entities) is dict:
        if "mentions" in entities:
            draft.mentions = names(entities, "mentions", "username")
        if "hashtags" in entities:
            draft.hashtags = names(entities, "hashtags", "tag")
        if "cashtags" in entities:
            draft.cashtags = names(entities, "cashtags", "tag")
        if "urls" in entities:
            draft.urls = urls(entities)


def _set_references(draft: TweetDraft, data: _Object, includes: object) -> None:
    """Set what the post retweets, quotes and answers, and the entities; of a retweet, the text to go by as well."""
    retweeted, quoted, replied_to = _references(data.get("referenced_tweets"))
    draft.kind = _QUOTE if quoted is not None else _POST if replied_to is None else _REPLY
    draft.in_reply_to_id = replied_to
    draft.referenced_id = retweeted or quoted
    entities = data.get("entities")
    split = split_retweet(draft.text)
    if retweeted is None and split is None:
        _set_entities(draft, entities)
        return
    draft.kind = _RETWEET
    original = _included(includes, "tweets", retweeted) if retweeted is not None else None
    if original is not None and type(original.get("text")) is str:
        draft.text = _full_text(original)
        _set_entities(draft, original.get("entities"))
    else:
        _set_entities(draft, entities)
        if split is not None:
            draft.text = split[1]
            draft.truncated = is_cut(split[1])
    by = (split[0],) if split is not None else ()
    named = names(entities, "mentions", "username") if type(entities) is dict else ()
    if draft.mentions or named != by:
        draft.mentions = merged(by, named, draft.mentions)
    else:
        draft.mentions = by


def _references(references: object) -> tuple[str | None, str | None, str | None]:
    """Return the IDs of what the post retweets, quotes and answers."""
    retweeted = quoted = replied_to = None
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


def _set_author(draft: TweetDraft, data: _Object, includes: object) -> None:
    """Set the author: from ``includes``, or as put in place by a tool that flattens responses."""
    author_id = data.get("author_id")
    author = _included(includes, "users", author_id) if type(author_id) is str else None
    if author is None:
        author = found if type(found := data.get("author")) is dict else _EMPTY
    metrics = author.get("public_metrics")
    draft.author_id = platform_id(author_id) or platform_id(author.get("id"))
    draft.author_handle = handle(author.get("username"))
    draft.author_followers = count(metrics.get("followers_count")) if type(metrics) is dict else 0


def _answered_handle(user_id: str, data: _Object, includes: object) -> str | None:
    user = _included(includes, "users", user_id)
    if user is not None:
        return handle(user.get("username"))
    entities = data.get("entities")
    named = entities.get("mentions") if type(entities) is dict else None
    if type(named) is list:
        for item in named[:MAX_ENTITIES]:
            if type(item) is dict and item.get("id") == user_id:
                return handle(item.get("username"))
    return None
