from __future__ import annotations

from typing import Any, cast

import pytest
from aiokafka import ConsumerRecord

from agents.deadletters import MAX_LETTER_BYTES, DeadLetterLimit, TooManyDeadLetters, dead_letter
from agents.transport import OutRecord
from schemas.deadletter import HEADER_PREFIX, DeadLetterReason


def letter_for(value: bytes | None, key: bytes | None = b"k", headers: Any = ()) -> OutRecord:
    record = ConsumerRecord("raw", 4, 17, 0, 0, key, value, None, -1, -1, tuple(headers))
    return dead_letter(
        cast("Any", record), stage="enrich", reason=DeadLetterReason.NOT_JSON, exception="E", message="no " * 1000
    )


def test_a_letter_is_the_record_with_the_reason_added() -> None:
    letter = letter_for(b"\xff", headers=[("theirs", b"1"), (HEADER_PREFIX + "reason", b"an earlier one")])
    assert (letter.key, letter.value) == (b"k", b"\xff")
    headers = dict(letter.headers)
    assert headers["theirs"] == b"1"
    assert headers[HEADER_PREFIX + "reason"] == b"not_json"
    assert (headers[HEADER_PREFIX + "partition"], headers[HEADER_PREFIX + "offset"]) == (b"4", b"17")
    assert len(headers[HEADER_PREFIX + "exception.message"]) == 500


@pytest.mark.parametrize("where", ["value", "headers"])
def test_of_a_record_that_the_topic_could_not_take_only_its_place_is_kept(where: str) -> None:
    huge = b"x" * MAX_LETTER_BYTES
    letter = letter_for(huge) if where == "value" else letter_for(b"v", headers=[("theirs", huge)])
    size = len(letter.value or b"") + sum(len(value) for _, value in letter.headers)
    assert size < 10_000
    headers = dict(letter.headers)
    assert headers[HEADER_PREFIX + "offset"] == b"17"
    assert int(headers[HEADER_PREFIX + "omitted.bytes"]) > MAX_LETTER_BYTES


def test_a_tombstone_without_a_key_can_be_written() -> None:
    assert letter_for(None, key=None).value == b""


def test_a_few_bad_records_never_halt_anything() -> None:
    limit = DeadLetterLimit(share=0.5, records=100)
    for _ in range(1000):
        limit.judge(records=10, rejected=5, example="")


def test_a_batch_that_is_all_bad_halts_at_once_when_it_is_large_enough() -> None:
    with pytest.raises(TooManyDeadLetters, match="500 of the last 500 records could not be used, for example: why"):
        DeadLetterLimit(share=0.5, records=500).judge(records=500, rejected=500, example="why")


def test_small_batches_halt_once_they_are_enough_to_judge() -> None:
    limit = DeadLetterLimit(share=0.5, records=100)
    for _ in range(9):
        limit.judge(records=10, rejected=10, example="")
    with pytest.raises(TooManyDeadLetters):
        limit.judge(records=10, rejected=10, example="")


def test_good_records_of_long_ago_do_not_hide_what_is_bad_now() -> None:
    limit = DeadLetterLimit(share=0.5, records=100)
    limit.judge(records=1_000_000, rejected=0, example="")
    with pytest.raises(TooManyDeadLetters):
        limit.judge(records=100, rejected=100, example="")


def test_a_share_of_one_never_halts() -> None:
    DeadLetterLimit(share=1.0, records=1).judge(records=1000, rejected=1000, example="")
