"""What the suite shows at its end: the figures and findings of its tests, section by section.

They are noted as properties of the tests, as the fault suite's are, so that they come from whichever process ran them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal, TypeAlias, get_args

import pytest

Section: TypeAlias = Literal["compliance", "connections", "hostile input", "isolation", "supply chain"]
"""The sections, in the order in which they are shown."""

Tell: TypeAlias = Callable[[Section, str], None]
"""Takes a section and a line (or several, with line ends) to show in it."""

_PROPERTY = "trust"
_SECTIONS: tuple[Section, ...] = get_args(Section)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.trust)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [report for reports in terminalreporter.stats.values() for report in reports]
    shown = by_section(report for report in reports if isinstance(report, pytest.TestReport))
    for section, lines in shown.items():
        terminalreporter.section(section)
        for line in lines:
            terminalreporter.write_line(line)


def by_section(reports: Iterable[pytest.TestReport]) -> dict[Section, list[str]]:
    """Group by section the lines of a run, in the order in which the tests stand in their files."""
    grouped: dict[Section, list[str]] = {section: [] for section in _SECTIONS}
    for report in sorted(reports, key=lambda report: _place(report.location)):
        for name, noted in report.user_properties:
            if report.when == "call" and name == _PROPERTY and isinstance(noted, (tuple, list)):
                section, line = noted
                grouped[section].append(line)
    return {section: lines for section, lines in grouped.items() if lines}


def _place(location: tuple[str, int | None, str]) -> tuple[str, int]:
    path, line, _ = location
    return path, line or 0


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Tell:
    """Show a line in a section at the end of the run: ``tell("isolation", "p50 0.4 s")``."""

    def note(section: Section, line: str) -> None:
        if section not in _SECTIONS:
            raise ValueError(f"no section {section!r}: {', '.join(_SECTIONS)}")
        record_property(_PROPERTY, (section, line))

    return note
