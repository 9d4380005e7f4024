from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import pytest
from aiokafka import ConsumerRecord
from hypothesis import example, given
from hypothesis import strategies as st

from agents.deadletters import MAX_LETTER_BYTES, dead_letter
from agents.letters.letter import Choice, Letter, Mark, read_letter
from agents.letters.redrive import Plan, mark, original, refusal
from agents.letters.survey import Survey
from agents.transport import OutRecord
from schemas.deadletter import (
    CHANNEL_HEADER,
    HEADER_PREFIX,
    MARK_HEADER,
    REDRIVEN_CHANNEL_HEADER,
    REDRIVEN_HEADER,
    REDRIVEN_ORIGIN_HEADER,
    DeadLetterReason,
)
from schemas.topics import Topics

TOPICS = Topics()
Headers = Sequence[tuple[str, bytes | None]]


def record(
    topic: str, key: bytes | None, value: bytes | None, headers: Headers = (), *, offset: int = 17, partition: int = 4
) -> Any:
    return cast("Any", ConsumerRecord)(topic, partition, offset, 1_000, 0, key, value, None, -1, -1, tuple(headers))


def lying(out: OutRecord, *, offset: int = 9) -> Letter | Mark:
    """What is read when such a record lies in the dead-letter topic."""
    return read_letter(record(TOPICS.deadletters, out.key, out.value, out.headers, offset=offset, partition=0))


def letter(
    *,
    topic: str = TOPICS.raw,
    stage: str = "enrich",
    value: bytes = b"v",
    headers: Headers = (),
    offset: int = 9,
    origin: int = 17,
) -> Letter:
    out = dead_letter(
        record(topic, b"k", value, headers, offset=origin),
        stage=stage,
        reason=DeadLetterReason.NOT_JSON,
        exception="E",
        message="m",
    )
    found = lying(out, offset=offset)
    assert isinstance(found, Letter)
    return found


CONTENT = st.none() | st.binary(max_size=50)
NAMES = st.text(max_size=20).filter(lambda name: not name.startswith((HEADER_PREFIX, REDRIVEN_HEADER)))


@given(CONTENT, CONTENT, st.lists(st.tuples(NAMES, CONTENT), max_size=5))
@example(b"1", b'{"text": "\xed\xa0\x80"}', [("bytes", b"\xff\x00"), ("bytes", b""), ("none", None)])
@example(b"1", None, [])
def test_a_record_comes_back_from_its_letter_byte_for_byte(
    key: bytes | None, value: bytes | None, headers: Headers
) -> None:
    failed = record(TOPICS.raw, key, value, headers)
    out = dead_letter(failed, stage="enrich", reason=DeadLetterReason.NOT_JSON, exception="E", message="m")
    found = lying(out)
    assert isinstance(found, Letter)
    again = original(found)
    assert again.key == key
    # No client of ours can write a record that has neither; see agents/deadletters.py.
    assert again.value == (b"" if key is None and value is None else value)
    assert list(again.headers) == [*headers, (REDRIVEN_HEADER, b"0:9"), (REDRIVEN_ORIGIN_HEADER, b"4:17")]
    assert again.partition == 4


def test_a_record_that_fails_a_second_time_tells_of_the_second_time_only_and_of_the_letter_it_came_from() -> None:
    again = original(letter(headers=[("theirs", b"1")]))
    twice = letter(headers=again.headers, offset=12, origin=30)
    names = [name for name, _ in twice.record.headers]
    assert names.count(HEADER_PREFIX + "offset") == 1
    assert twice.origin == (4, 30)
    assert (REDRIVEN_HEADER, b"0:9") in twice.record.headers
    assert list(original(twice).headers) == [
        ("theirs", b"1"),
        (REDRIVEN_HEADER, b"0:12"),
        (REDRIVEN_ORIGIN_HEADER, b"4:30"),
    ]


def test_a_crisis_event_goes_back_for_the_channel_that_failed_only() -> None:
    out = dead_letter(
        record(TOPICS.crises, b"acme", b"{}"),
        stage="notify",
        reason=DeadLetterReason.NOT_JSON,
        exception="E",
        message="m",
    )
    found = lying(out._replace(headers=[*out.headers, (CHANNEL_HEADER, b"desk")]))
    assert isinstance(found, Letter)
    assert refusal(found, TOPICS) is None
    assert (REDRIVEN_CHANNEL_HEADER, b"desk") in original(found).headers


def crisis_letter(event: bytes, *, offset: int, origin: int) -> Letter:
    return letter(topic=TOPICS.crises, stage="notify", headers=[("ce_id", event)], offset=offset, origin=origin)


def test_the_letter_of_an_event_that_was_redacted_since_is_not_redriven() -> None:
    plan = Plan(choice=Choice(), topics=TOPICS)
    for event, offset, origin in ((b"redacted", 1, 17), (b"of the redacted version", 2, 17), (b"other", 3, 17)):
        plan.take(crisis_letter(event, offset=offset, origin=origin))
    plan.withhold({b"redacted": 18, b"of the redacted version": 17})
    assert plan.wanted == {(0, 2), (0, 3)}
    assert sum(plan.refused.values()) == 1


def test_a_mark_is_read_as_what_it_is() -> None:
    found = lying(mark((0, 9)), offset=10)
    assert isinstance(found, Mark)
    assert found.letter == (0, 9)


def test_no_record_can_come_in_as_a_mark() -> None:
    assert letter(headers=[(MARK_HEADER, b"0:1")]).origin == (4, 17)


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (letter(stage="track", topic=TOPICS.mentions), "replay it from tweets.raw"),
        (letter(value=b"x" * MAX_LETTER_BYTES), "too large to be kept"),
        (letter(topic="elsewhere.tweets.raw"), "VIGIE_TOPIC_PREFIX"),
        (letter(stage="oracle"), "unknown stage, 'oracle'"),
        (lying(OutRecord(b"k", b"v", [("theirs", b"1")])), "not a letter that Vigie wrote"),
        (lying(OutRecord(b"k", b"v", [(HEADER_PREFIX + "stage", b"enrich")])), "not a letter that Vigie wrote"),
    ],
)
def test_what_cannot_be_redriven_is_refused_with_the_reason(found: Letter, why: str) -> None:
    assert why in (refusal(found, TOPICS) or "")


def planned(items: Sequence[Letter | Mark], choice: Choice | None = None, *, again: bool = False) -> Plan:
    plan = Plan(choice=choice or Choice(), topics=TOPICS, again=again)
    for item in items:
        plan.take(item)
    return plan


MARKED = [letter(offset=1), letter(offset=2), lying(mark((0, 1)), offset=3), letter(offset=4, stage="track")]


def test_what_is_marked_is_left_out_unless_it_is_asked_for_again() -> None:
    plan = planned(MARKED)
    assert plan.wanted == {(0, 2)}
    assert plan.done_before == 1
    assert sum(plan.refused.values()) == 1
    assert planned(MARKED, again=True).wanted == {(0, 1), (0, 2)}


@pytest.mark.parametrize(
    ("choice", "offsets"),
    [
        (Choice(offsets=[(2, 3)]), {2, 3}),
        (Choice(offsets=[(1, 1), (4, 9)]), {1, 4}),
        (Choice(stages=["enrich"]), {1, 2, 3, 4}),
        (Choice(stages=["track"]), set()),
        (Choice(reasons=["not_json", "empty"]), {1, 2, 3, 4}),
        (Choice(reasons=["empty"]), set()),
        (Choice(topic="another"), set()),
        (Choice(since_ms=1_001), set()),
        (Choice(since_ms=1_000), {1, 2, 3, 4}),
    ],
)
def test_only_chosen_letters_are_redriven(choice: Choice, offsets: set[int]) -> None:
    plan = planned([letter(offset=offset) for offset in (1, 2, 3, 4)], choice)
    assert {offset for _, offset in plan.wanted} == offsets


def test_a_survey_counts_each_letter_once_however_often_it_was_marked() -> None:
    survey = Survey(Choice(), 2)
    for item in [*MARKED, lying(mark((0, 1)), offset=5), lying(mark((0, 99)), offset=6)]:
        survey.take(item)
    assert [(group.stage, group.letters, group.redriven) for group in survey.groups] == [
        ("enrich", 2, 1),
        ("track", 1, 0),
    ]
    assert [(found.place[1], done) for found, done in survey.newest()] == [(4, False), (2, False)]
    assert all(found.record.value is None for found, _ in survey.newest())
