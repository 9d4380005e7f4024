from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from agents import exits
from agents.cli.main import main
from agents.settings import SettingsError, load_settings
from pipeline.playbook import Playbook, default_text

SHORT = """
version = 1
[rhythm.alert]
update_every = "45min"
[[action]]
id = "speak"
practice = "be_transparent"
level = "crisis"
within = "2h"
what = { de = "Etwas sagen." }
who = { de = "Pressestelle" }
"""


@pytest.fixture(autouse=True)
def _no_file_of_mine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VIGIE_PLAYBOOK", raising=False)


@pytest.fixture
def short(tmp_path: Path) -> Path:
    path = tmp_path / "playbook.toml"
    path.write_text(SHORT, encoding="utf-8")
    return path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["playbook", *map(str, arguments)])


def test_what_is_printed_to_start_from_is_vigies_own_playbook() -> None:
    assert run("default").output == default_text()


def test_it_is_shown_by_level_with_who_and_by_when() -> None:
    output = run("show").output
    assert "From level “alert” on\n  an update every 60 min, a situation report every 60 min" in output
    assert "verify: within 15 min. Identify the crisis early" in output
    assert "Social media manager on duty (seen by what somebody said with vigie" in output
    assert output.index("verify") < output.index("holding-statement") < output.index("escalate")


def test_it_is_shown_in_french() -> None:
    output = run("show", "--lang", "fr").output
    output = output.replace("\N{NO-BREAK SPACE}", " ")
    assert "À partir du niveau « crise grave »\n  un point d’information toutes les 15 min, un point" in output
    assert "verify : sous 15 min. Repérer la crise au plus tôt" in output


def test_a_level_shows_what_is_asked_for_at_it_and_its_own_rhythm_only() -> None:
    output = run("show", "--level", "crisis").output
    assert "verify" in output
    assert "holding-statement" in output
    assert "escalate" not in output
    assert output.count("an update every") == 1
    assert "an update every 30 min" in output


def test_a_language_that_a_file_lacks_is_stood_in_for(short: Path) -> None:
    output = run("show", "--file", short).output
    assert f"Playbook: {short}" in output
    assert "Etwas sagen." in output
    assert f"playbook: ok, {short}, 1 actions; asked for: alert 0, crisis 1, severe 1" in run("check", short).output
    assert "action speak: not in en, fr; its first language stands in" in run("check", short).output


def test_the_file_of_the_settings_is_the_one_that_is_shown(short: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIGIE_PLAYBOOK", str(short))
    shown = json.loads(run("show", "--json", "--level", "crisis").output)
    assert shown["fingerprint"] == Playbook.load(short).fingerprint
    assert shown["rhythms"]["severe"] == {"update_every_minutes": 45, "report_every_minutes": 60}
    assert [action["id"] for action in shown["actions"]] == ["speak"]


def test_a_wrong_file_is_refused_by_action_and_field(short: Path) -> None:
    short.write_text(SHORT.replace("2h", "soon"), encoding="utf-8")
    for arguments in (("check", short), ("show", "--file", short)):
        result = run(*arguments)
        assert result.exit_code == exits.CONFIG
        assert f"{short}: action[0] speak: within: expected a time" in result.output


def test_the_playbook_of_the_settings_is_the_engines(short: Path) -> None:
    assert load_settings().engine().playbook == Playbook.default()
    assert load_settings(playbook=short).engine().playbook == Playbook.load(short)


def test_settings_with_a_wrong_playbook_name_the_variable_and_the_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=rf"VIGIE_PLAYBOOK.*{tmp_path}/none.toml: cannot read the playbook"):
        load_settings(playbook=tmp_path / "none.toml").engine()
