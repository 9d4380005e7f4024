"""The file behind an archive: opened, unpacked, counted."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.archive.record import ArchiveError

__all__ = ["LINE_LIMIT", "Source", "lines"]

LINE_LIMIT = 16 * 1_048_576
"""Bytes of a line: of a longer one the beginning is kept, to become a dead letter."""

_GZIP_MAGIC = b"\x1f\x8b"
_BUFFER_BYTES = 262_144


class Source:
    """A file that can be opened several times.

    Parameters
    ----------
    path : Path
        The file.
    progress : Callable[[int], None], optional
        Called with the bytes read from disk so far (of a gzipped file: packed bytes), each 256 KiB.

    Raises
    ------
    ArchiveError
        There is no such file, or it cannot be read.
    """

    def __init__(self, path: Path, progress: Callable[[int], None] | None) -> None:
        self.path = path
        self._progress = progress
        with self.explained():
            if path.is_dir():
                raise ArchiveError(f"{path}: is a directory; name one file in it")
            with path.open("rb") as stream:
                self._packed = stream.read(2) == _GZIP_MAGIC

    @contextmanager
    def open(self, *, counted: bool = True) -> Iterator[io.BufferedReader]:
        """Open the file, unpacked. What goes wrong until it is closed becomes an `ArchiveError`."""
        with self.explained(), self.path.open("rb", buffering=0) as file:
            progress = self._progress if counted else None
            with _buffered(file if progress is None else _Counted(file, progress)) as stream:
                if not self._packed:
                    yield stream
                    return
                with gzip.GzipFile(fileobj=stream) as unpacked, _buffered(_Unpacked(unpacked)) as unpacked_stream:
                    yield unpacked_stream

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turn errors of the system into one that says what to do."""
        try:
            yield
        except FileNotFoundError as error:
            raise ArchiveError(f"{self.path}: no such file; check the path") from error
        except PermissionError as error:
            raise ArchiveError(f"{self.path}: may not be read; check its permissions") from error
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise ArchiveError(
                f"{self.path}: the gzip data is damaged or cut short ({error}); copy the file again"
            ) from error
        except OSError as error:
            raise ArchiveError(f"{self.path}: cannot be read: {error.strerror or error}") from error


def _buffered(raw: io.RawIOBase) -> io.BufferedReader:
    return io.BufferedReader(raw, _BUFFER_BYTES)


class _Counted(io.RawIOBase):
    """Reads of a file, counted."""

    def __init__(self, file: io.FileIO, progress: Callable[[int], None]) -> None:
        self._file = file
        self._progress = progress
        self._done = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # a buffer is what io passes
        size = self._file.readinto(buffer) or 0
        self._done += size
        self._progress(self._done)
        return size


class _Unpacked(io.RawIOBase):
    """What is unpacked, as soon as it is: so that all of it has been read that is good when the rest is damaged."""

    def __init__(self, file: gzip.GzipFile) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # a buffer is what io passes
        data = self._file.read1(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def lines(stream: io.BufferedReader) -> Iterator[bytes]:
    """Yield the lines that are not blank, without their end, each at most `LINE_LIMIT` bytes."""
    while line := stream.readline(LINE_LIMIT):
        rest = line
        while len(rest) == LINE_LIMIT and not rest.endswith(b"\n"):
            rest = stream.readline(LINE_LIMIT)
        if line.strip():
            yield line.rstrip(b"\r\n")
