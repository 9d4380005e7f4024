"""Which file it is, and how far it was read: what a run that is interrupted leaves to the next one.

ADR: a file is known again by its inode and by what it begins with. The inode alone is given to another file once this
one is deleted; the beginning alone is the same in a copy. A device's number changes when a volume is mounted again, so
it says nothing.
"""

from __future__ import annotations

import os
from hashlib import blake2b
from pathlib import Path

from msgspec import Struct, ValidationError, convert

from schemas.codec import JSONDecodeError, decode, encode

__all__ = ["HEAD_BYTES", "Followed", "Place", "Reading", "absolute", "cursor_of", "head_of", "reading_in"]

HEAD_BYTES = 512


class Place(Struct, frozen=True, kw_only=True):
    """A place in a file of lines."""

    inode: int
    """The file's number in its file system."""
    head: str
    """What it begins with: a hash of at most `HEAD_BYTES` of what was read of it."""
    offset: int
    """Everything before this byte has been put."""
    mtime_ns: int
    """When it was last written to, as far as is known: rotated files that are newer come after it."""

    def is_in(self, file: int, found: os.stat_result) -> bool:
        """Say whether an open file is the one, and still holds what was read of it."""
        return found.st_size >= self.offset and head_of(file, self.offset) == self.head


class Reading(Struct, frozen=True, kw_only=True, tag="read", tag_field="run"):
    """A run over files from their first record to their last that has not come to the end."""

    paths: tuple[str, ...]
    """The files, as they were given."""
    at: int
    """Which of them is being read; those before it are done."""
    records: int
    """How many of its records have been put."""
    size: int
    """Its bytes."""
    mtime_ns: int
    """When it was last written to."""
    head: str
    """What it begins with."""


class Followed(Struct, frozen=True, kw_only=True, tag="follow", tag_field="run"):
    """A run that follows files."""

    places: dict[str, Place]
    """By path, how far."""


def head_of(file: int, read: int) -> str:
    """Return a hash of what an open file begins with, of at most ``read`` bytes."""
    return blake2b(os.pread(file, min(read, HEAD_BYTES), 0), digest_size=12).hexdigest()


def cursor_of(run: Reading | Followed) -> str:
    """Return a run as a mark's cursor."""
    return encode(run).decode()


def reading_in(cursor: str | None) -> Reading | Followed | None:
    """Return the run in a mark's cursor; none, and one that cannot be read, gives nothing."""
    if cursor is None:
        return None
    try:
        run: Reading | Followed = convert(decode(cursor), Reading | Followed)
    except (JSONDecodeError, ValidationError):
        return None
    return run


def absolute(path: Path) -> str:
    """Return a path as it is told from others, whatever folder the next run starts in."""
    name = os.path.abspath(path)  # noqa: PTH100 - without following links: the name is what is followed
    return name.encode("utf-8", "backslashreplace").decode()
