from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid5

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import schemas
from schemas import DeadLetterReason, EventType, Topics
from schemas.cloudevents import crisis_headers, crisis_key, headers
from schemas.codec import decode, encode
from schemas.deadletter import HEADER_PREFIX
from schemas.generate import EVENTS as CLASSES
from schemas.generate import json_schema, main
from schemas.ids import NAMESPACE, crisis_event_id, mention_id, window_id
from schemas.reading import (
    SchemaError,
    read_crisis,
    read_crisis_record,
    read_feedback,
    read_mention_record,
    read_window,
)
from schemas.times import from_rfc3339, to_rfc3339
from tests.schemas.events import CRISIS, ENCODED, EVENTS, FEEDBACK, MENTION, NOON_MS, WINDOW

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", CLASSES)
def test_every_event_fits_its_json_schema(name: str) -> None:
    jsonschema.Draft202012Validator(json_schema(name)).validate(decode(ENCODED[name]))


@pytest.mark.parametrize("name", CLASSES)
def test_every_required_field_of_an_event_is_required_by_its_schema(name: str) -> None:
    schema = json_schema(name)
    validator = jsonschema.Draft202012Validator(schema)
    for field in schema["required"]:
        payload = decode(ENCODED[name])
        del payload[field]
        assert not validator.is_valid(payload), field


@pytest.mark.parametrize("name", CLASSES)
def test_every_schema_is_a_json_schema_itself(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema(name))


def test_the_committed_json_schemas_are_those_of_the_classes() -> None:
    assert main(["--check"]) == 0


def test_what_is_written_is_read_back_equal() -> None:
    assert read_mention_record(encode(MENTION)) == MENTION
    assert read_mention_record(ENCODED["watermark"]) == EVENTS["watermark"]
    assert read_mention_record(ENCODED["gap"]) == EVENTS["gap"]
    assert read_mention_record(ENCODED["erasure"]) == EVENTS["erasure"]
    assert read_window(encode(WINDOW)) == WINDOW
    assert read_crisis(encode(CRISIS)) == CRISIS
    assert read_feedback(ENCODED["feedback"]) == FEEDBACK
    for name in ("crisis-event", "situation", "communication-overdue"):
        assert read_crisis_record(ENCODED[name]) == EVENTS[name]


@given(st.binary(max_size=200))
def test_reading_arbitrary_bytes_gives_a_schema_error_and_nothing_else(value: bytes) -> None:
    with pytest.raises(SchemaError):
        read_mention_record(value)


@given(st.sampled_from(sorted(decode(ENCODED["mention"]))), st.none() | st.integers() | st.text() | st.booleans())
def test_a_mention_with_a_wrong_field_never_gives_anything_but_a_mention_or_a_schema_error(
    field: str, value: object
) -> None:
    payload = decode(ENCODED["mention"]) | {field: value}
    try:
        read = read_mention_record(encode_loosely(payload))
    except SchemaError:
        return
    assert read.type == "mention"


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("mention", {"origin": {"partition": 0, "offset": 1 << 63}}),
        ("mention", {"origin": {"partition": -1, "offset": 0}}),
        ("mention", {"origin": {"partition": 0, "offset": 0, "index": 10**40}}),
        *(("mention", {"brand": brand}) for brand in ("", "|clock|0", "Acme", "a" * 65, "acme\n")),
        ("watermark", {"source_partition": 1 << 31}),
        ("watermark", {"source_partitions": 0}),
        ("watermark", {"offset": -2}),
        ("gap", {"offset": -1}),
        ("gap", {"brands": ["|clock|0"]}),
        ("mention", {"author": 1 << 53}),
        ("mention", {"author": -1}),
        ("erasure", {"time_ms": -1}),
        ("erasure", {"time_ms": 1 << 53}),
        ("erasure", {"tweet_ids": [""]}),
        ("erasure", {"tweet_ids": ["7" * 281]}),
        ("erasure", {"tweet_ids": ["7"] * 1001}),
        ("erasure", {"authors": [1 << 53]}),
        ("erasure", {"coming": [1] * 1001}),
    ],
)
def test_what_state_could_not_hold_is_refused_when_it_is_read(name: str, change: dict[str, object]) -> None:
    with pytest.raises(SchemaError):
        read_mention_record(encode_loosely(decode(ENCODED[name]) | change))


@pytest.mark.parametrize("tag", ["a secret", ["a secret"] * 500])
def test_a_record_of_no_known_type_is_refused_without_quoting_it(tag: object) -> None:
    with pytest.raises(SchemaError) as refused:
        read_mention_record(encode({"type": tag}))
    assert str(refused.value) == "record: of no known type"


def encode_loosely(payload: object) -> bytes:
    try:
        return encode(payload)
    except TypeError:  # an integer JSON of ours has no form for, or a lone surrogate
        return b"{}"


def test_a_schema_error_quotes_nothing_of_the_value() -> None:
    payload = decode(ENCODED["mention"]) | {"time_ms": "private words of a person"}
    with pytest.raises(SchemaError, match="time_ms") as caught:
        read_mention_record(encode(payload))
    assert "private" not in str(caught.value)


@given(st.text(), st.text())
def test_a_mention_id_is_a_uuid5_of_our_namespace(brand: str, tweet_id: str) -> None:
    assert mention_id(brand, "x", tweet_id) == str(uuid5(NAMESPACE, f"mention|{brand}|x|{tweet_id}"))


def test_ids_are_uuid5_of_our_namespace_and_differ_by_what_they_name() -> None:
    assert UUID(window_id("acme", 60_000)).version == 5
    assert window_id("acme", 60_000) != window_id("acme", 120_000)
    assert crisis_event_id("c", 0) != crisis_event_id("c", 1)


@given(st.integers(0, 4_102_444_800_000))
def test_times_survive_their_text(time_ms: int) -> None:
    assert from_rfc3339(to_rfc3339(time_ms)) == time_ms


@given(st.integers(-2_208_988_800_000, 253_402_300_799_999))
def test_a_time_is_written_as_the_datetime_it_is(time_ms: int) -> None:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=time_ms)
    wanted = moment.isoformat(timespec="milliseconds" if time_ms % 1000 else "seconds")
    assert to_rfc3339(time_ms) == wanted.replace("+00:00", "Z")


def test_a_time_without_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="offset"):
        from_rfc3339("2026-03-02T12:00:00")


def test_cloudevents_headers_carry_the_required_attributes() -> None:
    found = dict(headers(id="i", type=EventType.MENTION, subject="acme", time_ms=NOON_MS, stage="enrich"))
    assert found["ce_specversion"] == b"1.0"
    assert found["ce_id"] == b"i"
    assert found["ce_source"] == b"/vigie/enrich"
    assert found["ce_type"] == b"vigie.mention.v1"
    assert found["ce_time"] == b"2026-03-02T12:00:00Z"
    assert found["content-type"] == b"application/json"


@pytest.mark.parametrize("name", ["crisis-event", "situation", "communication-overdue"])
def test_the_key_of_a_crisis_record_is_its_own_so_that_compaction_keeps_one_version_of_it(name: str) -> None:
    record = read_crisis_record(ENCODED[name])
    assert crisis_key(record) == record.id.encode() == dict(crisis_headers(record))["ce_id"]


def test_dead_letter_headers_use_the_suffixes_of_kafka_connect() -> None:
    letter = EVENTS["dead-letter"]
    assert isinstance(letter, schemas.DeadLetter)
    found = dict(letter.headers())
    for suffix in ("topic", "partition", "offset", "stage", "exception.class.name", "exception.message"):
        assert HEADER_PREFIX + suffix in found
    assert found[HEADER_PREFIX + "reason"] == DeadLetterReason.NOT_JSON.value.encode()


def test_the_asyncapi_document_names_every_topic_and_every_schema() -> None:
    document = yaml.safe_load((ROOT / "schemas" / "asyncapi.yaml").read_text())
    addresses = {channel["address"] for channel in document["channels"].values()}
    assert addresses == set(asdict(Topics()).values())
    text = (ROOT / "schemas" / "asyncapi.yaml").read_text()
    for name in CLASSES:
        assert f"./json/{name}.schema.json" in text


def test_everything_the_package_promises_can_be_imported() -> None:
    for name in schemas.__all__:
        assert getattr(schemas, name) is not None
