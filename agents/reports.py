"""Writing ``report.html`` from the files of a run."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pipeline.archive import read
from pipeline.archive.source import Source, lines
from pipeline.archive.texts import TextSearch
from pipeline.report import build_report
from pipeline.simulate import Truth
from schemas.reading import SchemaError, read_crisis_record, read_window
from schemas.situation import CrisisRecord
from schemas.window import WindowClosed

__all__ = ["Edition", "crisis_records", "file_texts", "window_records", "write_report"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """What a report says beside what it is made from."""

    title: str
    """Its heading."""
    generated_from: str
    """The command that makes it again."""
    lang: str = "en"
    """Language of the words: ``en`` or ``fr``."""
    truth: Truth | None = None
    """What a simulation planted."""
    names: Mapping[str, str] = field(default_factory=dict)
    """How brands are called, by key."""
    texts: Mapping[str, str] | None = None
    """Texts of tweets by ID; without them the report has IDs only."""
    crisis_id: str | None = None
    """The one crisis that it is about; none is about all."""
    late: Sequence[tuple[int, int]] = ()
    """Times of which it was known too late that input is missing (`ReplaySummary.late`)."""


def write_report(
    path: Path, windows: Iterable[WindowClosed], records: Iterable[CrisisRecord], edition: Edition
) -> None:
    """Write a report to ``path``: one HTML file.

    Parameters
    ----------
    path : Path
        The HTML file.
    windows, records
        What it is about, such as `window_records` and `crisis_records` of a run; each is read once.
    edition : Edition
        Language, heading and the like.
    """
    html = build_report(
        windows,
        records,
        title=edition.title,
        generated_from=edition.generated_from,
        lang=edition.lang,
        truth=edition.truth,
        names=edition.names,
        texts=edition.texts,
        crisis_id=edition.crisis_id,
        late=edition.late,
    )
    path.write_text(html, encoding="utf-8")


def window_records(path: Path) -> Iterator[WindowClosed]:
    """Yield the windows of a run's file.

    Raises
    ------
    ArchiveError
        The file cannot be read.
    SchemaError
        A line is no window; the message names it.
    """
    yield from _records(path, read_window)


def crisis_records(path: Path) -> Iterator[CrisisRecord]:
    """Yield the records of a run's file of crises; raises as `window_records`."""
    yield from _records(path, read_crisis_record)


def _records(path: Path, read_record: Callable[[bytes], T]) -> Iterator[T]:
    with Source(path, None).open() as stream:
        for number, line in enumerate(lines(stream), 1):
            try:
                yield read_record(line)
            except SchemaError as error:
                raise SchemaError(f"{path}, line {number}: {error}") from error


def file_texts(
    archive: Path, wanted: Collection[str], *, mapping: Mapping[str, str] | None, max_bytes: int
) -> tuple[dict[str, str], int]:
    """Read an archive for the texts of a few tweets; return them by ID, and how many are missing.

    Parameters
    ----------
    archive : Path
        Where they are, such as what was replayed.
    wanted : collection of str
        IDs.
    mapping : mapping of str to str, optional
        Columns, as for `pipeline.archive.read`.
    max_bytes : int
        Larger records are not read.

    Raises
    ------
    ArchiveError
        The archive cannot be read.
    """
    search = TextSearch(wanted, max_bytes=max_bytes)
    for record in read(archive, mapping=mapping):
        search.read(record.value)
    return search.texts, search.missing
