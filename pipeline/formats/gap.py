"""An ingester's word that input is missing: ``{"type": "gap", "start_ms": .., "end_ms": .., "reason": ..}``.

With ``source``, which one it is that misses something; with ``posts``, how many; with ``"of": "compliance"`` notices
are missing, and no posts. Times as RFC 3339 text under ``start`` and ``end`` are read as well. Only the times must be
right: a gap whose other fields cannot be used is a gap all the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.formats.outcome import FormError, GapNotice
from pipeline.formats.times import digits_ms, time_ms
from schemas.deadletter import DeadLetterReason

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["looks_like", "notice"]

_MOST_POSTS = 1 << 53
"""More than there can be."""


def looks_like(payload: Mapping[str, Any]) -> bool:
    """Say whether an object is a gap record."""
    return payload.get("type") == "gap" and "text" not in payload


def notice(payload: Mapping[str, Any]) -> GapNotice:
    """Read a gap record.

    Raises
    ------
    FormError
        A time is absent (`missing_field`) or unreadable, or the end is not after the start (`bad_field`).
    """
    start_ms, end_ms = _time(payload, "start"), _time(payload, "end")
    if end_ms <= start_ms:
        raise FormError(DeadLetterReason.BAD_FIELD, "the gap does not end after its start")
    posts = payload.get("posts")
    return GapNotice(
        start_ms=start_ms,
        end_ms=end_ms,
        reason=_text(payload, "reason", 200),
        source=_text(payload, "source", 64),
        posts=posts if type(posts) is int and 0 <= posts < _MOST_POSTS else None,
        compliance=payload.get("of") == "compliance",
    )


def _text(payload: Mapping[str, Any], name: str, most: int) -> str:
    text = payload.get(name)
    return text[:most] if type(text) is str and text.isprintable() else ""


def _time(payload: Mapping[str, Any], name: str) -> int:
    number, text = payload.get(f"{name}_ms"), payload.get(name)
    if number is None and text is None:
        raise FormError(DeadLetterReason.MISSING_FIELD, f"a gap without {name}_ms or {name}")
    known = digits_ms(number)
    if known is None:
        known = time_ms(text)
    if known is None:
        raise FormError(DeadLetterReason.BAD_FIELD, f"the gap's {name} is no time from 1970 to 9999")
    return known
