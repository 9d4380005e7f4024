from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from agents import exits
from agents.ingest.sources import load_command
from agents.ingest.sources.x import command, compliance_command
from agents.settings import SettingsError, load_settings

WATCHLIST = """\
version = 1

[brands.contoso]
name = "Contoso"
handles = ["contoso"]
"""


@pytest.fixture
def watchlist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "watchlist.toml"
    path.write_text(WATCHLIST)
    monkeypatch.setenv("VIGIE_WATCHLIST", str(path))
    return path


def run(name: str, *arguments: str) -> Result:
    found = load_command(name)
    assert found is not None
    return CliRunner().invoke(found, arguments)


def test_both_are_sources_that_vigie_finds() -> None:
    assert load_command("x") is command
    assert load_command("x-compliance") is compliance_command


@pytest.mark.parametrize("name", ["x", "x-compliance"])
def test_without_a_token_it_says_where_one_comes_from(watchlist: Path, name: str) -> None:
    result = run(name)
    assert result.exit_code == exits.CONFIG
    assert "x_token_file (VIGIE_X_TOKEN_FILE): not set" in result.output


def test_an_access_level_without_the_stream_is_told_before_x_is_asked(watchlist: Path) -> None:
    result = run("x", "--access", "basic")
    assert result.exit_code == exits.CONFIG
    assert "basic has no filtered stream" in result.output


def test_a_watchlist_that_does_not_fit_is_told_before_x_is_asked(watchlist: Path) -> None:
    watchlist.write_text(WATCHLIST.replace("handles", "nonsense"))
    (watchlist.parent / "token").write_text("token-1")
    result = run("x", "--token-file", str(watchlist.parent / "token"))
    assert result.exit_code == exits.CONFIG
    assert "contoso" in result.output


def test_the_plan_needs_no_token(watchlist: Path) -> None:
    result = run("x", "--plan")
    assert result.exit_code == 0
    assert "@contoso" in result.output


def test_json_goes_with_the_plan(watchlist: Path) -> None:
    result = run("x", "--json")
    assert result.exit_code == 2
    assert "--json goes with --plan" in result.output


@pytest.mark.parametrize(
    "wrong",
    ["http://api.x.com", "api.x.com", "ftp://api.x.com", "https://", "https://api.x.com?a=b", "http://10.0.0.1:80"],
)
def test_an_address_that_is_none_or_would_tell_the_token_is_refused(
    monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    monkeypatch.setenv("VIGIE_X_API", wrong)
    with pytest.raises(SettingsError, match="VIGIE_X_API"):
        load_settings()


@pytest.mark.parametrize("right", ["https://proxy.example/x/", "http://127.0.0.1:8080", "http://[::1]:8080"])
def test_an_address_of_a_proxy_or_of_this_machine_is_taken(monkeypatch: pytest.MonkeyPatch, right: str) -> None:
    monkeypatch.setenv("VIGIE_X_API", right)
    assert load_settings().x_api == right.rstrip("/")
