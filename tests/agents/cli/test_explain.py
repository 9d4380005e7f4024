from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from agents import exits
from agents.cli import main
from pipeline.erasure import named_ids, redacted
from pipeline.simulate import demo_watchlist
from schemas.codec import decode, encode_line
from schemas.crisis import CrisisEvent
from tests.pipeline.explain.logs import published, records, worst

WORST = [event for event, _ in worst()]
CRISIS_ID = WORST[0].crisis_id


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log, its watchlist, and the crises of a replay of it."""
    folder = tmp_path_factory.mktemp("explain")
    (folder / "tweets.jsonl").write_bytes(b"".join(item.value + b"\n" for item in records()))
    (folder / "watchlist.toml").write_text(demo_watchlist(), encoding="utf-8")
    write_crises(folder / "crises.jsonl", [event for event, _ in published()])
    return folder


def write_crises(path: Path, events: list[CrisisEvent]) -> Path:
    path.write_bytes(b"".join(map(encode_line, events)))
    return path


def run(folder: Path, *arguments: str, crises: Path | None = None) -> Result:
    given = ["--input", str(folder / "tweets.jsonl"), "--watchlist", str(folder / "watchlist.toml")]
    if crises is not None:
        given += ["--crises", str(crises)]
    return CliRunner().invoke(main, ["explain", *arguments, *given])


def test_a_crisis_is_told_step_by_step_and_found_to_be_what_was_published(folder: Path) -> None:
    result = run(folder, CRISIS_ID[:8], crises=folder / "crises.jsonl")
    assert result.exit_code == exits.OK, result.output
    said = result.stdout
    assert said.startswith(f"Crisis {CRISIS_ID}\n")
    for event in WORST:
        assert f"Step {event.sequence + 1}. " in said
    assert f"identical to what was published, {len(WORST)} events, byte for byte." in " ".join(said.split())
    assert "\x1b" not in said
    assert max(map(len, said.splitlines())) <= 80


def test_it_is_told_in_french(folder: Path) -> None:
    result = run(folder, CRISIS_ID, "--lang", "fr", crises=folder / "crises.jsonl")
    assert result.exit_code == exits.OK
    assert result.stdout.startswith(f"Crise {CRISIS_ID}\n")
    assert "octet pour octet." in " ".join(result.stdout.split())
    assert "Step" not in result.stdout


def test_without_published_events_it_says_that_there_was_nothing_to_compare_with(folder: Path) -> None:
    result = run(folder, CRISIS_ID[:8])
    assert result.exit_code == exits.OK
    assert "Nothing that was published has been given" in " ".join(result.stdout.split())


def test_programs_get_the_same_as_json(folder: Path) -> None:
    result = run(folder, CRISIS_ID[:8], "--json", crises=folder / "crises.jsonl")
    found: dict[str, Any] = decode(result.stdout)
    assert (found["crisis_id"], found["brand"]) == (CRISIS_ID, "nimbus-mobile")
    assert (found["identical"], found["agrees"]) == (True, True)
    assert [step["event"]["sequence"] for step in found["steps"]] == [event.sequence for event in WORST]
    assert all(check["agrees"] for step in found["steps"] for check in step["checks"])
    assert found["comparison"]["differences"] == []


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", "but for tweets that are named no more. Of the tweets that they named {} was withdrawn since"),
        ("fr", "aux tweets retirés près. Des tweets qu’ils citaient, {} a été retiré depuis"),
    ],
)
def test_an_event_that_was_redacted_since_is_no_forgery(folder: Path, tmp_path: Path, lang: str, said: str) -> None:
    gone = sorted(named_ids(WORST[0]))[:1]
    left = [redacted(event, gone, ()) for event in WORST]
    crises = tmp_path / "crises.jsonl"
    crises.write_bytes(b"".join(map(encode_line, [*WORST, *left])))
    result = run(folder, CRISIS_ID[:8], "--lang", lang, crises=crises)
    assert result.exit_code == exits.OK, result.output
    told = " ".join(result.stdout.split())
    assert said.format(1) in told
    assert gone[0] not in told
    found = decode(run(folder, CRISIS_ID[:8], "--json", crises=crises).stdout)
    assert (found["identical"], found["comparison"]["withdrawn"]) == (True, 1)


def test_a_difference_is_shown_field_by_field_and_fails(folder: Path, tmp_path: Path) -> None:
    first, *rest = WORST
    forged = replace(first, evidence=replace(first.evidence, questions=first.evidence.questions + 7))
    result = run(folder, CRISIS_ID[:8], crises=write_crises(tmp_path / "crises.jsonl", [forged, *rest]))
    assert result.exit_code == exits.FAILED
    said = " ".join(result.stdout.split())
    assert "not what was published. First in step 1:" in said
    questions = first.evidence.questions
    assert f"evidence.questions: published {questions + 7}, recomputed {questions}" in said


def test_a_log_that_begins_too_late_says_so_and_still_tells_what_was_published(folder: Path, tmp_path: Path) -> None:
    late = tmp_path / "tweets.jsonl"
    late.write_bytes(b"".join(item.value + b"\n" for item in records()[-400:]))
    (tmp_path / "watchlist.toml").write_text(demo_watchlist(), encoding="utf-8")
    result = run(tmp_path, CRISIS_ID[:8], crises=folder / "crises.jsonl")
    assert result.exit_code == exits.FAILED
    said = " ".join(result.stdout.split())
    assert "Step 1. " in said
    assert "does not come out of this log" in said
    assert "The log begins" in said


@pytest.mark.parametrize("compared", [True, False])
def test_an_unknown_crisis_is_an_error_that_names_those_there_are(folder: Path, compared: bool) -> None:
    result = run(folder, "00000000-0000", crises=folder / "crises.jsonl" if compared else None)
    assert result.exit_code == exits.BAD_INPUT
    assert "no crisis '00000000-0000'" in result.stderr
    assert f"{CRISIS_ID}  nimbus-mobile, opened {WORST[0].opened_at}" in result.stderr


def test_a_file_that_is_not_of_crises_is_named_with_its_line(folder: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "crises.jsonl"
    wrong.write_text('{"brand": "acme"}\n')
    result = run(folder, CRISIS_ID, crises=wrong)
    assert result.exit_code == exits.BAD_INPUT
    assert f"{wrong}, line 1: no crisis event" in result.stderr


def test_a_file_that_is_not_there_is_named(folder: Path, tmp_path: Path) -> None:
    assert run(tmp_path, CRISIS_ID, crises=tmp_path / "gone.jsonl").exit_code in (exits.NO_INPUT, exits.CONFIG)
    result = run(folder, CRISIS_ID, crises=tmp_path / "gone.jsonl")
    assert result.exit_code == exits.NO_INPUT
    assert "no such file" in result.stderr


def test_its_help_says_what_its_exit_codes_mean() -> None:
    said = CliRunner().invoke(main, ["explain", "--help"]).stdout
    assert "65  there is no such crisis" in said
