"""Files that are written whole or not at all, and the lock of a folder."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

__all__ = ["FolderInUse", "lock_of", "replace_file", "write_at"]


class FolderInUse(Exception):
    """Another process has the folder."""


def write_at(descriptor: int, data: bytes, offset: int) -> None:
    """Write all of some bytes; when that fails, a part may be written."""
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, offset)
        view, offset = view[written:], offset + written


def replace_file(path: Path, content: bytes) -> None:
    """Write a file so that there is the old one or the new one, whatever happens."""
    fresh = path.with_name(f"{path.name}.new")
    with fresh.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def lock_of(folder: Path) -> int:
    """Take the lock of a folder, and return the descriptor that holds it; closing that gives it back.

    Raises
    ------
    FolderInUse
        Another process has it.
    OSError
        It cannot be had, as on file systems without locks.
    """
    path = folder / "lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        os.close(descriptor)
        if isinstance(exc, BlockingIOError):
            raise FolderInUse(str(folder)) from exc
        raise
    return descriptor
