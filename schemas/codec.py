"""The one JSON codec of the project: UTF-8 JSON by orjson, for payloads and for state.

Encoding is deterministic (field order is declaration order, no whitespace), because replay and live
processing are compared byte by byte.
"""

from __future__ import annotations

from typing import Any

import orjson

__all__ = ["JSONDecodeError", "decode", "encode", "encode_line", "encode_pretty"]

JSONDecodeError = orjson.JSONDecodeError


def encode(value: Any) -> bytes:
    """Encode dataclasses, mappings, sequences, strings and numbers as compact JSON.

    Raises
    ------
    TypeError
        The value holds something JSON has no form for (a lone surrogate included).
    """
    return orjson.dumps(value)


def encode_line(value: Any) -> bytes:
    """Encode as one line of a ``.jsonl`` file, newline included."""
    return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)


def encode_pretty(value: Any) -> bytes:
    """Encode for people: two spaces of indent, keys sorted, newline at the end."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


def decode(data: bytes | bytearray | memoryview | str) -> Any:
    """Decode JSON.

    Raises
    ------
    JSONDecodeError
        Not JSON, not UTF-8, or nested deeper than orjson allows (1,024). It is a ``ValueError``.
    """
    return orjson.loads(data)
