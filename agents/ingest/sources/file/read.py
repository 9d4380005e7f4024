"""Files and streams that have an end, as a source."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from msgspec import structs

from agents import exits
from agents.ingest.contract import Outlet, SourceRefused
from agents.ingest.sources.file.openfile import PACKED
from agents.ingest.sources.file.passing import Passing
from agents.ingest.sources.file.place import HEAD_BYTES, Reading, absolute, cursor_of, head_of, reading_in
from agents.ingest.sources.file.thread import elsewhere
from pipeline.archive import ArchiveError, ArchiveRecord, line_reader, read
from pipeline.archive.source import LINE_LIMIT
from pipeline.ingest.framing import LineBuffer

__all__ = ["STANDARD_INPUT", "FileSource", "Records", "Unreadable", "is_stream"]

STANDARD_INPUT = "-"
_PART = 500
"""Records that are passed on at once."""
_READ_BYTES = 262_144
_log = logging.getLogger(__name__)


class Unreadable(SourceRefused):
    """A file cannot be read, now or to its end."""

    exit_code = exits.NO_INPUT


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """Records that somebody has already, as a source: for the demo, and for tests."""

    records: Iterable[ArchiveRecord]
    """In the order of the log."""
    speed: float | None = None
    """Times real time by the records' own times; as fast as possible when left out."""
    name: str = "file"

    async def run(self, outlet: Outlet) -> None:
        """Put all of them."""
        passing = Passing(outlet, self.speed)
        async with aclosing(elsewhere(_parts(self.records))) as parts:
            async for part in parts:
                await passing.take(part)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSource:
    """Reads files one after the other, each to its end. Goes on in the middle when the last run was interrupted there.

    ADR: the place in a file is the number of records that were put: that holds for tables, packed files and files that
    are sorted first as well, where a byte is no place. Records before it are not parsed again where they are lines.
    """

    paths: Sequence[Path]
    """Archives, pipes, or ``-`` for standard input."""
    mapping: Mapping[str, str] | None = None
    """Our field -> column or key, where not obvious."""
    speed: float | None = None
    """Times real time by the records' own times; as fast as possible when left out."""
    from_beginning: bool = False
    """Whatever the last run has read."""
    name: str = "file"

    async def run(self, outlet: Outlet) -> None:
        """Put everything there is.

        Raises
        ------
        Unreadable
            A file is missing, may not be read, is no table that we know, or is damaged. What was before it is put: the
            files before, and of lines all that are whole before the damage; of a table, or of one JSON document, which
            are read as a whole, nothing.
        """
        passing = Passing(outlet, self.speed)
        resumed = None if self.from_beginning else reading_in(outlet.resumed.cursor)
        at, skip = self._start(resumed if isinstance(resumed, Reading) else None)
        for number in range(at, len(self.paths)):
            try:
                await self._read(passing, number, skip if number == at else 0)
            except ArchiveError as error:
                raise Unreadable(str(error)) from error
        outlet.mark(None, None)  # nothing to go on from: the next run is a new one

    async def _read(self, passing: Passing, number: int, skip: int) -> None:
        path = self.paths[number]
        place = _place(self.paths, number, skip)

        def cursor(passed: int) -> str:
            return cursor_of(structs.replace(place, records=done + passed))

        done = skip
        parts = _stream(path, line_reader(self.mapping)) if is_stream(path) else self._archive(path, skip)
        async with aclosing(elsewhere(parts)) as read_parts:
            async for part in read_parts:
                await passing.take(part, cursor)
                done += len(part)

    def _archive(self, path: Path, skip: int) -> Iterator[list[ArchiveRecord]]:
        yield from _parts(read(path, mapping=self.mapping, skip=skip))

    def _start(self, resumed: Reading | None) -> tuple[int, int]:
        """Return which file to begin with, and how many of its records to leave out."""
        if resumed is None or resumed.paths != _names(self.paths) or resumed.at >= len(self.paths):
            return 0, 0
        path = self.paths[resumed.at]
        if is_stream(path):
            return resumed.at, 0
        if not _holds(path, resumed):
            _log.warning("%s is not the file that the last run was interrupted in: reading it from its beginning", path)
            return resumed.at, 0
        _log.info("%s: going on after record %d, where the last run was interrupted", path, resumed.records)
        return resumed.at, resumed.records


def is_stream(path: Path) -> bool:
    """Say whether it can be read once only: standard input, a pipe, a terminal."""
    if str(path) == STANDARD_INPUT:
        return True
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _names(paths: Sequence[Path]) -> tuple[str, ...]:
    return tuple(absolute(path) if str(path) != STANDARD_INPUT else STANDARD_INPUT for path in paths)


def _place(paths: Sequence[Path], number: int, records: int) -> Reading:
    """Return the place of a record in one of several files, which are as they are now."""
    size, mtime_ns, head = 0, 0, ""
    path = paths[number]
    if not is_stream(path):
        try:
            with path.open("rb") as file:
                found = os.fstat(file.fileno())
                size, mtime_ns, head = found.st_size, found.st_mtime_ns, head_of(file.fileno(), HEAD_BYTES)
        except OSError:
            pass  # whoever reads it says what is wrong
    return Reading(paths=_names(paths), at=number, records=records, size=size, mtime_ns=mtime_ns, head=head)


def _holds(path: Path, place: Reading) -> bool:
    """Say whether a file is the one of a place. It may have grown."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            return size >= place.size and head_of(file.fileno(), min(place.size, HEAD_BYTES)) == place.head
    except OSError:
        return False


def _parts(records: Iterable[ArchiveRecord]) -> Iterator[list[ArchiveRecord]]:
    part: list[ArchiveRecord] = []
    try:
        for record in records:
            part.append(record)
            if len(part) == _PART:
                yield part
                part = []
    except ArchiveError:
        if part:  # what is before the damage is good
            yield part
        raise
    if part:
        yield part


def _stream(path: Path, to_record: Callable[[bytes], ArchiveRecord]) -> Iterator[list[ArchiveRecord]]:
    """Yield what each read of a pipe gives: lines, and at the end what has no line end.

    Raises
    ------
    ArchiveError
        It is gzipped, or cannot be read.
    """
    shown = "standard input" if str(path) == STANDARD_INPUT else str(path)
    buffer, first = LineBuffer(LINE_LIMIT), True
    try:
        file = 0 if str(path) == STANDARD_INPUT else os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        while chunk := os.read(file, _READ_BYTES):
            if first and chunk.startswith(PACKED):
                raise ArchiveError(f"{shown} is gzipped; unpack it first: gunzip -c FILE | vigie ingest file -")
            first = False
            if part := [to_record(line) for line in buffer.feed(chunk) if line.strip()]:
                yield part
    except OSError as error:
        raise ArchiveError(f"{shown}: cannot be read: {error.strerror or error}") from error
    if rest := buffer.rest().strip(b"\r\n"):
        yield [to_record(rest)]
