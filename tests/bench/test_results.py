from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.bench.results import Results, Run, Target, Throughput


def run(cpu_us: float, **parts: float) -> Run:
    return Run(records=1000, cpu_us=cpu_us, per_second=900.0, parts=parts)


def test_what_is_saved_is_read_again(tmp_path: Path) -> None:
    results = Results(throughput=[Throughput(contender="vigie enrich", runs=[run(50.0, compute=40.0)])])
    results.save(tmp_path / "deep" / "results.json")
    assert Results.load(tmp_path / "deep" / "results.json") == results


def test_a_file_of_another_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "results.json").write_bytes(b'{"version": 2}')
    with pytest.raises(msgspec.ValidationError):
        Results.load(tmp_path / "results.json")


def test_a_contender_without_runs_was_not_measured() -> None:
    results = Results(throughput=[Throughput(contender="bytewax")])
    assert results.contender("bytewax") is None


def test_a_contender_is_told_by_the_median_of_its_runs() -> None:
    found = Throughput(contender="vigie enrich", runs=[run(40.0), run(100.0), run(50.0)])
    assert found.cpu_us() == 50.0
    assert found.per_core_second() == 20_000.0


@pytest.mark.parametrize(
    ("target", "met"),
    [
        (Target(name="a", at_least=2.0, measured=2.0), True),
        (Target(name="a", at_least=2.0, measured=1.9), False),
        (Target(name="a", at_most=1.3, measured=1.31), False),
        (Target(name="a", at_most=1.3), None),
    ],
)
def test_a_target_is_met_missed_or_not_measured(target: Target, met: bool | None) -> None:
    assert target.met is met


def test_a_target_that_is_judged_again_is_there_once() -> None:
    results = Results()
    results.judge(Target(name="a", at_least=1.0))
    results.judge(Target(name="a", at_least=1.0, measured=3.0))
    assert [each.measured for each in results.targets] == [3.0]
