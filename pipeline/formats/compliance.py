"""Compliance messages, in the forms of API v2, API v1.1 and the enterprise compliance stream.

v2: ``{"data": {"delete": {"tweet": {"id", "author_id"}, "event_at"}}}``, or ``"user": {"id"}``.
v1.1 and enterprise: ``{"delete": {"status": {"id_str", "user_id_str"}, "timestamp_ms"}}``, or
``{"user_protect": {"id", "timestamp_ms"}}``.
Of any other platform, whoever brings its posts here: the same with ``"platform"`` beside ``"tweet"`` or ``"user"``; its
IDs are texts. https://docs.x.com/x-api/compliance/streams/introduction
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pipeline.formats.fields import MAX_NAME, platform_id
from pipeline.formats.fields import platform as platform_of
from pipeline.formats.outcome import ComplianceKind, ComplianceNotice, FormError
from pipeline.formats.times import digits_ms, time_ms
from pipeline.postid import X
from schemas.deadletter import DeadLetterReason

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["HOUSEKEEPING", "ignored_name", "name_of", "notice"]

_KINDS: dict[str, ComplianceKind] = {
    **{kind.value: kind for kind in ComplianceKind},
    "withheld": ComplianceKind.STATUS_WITHHELD,
}

HOUSEKEEPING = ("limit", "disconnect", "warning", "warn", "info", "control", "friends", "friends_str")
"""Messages of the v1.1 and enterprise streams about the stream itself."""

_MAX_KEYS = 3
"""A message has its own key and perhaps a time; an object with more keys is something else."""

_Object = dict[str, Any]
_Reader = Callable[[object], str | None]


def name_of(payload: Mapping[str, Any]) -> str | None:
    """Return the key that makes an object a compliance message, or none."""
    if len(payload) > _MAX_KEYS:
        return None
    return next((key for key in payload if key in _KINDS and type(payload[key]) is dict), None)


def ignored_name(payload: Mapping[str, Any]) -> str | None:
    """Return the name of a message that asks nothing of us, or none.

    Beside the stream's housekeeping these are deleted likes and changed profiles: we hold neither.
    """
    if len(payload) > _MAX_KEYS:
        return None
    deleted = payload.get("delete")
    if type(deleted) is dict and "favorite" in deleted and "status" not in deleted:
        return "delete_favorite"
    if type(payload.get("user_profile_modification")) is dict:
        return "user_profile_modification"
    return next((key for key in HOUSEKEEPING if type(payload.get(key)) in (dict, list)), None)


def notice(payload: Mapping[str, Any], name: str) -> ComplianceNotice:
    """Read the message that :func:`name_of` found.

    Raises
    ------
    FormError
        It names neither a post nor an account (`missing_field`).
    """
    kind, message = _KINDS[name], payload[name]
    post = _post(kind, message)
    platform = _platform(message)
    read = platform_id if platform == X else _name
    tweet_id = _first(read, post, "id_str", "id") or _first(read, message, "up_to_status_id_str", "up_to_status_id")
    if kind is ComplianceKind.SCRUB_GEO:
        tweet_id = tweet_id or _first(read, message, "up_to_tweet_id")
    earlier = message.get("edit_tweet_ids")
    if type(earlier) is not list:
        earlier = [message.get("initial_tweet_id")]
    versions = [known for known in map(read, earlier) if known]
    if tweet_id is None and versions:
        tweet_id = versions[-1]
    user_id = _user_id(read, kind, message, post)
    if tweet_id is None and user_id is None:
        raise FormError(DeadLetterReason.MISSING_FIELD, f"{name} names neither a post nor an account")
    return ComplianceNotice(
        kind=kind,
        tweet_id=tweet_id,
        user_id=user_id,
        time_ms=_time_ms(payload, message),
        earlier_ids=tuple(version for version in versions[:100] if version != tweet_id),
        platform=platform,
    )


def _post(kind: ComplianceKind, message: _Object) -> _Object:
    """Return the object that names the post: nested, or the message itself."""
    for key in ("tweet", "status"):
        if type(nested := message.get(key)) is dict:
            return nested
    return message if _is_about_posts(kind) else {}


def _is_about_posts(kind: ComplianceKind) -> bool:
    return not kind.value.startswith("user_") and kind is not ComplianceKind.SCRUB_GEO


def _user_id(read: _Reader, kind: ComplianceKind, message: _Object, post: _Object) -> str | None:
    if type(nested := message.get("user")) is dict:
        return _first(read, nested, "id_str", "id")
    known = _first(read, post, "author_id", "user_id_str", "user_id")
    known = known or _first(read, message, "user_id_str", "user_id")
    return known if known or _is_about_posts(kind) else _first(read, message, "id_str", "id")


def _platform(message: _Object) -> str:
    name = message.get("platform")
    return platform_of(name) if type(name) is str and 0 < len(name) <= MAX_NAME else X


def _name(value: object) -> str | None:
    """Return an ID of another platform, which may be any text."""
    return value if type(value) is str and 0 < len(value) <= MAX_NAME else platform_id(value)


def _time_ms(payload: Mapping[str, Any], message: _Object) -> int | None:
    for where in (message, payload):
        known = time_ms(where.get("event_at"))
        if known is None:
            known = digits_ms(where.get("timestamp_ms"))
        if known is not None:
            return known
    return None


def _first(read: _Reader, payload: Mapping[str, Any], *keys: str) -> str | None:
    return next((known for key in keys if (known := read(payload.get(key))) is not None), None)
