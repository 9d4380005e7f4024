"""Tables at the end of a suite: outcomes that tests have noted, as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

__all__ = ["noted", "table"]


def noted(terminalreporter: pytest.TerminalReporter, name: str) -> Iterator[dict[str, Any]]:
    """Yield what tests have noted under a name: as properties of theirs, so from wherever they have run."""
    for report in (report for reports in terminalreporter.stats.values() for report in reports):
        if isinstance(report, pytest.TestReport) and report.when == "call":
            yield from (value for key, value in report.user_properties if key == name and isinstance(value, dict))


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows, the first of which is the heading, as text: the first column to the left, others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])
