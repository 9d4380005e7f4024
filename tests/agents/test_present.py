"""What is read at the end of the topic of crises, and what it says of the present."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest
from aiokafka import ConsumerRecord, TopicPartition

from agents.present import _Intake
from agents.reading import is_about, is_redacted
from pipeline.erasure import named_ids, redacted
from pipeline.present import Presents
from schemas.cloudevents import REDACTED_HEADER, crisis_headers, crisis_key
from schemas.codec import encode
from schemas.situation import CrisisRecord
from schemas.window import Level
from tests.pipeline.present.scene import RECORDS, SITUATION, step

PARTITION = TopicPartition("vigie.crises", 0)
OPENED = step(0, 0, Level.CALM, Level.ALERT)
LATER = replace(step(0, 300, Level.CALM, Level.WATCH), brand="other", crisis_id="0", id="00")


def record(event: CrisisRecord, *, key: bytes | None = None, headers: Any = None) -> Any:
    given = crisis_headers(event) if headers is None else headers
    own = crisis_key(event) if key is None else key
    return cast("Any", ConsumerRecord)("vigie.crises", 0, 0, 1, 0, own, encode(event), None, 0, 0, tuple(given))


def again(event: CrisisRecord) -> Any:
    """As it is published again, redacted."""
    left = redacted(event, named_ids(event), ())
    return record(left, headers=[*crisis_headers(left), (REDACTED_HEADER, b"1")])


def read(*records: Any, whole: bool = False) -> Presents:
    presents = Presents()
    _Intake(presents, "vigie.windows", [PARTITION] if whole else []).take(records)
    return presents


def test_a_redacted_event_takes_the_place_of_its_first_version() -> None:
    acme = read(*map(record, RECORDS), *map(again, RECORDS)).brands["acme"]
    assert acme.current is not None
    assert acme.current.situation == redacted(SITUATION, named_ids(SITUATION), ())
    assert acme.current.event is not None
    assert not named_ids(acme.current.event)
    assert acme.current.height is not None
    assert not named_ids(acme.current.height)


def test_a_redacted_event_of_before_what_was_read_opens_no_crisis() -> None:
    assert "acme" not in read(record(LATER), again(OPENED)).brands
    assert "acme" not in read(again(OPENED), record(LATER)).brands


def test_a_redacted_event_of_a_crisis_that_is_known_is_taken_in_however_old() -> None:
    resolved = step(9, 400, Level.ALERT, Level.CALM)
    acme = read(record(LATER), record(resolved), again(OPENED)).brands["acme"]
    assert [crisis.is_open for crisis in acme.crises.values()] == [False]


def test_a_redacted_event_counts_where_the_partition_was_read_from_its_beginning() -> None:
    acme = read(record(LATER), again(OPENED), whole=True).brands["acme"]
    assert acme.current is not None


@pytest.mark.parametrize(
    ("key", "headers", "expected"),
    [
        (None, None, True),
        (b"acme", None, True),
        (b"acme", (), True),
        (None, (), False),
        (b"acme", [("ce_subject", b"other")], False),
    ],
    ids=["own key", "brand as key", "brand as key, no headers", "own key, no headers", "another subject"],
)
def test_a_record_is_about_its_subject_else_about_its_key(key: bytes | None, headers: Any, expected: bool) -> None:
    assert is_about(record(OPENED, key=key, headers=headers), "acme") is expected


def test_only_the_header_says_that_an_event_was_redacted() -> None:
    assert is_redacted(again(OPENED))
    assert not is_redacted(record(OPENED))
