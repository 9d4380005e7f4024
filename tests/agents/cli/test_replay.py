from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from agents import exits
from agents.cli import replay as command
from agents.cli.main import main
from agents.reports import write_report
from pipeline.replay import replay as run_replay
from schemas.codec import decode, encode, encode_line
from schemas.tweet import Tweet
from tests.pipeline.present.scene import OPENED_MS, RECORDS

WATCHLIST = 'version = 1\n[brands.acme]\nname = "Acme"\naliases = ["Acme"]\n'
TEXT = "Acme, where is my bag?"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "watchlist.toml").write_text(WATCHLIST, encoding="utf-8")
    path = tmp_path / "tweets.jsonl"
    tweets = [
        Tweet(id=str(40 + number), created_at_ms=OPENED_MS + 60_000 * number, text=f"{TEXT} {number}")
        for number in range(3)
    ]
    path.write_bytes(b"".join(map(encode_line, tweets)))
    return path


def run(source: Path, *arguments: str) -> Result:
    given = ["replay", str(source), "--watchlist", str(source.parent / "watchlist.toml"), "--out", str(out(source))]
    return CliRunner().invoke(main, [*given, *arguments])


def out(source: Path) -> Path:
    return source.parent / "run"


def page(source: Path) -> str:
    return (out(source) / "report.html").read_text(encoding="utf-8")


def test_a_report_is_written_without_being_asked_for(source: Path) -> None:
    result = run(source)
    assert result.exit_code == exits.OK, result.output
    assert '<html lang="en"' in page(source)
    assert "0 situation reports" in result.stdout
    assert result.stdout.rstrip().endswith("report.html")


def test_the_report_speaks_french(source: Path) -> None:
    assert run(source, "--lang", "fr").exit_code == exits.OK
    assert '<html lang="fr"' in page(source)


def test_no_report_is_written_when_none_is_wanted(source: Path) -> None:
    found: dict[str, Any] = decode(run(source, "--no-html", "--json").stdout)
    assert found["report"] is None
    assert found["situations"] == 0
    assert not (out(source) / "report.html").exists()


def test_texts_without_a_report_are_a_mistake(source: Path) -> None:
    result = run(source, "--no-html", "--with-text")
    assert result.exit_code == 2
    assert "leave out --no-html" in result.output


def test_texts_come_from_the_file_that_was_replayed(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A crisis of three tweets there is none: its records are put where the replay would have written them.
    texts: dict[str, str] = {}

    def writing(path: Path, windows: Any, records: Any, edition: Any) -> None:
        texts.update(edition.texts or {})
        write_report(path, windows, records, edition)

    def replaying(*args: Any, **kwargs: Any) -> Any:
        yield from run_replay(*args, **kwargs)
        (out(source) / "crises.jsonl").write_bytes(b"".join(encode(record) + b"\n" for record in RECORDS))

    monkeypatch.setattr(command, "write_report", writing)
    monkeypatch.setattr(command, "run_replay", replaying)
    assert run(source).exit_code == exits.OK
    assert texts == {}
    result = run(source, "--with-text")
    assert result.exit_code == exits.OK, result.output
    assert texts == {"41": f"{TEXT} 1"}
    assert "the texts of 6 of 7 tweets were not found" in result.stderr
