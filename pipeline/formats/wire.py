"""From bytes to JSON values, whatever the bytes."""

from __future__ import annotations

import re
from typing import Any

from pipeline.formats.outcome import FormError
from schemas.codec import JSONDecodeError, decode
from schemas.deadletter import DeadLetterReason

__all__ = ["is_sound", "load"]

_BOM = b"\xef\xbb\xbf"
_MAX_DEPTH = 1024
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a pair: one character
    rb"|(u[dD][89a-fA-F][0-9a-fA-F]{2})"  # a half without its other half
    rb"|.)",
    re.DOTALL,
)


def load(value: bytes | None, max_bytes: int) -> Any:
    """Decode JSON of at most ``max_bytes``. A byte order mark is skipped; escaped lone surrogates become U+FFFD.

    Some serializers cut texts between the halves of an emoji; JSON allows what they then write, UTF-8
    does not. No string of the result holds a lone surrogate.

    Raises
    ------
    FormError
        Nothing but white space (`empty`), more than ``max_bytes`` (`too_large`); not UTF-8, not JSON, or
        nested more than `_MAX_DEPTH` deep (`not_json`).
    """
    if value is None:
        raise FormError(DeadLetterReason.EMPTY, "no value")
    if len(value) > max_bytes and value.strip():
        raise FormError(DeadLetterReason.TOO_LARGE, f"{len(value)} bytes, more than the bound of {max_bytes}")
    try:
        return decode(value)
    except JSONDecodeError as error:
        if not value.strip():
            raise FormError(DeadLetterReason.EMPTY, "no value") from None
        mended = _ESCAPE.sub(_whole, value.removeprefix(_BOM))
        if mended != value:
            try:
                return decode(mended)
            except JSONDecodeError:
                pass
        raise FormError(DeadLetterReason.NOT_JSON, str(error)) from error


def is_sound(value: bytes) -> bool:
    """Say whether bytes are UTF-8 and nested no deeper than :func:`load` takes: what a typed reader does not see.

    It does not look into what it passes over. One thing is taken there that :func:`load` refuses: a number too large
    for a double, which is valid JSON.
    """
    if len(value) > 2 * _MAX_DEPTH and value.count(b"[") + value.count(b"{") > _MAX_DEPTH:
        return False
    if value.isascii():
        return True
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _whole(match: re.Match[bytes]) -> bytes:
    return match[0] if match[1] is None else b"\\ufffd"
