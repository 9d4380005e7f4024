from __future__ import annotations

import os
from pathlib import Path

import pytest

from agents.settings import SettingsError, load_settings
from schemas.topics import Topics


@pytest.fixture(autouse=True)
def _no_settings_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("VIGIE_")]:
        monkeypatch.delenv(name)


def test_a_variable_overrides_the_file_and_an_argument_overrides_both(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "vigie.toml").write_text('brokers = "localhost:1"\napp_id = "from-file"\nweb_port = 7000\n')
    monkeypatch.setenv("VIGIE_CONFIG", str(tmp_path / "vigie.toml"))
    monkeypatch.setenv("VIGIE_BROKERS", "localhost:2")
    monkeypatch.setenv("VIGIE_WEB_PORT", "7001")
    settings = load_settings(web_port=7002)
    assert (settings.brokers, settings.app_id, settings.web_port) == ("localhost:2", "from-file", 7002)


@pytest.mark.parametrize(
    ("variable", "value", "named"),
    [
        ("VIGIE_BROKERS", "nowhere", "VIGIE_BROKERS"),
        ("VIGIE_COMMIT_INTERVAL_S", "soon", "VIGIE_COMMIT_INTERVAL_S"),
        ("VIGIE_WEB_PORT", "70000", "VIGIE_WEB_PORT"),
        ("VIGIE_BORKERS", "a:1", "VIGIE_BORKERS"),
        ("VIGIE_CONFIG", "/nowhere/vigie.toml", "VIGIE_CONFIG"),
    ],
)
def test_a_wrong_setting_is_refused_by_its_name(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, named: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=named):
        load_settings()


def test_an_unknown_name_in_the_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "vigie.toml").write_text('borkers = "a:1"\n')
    monkeypatch.setenv("VIGIE_CONFIG", str(tmp_path / "vigie.toml"))
    with pytest.raises(SettingsError, match="borkers"):
        load_settings()


def test_a_broken_file_is_refused_by_its_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "vigie.toml").write_text("brokers = [")
    monkeypatch.setenv("VIGIE_CONFIG", str(tmp_path / "vigie.toml"))
    with pytest.raises(SettingsError, match=r"vigie\.toml"):
        load_settings()


def test_the_prefix_is_before_every_topic_and_group() -> None:
    settings = load_settings(topic_prefix="team-a.")
    assert settings.topics == Topics.with_prefix("team-a.")
    assert settings.topics.crises == "team-a.vigie.crises"
    assert settings.group("track") == "team-a.vigie-track"


def test_the_key_of_author_hashes_comes_from_a_file_and_an_empty_one_is_refused(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("  a secret\n")
    assert load_settings(author_key_file=key).engine().author_key == b"a secret"
    key.write_text("\n")
    with pytest.raises(SettingsError, match="author_key_file"):
        load_settings(author_key_file=key).engine()
    with pytest.raises(SettingsError, match="author_key_file"):
        load_settings(author_key_file=tmp_path / "missing").engine()
