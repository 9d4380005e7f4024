from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from agents.cli.main import main
from agents.settings import GROUPS, Settings

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


def table() -> str:
    result = CliRunner().invoke(main, ["config", "table"])
    assert result.exit_code == 0, result.output
    return result.output


def test_the_table_has_one_line_for_every_setting_with_its_meaning() -> None:
    lines = table().splitlines()
    for name, field in Settings.model_fields.items():
        assert field.description, f"{name} has no docstring"
        found = [line for line in lines if line.startswith(f"| `VIGIE_{name.upper()}` | `{name}` | ")]
        assert len(found) == 1, name
        assert " ".join(field.description.split()) in found[0].replace("\\|", "|")
        assert found[0].replace("\\|", "").count("|") == 6, f"{name}: a cell is split"


def test_every_group_of_the_table_begins_with_a_setting_that_there_is() -> None:
    assert next(iter(GROUPS)) == next(iter(Settings.model_fields))
    assert [name for name in Settings.model_fields if name in GROUPS] == list(GROUPS)


def test_the_committed_table_is_what_the_settings_say() -> None:
    committed = Path(__file__).parents[3] / "deploy" / "settings.md"
    assert committed.read_text(encoding="utf-8") == table(), "write it anew: vigie config table > deploy/settings.md"


def test_the_table_is_the_same_whatever_the_environment_says(tmp_path: Path) -> None:
    first = table()
    command = [sys.executable, "-m", "agents.cli.run", "config", "table"]
    environment = os.environ | {"TMPDIR": str(tmp_path), "VIGIE_LOG_LEVEL": "ERROR", "VIGIE_NO_SUCH_SETTING": "1"}
    assert subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout == first


def test_check_names_a_key_file_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIGIE_AUTHOR_KEY_FILE", str(tmp_path / "missing"))
    code, said = check(tmp_path / "watchlist.toml", WATCHLIST)
    assert code == 78
    assert "VIGIE_AUTHOR_KEY_FILE" in said


def test_check_names_every_setting_of_the_connection_that_does_not_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIGIE_SECURITY_PROTOCOL", "SASL_SSL")
    monkeypatch.setenv("VIGIE_TLS_KEY_FILE", str(tmp_path / "key.pem"))
    code, said = check(tmp_path / "watchlist.toml", WATCHLIST)
    assert code == 78
    assert all(name in said for name in ("VIGIE_SASL_USERNAME", "VIGIE_SASL_PASSWORD_FILE", "VIGIE_TLS_CERT_FILE"))


@pytest.mark.parametrize(("held", "code", "words"), [("token-1\n", 0, "token: ok"), ("two words", 78, "one word of")])
def test_check_reads_the_token_of_x_where_one_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: str, code: int, words: str
) -> None:
    token = tmp_path / "token"
    token.write_text(held)
    monkeypatch.setenv("VIGIE_X_TOKEN_FILE", str(token))
    ended, said = check(tmp_path / "watchlist.toml", WATCHLIST)
    assert ended == code
    assert words in said
    assert held not in said
