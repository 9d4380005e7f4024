"""Writing ``report.html`` from the files of a run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pipeline.report import build_report
from pipeline.simulate import Truth
from schemas.crisis import CrisisEvent
from schemas.reading import read_crisis, read_window
from schemas.window import WindowClosed

__all__ = ["write_report"]


def write_report(
    path: Path,
    *,
    windows: Path,
    crises: Path,
    title: str,
    generated_from: str,
    truth: Truth | None = None,
) -> None:
    """Write the report of a run to ``path``.

    Parameters
    ----------
    path : Path
        The HTML file.
    windows, crises : Path
        JSONL files of the run, as ``vigie replay`` writes them.
    title, generated_from : str
        What the reader sees as heading, and as the command to make it again.
    truth : Truth, optional
        What a simulation planted.
    """
    html = build_report(_windows(windows), _crises(crises), title=title, generated_from=generated_from, truth=truth)
    path.write_text(html, encoding="utf-8")


def _windows(path: Path) -> Iterator[WindowClosed]:
    with path.open("rb") as lines:
        for line in lines:
            yield read_window(line)


def _crises(path: Path) -> Iterator[CrisisEvent]:
    with path.open("rb") as lines:
        for line in lines:
            yield read_crisis(line)
