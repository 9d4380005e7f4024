from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from agents.cli.aftermath import aftermath
from agents.cli.lines import crisis_line, crisis_text, mention_line, window_line
from schemas.codec import encode
from schemas.mention import Gap
from schemas.times import to_rfc3339
from schemas.window import Level
from tests.pipeline.present.scene import HOSTILE, OVERDUE, RECORDS, SITUATION, step, window
from tests.schemas.events import NOON_MS


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


def test_a_gap_is_a_line_with_its_times_its_source_and_what_came_too_late() -> None:
    gap = Gap(source_partition=3, offset=8, start_ms=NOON_MS, end_ms=NOON_MS + 60_000, reason="stalled", source="x")
    line = mention_line(Record(encode(gap)))
    start, end = to_rfc3339(NOON_MS), to_rfc3339(NOON_MS + 60_000)
    assert line == f"GAP {start} to {end} of x: stalled; from raw partition 3"
    cut = Gap(source_partition=3, offset=8, start_ms=NOON_MS, end_ms=NOON_MS + 1, posts=7, late_from_ms=NOON_MS - 9_000)
    line = mention_line(Record(encode(cut))) or ""
    assert "of a source: no reason told, 7 posts" in line
    assert f"it began {to_rfc3339(NOON_MS - 9_000)}, and what lies before counts as observed" in line
    assert mention_line(Record(encode(Gap(source_partition=0, offset=0, start_ms=-5, end_ms=1 << 60)))) is not None


def test_what_is_missing_of_an_hour_stands_beside_its_numbers() -> None:
    whole = window(5)
    assert "missing" not in window_line(Record(encode(whole)))
    part = replace(whole, unobserved={"1h": 12, "24h": 12})
    assert window_line(Record(encode(part))).endswith("; 12 min of the hour missing")
    assert window_line(Record(encode(replace(part, observed=False)))).endswith("; NO INPUT")


def test_records_of_a_crisis_say_what_is_missing() -> None:
    said = "input missing for 30 min of the last 24 h"
    raised = step(0, 0, Level.CALM, Level.ALERT)
    for record in (
        replace(raised, evidence=replace(raised.evidence, unobserved_minutes=30)),
        replace(SITUATION, unobserved_minutes=30),
        replace(OVERDUE, unobserved_minutes=30),
    ):
        assert said in crisis_text(record)


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
