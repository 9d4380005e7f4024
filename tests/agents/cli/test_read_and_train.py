"""``vigie read`` and ``vigie train``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from agents.cli.main import main
from tests.pipeline.text.sentiment.corpus_of_ours import write


def run(*arguments: str | Path | None) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_a_text_is_read_with_the_words_that_moved_its_sentiment() -> None:
    shown = run("read", "worst airline ever, why is my flight late 😡 @acme").output
    assert "language   en" in shown
    assert "sentiment  negative" in shown
    assert "worst" in shown.split("question")[0]
    assert "question   yes" in shown
    assert "handles    acme" in shown


def test_the_same_for_programs_adds_up_to_the_score() -> None:
    read = json.loads(run("read", "not good, really", "--json").output)
    assert read["lang"] == "en"
    assert [term["text"] for term in read["why"] if term["negated"]][:1] == ["good"]
    assert sum(read["sentiment"][name] for name in ("negative", "neutral", "positive")) == 1000


def test_a_model_is_trained_from_a_folder_and_used_by_its_file(tmp_path: Path) -> None:
    (data, soft), model = write(tmp_path), tmp_path / "ours.npz"
    assert run("train", "sentiment", "--data", data, "--soft", soft, "--out", model).exit_code == 0
    (tmp_path / "labelled.jsonl").write_text('{"text": "so good", "label": 2}\n{"text": "so bad", "label": 0}\n')
    scores = json.loads(run("eval", "sentiment", tmp_path / "labelled.jsonl", "--model", model).output)
    assert scores["model"].startswith("standard-1+trained-")


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        (None, 66, "no *_train.jsonl*"),
        ('{"text": "x", "label": 3}\n', 65, "line 1: expected"),
        ('{"text": "x", "label": 1}\nnot json\n', 65, "line 2: expected"),
    ],
)
def test_what_cannot_be_trained_on_is_said(tmp_path: Path, content: str | None, code: int, message: str) -> None:
    if content is not None:
        (tmp_path / "mine_train.jsonl").write_text(content)
    result = run("train", "sentiment", "--data", tmp_path, "--out", tmp_path / "model.npz")
    assert result.exit_code == code
    assert message in result.output


def test_a_file_that_is_no_model_is_wrong_configuration(tmp_path: Path) -> None:
    (tmp_path / "x.npz").write_bytes(b"no model")
    (tmp_path / "labelled.jsonl").write_text('{"text": "so good", "label": 2}\n')
    result = run("eval", "sentiment", tmp_path / "labelled.jsonl", "--model", tmp_path / "x.npz")
    assert (result.exit_code, "not a sentiment model" in result.output) == (78, True)
