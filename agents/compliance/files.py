"""Files of reports: pages and records that somebody keeps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from agents.compliance.rules import Found, What
from agents.compliance.sought import Search, is_no_chance
from pipeline.formats.fields import decode_entities

__all__ = ["report_files", "scan_file"]

_SUFFIXES = frozenset({".csv", ".htm", ".html", ".json", ".jsonl", ".md", ".txt"})
_TAG = re.compile("<[^<>]*>")


def report_files(folder: Path) -> list[Path]:
    """Return the files of a folder, and of those in it, that may be reports, in order.

    Raises
    ------
    OSError
        The folder cannot be read.
    """
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES and path.is_file())


def scan_file(path: Path, search: Search) -> list[Found]:
    """Return what is in a file, each thing at the first line that has it; 0 when it takes several to have it.

    An ID of less than ten digits is not looked for, only hashes of such an account: any number may look like it.

    Raises
    ------
    OSError
        It cannot be read.
    """
    content = path.read_text("utf-8", "replace")
    time_ms = int(path.stat().st_mtime * 1000)
    suspects = {one for one in search.within(_readings(content)) if is_no_chance(one, [content])}
    lines = dict.fromkeys(suspects, 0)
    for number, line in enumerate(content.splitlines(), 1):
        if all(lines.values()):
            break
        for one in search.within(_readings(line)) & suspects:
            if is_no_chance(one, [line]):
                lines[one] = lines[one] or number
    return sorted(
        (
            Found(
                sought=one,
                what=What.REPORT,
                topic=str(path),
                partition=0,
                offset=line,
                time_ms=time_ms,
            )
            for one, line in lines.items()
        ),
        key=lambda found: (found.offset, found.sought.kind, found.sought.value),
    )


def _readings(content: str) -> Iterator[str]:
    """Yield a text as it is, and as a page shows it: without tags."""
    yield content
    if "<" in content:
        yield decode_entities(_TAG.sub(" ", content))
        yield decode_entities(_TAG.sub("", content))
