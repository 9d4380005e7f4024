from __future__ import annotations

import tomllib

import pytest

from tests.bench.guard import BARE, ENRICH, FILE, MINUTE, TRACK, WHERE, judge

COMMITTED = {ENRICH: {"ratio": 4.0, "tolerance": 0.1}}


@pytest.mark.parametrize(("measured", "passed"), [(3.0, True), (4.39, True), (4.41, False)])
def test_a_ratio_may_grow_by_its_tolerance(measured: float, passed: bool) -> None:
    [judgement] = judge({ENRICH: measured}, COMMITTED)
    assert judgement.passed is passed


def test_one_that_grew_is_named_with_what_to_do() -> None:
    [judgement] = judge({ENRICH: 5.2}, COMMITTED)
    said = judgement.said()
    assert said.startswith("GREW  enrich / calibration: 5.200, committed 4.000 (+30 %, allowed +10 %)")
    assert "make bench-text" in said
    assert "--write" in said


def test_a_ratio_of_which_nothing_is_committed_is_no_pass() -> None:
    with pytest.raises(SystemExit, match=TRACK):
        judge({TRACK: 1.0}, COMMITTED)


def test_every_ratio_is_committed_with_a_tolerance_that_catches_a_third() -> None:
    committed = tomllib.loads(FILE.read_text(encoding="utf-8"))
    assert set(committed) == set(WHERE) == {ENRICH, TRACK, MINUTE, BARE}
    assert all(each["ratio"] > 0 and 0 < each["tolerance"] <= 0.25 for each in committed.values())
