from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from agents import exits
from agents.cli import main
from schemas.codec import decode, encode_line
from tests.pipeline.text.plugins import install

SENTIMENTS = [
    {"text": "so late again, a disgrace", "label": 0, "lang": "en"},
    {"text": "the store opens at nine", "label": 1, "lang": "en"},
    {"text": "merci, super service", "label": 2, "lang": "fr"},
    {"text": "une honte", "label": 0},
]
LANGUAGES = [
    {"text": "mon train est encore en retard ce matin", "lang": "fr"},
    {"text": "the plane has been sitting at the gate", "lang": "en-GB", "hint": "en"},
    {"text": "ok", "lang": "und"},
    {"text": "ok", "lang": "de", "hint": "de"},
]


def write(path: Path, rows: list[Any]) -> str:
    data = b"".join(map(encode_line, rows))
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return str(path)


def scores(*arguments: str) -> Any:
    result = CliRunner().invoke(main, ["eval", *arguments])
    assert (result.exit_code, result.stderr) == (exits.OK, "")
    return decode(result.stdout)


@pytest.mark.parametrize("name", ["labelled.jsonl", "labelled.jsonl.gz"])
def test_sentiment_is_scored_against_labels(tmp_path: Path, name: str) -> None:
    found = scores("sentiment", write(tmp_path / name, SENTIMENTS))
    assert (found["n"], found["accuracy"]) == (4, 1.0)
    assert found["classes"]["negative"] == {"precision": 1.0, "recall": 1.0, "f1": 1.0, "support": 2}
    assert found["by_language"]["fr"]["n"] == 1
    assert found["tweets_per_second"] > 0
    assert found["model"]


def test_languages_are_scored_with_the_hints_of_the_file(tmp_path: Path) -> None:
    found = scores("language", write(tmp_path / "labelled.jsonl", LANGUAGES))
    assert (found["n"], found["accuracy"], found["und_share"]) == (4, 1.0, 0.25)
    assert found["confusion"]["fr"]["fr"] == 1


def test_a_model_of_ones_own_is_scored_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch)
    file = write(tmp_path / "labelled.jsonl", SENTIMENTS)
    found = scores("sentiment", file, "--model", "acme")
    assert found["model"].endswith("+moods-1")
    assert found["confusion"]["positive"] == {"negative": 0, "neutral": 1, "positive": 0}
    languages = write(tmp_path / "languages.jsonl", LANGUAGES)
    assert scores("language", languages, "--model", "acme")["und_share"] == 1.0


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--model", "acne"], exits.CONFIG, "no sentiment model 'acne'"),
        (["--model", "rude"], exits.CONFIG, "do not sum to 1\nSee `vigie models check`."),
    ],
)
def test_a_model_that_cannot_be_scored_is_wrong_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, message: str
) -> None:
    install(tmp_path, monkeypatch)
    file = write(tmp_path / "labelled.jsonl", SENTIMENTS)
    result = CliRunner().invoke(main, ["eval", "sentiment", file, *arguments])
    assert result.exit_code == code
    assert message in result.stderr


@pytest.mark.parametrize(
    ("data", "code", "message"),
    [
        (None, exits.NO_INPUT, "labelled.jsonl: no such file; check the path"),
        (b"", exits.BAD_INPUT, "labelled.jsonl: no rows; expected one JSON object a line"),
        (
            b'\n{"text": "a", "label": 3}\n',
            exits.BAD_INPUT,
            "labelled.jsonl: line 2: label is 3; expected 0 (negative)",
        ),
        (b"\x1f\x8bnot gzip", exits.NO_INPUT, "the gzip data is damaged"),
    ],
)
def test_a_wrong_file_is_named_with_its_line(tmp_path: Path, data: bytes | None, code: int, message: str) -> None:
    path = tmp_path / "labelled.jsonl"
    if data is not None:
        path.write_bytes(data)
    result = CliRunner().invoke(main, ["eval", "sentiment", str(path)])
    assert (result.exit_code, result.stdout) == (code, "")
    assert message in result.stderr


WATCHLIST = """
version = 1
[brands.delta]
name = "Delta Air Lines"
aliases = ["delta airlines"]
"""


def test_brands_are_scored_against_a_watchlist(tmp_path: Path) -> None:
    (tmp_path / "watchlist.toml").write_text(WATCHLIST)
    rows = [{"text": "delta airlines is late", "brands": ["delta"]}, {"text": "the delta of a river", "brands": []}]
    found = scores("matching", write(tmp_path / "rows.jsonl", rows), "--watchlist", str(tmp_path / "watchlist.toml"))
    assert (found["rows"], found["exact"], found["overall"]["f1"]) == (2, 1.0, 1.0)
    wrong = write(tmp_path / "wrong.jsonl", [{"text": "late", "brands": ["dleta"]}])
    result = CliRunner().invoke(main, ["eval", "matching", wrong, "--watchlist", str(tmp_path / "watchlist.toml")])
    assert result.exit_code == exits.BAD_INPUT
    assert "wrong.jsonl: line 1: brands: 'dleta' is no brand of the watchlist" in result.stderr


@pytest.mark.parametrize(
    "command", [["eval"], ["eval", "sentiment"], ["eval", "language"], ["eval", "matching"], ["models"], ["names"], []]
)
def test_help_keeps_its_lines(command: list[str]) -> None:
    result = CliRunner().invoke(main, [*command, "--help"])
    assert result.exit_code == exits.OK
    assert "\\b" not in result.stdout
    assert all(len(line) <= 100 for line in result.stdout.splitlines())


def test_questions_are_scored_against_labels_that_name_tweets_by_their_ids(tmp_path: Path) -> None:
    tweets = [
        {"id": "1", "created_at": "2024-01-01T00:00:00Z", "text": "where is my bag?"},
        {"id": "2", "created_at": "2024-01-01T00:00:01Z", "text": "really?!"},
        {"id": "3", "created_at": "2024-01-01T00:00:02Z", "text": "is it late?"},
        {"id": "1", "created_at": "2024-01-01T00:00:03Z", "text": "sent again, with another text"},
    ]
    labels = tmp_path / "labels.tsv"
    labels.write_text("# the rule\n1\t1\ta\n2\t0\ta\n3\t0\tb\n4\t1\tb\n")
    found = scores("questions", str(labels), write(tmp_path / "tweets.jsonl", tweets))
    assert (found["n"], found["missing"], found["asked"], found["said"]) == (3, 1, 1, 2)
    assert (found["precision"], found["recall"]) == (0.5, 1.0)
    assert found["by_part"]["a"]["f1"] == 1.0
    assert (found["said_but_not_asked"], found["asked_but_not_said"]) == (["3"], [])


@pytest.mark.parametrize(
    ("labels", "archive", "code", "message"),
    [
        (b"1 1\n", b"{}\n", exits.BAD_INPUT, "line 1: expected an ID"),
        (None, b"{}\n", exits.NO_INPUT, "labels.tsv"),
        (b"1\t1\n", None, exits.NO_INPUT, "tweets.jsonl"),
    ],
)
def test_labels_or_tweets_that_cannot_be_read_end_the_command(
    tmp_path: Path, labels: bytes | None, archive: bytes | None, code: int, message: str
) -> None:
    paths = [tmp_path / "labels.tsv", tmp_path / "tweets.jsonl"]
    for path, content in zip(paths, (labels, archive), strict=True):
        if content is not None:
            path.write_bytes(content)
    result = CliRunner().invoke(main, ["eval", "questions", *map(str, paths)])
    assert result.exit_code == code
    assert message in result.stderr
