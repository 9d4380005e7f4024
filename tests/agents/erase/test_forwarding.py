"""What enrich passes on of compliance messages: all of them, and no post."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.erase.forwarding import compliance_records
from pipeline.formats import ComplianceKind, ComplianceNotice, Parsed, parse
from pipeline.records import Record
from schemas.codec import encode
from tests.agents.erase.bench import deletion

SECRET = "the ferry is late again"
POST = {"id": "1", "text": SECRET, "created_at": "2026-03-02T12:00:00.000Z", "author_id": "7"}
IDS = st.integers(1, 10**19).map(str)


def parsed(value: bytes) -> Parsed:
    return parse(value, max_bytes=1 << 20)


def test_a_record_that_is_nothing_but_a_notice_goes_on_as_it_came() -> None:
    record = Record(3, 0, b"key", deletion("12"), [("source", b"stream"), ("empty", None)])
    (passed,) = compliance_records([(record, parsed(deletion("12")))])
    assert (passed.key, passed.value) == (b"key", deletion("12"))
    assert list(passed.headers) == [("source", b"stream"), ("empty", b"")]


@pytest.mark.parametrize("beside", [POST, {"id": "2", "text": SECRET}])
def test_of_a_record_that_holds_posts_as_well_only_the_notices_go_on(beside: dict[str, str]) -> None:
    notices = [{"delete": {"status": {"id_str": "12"}}}, {"user_protect": {"id": 9, "timestamp_ms": "1772452800000"}}]
    value = encode([beside, *notices])
    passed = compliance_records([(Record(3, 0, b"key", value), parsed(value))])
    assert [parsed(record.value or b"").compliance for record in passed] == [
        (notice,) for notice in parsed(value).compliance
    ]
    assert SECRET.encode() not in b"".join(record.value or b"" for record in passed)


@given(
    st.sampled_from(ComplianceKind),
    st.none() | IDS,
    st.none() | IDS,
    st.none() | st.integers(1_000_000_000_000, 1_900_000_000_000),
    st.lists(IDS, unique=True, max_size=3),
    st.sampled_from(["x", "bluesky", "mastodon"]),
)
def test_a_notice_that_is_put_into_words_anew_says_the_same(
    kind: ComplianceKind,
    tweet_id: str | None,
    user_id: str | None,
    time_ms: int | None,
    versions: list[str],
    platform: str,
) -> None:
    # What `parse` makes of the words of X, and can be told again.
    user_id = user_id if tweet_id or user_id else "1"
    earlier = tuple(each for each in versions if each != tweet_id) if tweet_id else ()
    notice = ComplianceNotice(
        kind=kind, tweet_id=tweet_id, user_id=user_id, time_ms=time_ms, earlier_ids=earlier, platform=platform
    )
    if platform != "x":  # whose IDs may be any texts
        notice = replace(
            notice, tweet_id=tweet_id and f"at://{tweet_id}", earlier_ids=tuple(f"at://{each}" for each in earlier)
        )
    beside = parsed(encode(POST)).tweets
    (record,) = compliance_records([(Record(0, 0, None, b""), Parsed(tweets=beside, compliance=(notice,)))])
    assert parsed(record.value or b"").compliance == (notice,)
