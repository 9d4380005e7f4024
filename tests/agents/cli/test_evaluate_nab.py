from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from agents import exits
from agents.cli import main
from pipeline.evaluation import detectors
from schemas.codec import decode
from tests.pipeline.evaluation.small_nab import small_nab

PROFILES = {"standard", "reward_low_FP", "reward_low_FN"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return small_nab(tmp_path)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["eval", "nab", *map(str, arguments)])


def found(*arguments: object) -> Any:
    result = run(*arguments)
    assert (result.exit_code, result.stderr) == (exits.OK, "")
    return decode(result.stdout)


def test_every_detector_is_scored_in_every_profile(folder: Path) -> None:
    report = found(folder)
    assert report["without_data"] == ["realTweets/Twitter_volume_GONE.csv"]
    assert [each["name"] for each in report["detectors"]] == [each.name for each in detectors()]
    for each in report["detectors"]:
        assert set(each["profiles"]) == PROFILES
        assert set(each["series"]) == set(report["series"])
        for profile in each["profiles"].values():
            assert profile["optimised"]["score"] >= profile["default"]["score"]
            assert profile["optimised"]["score"] >= profile["leave_one_out"]["score"]
            assert profile["default"]["windows"] == 3
        for series in each["series"].values():
            assert set(series["score"]) == PROFILES
        assert (
            sum(series["hit"] for series in each["series"].values()) == each["profiles"]["standard"]["default"]["hit"]
        )


def test_a_surge_is_found_by_the_rule_of_the_last_hour(folder: Path) -> None:
    last_hour = next(each for each in found(folder)["detectors"] if each["name"] == "last-hour")
    assert last_hour["profiles"]["standard"]["optimised"]["hit"] == 3


def test_the_same_command_says_the_same_twice(folder: Path) -> None:
    assert found(folder) == found(folder)


def test_only_the_series_that_are_named_are_scored(folder: Path) -> None:
    assert found(folder, "--series", "aaa,CCC")["series"] == [
        "realTweets/Twitter_volume_AAA.csv",
        "realTweets/Twitter_volume_CCC.csv",
    ]


def test_results_of_every_detector_are_written(folder: Path, tmp_path: Path) -> None:
    found(folder, "--results", tmp_path / "out")
    for each in detectors():
        files = sorted((tmp_path / "out" / each.name / "realTweets").iterdir())
        assert [file.name for file in files] == [
            f"{each.name}_Twitter_volume_{brand}.csv" for brand in ("AAA", "BBB", "CCC")
        ]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            ["--series", "AAB"],
            exits.BAD_INPUT,
            "no series 'AAB' in the labels; nearest are realTweets/Twitter",
        ),
        (["--series", "GONE"], exits.NO_INPUT, "no such file"),
    ],
)
def test_what_cannot_be_scored_is_said(folder: Path, arguments: list[str], code: int, message: str) -> None:
    result = run(folder, *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert message in result.stderr


def test_a_folder_that_is_not_there_is_no_input(tmp_path: Path) -> None:
    assert run(tmp_path / "nothing").exit_code == exits.NO_INPUT


def test_a_file_that_is_wrong_is_wrong_input(folder: Path) -> None:
    (folder / "data" / "realTweets" / "Twitter_volume_BBB.csv").write_text("timestamp,value\nnow,3\n")
    result = run(folder)
    assert result.exit_code == exits.BAD_INPUT
    assert "Twitter_volume_BBB.csv: line 2: 'now' is no time" in result.stderr


def test_results_that_cannot_be_written_are_said(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run(folder, "--series", "AAA", "--results", tmp_path / "file")
    assert result.exit_code == exits.NO_INPUT
    assert "cannot be written to" in result.stderr
