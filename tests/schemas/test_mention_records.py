"""Records of ``vigie.mentions`` are Structs: what is written of them, and what is accepted as one."""

from __future__ import annotations

from typing import Any

import jsonschema
import msgspec
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import Erasure, Gap, Mention, Origin, Sentiment, SentimentLabel, ToneIssue, TweetKind, Watermark
from schemas.codec import decode, encode, encode_line, encode_pretty
from schemas.generate import EVENTS as CLASSES
from schemas.generate import json_schema
from schemas.reading import SchemaError, read_mention_record, read_mention_records
from tests.schemas.events import ENCODED, MENTION

NAMES = ("mention", "watermark", "gap", "erasure")
VALIDATORS = {name: jsonschema.Draft202012Validator(json_schema(name)) for name in NAMES}
WORDS = st.lists(st.text(max_size=8), max_size=3).map(tuple)
LONG = st.integers(-(1 << 63), (1 << 63) - 1)
MENTIONS = st.builds(
    Mention,
    id=st.text(),
    brand=st.from_regex("[a-z0-9][a-z0-9-]{0,63}", fullmatch=True),
    tweet_id=st.text(),
    time_ms=LONG,
    origin=st.builds(
        Origin, partition=st.integers(0, 2**31 - 1), offset=st.integers(0, 2**63 - 1), index=st.integers(0, 2**31 - 1)
    ),
    late=st.booleans(),
    kind=st.sampled_from(TweetKind),
    author=st.integers(0, (1 << 53) - 1),
    sentiment=st.builds(Sentiment, label=st.sampled_from(SentimentLabel), negative=LONG, neutral=LONG, positive=LONG),
    hashtags=WORDS,
    urls=WORDS,
    emoji=WORDS,
    tone=st.lists(st.sampled_from(ToneIssue), max_size=2).map(tuple),
    in_reply_to_id=st.none() | st.text(),
    text=st.none() | st.text(),
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), (1 << 64) - 1)
    | st.floats(allow_nan=False)
    | st.text(max_size=5)
    | st.sampled_from(["acme", "acme\n", "negative", "reply", "shouting", "mention", "gap", "1", "true"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["offset", "label"]), inner),
    max_leaves=4,
)


@given(MENTIONS)
def test_a_mention_is_written_as_any_other_value_and_read_back_equal(mention: Mention) -> None:
    written = encode(mention)
    assert written == orjson.dumps(msgspec.to_builtins(mention))
    assert written + b"\n" == encode_line(mention)
    assert encode([mention, {"it": mention}]) == b'[%b,{"it":%b}]' % (written, written)
    assert decode(encode_pretty(mention)) == decode(written)
    assert read_mention_record(written) == mention


@pytest.mark.parametrize("name", NAMES)
def test_the_type_of_a_record_is_what_is_written(name: str) -> None:
    assert decode(ENCODED[name])["type"] == CLASSES[name].type == name


@pytest.mark.parametrize("write", [encode, encode_line, encode_pretty])
def test_a_lone_surrogate_is_no_json_wherever_it_stands(write: Any) -> None:
    for value in ("\ud83d", {"a": "\ud83d"}, msgspec.structs.replace(MENTION, urls=("\ud83d",))):
        with pytest.raises(TypeError, match="surrogates"):
            write(value)


def test_what_json_has_no_form_for_is_a_type_error() -> None:
    for value in (object(), [{1, 2}]):
        with pytest.raises(TypeError):
            encode(value)


def changed(name: str, path: str, value: object) -> bytes:
    payload = decode(ENCODED[name])
    *parents, last = path.split(".")
    place = payload
    for parent in parents:
        place = place[parent]
    place[last] = value
    return encode(payload)


FIELDS = [(name, field) for name in NAMES for field in sorted(decode(ENCODED[name]))]
FIELDS += [("mention", f"origin.{field}") for field in ("partition", "offset", "index")]
FIELDS += [("mention", f"sentiment.{field}") for field in ("label", "negative")]


@given(st.sampled_from(FIELDS), VALUES)
def test_what_is_read_fits_the_json_schema(place: tuple[str, str], value: object) -> None:
    name, path = place
    record = changed(name, path, value)
    try:
        read_mention_record(record)
    except SchemaError:
        return
    VALIDATORS[decode(record)["type"]].validate(decode(record))


@pytest.mark.parametrize(
    ("name", "field", "values"),
    [
        ("mention", "time_ms", ("1", 1.5, 1.0, True, None)),
        ("mention", "author", ("1", True)),
        ("mention", "late", (0, 1, "true", "yes")),
        ("mention", "tweet_id", (1, None, ["1"])),
        ("mention", "hashtags", ("acme", {"0": "acme"}, None)),
        ("mention", "kind", ("POST", 0)),
        ("mention", "origin.offset", ("7", 7.0)),
        ("watermark", "watermark_ms", ("1", 1.5)),
        ("gap", "brands", ("acme", ["acme", 1])),
    ],
)
def test_a_value_of_a_wrong_type_is_refused_and_its_field_named(
    name: str, field: str, values: tuple[object, ...]
) -> None:
    for value in values:
        with pytest.raises(SchemaError, match=f"^{field}"):
            read_mention_record(changed(name, field, value))


def test_an_unknown_field_is_passed_over_so_that_a_newer_producer_can_speak_to_us() -> None:
    assert read_mention_record(changed("mention", "mood", {"level": [1, None]})) == MENTION


def test_of_two_fields_of_one_name_the_last_counts() -> None:
    twice = ENCODED["mention"][:-1] + b',"tweet_id":"2"}'
    assert read_mention_record(twice) == msgspec.structs.replace(MENTION, tweet_id="2")


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"null",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        ENCODED["mention"][:-1] + b',"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        ENCODED["mention"] + ENCODED["mention"],
        ENCODED["mention"][:-1] + b',"text":NaN}',
        ENCODED["mention"][:-1] + b',"text":"\xff"}',
        ENCODED["mention"][:-1] + b',"text":"\\ud83d"}',
        ENCODED["mention"][:-1] + b',"text":"\\ude00"}',
        ENCODED["mention"][:-1] + b',"author":' + b"1" * 5000 + b"}",
    ],
    ids=range(12),
)
def test_what_is_no_json_of_ours_is_a_schema_error(value: bytes | None) -> None:
    with pytest.raises(SchemaError):
        read_mention_record(value)


@given(
    st.sampled_from([*FIELDS, ("mention", "hashtags.0")]),
    st.sampled_from(["it's", '"so"', "a - at `$.b`", "two\nlines", "`"]).map(lambda mark: f"secret {mark} secret"),
)
def test_no_schema_error_quotes_the_value(place: tuple[str, str], value: str) -> None:
    name, path = place
    said = problem_of(changed(name, path.removesuffix(".0"), [value, 1] if path.endswith(".0") else value))
    assert "secret" not in said
    assert said.startswith((path.partition(".")[0], "record", "nothing"))


def problem_of(record: bytes) -> str:
    try:
        read_mention_record(record)
    except SchemaError as refused:
        return str(refused)
    return "nothing is wrong"


def test_records_are_read_in_order_all_or_none() -> None:
    values = [ENCODED[name] for name in NAMES]
    assert read_mention_records(values) == [read_mention_record(value) for value in values]
    assert [type(record) for record in read_mention_records(values)] == [Mention, Watermark, Gap, Erasure]
    assert read_mention_records([]) == []
    for bad in (b"{}", None, changed("mention", "brand", "No Brand"), changed("gap", "brands", ["acme", "|clock|0"])):
        with pytest.raises(SchemaError):
            read_mention_records([*values, bad])
