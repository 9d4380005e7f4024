from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from agents.cli.main import main

WATCHLIST = """version = 1
[brands.acme]
aliases = ["Acme"]
[[brands.acme.calendar]]
name = "Cup final"
start = 2026-05-30T20:00:00+02:00
end = 2026-05-30T23:00:00+02:00
"""


def check(path: Path, text: str) -> tuple[int, str]:
    path.write_text(text)
    result = CliRunner().invoke(main, ["config", "check", "--watchlist", str(path)])
    return result.exit_code, result.output


def test_check_says_how_many_events_are_planned(tmp_path: Path) -> None:
    code, said = check(tmp_path / "watchlist.toml", WATCHLIST)
    assert code == 0
    assert "planned events, each repetition counted: acme 1" in said


def test_check_names_what_is_wrong_in_a_calendar(tmp_path: Path) -> None:
    code, said = check(tmp_path / "watchlist.toml", WATCHLIST.replace("22:00", "").replace("+02:00", ""))
    assert code == 78
    assert "brand acme: calendar[0]: start: expected a time with its offset" in said
