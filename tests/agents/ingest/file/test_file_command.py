from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from click.testing import CliRunner, Result

from agents import exits
from agents.cli.main import main
from agents.ingest.contract import Source
from agents.ingest.sources import file
from agents.ingest.sources.file import FileSource, FollowSource
from agents.settings import Settings

run_sources: list[tuple[Source, bool]] = []


@pytest.fixture(autouse=True)
def runner(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def run(source: Source, settings: Settings, *, as_json: bool = False) -> NoReturn:
        assert settings.topics.raw == "tweets.raw"
        run_sources.append((source, as_json))
        raise SystemExit(exits.OK)

    monkeypatch.setattr(file, "run_source", run)
    run_sources.clear()
    yield
    run_sources.clear()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["ingest", "file", *arguments])


def test_files_are_read_to_their_end_unless_they_are_followed(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    assert run(str(path), "-", "--speed", "60", "--column", "text=Content", "--name", "archive-2").exit_code == exits.OK
    assert run("--follow", str(path), "--from-beginning", "--json").exit_code == exits.OK
    assert run_sources == [
        (FileSource(paths=(path, Path("-")), speed=60.0, mapping={"text": "Content"}, name="archive-2"), False),
        (FollowSource(paths=(path,), from_beginning=True), True),
    ]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "PATH"),
        (["a.jsonl", "--name", "../x"], "lower-case letters"),
        (["a.jsonl", "--column", "text"], "expected field=column"),
        (["a.jsonl", "--column", "colour=red"], "colour cannot be mapped"),
        (["a.jsonl", "--speed", "0"], "0"),
        (["--follow", "-"], "leave out --follow"),
        (["--follow", "/dev/null"], "leave out --follow"),
        (["--follow", "a.csv"], "lines of JSON"),
        (["--follow", "a.jsonl.gz"], "lines of JSON"),
        (["--follow", "a.jsonl", "--speed", "2"], "--speed is for files that have an end"),
    ],
)
def test_what_does_not_go_together_is_told(arguments: list[str], told: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2, result.output
    assert told in " ".join(result.output.replace("│", " ").split())
    assert run_sources == []
