from __future__ import annotations

from typing import Any, cast

import pytest
from aiokafka import ConsumerRecord
from click.testing import CliRunner

from agents import exits
from agents.cli.letters import letter_json, letter_lines, list_lines
from agents.cli.lines import deadletter_line
from agents.cli.main import main
from agents.deadletters import dead_letter
from agents.letters.letter import Choice, Letter, read_letter
from agents.letters.redrive import mark
from agents.letters.survey import Survey
from agents.transport import OutRecord
from schemas.deadletter import DeadLetterReason


def record(out: OutRecord, offset: int = 3) -> Any:
    headers = tuple(out.headers)
    return cast("Any", ConsumerRecord)("dead", 0, offset, 1_000, 0, out.key, out.value, None, -1, -1, headers)


def letter(value: bytes | None, *, message: str = "m") -> Letter:
    failed = record(OutRecord(b"k", value, [("trace\x1b", b"\xff\x07")]))
    out = dead_letter(failed, stage="enrich", reason=DeadLetterReason.NOT_JSON, exception="E", message=message)
    found = read_letter(record(out))
    assert isinstance(found, Letter)
    return found


def test_nothing_that_a_terminal_acts_on_is_shown() -> None:
    shown = "\n".join(letter_lines(letter("\x1b[2J\u202eevil\x07\u009b".encode() + b"\xed\xa0\x80", message="\x1b[0m")))
    assert all(character.isprintable() or character == "\n" for character in shown)
    assert "evil" in shown


def test_a_huge_value_is_cut_with_a_note() -> None:
    shown = list(letter_lines(letter(b"x" * 5_000_000)))
    assert sum(map(len, shown)) < 6_000
    assert shown[-1].endswith("4,996,000 bytes more; --raw writes them all")


def test_a_tombstone_is_told_from_an_empty_value() -> None:
    assert list(letter_lines(letter(None)))[-1] == "value     none (a tombstone)"
    assert "value     0 bytes" in list(letter_lines(letter(b"")))
    assert (letter_json(letter(None))["value_base64"], letter_json(letter(b""))["value_base64"]) == (None, "")


def test_a_mark_has_no_line_among_the_letters() -> None:
    assert deadletter_line(record(mark((0, 3)))) is None


def test_an_empty_topic_is_told_in_a_line() -> None:
    assert list(list_lines(Survey(Choice(), 5), "vigie.deadletters")) == [
        "vigie.deadletters: 0 letters, 0 of them redriven"
    ]


@pytest.mark.parametrize(
    "arguments",
    [["list", "--since", "yesterday"], ["redrive", "--offsets", "5-"], ["purge", "--older-than", "7"], ["show", "-1"]],
)
def test_what_cannot_be_understood_is_refused_before_any_broker_is_asked(arguments: list[str]) -> None:
    assert CliRunner().invoke(main, ["dlq", *arguments]).exit_code == 2


@pytest.mark.parametrize("arguments", [[], ["--before", "5", "--older-than", "1h"]])
def test_purging_wants_one_of_its_two_bounds(arguments: list[str]) -> None:
    assert CliRunner().invoke(main, ["dlq", "purge", *arguments]).exit_code == exits.USAGE


def test_help_says_what_one_should_know_before() -> None:
    told = {name: CliRunner().invoke(main, ["dlq", name, "--help"]).output for name in ("show", "redrive")}
    assert "what a person wrote" in " ".join(told["show"].split())
    assert "it is late" in told["redrive"]
