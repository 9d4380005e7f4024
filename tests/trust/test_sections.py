"""What the suite shows at its end."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from tests.trust.conftest import Tell, by_section


def report(
    path: str, line: int, *told: tuple[str, str], when: Literal["setup", "call", "teardown"] = "call"
) -> pytest.TestReport:
    noted: list[tuple[str, object]] = [("trust", each) for each in told]
    place: Any = (path, line, "test")
    return pytest.TestReport(f"{path}::test", place, {}, "passed", None, when, user_properties=noted)


def test_sections_come_in_their_order_and_lines_in_that_of_the_files() -> None:
    reports = [
        report("b.py", 1, ("supply chain", "b1")),
        report("a.py", 9, ("supply chain", "a9"), ("compliance", "first of all"), ("supply chain", "a9 again")),
        report("a.py", 2, ("supply chain", "a2")),
        report("a.py", 2, ("supply chain", "a2"), when="teardown"),
    ]
    shown = by_section(reports)
    assert list(shown.items()) == [("compliance", ["first of all"]), ("supply chain", ["a2", "a9", "a9 again", "b1"])]


def test_a_section_that_there_is_not_is_refused(tell: Tell) -> None:
    with pytest.raises(ValueError, match="no section 'gossip'"):
        tell("gossip", "a line")  # type: ignore[arg-type]
