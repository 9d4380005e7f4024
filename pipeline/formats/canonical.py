"""Our own form: `schemas.Tweet` as JSON. What `schemas.codec.encode` writes parses back equal."""

from __future__ import annotations

from typing import Any

from pipeline.formats import fields
from pipeline.formats.outcome import FormError
from pipeline.formats.times import MAX_TIME_MS
from schemas.deadletter import DeadLetterReason
from schemas.tweet import SourceForm, Tweet, TweetKind

__all__ = ["tweet"]

_KINDS = {kind.value: kind for kind in TweetKind}
_FORMS = {form.value: form for form in SourceForm}
_Object = dict[str, Any]


def tweet(payload: _Object) -> Tweet:
    """Read one post. Unknown keys are passed over, so that a newer producer can speak to us.

    Strict where the other forms are lenient: who writes our form writes it right.

    Raises
    ------
    FormError
        A field is absent (`missing_field`), or of a wrong type or out of bounds (`bad_field`).
    """
    get = payload.get
    post_id = _name(payload, "id")
    if post_id is None:
        raise FormError(DeadLetterReason.MISSING_FIELD, "no id")
    created_at_ms = get("created_at_ms")
    if created_at_ms is None:
        raise FormError(DeadLetterReason.MISSING_FIELD, "no created_at_ms")
    if type(created_at_ms) is not int or not 0 <= created_at_ms <= MAX_TIME_MS:
        raise _bad("created_at_ms", "is not epoch milliseconds from 1970 to 9999")
    text, cut = fields.bounded_text(fields.required_text(get("text"), "text"))
    kind, form, truncated = get("kind", "post"), get("source_form", "canonical"), get("truncated", False)
    if type(kind) is not str or kind not in _KINDS:
        raise _bad("kind", f"is none of {', '.join(_KINDS)}")
    if type(form) is not str or form not in _FORMS:
        raise _bad("source_form", f"is none of {', '.join(_FORMS)}")
    if type(truncated) is not bool:
        raise _bad("truncated", "is neither true nor false")
    return Tweet(
        id=post_id,
        created_at_ms=created_at_ms,
        text=text,
        platform=fields.platform(_name(payload, "platform")),
        kind=_KINDS[kind],
        author_id=_name(payload, "author_id"),
        author_handle=_name(payload, "author_handle"),
        author_followers=_count(payload, "author_followers"),
        lang=_name(payload, "lang"),
        conversation_id=_name(payload, "conversation_id"),
        in_reply_to_id=_name(payload, "in_reply_to_id"),
        in_reply_to_handle=_name(payload, "in_reply_to_handle"),
        referenced_id=_name(payload, "referenced_id"),
        engagement=_count(payload, "engagement"),
        hashtags=_names(payload, "hashtags", fields.MAX_NAME),
        mentions=_names(payload, "mentions", fields.MAX_NAME),
        cashtags=_names(payload, "cashtags", fields.MAX_NAME),
        urls=_names(payload, "urls", fields.MAX_URL),
        truncated=truncated or cut,
        source_form=_FORMS[form],
    )


def _bad(key: str, what: str) -> FormError:
    return FormError(DeadLetterReason.BAD_FIELD, f"{key} {what}")


def _name(payload: _Object, key: str) -> str | None:
    value = payload.get(key)
    if value is None:
        return None
    if type(value) is str and 0 < len(value) <= fields.MAX_NAME:
        return value
    raise _bad(key, f"is not a text of 1 to {fields.MAX_NAME} characters")


def _count(payload: _Object, key: str) -> int:
    value = payload.get(key, 0)
    if type(value) is int and value >= 0:
        return min(value, fields.MAX_COUNT)
    raise _bad(key, "is not a count")


def _names(payload: _Object, key: str, longest: int) -> tuple[str, ...]:
    value = payload.get(key)
    if not value and (value is None or type(value) is list):
        return ()
    if type(value) is not list or not all(type(name) is str and len(name) <= longest for name in value):
        raise _bad(key, f"is not a list of texts of at most {longest} characters")
    return tuple(value[: fields.MAX_ENTITIES])
