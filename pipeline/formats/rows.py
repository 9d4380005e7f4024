"""Rows of archives: flat records, their cells already under our names (`pipeline.formats.columns`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pipeline.formats import fields
from pipeline.formats.outcome import FormError
from pipeline.formats.times import row_time_ms, snowflake_ms
from schemas.deadletter import DeadLetterReason
from schemas.tweet import SourceForm, Tweet, TweetKind

__all__ = ["tweet"]

_POST, _REPLY, _RETWEET, _QUOTE = TweetKind.POST, TweetKind.REPLY, TweetKind.RETWEET, TweetKind.QUOTE
_NUMBER = re.compile(r"(\d{1,19})(?:\.0*)?", re.ASCII)


def tweet(row: Mapping[str, Any], *, row_id: str | None = None) -> Tweet:
    """Make a post of a row.

    Parameters
    ----------
    row : Mapping[str, Any]
        Our field (`columns.FIELDS`) -> cell. A cell is text, or whatever JSON had.
    row_id : str, optional
        The ID of a row that has none of its own, or one damaged by a spreadsheet (``5.7E+17``).

    Raises
    ------
    FormError
        No text, no ID, or no time; or a cell of the wrong kind for it.
    """
    post_id = _id(row.get("id")) or row_id
    if post_id is None:
        raise _missing_or_bad(row, "id")
    text = row.get("text")
    if type(text) is not str or not text.strip():
        raise _missing_or_bad(row, "text")
    created_at_ms = row_time_ms(row.get("created_at"))
    if created_at_ms is None:
        created_at_ms = snowflake_ms(post_id)
        if created_at_ms is None:
            raise FormError(DeadLetterReason.NO_TIME, "no readable time, and the ID holds none")
    split = fields.split_retweet(text)
    body, cut = fields.bounded_text(fields.unescape(split[1] if split is not None else text))
    retweeted, quoted, replied_to = (_id(row.get(f)) for f in ("retweeted_id", "quoted_id", "in_reply_to_id"))
    return Tweet(
        id=post_id,
        created_at_ms=created_at_ms,
        text=body,
        platform=fields.platform(_name(row.get("platform"))),
        kind=_kind(retweet=split is not None or retweeted is not None, quoted=quoted, replied_to=replied_to),
        author_id=_name(row.get("author_id")),
        author_handle=_handle(row.get("author_handle")),
        author_followers=_count(row.get("author_followers")),
        lang=fields.language(row.get("lang")),
        conversation_id=_id(row.get("conversation_id")),
        in_reply_to_id=replied_to,
        in_reply_to_handle=_handle(row.get("in_reply_to_handle")),
        referenced_id=retweeted or quoted,
        engagement=min(
            sum(_count(row.get(f"{what}_count")) for what in ("retweet", "reply", "like", "quote")),
            fields.MAX_COUNT,
        ),
        mentions=(split[0],) if split is not None else (),
        truncated=cut or (split is not None and fields.is_cut(body)),
        source_form=SourceForm.ARCHIVE,
    )


def _missing_or_bad(row: Mapping[str, Any], field: str) -> FormError:
    value = row.get(field)
    if value is None or (type(value) is str and not value.strip()):
        return FormError(DeadLetterReason.MISSING_FIELD, f"a row without {field}")
    return FormError(DeadLetterReason.BAD_FIELD, f"{field} of the row cannot be read")


def _kind(*, retweet: bool, quoted: str | None, replied_to: str | None) -> TweetKind:
    if retweet:
        return _RETWEET
    if quoted is not None:
        return _QUOTE
    return _POST if replied_to is None else _REPLY


def _id(value: object) -> str | None:
    """Return an ID: digits, also those of a column that was read as floats while they are exact."""
    if type(value) is float and value.is_integer() and 0 < value < fields.MAX_COUNT:
        return str(int(value))
    if type(value) is not str:
        return fields.platform_id(value)
    text = value.strip().strip("\"'")
    number = _NUMBER.fullmatch(text)
    if number is None:
        return _name(text) if text[:1].isalpha() and text.lower() not in {"nan", "none", "null"} else None
    return number[1] if number[1] == text or int(number[1]) < fields.MAX_COUNT else None


def _name(value: object) -> str | None:
    if type(value) is int:
        return str(value)
    text = value.strip() if type(value) is str else ""
    return text if 0 < len(text) <= 100 else None


def _handle(value: object) -> str | None:
    """Return a handle, or whatever names the author: authors are told apart by it."""
    name = _name(value)
    return name.removeprefix("@") or None if name is not None else None


def _count(value: object) -> int:
    if type(value) is str:
        number = _NUMBER.fullmatch(value)
        return fields.count(int(number[1])) if number is not None else 0
    if type(value) is float and 0 <= value < fields.MAX_COUNT:
        return int(value)
    return fields.count(value)
