"""Compliance, gaps and housekeeping."""

from __future__ import annotations

import pytest

from pipeline.formats import ComplianceKind, ComplianceNotice, GapNotice
from tests.pipeline.formats.payloads import read, reason_of

EVENT_AT = "2022-06-08T02:18:12.000Z"
EVENT_MS = 1_654_654_692_000


def v2(kind: str, **message: object) -> object:
    return {"data": {kind: {**message, "event_at": EVENT_AT}}}


@pytest.mark.parametrize(
    ("payload", "notice"),
    [
        (
            v2("delete", tweet={"id": "5", "author_id": "7"}),
            ComplianceNotice(kind=ComplianceKind.DELETE, tweet_id="5", user_id="7", time_ms=EVENT_MS),
        ),
        (
            v2("withheld", tweet={"id": "5", "author_id": "7"}, withheld_in_countries=["XY"]),
            ComplianceNotice(kind=ComplianceKind.STATUS_WITHHELD, tweet_id="5", user_id="7", time_ms=EVENT_MS),
        ),
        (
            v2("tweet_edit", tweet={"id": "6"}, initial_tweet_id="4", edit_tweet_ids=["4", "5", "6"]),
            ComplianceNotice(kind=ComplianceKind.TWEET_EDIT, tweet_id="6", time_ms=EVENT_MS, earlier_ids=("4", "5")),
        ),
        (
            v2("scrub_geo", user={"id": "7"}, up_to_tweet_id="5"),
            ComplianceNotice(kind=ComplianceKind.SCRUB_GEO, tweet_id="5", user_id="7", time_ms=EVENT_MS),
        ),
        (
            {"delete": {"status": {"id": 5, "id_str": "5", "user_id": 7}, "timestamp_ms": str(EVENT_MS)}},
            ComplianceNotice(kind=ComplianceKind.DELETE, tweet_id="5", user_id="7", time_ms=EVENT_MS),
        ),
        (
            {"scrub_geo": {"user_id": 7, "user_id_str": "7", "up_to_status_id": 5, "up_to_status_id_str": "5"}},
            ComplianceNotice(kind=ComplianceKind.SCRUB_GEO, tweet_id="5", user_id="7"),
        ),
        (
            {"status_withheld": {"id": 5, "user_id": 7, "withheld_in_countries": ["XY"]}},
            ComplianceNotice(kind=ComplianceKind.STATUS_WITHHELD, tweet_id="5", user_id="7"),
        ),
        (
            {"user_withheld": {"id": 7, "withheld_in_countries": ["XY"]}},
            ComplianceNotice(kind=ComplianceKind.USER_WITHHELD, user_id="7"),
        ),
        (
            {"tweet_edit": {"id": "6", "edit_tweet_ids": ["4", "6"], "timestamp_ms": EVENT_MS}},
            ComplianceNotice(kind=ComplianceKind.TWEET_EDIT, tweet_id="6", time_ms=EVENT_MS, earlier_ids=("4",)),
        ),
    ],
)
def test_compliance_messages_are_recognised_in_each_form(payload: object, notice: ComplianceNotice) -> None:
    parsed = read(payload)
    assert parsed.compliance == (notice,)
    assert (parsed.tweets, parsed.rejects) == ((), ())


@pytest.mark.parametrize("kind", [kind for kind in ComplianceKind if kind.startswith("user_")])
def test_every_message_about_an_account_is_read_in_both_forms(kind: ComplianceKind) -> None:
    (new,) = read(v2(kind.value, user={"id": "7"})).compliance
    (old,) = read({kind.value: {"id": 7, "timestamp_ms": str(EVENT_MS)}}).compliance
    assert new == old == ComplianceNotice(kind=kind, user_id="7", time_ms=EVENT_MS)


@pytest.mark.parametrize("kind", ["delete", "drop", "undrop", "undelete"])
def test_every_message_about_a_post_is_read_in_both_forms(kind: str) -> None:
    (new,) = read(v2(kind, tweet={"id": "5", "author_id": "7"})).compliance
    (old,) = read({kind: {"status": {"id_str": "5", "user_id_str": "7"}}, "timestamp_ms": EVENT_MS}).compliance
    assert new == old


def test_a_message_that_names_nothing_is_a_dead_letter() -> None:
    assert reason_of({"delete": {"status": {}}}) == "missing_field"


@pytest.mark.parametrize(
    ("payload", "name"),
    [
        ({"limit": {"track": 12}}, "limit"),
        ({"disconnect": {"code": 4, "stream_name": "", "reason": ""}}, "disconnect"),
        ({"warning": {"code": "FALLING_BEHIND", "percent_full": 60}}, "warning"),
        ({"info": {"message": "Replay Request Completed", "activity_count": 3}}, "info"),
        ({"friends": [1, 2]}, "friends"),
        ({"delete": {"favorite": {"tweet_id": 5, "user_id": 7}}}, "delete_favorite"),
        (v2("user_profile_modification", user={"id": "7"}, profile_field="name"), "user_profile_modification"),
    ],
)
def test_housekeeping_of_the_stream_is_ignored_by_name(payload: object, name: str) -> None:
    parsed = read(payload)
    assert parsed.ignored == name
    assert (parsed.tweets, parsed.rejects, parsed.compliance) == ((), (), ())


@pytest.mark.parametrize(
    "times",
    [
        {"start_ms": EVENT_MS, "end_ms": EVENT_MS + 60_000},
        {"start": "2022-06-08T02:18:12Z", "end": "2022-06-08T02:19:12Z"},
        {"start_ms": str(EVENT_MS), "end": "2022-06-08T04:19:12+02:00"},
    ],
)
def test_a_gap_is_read_with_its_times_in_either_form(times: dict[str, object]) -> None:
    parsed = read({"type": "gap", "reason": "reconnect", **times})
    assert parsed.gaps == (GapNotice(start_ms=EVENT_MS, end_ms=EVENT_MS + 60_000, reason="reconnect"),)


@pytest.mark.parametrize(
    ("times", "reason"),
    [
        ({"start_ms": 5}, "missing_field"),
        ({"start_ms": 5, "end_ms": 5}, "bad_field"),
        ({"start_ms": -5, "end_ms": 5}, "bad_field"),
        ({"start": "soon", "end": "later"}, "bad_field"),
    ],
)
def test_a_gap_without_a_length_is_a_dead_letter(times: dict[str, object], reason: str) -> None:
    assert reason_of({"type": "gap", **times}) == reason


def test_the_reason_of_a_gap_is_bounded() -> None:
    (gap,) = read({"type": "gap", "start_ms": 1, "end_ms": 2, "reason": "x" * 900}).gaps
    assert len(gap.reason) == 200


def test_a_gap_says_which_source_misses_how_many_posts_and_whether_it_is_of_notices() -> None:
    times = {"type": "gap", "start_ms": 1, "end_ms": 2}
    (gap,) = read({**times, "source": "x", "posts": 12, "of": "posts", "more": {"to": "come"}}).gaps
    assert gap == GapNotice(start_ms=1, end_ms=2, source="x", posts=12)
    (gap,) = read({**times, "source": "x-compliance", "of": "compliance"}).gaps
    assert gap == GapNotice(start_ms=1, end_ms=2, source="x-compliance", compliance=True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"posts": -1},
        {"posts": True},
        {"posts": "12"},
        {"posts": 1 << 60},
        {"source": 7},
        {"source": "a\x1b[31m"},
        {"of": 3},
    ],
)
def test_what_is_wrong_beside_the_times_makes_a_gap_no_smaller(wrong: dict[str, object]) -> None:
    parsed = read({"type": "gap", "start_ms": 1, "end_ms": 2, **wrong})
    assert parsed.gaps == (GapNotice(start_ms=1, end_ms=2),)
    assert not parsed.rejects
