from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from agents import exits
from agents.cli.main import main
from pipeline.capacity import Coefficients, Measured


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["capacity", *map(str, arguments)])


@pytest.fixture
def own(tmp_path: Path) -> Path:
    ones = dict.fromkeys(Coefficients.__struct_fields__, 1.0)
    path = tmp_path / "own.json"
    Measured(machine="a made-up machine", when="today", coefficients=Coefficients(**ones)).save(path)
    return path


def test_the_working_and_the_machine_are_shown(own: Path) -> None:
    result = run("--tweets-per-second", "6000", "--brands", "50", "--coefficients", own)
    assert result.exit_code == 0
    assert "6,000 tweets/s × 1 µs + 6,000 mentions/s × 1 µs: 2 µs a tweet" in result.output
    assert "measured on a made-up machine, today" in result.output


def test_the_peak_is_never_below_the_average(own: Path) -> None:
    result = run("--tweets-per-second", "6000", "--peak", "100", "--coefficients", own, "--json")
    told = json.loads(result.stdout)
    assert told["demand"]["peak_per_second"] == 6000
    assert told["sizing"]["enrich"]["us_a_record"] == 2


def test_every_option_reaches_the_formula(own: Path) -> None:
    given = {
        "matching": 0.5,
        "mentions-a-match": 2.0,
        "loudest": 0.1,
        "headroom": 0.5,
        "replication": 2,
        "raw-retention": 12.0,
        "retention": 24.0,
        "lateness": 10.0,
        "raw-bytes": 400.0,
        "mention-bytes": 100.0,
    }
    options = [each for name, value in given.items() for each in (f"--{name}", str(value))]
    result = run("--tweets-per-second", "6000", "--coefficients", own, "--json", *options)
    demand = json.loads(result.stdout)["demand"]
    names = {"raw-retention": "raw_retention_h", "retention": "retention_h", "lateness": "lateness_s"}
    assert {name: demand[names.get(name, name.replace("-", "_"))] for name in given} == given


def test_the_costs_that_it_comes_with_are_there() -> None:
    assert run("--tweets-per-second", "6000").exit_code == 0


def test_a_file_that_is_none_of_a_bench_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "own.json").write_text('{"machine": "x"}')
    result = run("--tweets-per-second", "6000", "--coefficients", tmp_path / "own.json")
    assert result.exit_code == exits.BAD_INPUT
    assert "own.json" in result.stderr


@pytest.mark.parametrize("wrong", ["--matching=1.5", "--headroom=0", "--brands=0", "--tweets-per-second=0"])
def test_what_makes_no_sense_is_refused(wrong: str) -> None:
    assert run("--tweets-per-second", "6000", wrong).exit_code == 2
