"""A file that grows, and the files that take its place: ``tail -F`` that goes on where it stopped.

ADR: a file that has been replaced is read for another second before the next one: whoever writes to it is told of the
new one after it was renamed, and until then writes to the old one. Then a line without an end is passed on, for nothing
will end it.

ADR: asked again and again instead of told by the system: that works on every file system, also one that is shared, and
costs two system calls each time.
"""

from __future__ import annotations

import logging
import re
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path

from agents.ingest.sources.file.openfile import OpenFile
from agents.ingest.sources.file.place import Place

__all__ = ["GRACE_S", "Tail"]

GRACE_S = 1.0
"""A file that was replaced is read until nothing has come for so long."""
_ROTATED = re.compile(r"[.-]?\d[\d.:T_+Z-]*(?P<packed>\.(?:gz|zst|xz|bz2|lz4))?")
"""What a rotated file's name has after the name of the file."""
_log = logging.getLogger(__name__)


class Tail:
    """The lines of a file that is being written. Mutable; blocks for as long as the file system does.

    Parameters
    ----------
    path : Path
        The file. It need not be there yet.
    place : Place, optional
        Where the last run stopped. The file is looked for under the name and beside it.
    clock : callable
        Returns seconds that never go back.
    """

    def __init__(self, path: Path, place: Place | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.path = path
        self._clock = clock
        self._resume = place
        self._place = place
        self._open: OpenFile | None = None
        self._next: list[OpenFile] = []
        self._replaced_at: float | None = None
        self._told: str | None = None
        self._lock = threading.Lock()

    @property
    def place(self) -> Place | None:
        """The end of the last line that was read; none before anything was."""
        return self._place if self._open is None else self._open.place()

    def read(self) -> list[bytes]:
        """Return lines that have come, at most some hundred KiB of them; none when there are none now.

        Raises
        ------
        SourceRefused
            It is no text. Whatever may get better by itself is told in the log once, and gives nothing.
        """
        try:
            with self._lock:
                lines = self._read()
        except OSError as error:
            self._tell(f"{self.path} cannot be read: {error.strerror or error}; trying again")
            return []
        if lines:
            self._told = None
        return lines

    def close(self) -> None:
        """Let the files go; waits for a read that is under way."""
        with self._lock:
            self._place = self.place
            for each in (self._open, *self._next):
                if each is not None:
                    each.close()
            self._open, self._next = None, []

    def _read(self) -> list[bytes]:
        while (now_open := self._open or self._begin()) is not None:
            self._open = now_open
            if now_open.begins_anew():
                _log.warning("%s was cut short or written over: reading it from its beginning", self.path)
            lines, came = now_open.read()
            if came:
                self._replaced_at = None
            if lines:
                return lines
            if not self._at_end(now_open):
                return []
            if rest := self._end(now_open):
                return [rest]
        return []

    def _end(self, over: OpenFile) -> bytes:
        """Go from a file to the next; return what is there of a line without an end."""
        rest = over.rest()
        self._place, self._replaced_at = over.place(), None
        over.close()
        if not self._next:
            self._open_since(self._place.mtime_ns, {over.inode})
        self._open = self._next.pop(0) if self._next else None
        return rest

    def _at_end(self, now_open: OpenFile) -> bool:
        """Say whether a file of which nothing more is there is over: another one has its name."""
        if self._next:
            return True  # a file between two others is not written to any more
        try:
            if now_open.is_the_same_as(self.path.stat()):
                return False
        except FileNotFoundError:
            return False
        now = self._clock()
        if self._replaced_at is None:
            self._replaced_at = now
        return now - self._replaced_at >= GRACE_S

    def _begin(self) -> OpenFile | None:
        """Open the file that comes next; none when there is none yet."""
        place, self._resume = self._resume, None
        if place is not None:
            if (found := self._find(place)) is not None:
                return found
            _log.warning(
                "%s: the file that was read up to byte %d is neither there nor beside it (packed, moved, deleted?); "
                "what stood behind was not read: give it to vigie ingest file",
                self.path,
                place.offset,
            )
            self._open_since(place.mtime_ns, set())  # its inode may be another file's by now
            if self._next:
                return self._next.pop(0)
        try:
            return OpenFile(self.path)
        except FileNotFoundError:
            self._tell(f"{self.path} is not there yet; waiting for it")
            return None

    def _find(self, place: Place) -> OpenFile | None:
        """Return the file of a place, open there."""
        here = [self.path, *(each for each in _entries(self.path.parent) if each.name.startswith(self.path.name))]
        fitting = []
        for path in here:
            try:
                found = OpenFile(path)
            except OSError:
                continue
            if found.resume(place):
                fitting.append(found)
            else:
                found.close()
        chosen = next((each for each in fitting if each.inode == place.inode), fitting[0] if fitting else None)
        for each in fitting:
            if each is not chosen:
                each.close()
        return chosen

    def _open_since(self, mtime_ns: int, known: set[int]) -> None:
        """Open what came after a file: those that were rotated away meanwhile, oldest first, then the one of the name.

        That one first, before others are looked for: it may be renamed at any moment.
        """
        try:
            newest = OpenFile(self.path)
        except OSError:
            newest = None
        if newest is not None:
            known = known | {newest.inode}
        for path in _rotated_since(self.path, mtime_ns, known):
            try:
                self._next.append(OpenFile(path))
            except OSError as error:
                _log.warning("%s cannot be read: %s", path, error.strerror or error)
        if newest is not None:
            self._next.append(newest)

    def _tell(self, what: str) -> None:
        """Log something that will be so for a while, once."""
        if what != self._told:
            self._told = what
            _log.warning("%s", what)


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _rotated_since(path: Path, mtime_ns: int, known: set[int]) -> list[Path]:
    """Return the files that had the name of a file and were written to since, oldest first, without those known."""
    found = []
    for each in _entries(path.parent):
        suffix = _ROTATED.fullmatch(each.name[len(path.name) :]) if each.name.startswith(path.name) else None
        if suffix is None:
            continue
        try:
            its = each.stat()
        except OSError:
            continue
        if not stat.S_ISREG(its.st_mode) or its.st_ino in known or its.st_mtime_ns < mtime_ns:
            continue
        if suffix["packed"]:
            _log.warning("%s was packed before it could be read: read it with: vigie ingest file FILE", each)
        else:
            found.append((its.st_mtime_ns, each))
    return [each for _, each in sorted(found)]
