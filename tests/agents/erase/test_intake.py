"""From compliance messages to erasures: nothing is lost, little is written, nothing stops."""

from __future__ import annotations

from agents.erase.intake import Intake, read_notices
from pipeline.authorhash import AuthorHasher
from pipeline.formats import ComplianceKind
from schemas.codec import encode
from schemas.deadletter import DeadLetterReason
from schemas.mention import MOST_ERASED
from tests.agents.erase.bench import deletion, ids_of, record_of
from tests.schemas.events import NOON_MS

HASHER = AuthorHasher(b"secret")
LIMIT = 1 << 20


def read(*values: bytes | None, timestamp: int | None = NOON_MS) -> Intake:
    records = [record_of(value, offset=at, timestamp=timestamp) for at, value in enumerate(values)]
    return read_notices(records, HASHER, max_bytes=LIMIT, now_ms=NOON_MS + 1)


def test_many_notices_are_few_erasures_and_none_is_too_large() -> None:
    ids = [str(number) for number in range(1, 2_501)]
    intake = read(*map(deletion, [*ids, *ids]))
    assert [len(erasure.tweet_ids) for erasure in intake.erasures] == [MOST_ERASED, MOST_ERASED, 500]
    assert ids_of(intake.erasures) == ids
    assert intake.wanted.tweet_ids == frozenset(ids)
    assert intake.kinds == {ComplianceKind.DELETE: 5_000}


def test_an_account_goes_by_its_hashes_of_all_weeks_that_are_kept() -> None:
    intake = read(encode({"user_delete": {"id": 9, "timestamp_ms": str(NOON_MS)}}), deletion("5"))
    (erasure,) = intake.erasures
    assert erasure.tweet_ids == ("5",)
    assert erasure.authors == HASHER.all_of("x", "9", NOON_MS)
    assert intake.wanted.authors == frozenset(erasure.authors)


def test_an_erasure_is_as_young_as_the_youngest_of_its_notices() -> None:
    older = encode({"delete": {"status": {"id_str": "4"}, "timestamp_ms": str(NOON_MS - 5_000)}})
    (erasure,) = read(deletion("3"), older).erasures
    assert erasure.time_ms == NOON_MS


def test_a_record_without_a_timestamp_was_received_now() -> None:
    for unknown in (None, -1):
        (erasure,) = read(encode({"delete": {"status": {"id_str": "4"}}}), timestamp=unknown).erasures
        assert erasure.time_ms == NOON_MS + 1


def test_notices_that_ask_nothing_of_us_are_counted_and_that_is_all() -> None:
    intake = read(encode({"undelete": {"status": {"id_str": "4"}}}), encode({"scrub_geo": {"user_id": 4}}))
    assert intake.kinds == {ComplianceKind.UNDELETE: 1, ComplianceKind.SCRUB_GEO: 1}
    assert not intake.erasures
    assert not intake.rejected


def test_what_is_no_notice_has_its_reason_and_what_the_stream_says_of_itself_is_passed_over() -> None:
    post = {"id": "1", "text": "late again", "created_at": "2026-03-02T12:00:00.000Z", "author_id": "7"}
    limit = encode({"limit": {"track": 5, "timestamp_ms": "1"}})
    intake = read(None, b"{", encode({"delete": {}}), limit, encode(post), b"{" * (LIMIT + 1))
    assert [(record.offset, reject.reason) for record, reject in intake.rejected] == [
        (0, DeadLetterReason.EMPTY),
        (1, DeadLetterReason.NOT_JSON),
        (2, DeadLetterReason.MISSING_FIELD),
        (4, DeadLetterReason.UNKNOWN_FORM),
        (5, DeadLetterReason.TOO_LARGE),
    ]
    assert not intake.erasures
