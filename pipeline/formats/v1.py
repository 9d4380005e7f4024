"""API v1.1 status, in each of its ways to hold a text.

``text`` (cut at 140 characters), ``full_text`` (extended mode) or ``extended_tweet.full_text``
(compatibility mode); a retweet has the original under ``retweeted_status``.
https://developer.x.com/en/docs/x-api/v1/data-dictionary/object-model/tweet
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.drafts import draft_of
from pipeline.formats import fields
from schemas.tweet import SourceForm, Tweet, TweetKind

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["looks_like", "status"]

_Object = dict[str, Any]
_EMPTY: _Object = {}
_TweetDraft = draft_of(Tweet)
_POST, _REPLY, _RETWEET, _QUOTE = TweetKind.POST, TweetKind.REPLY, TweetKind.RETWEET, TweetKind.QUOTE
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
    get = payload.get
    post_id = fields.required_id(payload, "id_str", "id")
    text, truncated, entities = _body(payload)
    mentions = _names(entities, "user_mentions", "screen_name")
    original, user, split = get("retweeted_status"), _user(payload), fields.split_retweet(text)
    if type(original) is dict and _has_text(original):
        text, truncated, entities = _body(original)
        by = fields.handle(_user(original).get("screen_name"))
        before = (by,) if by is not None else ()
        mentions = fields.merged(before, mentions, _names(entities, "user_mentions", "screen_name"))
    elif split is not None:
        mentions = fields.merged((split[0],), mentions)
        text, truncated = split[1], truncated or fields.is_cut(text)
    text, cut = fields.bounded_text(fields.unescape(text))
    retweet = type(original) is dict or split is not None
    retweeted = _either(original, "id_str", "id") if type(original) is dict else None
    quoted = _quoted_id(payload)
    replied_to = _either(payload, "in_reply_to_status_id_str", "in_reply_to_status_id")
    made = _TweetDraft(
        post_id,
        fields.created_at_ms(get("created_at"), get("timestamp_ms"), post_id),
        text,
        "x",
        _kind(retweet=retweet, quoted=quoted, replied_to=replied_to),
        _either(user, "id_str", "id"),
        fields.handle(user.get("screen_name")),
        fields.count(user.get("followers_count")),
        fields.language(get("lang")),
        None,  # conversation_id
        replied_to,
        fields.handle(get("in_reply_to_screen_name")),
        retweeted if retweet else quoted,
        fields.total(get("retweet_count"), get("reply_count"), get("favorite_count"), get("quote_count")),
        _names(entities, "hashtags", "text"),
        mentions,
        _names(entities, "symbols", "text"),
        _urls(entities),
        truncated or cut,
        form,
    )
    made.__class__ = Tweet
    return made  # type: ignore[no-any-return]


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


def _names(entities: _Object, kind: str, key: str) -> tuple[str, ...]:
    items = entities.get(kind)
    if not items or type(items) is not list:
        return ()
    return fields.names([item.get(key) if type(item) is dict else None for item in items[: fields.MAX_ENTITIES]])


def _urls(entities: _Object) -> tuple[str, ...]:
    items = entities.get("urls")
    if not items or type(items) is not list:
        return ()
    return fields.urls([_forms(item) if type(item) is dict else () for item in items[: fields.MAX_ENTITIES]])


def _forms(item: _Object) -> tuple[object, ...]:
    unwound = item.get("unwound")
    farthest = unwound.get("url") if type(unwound) is dict else None
    return item.get("unwound_url"), farthest, item.get("expanded_url"), item.get("url")


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
