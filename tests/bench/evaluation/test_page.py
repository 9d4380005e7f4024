"""The page of `make eval`, on answers made up here."""

import re
from pathlib import Path
from typing import Any

import pytest

from schemas.codec import decode
from tests.bench.evaluation.__main__ import write
from tests.bench.evaluation.goals import goals
from tests.bench.evaluation.parts import Part, Question, questions, run

_KINDS = ("default", "optimised", "leave_one_out", "leave_two_out")


def profile(**scores: float) -> dict[str, Any]:
    about = {"windows": 17, "hit": 15, "false_positives": 9}
    return {kind: about | {"score": scores.get(kind, 70.0)} for kind in _KINDS}


def detector(name: str, score: float) -> dict[str, Any]:
    profiles = {each: profile(default=score) for each in ("standard", "reward_low_FP", "reward_low_FN")}
    series = {"windows": 4, "hit": 3, "false_positives": 2, "score": dict.fromkeys(profiles)}
    return {"name": name, "profiles": profiles, "series": {"realTweets/Twitter_volume_<KO>.csv": series}}


def event(kind: str, minutes: float | None, level: int) -> dict[str, Any]:
    alert = None if minutes is None else {"delay_minutes": minutes, "level": level, "time": ""}
    return {
        "id": f"{kind}-{level}",
        "kind": kind,
        "alert": alert,
        "already_open": False,
        "detected": alert is not None,
        "highest_level": level,
    }


def record(*events: dict[str, Any]) -> dict[str, Any]:
    return {
        "alarms": 3,
        "false_alarms": 1,
        "alarms_a_brand_day": 0.06,
        "false_alarms_a_brand_day": 0.019,
        "events": list(events),
    }


NAB: dict[str, Any] = {
    "series": ["realTweets/Twitter_volume_<KO>.csv"],
    "without_data": ["realTweets/Twitter_volume_GOOG.csv"],
    "detectors": [detector("vigie", 77.7), detector("last-hour", -12.5)],
}
SEEN = (event("crisis", 30, 3), event("crisis", None, 1), event("negative control", None, 1))
ONSET = {"brand_days": 51.3, "vigie": record(*SEEN), "baselines": {"last-hour": record(*SEEN)}}
YEAR = {
    "brands": 20,
    "ordinary": {
        "brand_days": 7300,
        "alarms": 73,
        "alarms_a_brand_day": 0.01,
        "rules": {"last-hour": 0.6},
        "highest_level_by_kind": {"viral": {"0": 3, "2": 1}},
    },
    "crises": {
        "brand_days": 3650,
        "by_kind": {
            "volume_crisis 5": {"crises": 4, "detected": 3, "detected_within_1h": 2, "median_delay_minutes": 12}
        },
    },
}
ALL: dict[str, Any] = {"nab": NAB, "onset": ONSET, "year": YEAR}


def parts(**changed: Any) -> list[Part]:
    return [Part(name=name, command=f"run {name}", found=found) for name, found in (ALL | changed).items()]


def test_everything_that_was_measured_is_on_the_page(tmp_path: Path) -> None:
    assert write(tmp_path, parts()) == 0
    page = (tmp_path / "report.html").read_text()
    for told in (
        "Vigie scores 77.7",
        "15 of 17",
        "\N{MINUS SIGN}12.5",
        "30 min (level 3)",
        "missed",
        "0.0100",
        "run year",
    ):
        assert told in page
    assert "Twitter_volume_GOOG" in page


def test_the_page_loads_nothing_and_escapes_what_it_shows(tmp_path: Path) -> None:
    write(tmp_path, parts())
    page = (tmp_path / "report.html").read_text()
    assert not re.search(r"(src|href)\s*=|url\(|@import|<script|https?://", page)
    assert "<KO>" not in page
    assert "&lt;KO&gt;" in page


def test_a_part_that_failed_is_said_and_the_rest_is_told(tmp_path: Path) -> None:
    broken = [*parts()[1:], Part(name="nab", command="run nab", found=None, problem="Its data is not there: nab.")]
    assert write(tmp_path, broken) == 1
    page = (tmp_path / "report.html").read_text()
    assert "Its data is not there: nab." in page
    assert "30 min (level 3)" in page
    assert decode((tmp_path / "summary.json").read_bytes())["problems"] == {"nab": "Its data is not there: nab."}
    assert "| **Vigie** | – | – | – | 1 of 2 |" in (tmp_path / "README-table.md").read_text()  # noqa: RUF001 - dashes


def test_an_answer_of_another_form_is_a_problem_not_a_crash(tmp_path: Path) -> None:
    assert write(tmp_path, parts(year={"something": "else"})) == 1
    assert "another form than this page knows" in (tmp_path / "report.html").read_text()


def test_the_table_has_a_row_for_each_detector(tmp_path: Path) -> None:
    write(tmp_path, parts())
    header, rule, *rows = (tmp_path / "README-table.md").read_text().splitlines()
    assert len({line.count("|") for line in (header, rule, *rows)}) == 1
    assert rows == [
        "| **Vigie** | 77.7 | 70.0 | 77.7 | 1 of 2 | 0.019 | 0.010 |",
        "| Last hour against 12 | \N{MINUS SIGN}12.5 | 70.0 | \N{MINUS SIGN}12.5 | 1 of 2 | 0.019 | 0.600 |",
    ]


def test_goals_are_met_missed_or_not_measured() -> None:
    assert [goal.met for goal in goals(ALL)] == [True, True, True, False, True, False, True, True]
    assert {goal.met for goal in goals({"nab": None})} == {None}
    assert [goal.met for goal in goals({"nab": NAB | {"detectors": NAB["detectors"][1:]}})][:3] == [None] * 3


def test_an_evaluation_without_its_data_is_not_run(tmp_path: Path) -> None:
    for question in questions(tmp_path, days=1, brands=1, processes=1)[:2]:
        part = run(question)
        assert part.found is None
        assert part.problem is not None
        assert part.problem.startswith(f"Its data is not there: {tmp_path}")


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("print('{\"a\": 1}')", None),
        ("print('hello')", "It printed something that is not JSON."),
        ("print('[]')", "It printed JSON that is not an object."),
        ("import sys; print('no', file=sys.stderr); sys.exit(65)", "It ended with exit code 65: no"),
        ("raise SystemExit(1)", "It ended with exit code 1: it said nothing"),
    ],
)
def test_what_a_command_says_is_its_answer_or_its_problem(code: str, problem: str | None) -> None:
    part = run(Question(name="nab", command=("python", "-c", code)))
    assert part.problem == problem
    assert part.found == ({"a": 1} if problem is None else None)


def test_a_program_that_is_not_there_is_a_problem() -> None:
    part = run(Question(name="nab", command=("no-such-program",)))
    assert "cannot be run" in (part.problem or "")
