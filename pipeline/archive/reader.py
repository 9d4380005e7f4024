"""Reading a file of either kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from pipeline.archive.lines import read_json
from pipeline.archive.record import ArchiveError, ArchiveRecord
from pipeline.archive.source import Source
from pipeline.archive.table import read_table
from pipeline.formats.columns import FIELDS

__all__ = ["read"]

_JSON_SUFFIXES: Final = frozenset({".json", ".jsonl", ".ndjson"})


def read(
    path: str | Path,
    *,
    mapping: Mapping[str, str] | None = None,
    progress: Callable[[int], None] | None = None,
    skip: int = 0,
) -> Iterator[ArchiveRecord]:
    """Read an archive as records of a raw topic.

    **CSV, TSV** (also with ``;`` or ``|``): columns are known by well-known names or by ``mapping``; each row
    becomes a `schemas.Tweet` as JSON. A row that cannot be read so is passed on as a JSON object of its
    columns, to become a dead letter with the reason. A row without an ID of its own gets one from its number
    and content. Records come by event time (stable), which holds the file in memory.

    **JSONL, JSON**: each line is passed on as it is, in file order, since such a file is a log; blank lines
    are skipped. A file written newest first as a whole is sorted by event time, which holds it in memory, as
    does a JSON document over several lines, which is split into its elements. With ``mapping``, objects
    become tweets as rows do.

    Either may be gzipped. No line, however damaged, raises.

    Parameters
    ----------
    path : str or Path
        The file.
    mapping : Mapping[str, str], optional
        Our field (`pipeline.formats.columns.FIELDS`) -> column. Fields not named are guessed all the same.
    progress : Callable[[int], None], optional
        Called with the bytes read from disk so far.
    skip : int
        Leave out so many records from the first on: who was interrupted goes on there. Where records come in the order
        of the file they are not even parsed.

    Raises
    ------
    ArchiveError
        At once: no such file, not readable, an unknown field in ``mapping``. While reading: no usable header,
        damaged gzip data.
    """
    source = Source(Path(path), progress)
    mapping = dict(mapping or {})
    unknown = [field for field in mapping if field not in FIELDS]
    if unknown:
        raise ArchiveError(f"{path}: the mapping names {', '.join(unknown)}; what can be mapped is {', '.join(FIELDS)}")
    return read_json(source, mapping, skip) if _is_json(source) else read_table(source, mapping, skip)


def _is_json(source: Source) -> bool:
    if _JSON_SUFFIXES.intersection(suffix.lower() for suffix in source.path.suffixes[-2:]):
        return True
    with source.open(counted=False) as stream:
        return stream.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")
