"""API v2: a filtered-stream line, and look-up and search responses.

``{"data": {...}, "includes": {...}, "matching_rules": [...]}``; a response has a list under ``data``.
https://docs.x.com/x-api/fundamentals/data-dictionary
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from msgspec.json import Decoder

from pipeline.drafts import draft_of
from pipeline.formats import typed
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
from pipeline.formats.v2payload import Entities, Includes, Line, Metrics, Original, Post, Reference, User
from schemas.tweet import SourceForm, Tweet, TweetKind

__all__ = ["NONE_KNOWN", "Known", "included", "indexed", "line", "looks_bare", "not_posts", "post", "tweet"]

_Object = dict[str, Any]
_POST, _REPLY, _RETWEET, _QUOTE = TweetKind.POST, TweetKind.REPLY, TweetKind.RETWEET, TweetKind.QUOTE
_STREAM = SourceForm.V2_STREAM
_NO_USER = User()
_TweetDraft = draft_of(Tweet)
_Names = tuple[str, ...]
_NOTHING: tuple[_Names, _Names, _Names, _Names] = ((), (), (), ())
_line = Decoder(Line).decode

_Item = TypeVar("_Item", User, Original)
_Items = list[_Item] | dict[str, _Item]
"""In order, or by ID."""
Known = tuple[_Items[User], _Items[Original]]
"""The accounts and the posts that a payload includes."""
NONE_KNOWN: Known = ([], [])


def line(value: bytes) -> Tweet | None:
    """Read a line of the filtered stream as X writes them, straight from its bytes.

    None says nothing of a value: what it is, or what is wrong with it, is to be seen from its JSON.
    """
    try:
        found = _line(value)
        if found.data.author_id is None:
            return None
        includes = found.includes
        known: Known = NONE_KNOWN if includes is None else (includes.users or [], includes.tweets or [])
        return tweet(found.data, known, _STREAM)
    except Exception:  # noqa: BLE001 - a bug of ours included: it is met again, and told, on the other way
        return None


def included(includes: object) -> Known:
    """Return what the ``includes`` of a post hold."""
    found = typed.of(Includes, includes)
    return found.users or [], found.tweets or []


def indexed(includes: object) -> Known:
    """Return the same by ID, for a response: many posts look into the same one.

    The few objects of a line are looked through in less time than an index takes to make.
    """
    found = typed.of(Includes, includes)
    return _by_id(found.users or []), _by_id(found.tweets or [])


def _by_id(items: list[_Item]) -> dict[str, _Item]:
    found: dict[str, _Item] = {}
    for item in items:
        if type(item.id) is str:
            found.setdefault(item.id, item)
    return found


def _with_id(items: _Items[_Item], wanted: str) -> _Item | None:
    """Return the first object with an ID, or none."""
    if isinstance(items, dict):
        return items.get(wanted)
    for item in items:
        if item.id == wanted:
            return item
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


def post(data: _Object) -> Post:
    """Return a post that :func:`tweet` can read.

    Raises
    ------
    FormError
        No usable ID or text.
    """
    required_id(data, "id")
    found = typed.of(Post, data)
    if found.note_tweet is None or found.note_tweet.text is None:
        required_text(data.get("text"), "text")
    return found


def tweet(data: Post, known: Known, form: SourceForm) -> Tweet:
    """Read one post.

    A retweet's own text is cut at 140 characters, so the original's is taken from ``known`` where it is
    there; else what the retweet has, without ``RT @handle:``, marked as truncated if it was cut.

    Parameters
    ----------
    data : Post
        The post.
    known : Known
        What its payload includes.
    form : SourceForm
        Where the post was found.

    Raises
    ------
    FormError
        No usable ID, text or time.
    """
    post_id = platform_id(data.id) or required_id({"id": data.id}, "id")
    text, truncated = _full_text(data), False
    kind, replied_to, referenced = _POST, None, None
    entities, by = data.entities, None
    if data.referenced_tweets or text[:4] == "RT @":
        retweeted, quoted, replied_to = _references(data.referenced_tweets)
        kind = _QUOTE if quoted is not None else _POST if replied_to is None else _REPLY
        referenced = retweeted or quoted
        split = split_retweet(text)
        if retweeted is not None or split is not None:
            kind, by = _RETWEET, (split[0],) if split is not None else ()
            original = _with_id(known[1], retweeted) if retweeted is not None else None
            if original is not None and original.text is not None:
                text, entities = _full_text(original), original.entities
            elif split is not None:
                text = split[1]
                truncated = is_cut(text)
    mentions, hashtags, cashtags, links = _NOTHING if entities is None else _read(entities)
    if by is not None:
        named = _handles(data.entities)
        mentions = merged(by, named, mentions) if mentions or named != by else by
    if "&" in text:
        text = unescape(text)
    if len(text) > MAX_TEXT:
        text, truncated = text[:MAX_TEXT], True
    known_ms = time_ms(data.created_at)
    author_id, thread, answered, metrics = (
        data.author_id,
        data.conversation_id,
        data.in_reply_to_user_id,
        data.public_metrics,
    )
    author = (_with_id(known[0], author_id) if type(author_id) is str else None) or data.author or _NO_USER
    followers = author.public_metrics
    made = _TweetDraft(
        post_id,
        known_ms if known_ms is not None else created_at_ms(data.created_at, data.timestamp_ms, post_id),
        text,
        "x",
        kind,
        platform_id(author_id) or platform_id(author.id),
        handle(author.username),
        count(followers.followers_count) if followers is not None else 0,
        language(data.lang),
        post_id if thread == post_id else platform_id(thread),
        replied_to,
        _answered_handle(answered, data, known) if answered is not None else None,
        referenced,
        _engagement(metrics) if metrics is not None else 0,
        hashtags,
        mentions,
        cashtags,
        links,
        truncated,
        form,
    )
    made.__class__ = Tweet
    return made  # type: ignore[no-any-return]


def _full_text(data: Original) -> str:
    """Return the text; of a long post the whole, which is under ``note_tweet``."""
    note = data.note_tweet
    if note is not None and note.text is not None:
        return note.text
    return data.text if data.text is not None else required_text(None, "text")


def _engagement(metrics: Metrics) -> int:
    return total(metrics.retweet_count, metrics.reply_count, metrics.like_count, metrics.quote_count)


def _read(entities: Entities) -> tuple[_Names, _Names, _Names, _Names]:
    """Return the handles, hashtags, cashtags and URLs of a text."""
    tags, cashtags, links = entities.hashtags, entities.cashtags, entities.urls
    return (
        _handles(entities),
        names([tag.tag for tag in tags]) if tags else (),
        names([tag.tag for tag in cashtags]) if cashtags else (),
        urls([(each.unwound_url, each.unwound and each.unwound.url, each.expanded_url, each.url) for each in links])
        if links
        else (),
    )


def _handles(entities: Entities | None) -> _Names:
    named = entities.mentions if entities is not None else None
    return names([each.username for each in named]) if named else ()


def _references(references: list[Reference] | None) -> tuple[str | None, str | None, str | None]:
    """Return the IDs of what the post retweets, quotes and answers."""
    retweeted = quoted = replied_to = None
    for reference in references[:8] if references else ():
        match reference.type:
            case "retweeted":
                retweeted = platform_id(reference.id)
            case "quoted":
                quoted = platform_id(reference.id)
            case "replied_to":
                replied_to = platform_id(reference.id)
            case _:
                pass
    return retweeted, quoted, replied_to


def _answered_handle(user_id: str, data: Post, known: Known) -> str | None:
    user = _with_id(known[0], user_id)
    if user is not None:
        return handle(user.username)
    named = data.entities.mentions if data.entities is not None else None
    for each in named[:MAX_ENTITIES] if named else ():
        if each.id == user_id:
            return handle(each.username)
    return None
