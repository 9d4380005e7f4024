"""API v1.1 status, in each of its ways to hold a text.

``text`` (cut at 140 characters), ``full_text`` (extended mode) or ``extended_tweet.full_text``
(compatibility mode); a retweet has the original under ``retweeted_status``.
https://developer.x.com/en/docs/x-api/v1/data-dictionary/object-model/tweet
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.formats import fields
from pipeline.formats.draft import TweetDraft
from schemas.tweet import SourceForm, Tweet, TweetKind

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["looks_like", "status"]

_Object = dict[str, Any]
_EMPTY: _Object = {}
_POST, _REPLY, _RETWEET, _QUOTE = TweetKind.POST, TweetKind.REPLY, TweetKind.RETWEET, TweetKind.QUOTE
_COUNTS = ("retweet_count", "reply_count", "favorite_count", "quote_count")
_MARKS = ("user", "entities", "retweeted_status", "extended_tweet")


def looks_like(payload: Mapping[str, Any]) -> bool:
    """Say whether an object is a v1.1 status, by the objects in it: rows of archives are flat."""
    return any(type(payload.get(mark)) is dict for mark in _MARKS)


def status(payload: _Object, form: SourceForm = SourceForm.V1_STATUS) -> Tweet:
    """Read one status. The text is never cut by ``display_text_range``: handles in front count.

    Raises
    ------
    FormError
        No usable ID, text or time.
    """
    draft, get = TweetDraft(), payload.get
    draft.id = post_id = fields.required_id(payload, "id_str", "id")
    retweet = _set_text(draft, payload)
    original, user = get("retweeted_status"), _user(payload)
    retweeted = _either(original, "id_str", "id") if type(original) is dict else None
    quoted = _quoted_id(payload)
    replied_to = _either(payload, "in_reply_to_status_id_str", "in_reply_to_status_id")
    draft.kind = _kind(retweet=retweet, quoted=quoted, replied_to=replied_to)
    draft.referenced_id = retweeted if retweet else quoted
    draft.in_reply_to_id = replied_to
    draft.in_reply_to_handle = fields.handle(get("in_reply_to_screen_name"))
    draft.created_at_ms = fields.created_at_ms(payload, post_id)
    draft.author_id = _either(user, "id_str", "id")
    draft.author_handle = fields.handle(user.get("screen_name"))
    draft.author_followers = fields.count(user.get("followers_count"))
    draft.engagement = fields.total(payload, _COUNTS)
    draft.platform = "x"
    draft.lang = fields.language(get("lang"))
    draft.conversation_id = None
    draft.source_form = form
    return draft.finished()


def _set_text(draft: TweetDraft, payload: _Object) -> bool:
    """Set the text and its entities. Returns whether it is a retweet, which has those of the original."""
    text, truncated, entities = _body(payload)
    named = fields.names(entities, "user_mentions", "screen_name")
    original = payload.get("retweeted_status")
    split = fields.split_retweet(text)
    if type(original) is dict and _has_text(original):
        text, truncated, entities = _body(original)
        by = fields.handle(_user(original).get("screen_name"))
        before = (by,) if by is not None else ()
        named = fields.merged(before, named, fields.names(entities, "user_mentions", "screen_name"))
    elif split is not None:
        named = fields.merged((split[0],), named)
        text, truncated = split[1], truncated or fields.is_cut(text)
    draft.text, cut = fields.bounded_text(fields.unescape(text))
    draft.truncated = truncated or cut
    draft.mentions = named
    draft.hashtags = fields.names(entities, "hashtags", "text")
    draft.cashtags = fields.names(entities, "symbols", "text")
    draft.urls = fields.urls(entities)
    return type(original) is dict or split is not None


def _body(payload: _Object) -> tuple[str, bool, _Object]:
    """Return the longest text there is, whether it is only the beginning, and the entities of it."""
    extended = payload.get("extended_tweet")
    if type(extended) is dict and type(text := extended.get("full_text")) is str:
        return text, False, _entities(extended) or _entities(payload)
    if type(text := payload.get("full_text")) is str:
        return text, payload.get("truncated") is True, _entities(payload)
    text = fields.required_text(payload.get("text"), "text")
    return text, payload.get("truncated") is True, _entities(payload)


def _has_text(payload: _Object) -> bool:
    extended = payload.get("extended_tweet")
    return (
        type(payload.get("text")) is str
        or type(payload.get("full_text")) is str
        or (type(extended) is dict and type(extended.get("full_text")) is str)
    )


def _entities(payload: _Object) -> _Object:
    entities = payload.get("entities")
    return entities if type(entities) is dict else _EMPTY


def _user(payload: _Object) -> _Object:
    user = payload.get("user")
    return user if type(user) is dict else _EMPTY


def _either(payload: _Object, text_key: str, number_key: str) -> str | None:
    return fields.platform_id(payload.get(text_key)) or fields.platform_id(payload.get(number_key))


def _quoted_id(payload: _Object) -> str | None:
    quoted = payload.get("quoted_status")
    known = _either(quoted, "id_str", "id") if type(quoted) is dict else None
    return known or _either(payload, "quoted_status_id_str", "quoted_status_id")


def _kind(*, retweet: bool, quoted: str | None, replied_to: str | None) -> TweetKind:
    if retweet:
        return _RETWEET
    if quoted is not None:
        return _QUOTE
    return _POST if replied_to is None else _REPLY
