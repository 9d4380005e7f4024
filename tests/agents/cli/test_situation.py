from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from agents import exits, present
from agents.cli import console
from agents.cli.main import main
from schemas.codec import decode, encode_line
from schemas.tweet import Tweet
from tests.pipeline.present.scene import HOSTILE, OPENED_MS, RECORDS, SITUATION, write
from tests.schemas.events import CRISIS_ID


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "run")


def run(folder: Path, *arguments: str) -> Result:
    env = {"VIGIE_WATCHLIST": "no-such-file.toml"}
    return CliRunner().invoke(main, ["situation", *arguments, "--from", str(folder)], env=env)


def words(result: Result) -> str:
    return " ".join(result.stdout.split())


def test_a_crisis_is_told_with_what_is_late_at_the_top(folder: Path) -> None:
    result = run(folder, "acme")
    assert result.exit_code == exits.OK, result.output
    assert result.stdout.startswith("acme: level 3, crisis\n")
    assert "Late: an update (15 min), 1 duty of the playbook." in words(result).split("Numbers")[0]
    for section in ("What people talk about", "Questions to the brand", "own voice", "Playbook", "recovery"):
        assert section in result.stdout


def test_it_is_told_in_french(folder: Path) -> None:
    result = run(folder, "acme", "--lang", "fr")
    assert result.stdout.startswith("acme\N{NO-BREAK SPACE}: niveau 3, crise\n")
    assert "Faire acknowledge" in result.stdout
    assert "Press office" not in result.stdout


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_lines_fit_the_terminal_and_hold_no_colour_where_there_is_none(
    folder: Path, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console.out, "_width", columns)
    result = run(folder, "acme")
    assert "\x1b" not in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= columns


def test_words_of_strangers_cannot_act_on_the_terminal(tmp_path: Path) -> None:
    hostile = [replace(r, time=SITUATION.time) if r is RECORDS[-1] else r for r in RECORDS]
    result = run(write(tmp_path / "hostile", records=hostile), "acme")
    assert not any(c in result.stdout for c in "\x1b\u202e")
    assert HOSTILE.replace("\x1b", "\N{REPLACEMENT CHARACTER}").replace("\u202e", "\N{REPLACEMENT CHARACTER}") in (
        result.stdout
    )


def test_a_calm_brand_is_told_to_be_calm_with_its_numbers(folder: Path) -> None:
    result = run(folder, "quiet")
    assert result.exit_code == exits.OK
    assert "quiet: level 0, calm" in result.stdout
    assert "No crisis is open." in result.stdout
    assert "12; usual is 5" in result.stdout


def test_an_unknown_brand_is_an_error_that_names_near_ones(folder: Path) -> None:
    result = run(folder, "amce\x1b")
    assert result.exit_code == exits.BAD_INPUT
    assert "did you mean: acme" in result.output
    assert "\x1b" not in result.output


def test_a_brand_is_also_known_by_its_name(folder: Path, tmp_path: Path) -> None:
    watchlist = tmp_path / "watchlist.toml"
    watchlist.write_text('version = 1\n[brands.acme]\nname = "ACME Corp"\naliases = ["ACME Corp"]\n', encoding="utf-8")
    result = run(folder, "acme corp", "--watchlist", str(watchlist))
    assert result.stdout.startswith("ACME Corp: level 3, crisis\n"), result.output


def test_another_crisis_is_found_by_the_beginning_of_its_id(folder: Path) -> None:
    assert CRISIS_ID[:8] in run(folder, "quiet", "--crisis", CRISIS_ID[:8]).output
    assert run(folder, "quiet", "--crisis", CRISIS_ID[:8]).exit_code == exits.BAD_INPUT
    assert run(folder, "acme", "--crisis", CRISIS_ID[:8]).exit_code == exits.OK
    missing = run(folder, "acme", "--crisis", "ffff")
    assert missing.exit_code == exits.BAD_INPUT
    assert f"the newest are: {CRISIS_ID[:8]}" in missing.output


def test_programs_get_json(folder: Path) -> None:
    found: dict[str, Any] = decode(run(folder, "acme", "--json").stdout)
    assert (found["brand"], found["level"], found["stale"], found["age_s"]) == ("acme", 3, False, None)
    assert found["crisis"]["situation"]["sequence"] == 1
    assert found["crisis"]["overdue"]["missed"] == 1
    assert found["window"]["brand"] == "acme"


def test_texts_are_shown_when_asked_for_and_those_that_are_missing_are_told(folder: Path, tmp_path: Path) -> None:
    archive = tmp_path / "tweets.jsonl"
    archive.write_bytes(encode_line(Tweet(id="41", created_at_ms=OPENED_MS, text="lost \x1b my bag")))
    result = run(folder, "acme", "--with-text", "--texts", str(archive))
    assert result.exit_code == exits.OK, result.output
    assert "lost \N{REPLACEMENT CHARACTER} my bag" in result.stdout
    assert "tweets were not found" in result.stderr
    assert "my bag" not in run(folder, "acme").stdout


def test_texts_of_a_replay_need_the_archive(folder: Path) -> None:
    result = run(folder, "acme", "--with-text")
    assert result.exit_code == exits.USAGE
    assert "--texts FILE" in result.output


def test_the_report_of_the_crisis_is_written_as_well(folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "acme.html"
    result = run(folder, "acme", "--html", str(page), "--lang", "fr")
    assert result.exit_code == exits.OK, result.output
    assert '<html lang="fr"' in page.read_text(encoding="utf-8")
    assert str(page) in result.stdout


def test_a_folder_without_a_replay_is_an_error(tmp_path: Path) -> None:
    assert run(tmp_path, "acme").exit_code == exits.NO_INPUT


def test_a_file_of_something_else_is_an_error_that_names_the_line(folder: Path) -> None:
    (folder / "crises.jsonl").write_bytes(b'{"type":"situation"}\n')
    result = run(folder, "acme")
    assert result.exit_code == exits.BAD_INPUT
    assert "crises.jsonl, line 1" in result.output


def test_without_a_broker_it_says_so_and_names_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(present, "_CONNECT_S", 0.01)
    result = CliRunner().invoke(main, ["situation", "acme"], env={"VIGIE_BROKERS": "127.0.0.1:1"})
    assert result.exit_code == exits.UNAVAILABLE
    assert "no Kafka broker answered at 127.0.0.1:1" in result.output
    assert "--from" in result.output
