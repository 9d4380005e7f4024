"""What a value of a state table holds, unpacked, so that nothing can hide in compression."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from pipeline.compression import inflate
from pipeline.situation.keeper import parted
from pipeline.stateupgrade import sections
from pipeline.statevalue import DAMAGE, unwrap, wrap
from schemas.codec import encode

__all__ = ["Section", "unpacked"]

_NAMES = ("core", "detector", "windows", "situation", "authors")
"""Of the sections of a brand's state, as `pipeline.brandstate` writes them."""
_AUTHOR_BYTES = 8
_NEWEST = wrap(0)[:2]
"""How a value of the newest version begins."""
_MOST = 1 << 26
_MARK = 1
"""Bytes in front of a compressed core."""
_LENGTH = re.compile(rb"[\x00-\x03](?=...)", re.DOTALL)
"""Where a length of at most `_MOST` may begin, as it stands in front of all that is compressed."""
_LENGTH_BYTES = 4
_RAW = -12
"""As `pipeline.compression` packs."""


class Section(NamedTuple):
    """A part of a state."""

    name: str
    """Which; empty when that cannot be told."""
    part: int
    """Its place in a section of several parts, else 0."""
    data: bytes


def unpacked(value: bytes) -> Iterator[Section]:
    """Yield what a value holds: its sections, and their parts, as they were before they were compressed.

    Of a value that nobody can read, or that an earlier version wrote, it is all bytes and whatever in it can be
    decompressed: an upgrade would leave out what is no longer needed.
    """
    try:
        stored = sections(unwrap(value)[1])
    except DAMAGE:
        stored = []
    for place, data in enumerate(stored):
        name = _NAMES[place] if place < len(_NAMES) else ""
        parts = [_numbers(data)] if name == "authors" else _parts(data)
        for part, plain in enumerate(parts):
            yield Section(name, part, plain)
    yield Section("", 0, value)
    if not stored or not value.startswith(_NEWEST):
        yield from (Section("", 0, plain) for plain in _anywhere(value))


def _numbers(data: bytes) -> bytes:
    """Return the author hashes of a state as JSON."""
    return encode([int.from_bytes(data[at : at + _AUTHOR_BYTES]) for at in range(0, len(data), _AUTHOR_BYTES)])


def _parts(data: bytes) -> Iterator[bytes]:
    """Yield a section as it is, or what it holds compressed: as a whole, behind a mark, or in several parts."""
    for packed in (data, data[_MARK:]):
        try:
            yield inflate(packed, _MOST)
        except ValueError:
            continue
        return
    try:
        parts = [inflate(part, _MOST) for part in parted(data)]
    except ValueError:
        parts = [data]
    yield from parts


def _anywhere(value: bytes) -> Iterator[bytes]:
    """Yield whatever begins somewhere in a value with its length and is compressed."""
    for begins in _LENGTH.finditer(value):
        packed = memoryview(value)[begins.start() :]
        length, unpacker = int.from_bytes(packed[:_LENGTH_BYTES]), zlib.decompressobj(_RAW)
        try:
            plain = unpacker.decompress(packed[_LENGTH_BYTES:], length + 1)
        except zlib.error:
            continue
        if length and len(plain) == length and unpacker.eof:
            yield plain
