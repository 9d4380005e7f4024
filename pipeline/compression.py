"""Raw DEFLATE for the parts of a state: quick to write, bounded to read."""

from __future__ import annotations

import zlib

__all__ = ["deflate", "inflate"]

_LEVEL = 1
"""Higher levels save another 2 % of a state for twice the time."""
_RAW = -12
"""No header and no checksum: whoever stores the bytes has one. A window of 4 KiB is as long as most of what comes."""
_MEMORY = 5
"""Tables of this size are cleared in half of the time that the usual ones take, which is most of the time."""
_LENGTH = 4


def deflate(data: bytes) -> bytes:
    """Compress, the length in front: the same bytes for the same data under one build of zlib."""
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _RAW, _MEMORY)
    return b"".join((len(data).to_bytes(_LENGTH), packer.compress(data), packer.flush()))


def inflate(data: bytes, most: int) -> bytes:
    """Return what `deflate` got, no more of it ever being held than it says, nor than ``most`` bytes.

    Raises
    ------
    ValueError
        It is damaged, cut, goes on behind its end, has another length than it says, or a longer one than ``most``.
    """
    length = int.from_bytes(data[:_LENGTH])
    if length > most:
        raise ValueError("too long")
    unpacker = zlib.decompressobj(_RAW)
    try:
        plain = unpacker.decompress(data[_LENGTH:], length + 1)
    except zlib.error as error:
        raise ValueError("damaged") from error
    if len(plain) != length or not unpacker.eof or unpacker.unused_data:
        raise ValueError("not of the length it should have")
    return plain
