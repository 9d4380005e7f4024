"""What was passed on, in a file: the bits of `pipeline.ingest.knownnames`, mapped into memory.

ADR: what is set there survives the process, however it ends, as what is written to a file does, and costs no write for
each post. It is brought to the disk once a minute, for the machine may end, too; a restart asks for a little more than
that again. The room is allocated at once: a mapped file for which a disk has no room would kill the process.
"""

from __future__ import annotations

import logging
import mmap
import os
from pathlib import Path

from pipeline.ingest.knownnames import BYTES, KnownNames

__all__ = ["KnownFile"]

logger = logging.getLogger(__name__)

_WHOLE, _LOST = b"vigie known 1 w\n", b"vigie known 1 l\n"
_SIZE = len(_WHOLE) + BYTES


class KnownFile:
    """The names of what was passed on.

    Parameters
    ----------
    path : Path
        The file; made if it is not there, with its folder.
    fresh : bool
        Nothing was passed on before: then a file that is not there has lost nothing.

    Raises
    ------
    OSError
        It cannot be read and written, or the disk has no room for it.
    """

    def __init__(self, path: Path, *, fresh: bool) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        found = _head(path)
        if found is None:
            if not fresh:
                logger.warning("%s is not there or not usable: all deletions are passed on from now on", path)
            _make(path, _WHOLE if fresh else _LOST)
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), _SIZE)
        self.is_whole = self._map[: len(_WHOLE)] == _WHOLE
        """Whether it knows everything that was ever passed on."""
        self._names = KnownNames(memoryview(self._map)[len(_WHOLE) :])

    def add(self, name: str) -> None:
        """Know a name from now on."""
        self._names.add(name)

    def __contains__(self, name: str) -> bool:
        """Whether a name may be known."""
        return name in self._names

    def flush(self) -> None:
        """Bring it to the disk; blocks."""
        self._map.flush()


def _head(path: Path) -> bytes | None:
    try:
        if path.stat().st_size != _SIZE:
            return None
        with path.open("rb") as file:
            head = file.read(len(_WHOLE))
    except FileNotFoundError:
        return None
    return head if head in (_WHOLE, _LOST) else None


def _make(path: Path, head: bytes) -> None:
    made = path.with_suffix(".new")
    made.unlink(missing_ok=True)
    file = os.open(made, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.posix_fallocate(file, 0, _SIZE)
        os.write(file, head)
        os.fsync(file)
    finally:
        os.close(file)
    made.replace(path)
