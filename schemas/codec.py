"""The one JSON codec of the project: UTF-8 JSON for payloads and for state.

Encoding is deterministic (field order is declaration order, no whitespace), because replay and live
processing are compared byte by byte.

ADR: a `msgspec.Struct` is written by msgspec, everything else by orjson, and the bytes do not tell by which.
There are Structs where there are thousands a second (tweets, mentions, watermarks): they are made, written and read
by native code. Windows and crises are rare; their dataclasses are nested, checked by pydantic, and hold floats,
whose digits the two libraries need not write alike.
"""

from __future__ import annotations

from typing import Any

import msgspec
import orjson

__all__ = ["JSONDecodeError", "decode", "encode", "encode_line", "encode_pretty"]

JSONDecodeError = orjson.JSONDecodeError
_encode_struct = msgspec.json.Encoder().encode


def encode(value: Any) -> bytes:
    """Encode Structs, dataclasses, mappings, sequences, strings and numbers as compact JSON.

    Raises
    ------
    TypeError
        The value holds something JSON has no form for: a lone surrogate, or, but in a Struct, an integer beyond
        64 bits. (The numbers of Structs are bounded where they are made.)
    """
    if isinstance(value, msgspec.Struct):
        try:
            return _encode_struct(value)
        except UnicodeEncodeError as exc:
            raise TypeError("str is not valid UTF-8: surrogates not allowed") from exc
    return orjson.dumps(value, default=_plain)


def encode_line(value: Any) -> bytes:
    """Encode as one line of a ``.jsonl`` file, newline included."""
    return orjson.dumps(value, default=_plain, option=orjson.OPT_APPEND_NEWLINE)


def encode_pretty(value: Any) -> bytes:
    """Encode for people: two spaces of indent, keys sorted, newline at the end."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(value, default=_plain, option=options)


def _plain(value: Any) -> Any:
    """Return a Struct among other values as what orjson can write."""
    if isinstance(value, msgspec.Struct):
        return msgspec.to_builtins(value)
    raise TypeError


def decode(data: bytes | bytearray | memoryview | str) -> Any:
    """Decode JSON.

    Raises
    ------
    JSONDecodeError
        Not JSON, not UTF-8, or nested deeper than orjson allows (1,024). It is a ``ValueError``.
    """
    return orjson.loads(data)
