"""The core of a brand's state: JSON, compressed when it is long."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.compression import deflate, inflate
from schemas.codec import decode, encode

__all__ = ["pack_core", "unpack_core"]

_PLAIN_BYTES = 2048
"""A longer core is compressed. Most are shorter, and written again for every batch, so they should cost little."""
_COMPRESSED = b"\0"
"""Tells a compressed core from JSON."""
_MOST_CORE = 1 << 26
"""Four times what the table takes; a core that is longer is not compressed, so that it can be read again."""


def pack_core(state: Mapping[str, Any]) -> bytes:
    """Return the section that holds a core."""
    core = encode(state)
    return _COMPRESSED + deflate(core) if _PLAIN_BYTES < len(core) <= _MOST_CORE else core


def unpack_core(section: bytes) -> Mapping[str, Any]:
    """Return the core in a section; ``ValueError`` when there is none."""
    state: Mapping[str, Any] = decode(inflate(section[1:], _MOST_CORE) if section[:1] == _COMPRESSED else section)
    return state
