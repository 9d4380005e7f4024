from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from agents import exits
from agents.cli import main
from schemas.codec import decode, encode_line
from tests.pipeline.text.spacy_stand_in import install_spacy


@pytest.fixture(autouse=True)
def _spacy(monkeypatch: pytest.MonkeyPatch) -> None:
    install_spacy(monkeypatch)


ROWS = [
    {"type": "mention", "brand": "edf", "tweet_id": "1", "text": "EDF coupe Lyon"},
    {"type": "mention", "brand": "edf", "tweet_id": "2", "text": "EDF coupe Lyon"},
    {"type": "mention", "brand": "edf", "tweet_id": "3", "text": "Lyon sans lumière"},
    {"type": "mention", "brand": "renault", "tweet_id": "4", "text": "Ghosn à Paris"},
    {"type": "mention", "brand": "edf", "tweet_id": "5"},
    {"data": {"id": "6", "text": "Macron à Lyon"}},
]


def run(tmp_path: Path, *options: str) -> tuple[int, str, str]:
    file = tmp_path / "mentions.jsonl"
    file.write_bytes(b"".join(map(encode_line, ROWS)) + b"nonsense\n7\n")
    result = CliRunner().invoke(main, ["names", str(file), "--model", "stand_in", *options])
    return result.exit_code, result.stdout, result.stderr


def test_names_are_counted_over_distinct_texts_of_a_brand(tmp_path: Path) -> None:
    code, out, _ = run(tmp_path, "--brand", "edf")
    assert code == exits.OK
    assert out.splitlines() == [
        "2 texts read with fr_stand_in-1.2",
        "     2  place         Lyon",
        "     1  organisation  EDF",
    ]


def test_names_are_printed_for_programs(tmp_path: Path) -> None:
    found = decode(run(tmp_path, "--json", "--top", "1")[1])
    assert found == {
        "model": "fr_stand_in-1.2",
        "texts": 4,
        "names": [{"kind": "place", "name": "Lyon", "texts": 3}],
    }


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--model", "gone"], exits.CONFIG, "spaCy cannot load 'gone'"),
        (["--brand", "nobody"], exits.BAD_INPUT, "no text of a mention of 'nobody'; mentions carry their text only"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, options: list[str], code: int, message: str) -> None:
    assert run(tmp_path, *options)[0] == code
    assert message in run(tmp_path, *options)[2]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["names", str(tmp_path / "gone.jsonl"), "--model", "stand_in"])
    assert result.exit_code == exits.NO_INPUT
    assert "no such file" in result.stderr
