from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from agents.cli.aftermath import aftermath
from agents.cli.lines import crisis_line, crisis_text
from schemas.codec import encode
from tests.pipeline.present.scene import HOSTILE, OVERDUE, RECORDS, SITUATION


class Record(NamedTuple):
    value: bytes


def test_every_record_of_the_topic_of_crises_is_one_line() -> None:
    for record in RECORDS:
        line = crisis_line(Record(encode(record)))
        assert line.startswith(f"{record.time} acme")
        assert line.isprintable()


def test_a_situation_says_who_waits_what_was_said_and_what_is_late() -> None:
    line = crisis_text(SITUATION)
    assert "questions: 120 asked, 45 answered, 75 waiting" in line
    assert "own voice: 2 updates, 45 answers, 1 off tone, UPDATE OVERDUE" in line
    assert "late: answer-questions" in line
    assert HOSTILE not in line


def test_an_overdue_update_says_after_how_long_a_silence_and_who_waits() -> None:
    assert "crisis: no update for 60 min, one is due every 60 min; 75 questions wait; nothing said on: refund" in (
        crisis_text(OVERDUE)
    )
    assert "no update yet" in crisis_text(replace(OVERDUE, last_update_at=None))


def test_what_cannot_be_read_is_said_without_quoting_it() -> None:
    line = crisis_line(Record(b'{"type":"situation\x1b","brand":"\x1b"}'))
    assert line.startswith("unreadable: ")
    assert line.isprintable()


def test_the_aftermath_tells_each_crisis_once_from_its_newest_situation() -> None:
    lines = list(aftermath([*RECORDS, *reversed(RECORDS)], {"acme": "Acme"}))
    assert lines[0] == "Acme: 2 updates and 45 answers, 1 of them off tone (blame, shouting)"
    assert lines[1] == "  questions: 45 of 120 answered, half of them within 12 min; 75 still wait"
    assert lines[2] == "  an update was overdue 1 time"
    assert lines[3] == "  done late: Do acknowledge (15 min after the alert)"
    assert lines[4] == "  LATE: Do answer-questions"
    assert len(lines) == 5
