"""Whether a file has changed since it was read."""

from __future__ import annotations

from pathlib import Path

__all__ = ["FileStamp", "file_stamp"]

FileStamp = tuple[int, int, int] | None
"""Time of change, size and number of a file; none of one that cannot be looked at."""


def file_stamp(path: Path) -> FileStamp:
    """Return what changes when the file does, also when another one was put in its place."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return (stat.st_mtime_ns, stat.st_size, stat.st_ino)
