"""CSV and TSV files."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import islice
from typing import TextIO

from pipeline.archive.record import ArchiveError, ArchiveRecord, by_time
from pipeline.archive.source import LINE_LIMIT, Source
from pipeline.formats import columns, rows
from pipeline.formats.outcome import FormError
from schemas.codec import encode

__all__ = ["read_table"]

_DELIMITERS = (",", "\t", ";", "|")
_QUOTED = re.compile(r'"[^"]*"')


def read_table(source: Source, mapping: Mapping[str, str], skip: int = 0) -> Iterator[ArchiveRecord]:
    """Read a file of rows, by event time; see `pipeline.archive.read`."""
    with source.open() as stream, _decoded(stream) as text:
        records = list(_records(source, _Lines(text), mapping))
    yield from islice(by_time(records), skip, None)


def _records(source: Source, text: _Lines, mapping: Mapping[str, str]) -> Iterator[ArchiveRecord]:
    header = text.first_with_content()
    reader = csv.reader(text, delimiter=_delimiter(header), skipinitialspace=', "' in header)
    names: list[str] | None = None
    found: dict[str, int] = {}
    number = 0
    while True:
        text.taken.clear()
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error:  # a cell of more than 128 KiB, such as an open quote makes: passed on as written
            yield ArchiveRecord(None, "".join(text.taken).encode("utf-8", "replace"), None)
            continue
        if not any(cells):
            continue
        if names is None:
            names, found = cells, _found(source, cells, mapping)
            continue
        number += 1
        yield _record(names, found, cells, number)
    if names is None:
        raise ArchiveError(f"{source.path}: is empty; a table begins with a row of column names")


class _Lines:
    """The lines of a file, and which of them the row being read has taken."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._pushed_back: str | None = None
        self.taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._pushed_back or self._stream.readline(LINE_LIMIT)
        self._pushed_back = None
        if not line:
            raise StopIteration
        self.taken.append(line)
        return line

    def first_with_content(self) -> str:
        """Return the first line that is not blank, which will be read again."""
        self._pushed_back = next((line for line in self if line.strip()), None)
        return self._pushed_back or ""


def _decoded(stream: io.BufferedReader) -> TextIO:
    """Decode UTF-8 or, by its mark, UTF-16; an undecodable byte becomes U+FFFD: the tweet still counts."""
    wide = stream.peek(2)[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    return io.TextIOWrapper(stream, "utf-16" if wide else "utf-8-sig", errors="replace", newline="")


def _delimiter(header: str) -> str:
    bare = _QUOTED.sub("", header)
    return max(_DELIMITERS, key=bare.count)


def _found(source: Source, names: Sequence[str], mapping: Mapping[str, str]) -> dict[str, int]:
    absent = [column for column in mapping.values() if column not in names]
    shown = ", ".join(repr(name[:40]) for name in names[:30])
    if absent:
        raise ArchiveError(
            f"{source.path}: no column {', '.join(map(repr, absent))}, which the mapping names; the columns are {shown}"
        )
    found = columns.find(names, mapping)
    if columns.is_usable(found):
        return found
    have = ", ".join(f"{field} (column {names[position]!r})" for field, position in found.items()) or "nothing"
    raise ArchiveError(
        f"{source.path}: needs a column with the text, and one with the time or the tweet ID; the columns are "
        f"{shown}, of which are known: {have}. If the first row is no header, add one; if the names are just "
        "unusual, map them: text=COLUMN, created_at=COLUMN, id=COLUMN"
    )


def _record(names: list[str], found: Mapping[str, int], cells: list[str], number: int) -> ArchiveRecord:
    row = {field: cells[position] for field, position in found.items() if position < len(cells)}
    try:
        tweet = rows.tweet(row, row_id=_row_id(cells, number))
    except FormError:
        columns_: dict[str, str | list[str]] = dict(zip(names, cells, strict=False))
        if len(cells) > len(names):
            columns_["extra_cells"] = cells[len(names) :]
        return ArchiveRecord(None, encode(columns_), None)
    return ArchiveRecord(tweet.id.encode(), encode(tweet), tweet.created_at_ms)


def _row_id(cells: Sequence[str], number: int) -> str:
    content = "\x1f".join((str(number), *cells)).encode("utf-8", "replace")
    return f"row-{blake2b(content, digest_size=8).hexdigest()}"
