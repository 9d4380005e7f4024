"""An open file of lines, and how far it was read."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from agents.ingest.contract import SourceRefused
from agents.ingest.sources.file.place import HEAD_BYTES, Place, head_of
from pipeline.archive.source import LINE_LIMIT
from pipeline.ingest.framing import LineBuffer

__all__ = ["PACKED", "OpenFile"]

PACKED = b"\x1f\x8b"
"""How gzipped data begin."""
_CHUNK_BYTES = 262_144


class OpenFile:
    """An open file of lines, and how far it was read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        found = os.fstat(self._file)
        if not stat.S_ISREG(found.st_mode):
            os.close(self._file)
            raise OSError(0, "is no regular file")
        self.inode = found.st_ino
        self._device = found.st_dev
        self._read_to = 0
        self._passed_to = 0
        self._lines = LineBuffer(LINE_LIMIT)
        self._head: tuple[int, str] | None = None

    def read(self) -> tuple[list[bytes], bool]:
        """Return the next lines, and whether anything has come at all."""
        came = False
        while chunk := os.pread(self._file, _CHUNK_BYTES, self._read_to):
            if self._read_to == 0 and chunk.startswith(PACKED):
                raise SourceRefused(f"{self._path} is gzipped: a packed file does not grow. Leave out --follow")
            came = True
            last = chunk.rfind(b"\n")
            if last >= 0:
                self._passed_to = self._read_to + last + 1
            self._read_to += len(chunk)
            lines = [line for line in self._lines.feed(chunk) if line.strip()]
            if lines:
                return lines, came
        return [], came

    def rest(self) -> bytes:
        """Return what is there of a line that has no end."""
        self._passed_to = self._read_to
        return self._lines.rest().strip(b"\r\n")

    def place(self) -> Place:
        """Return how far the lines go that were returned."""
        wanted = min(self._passed_to, HEAD_BYTES)
        if self._head is None or self._head[0] != wanted:
            self._head = (wanted, head_of(self._file, wanted))
        mtime_ns = os.fstat(self._file).st_mtime_ns
        return Place(inode=self.inode, head=self._head[1], offset=self._passed_to, mtime_ns=mtime_ns)

    def resume(self, place: Place) -> bool:
        """Go to a place, if it is one in this file."""
        if not place.is_in(self._file, os.fstat(self._file)):
            return False
        self._read_to = self._passed_to = place.offset
        return True

    def begins_anew(self) -> bool:
        """Say whether it was cut short, or written over from its beginning; then it is read from there."""
        if os.fstat(self._file).st_size >= self._read_to and self._begins_as_before():
            return False
        self._read_to = self._passed_to = 0
        self._lines, self._head = LineBuffer(LINE_LIMIT), None
        return True

    def _begins_as_before(self) -> bool:
        return self._head is None or head_of(self._file, self._head[0]) == self._head[1]

    def is_the_same_as(self, found: os.stat_result) -> bool:
        """Say whether this is the file that was found under a name."""
        return (found.st_ino, found.st_dev) == (self.inode, self._device)

    def close(self) -> None:
        """Close it."""
        os.close(self._file)
