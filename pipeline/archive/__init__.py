"""Archives of tweets: CSV, TSV, JSONL and JSON files, plain or gzipped, as records of a raw topic."""

from pipeline.archive.lines import line_reader
from pipeline.archive.reader import read
from pipeline.archive.record import ArchiveError, ArchiveRecord

__all__ = ["ArchiveError", "ArchiveRecord", "line_reader", "read"]
