"""JSONL files, and JSON documents over several lines."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from pipeline.archive.record import ArchiveError, ArchiveRecord, by_time, runs_backwards
from pipeline.archive.source import LINE_LIMIT, Source, lines
from pipeline.formats import Parsed, columns, parse, rows, wire
from pipeline.formats.outcome import FormError
from schemas.codec import encode

__all__ = ["line_reader", "read_json"]

_PEEK = 50
"""Lines at either end that are looked at for a time."""
_BETWEEN = re.compile(r"[\s,\[\]]*")

_ToRecord = Callable[[bytes], ArchiveRecord]


def line_reader(mapping: Mapping[str, str] | None = None) -> Callable[[bytes], ArchiveRecord]:
    """Return what makes a record of one line of JSONL, for those who have the lines from elsewhere than a file.

    ``mapping`` as for `pipeline.archive.read`. It raises nothing, whatever the line.
    """
    return _Mapped(mapping) if mapping else _record


def read_json(source: Source, mapping: Mapping[str, str], skip: int = 0) -> Iterator[ArchiveRecord]:
    """Read a file of JSON; see `pipeline.archive.read`."""
    to_record = line_reader(mapping)
    with source.open(counted=False) as stream:
        whole = _is_document(list(islice(lines(stream), 2)))
    if whole or _ends_before_it_begins(source, to_record):
        records = list(_records(source, to_record, whole=whole))
        yield from islice(by_time(records) if runs_backwards(records) else records, skip, None)
    else:
        yield from _records(source, to_record, whole=False, skip=skip)


def _records(source: Source, to_record: _ToRecord, *, whole: bool, skip: int = 0) -> Iterator[ArchiveRecord]:
    with source.open() as stream:
        values = _elements(stream.read()) if whole else lines(stream)
        yield from map(to_record, islice(values, skip, None))


def _is_document(first_lines: list[bytes]) -> bool:
    """Say whether a file is one document (or several) over many lines, by its first two.

    In a JSONL file the first line is JSON, or at least the second is; a list is a document, though.
    """
    start = first_lines[0].removeprefix(b"\xef\xbb\xbf").strip() if first_lines else b""
    if start.startswith(b"["):
        return True
    if not start.startswith(b"{") or _is_json(start):
        return False
    return start == b"{" or len(first_lines) == 1 or not _is_json(first_lines[1])


def _is_json(line: bytes) -> bool:
    try:
        wire.load(line, LINE_LIMIT)
    except FormError:
        return False
    return True


def _elements(document: bytes) -> Iterator[bytes]:
    """Yield the elements of lists, and the objects that follow one another, as they are written.

    From the first place that is no JSON, the rest is one element, to become a dead letter.
    """
    text = document.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    decoder = json.JSONDecoder()
    position = 0
    while (start := _end_of(_BETWEEN, text, position)) < len(text):
        try:
            _, position = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            position = len(text)
        yield text[start : min(position, start + LINE_LIMIT)].encode("utf-8", "surrogateescape")


def _end_of(pattern: re.Pattern[str], text: str, position: int) -> int:
    match = pattern.match(text, position)
    return match.end() if match is not None else position


def _ends_before_it_begins(source: Source, to_record: _ToRecord) -> bool:
    """Say so; of a file that cannot be read to its end nobody knows, and it is read in its order as far as it goes."""
    try:
        with source.open(counted=False) as stream:
            everything = lines(stream)
            first = _first_time(islice(everything, _PEEK), to_record)
            last = _first_time(reversed(deque(everything, maxlen=_PEEK)), to_record)
    except ArchiveError:
        return False
    return first is not None and last is not None and last < first


def _first_time(values: Iterable[bytes], to_record: _ToRecord) -> int | None:
    times = (to_record(value).time_ms for value in values)
    return next((time_ms for time_ms in times if time_ms is not None), None)


def _record(value: bytes) -> ArchiveRecord:
    parsed = parse(value, max_bytes=LINE_LIMIT)
    tweets = parsed.tweets
    key = tweets[0].id.encode() if len(tweets) == 1 else None
    return ArchiveRecord(key, value, tweets[-1].created_at_ms if tweets else _time_of_messages(parsed))


def _time_of_messages(parsed: Parsed) -> int | None:
    times = [gap.end_ms for gap in parsed.gaps]
    times += [notice.time_ms for notice in parsed.compliance if notice.time_ms is not None]
    return max(times, default=None)


class _Mapped:
    """Objects to tweets, by a mapping."""

    def __init__(self, mapping: Mapping[str, str]) -> None:
        self._mapping = mapping

    def __call__(self, value: bytes) -> ArchiveRecord:
        try:
            payload: Any = wire.load(value, LINE_LIMIT)
            if type(payload) is not dict:
                return _record(value)
            names = tuple(payload)
            found = columns.find(names, self._mapping)
            tweet = rows.tweet({field: payload[names[position]] for field, position in found.items()})
        except FormError:
            return _record(value)
        return ArchiveRecord(tweet.id.encode(), encode(tweet), tweet.created_at_ms)
