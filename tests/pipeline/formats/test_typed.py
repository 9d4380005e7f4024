"""The native reading of a stream line and the reading of JSON values are one and the same."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.formats import Parsed, parse, v2
from schemas.codec import encode
from tests.pipeline.formats.payloads import MAX_BYTES, ORIGINAL_ID, POST_ID, SHARED, v2_data, v2_line, v2_user

ORIGINAL = v2_data(id=ORIGINAL_ID, text="We are sorry, @helper &lt;3", note_tweet={"text": "We are very sorry"})
RETWEET = v2_line(
    text="RT @acme_air: We are so…",
    referenced_tweets=[{"type": "retweeted", "id": ORIGINAL_ID}],
    entities={"mentions": [{"username": "acme_air", "id": "88"}, {"username": "Acme_Air"}]},
) | {"includes": {"users": [v2_user(), v2_user("88", "acme_air")], "tweets": [v2_data(id="5"), ORIGINAL]}}
REPLY = v2_line(
    referenced_tweets=[{"type": "replied_to", "id": "5"}, {"type": "quoted", "id": "6"}], in_reply_to_user_id="88"
)
NUMBERED = v2_line(id=int(POST_ID), author_id=77, conversation_id=5, author=v2_user(), timestamp_ms=1, created_at=None)
LINES: tuple[dict[str, Any], ...] = (v2_line(), RETWEET, REPLY, NUMBERED)

ODD: st.SearchStrategy[Any] = st.sampled_from(
    [
        *(None, True, 0, -1, 7, 1.5, 2**63, 2**64 - 1, 2**70, "", "5", "77", "x" * 281, "RT @a: b…", "&amp;", "@x"),
        *([], [None], [7], {}, {"id": "5"}, [{"id": "77"}], {"text": "long"}, [{"type": "retweeted", "id": 5}], [[]]),
    ]
).map(copy.deepcopy)
KEYS = st.sampled_from(
    ["id", "text", "author_id", "author", "note_tweet", "entities", "timestamp_ms", "unwound", "user", "id_str", "data"]
)


def as_json_values(value: bytes) -> Parsed:
    """Parse without the native reading."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(v2, "line", lambda _: None)
        return parse(value, max_bytes=MAX_BYTES)


def mutate(payload: Any, data: st.DataObject) -> None:
    """Change, add or remove a value somewhere."""
    while True:
        places = list(payload) if isinstance(payload, dict) else range(len(payload))
        if isinstance(payload, dict) and data.draw(st.booleans()):
            payload[data.draw(KEYS)] = data.draw(ODD)
            return
        if not places:
            return
        place = data.draw(st.sampled_from(places))
        if isinstance(payload[place], dict | list) and data.draw(st.integers(0, 3)):
            payload = payload[place]
            continue
        if data.draw(st.booleans()):
            payload[place] = data.draw(ODD)
        else:
            del payload[place]
        return


@pytest.mark.parametrize("payload", LINES)
def test_a_line_of_right_types_is_read_natively(payload: object) -> None:
    assert v2.line(encode(payload)) == as_json_values(encode(payload)).tweets[0]


@settings(max_examples=500)
@given(st.sampled_from(LINES), st.integers(1, 3), st.data())
def test_a_line_with_odd_values_is_read_alike_both_ways(line: dict[str, Any], times: int, data: st.DataObject) -> None:
    payload = copy.deepcopy(line)
    for _ in range(times):
        mutate(payload, data)
    value = json.dumps(payload, separators=(",", ":")).encode()  # our codec writes no integer of more than 64 bits
    assert parse(value, max_bytes=MAX_BYTES) == as_json_values(value)


@settings(max_examples=500)
@given(st.sampled_from(LINES), st.data())
def test_a_line_with_damaged_bytes_is_read_alike_both_ways(line: dict[str, Any], data: st.DataObject) -> None:
    value = bytearray(encode({**line, "matching_rules": [{"tag": "bél", "x": 1}]}))
    for _ in range(data.draw(st.integers(1, 3))):
        byte = data.draw(st.integers(0, 255) | st.sampled_from(list(b'"\\{}[],:0e-')))
        value[data.draw(st.integers(9, len(value) - 1))] = byte
    assert parse(bytes(value), max_bytes=MAX_BYTES) == as_json_values(bytes(value))


@pytest.mark.parametrize(
    "passed_over",
    [
        b'"\xff"',
        b'"\xed\xa0\x80"',
        b'{"\xff":1}',
        rb'"\ud83d"',
        rb'"\x"',
        b'"\x01"',
        b"01",
        b"tru",
        b"[1,]",
        b"NaN",
        b"[" * 1_100 + b"]" * 1_100,
        b'{"a":' * 1_100 + b"1" + b"}" * 1_100,
        b"99999999999999999999999",
        b'"\xc3\xa9"',
    ],
)
def test_damage_in_what_is_not_read_is_found_all_the_same(passed_over: bytes) -> None:
    value = encode(v2_line()).replace(b'"matching_rules":', b'"matching_rules":%s,"more":' % passed_over)
    assert value != encode(v2_line())
    assert parse(value, max_bytes=MAX_BYTES) == as_json_values(value)


def test_a_number_too_large_for_a_double_where_it_is_not_read_does_not_cost_the_post() -> None:
    value = encode(v2_line()).replace(b'"matching_rules":', b'"more":1e999,"matching_rules":')
    assert parse(value, max_bytes=MAX_BYTES) == parse(encode(v2_line()), max_bytes=MAX_BYTES)


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"recorded payloads are not at {SHARED}")
def test_recorded_payloads_are_read_alike_both_ways() -> None:
    for path in sorted((SHARED / "api_samples").iterdir()):
        for value in path.read_bytes().splitlines():
            line = value if value.startswith(b'{"data"') else b'{"data":%s}' % value
            assert parse(line, max_bytes=MAX_BYTES) == as_json_values(line)
