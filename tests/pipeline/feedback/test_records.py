from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.feedback import Held, Inbox, problem_of
from pipeline.feedback.inbox import MOST_WAITING
from schemas.codec import decode, encode
from schemas.feedback import DismissReason, FeedbackVerdict
from schemas.times import from_rfc3339
from tests.pipeline.feedback.said import MINUTE_MS, said
from tests.pipeline.logs import START_MS

CONFIRM, DISMISS, SNOOZE = FeedbackVerdict


def held(name: str, from_ms: int) -> Held:
    return Held(name, "crisis", CONFIRM, None, 0, "", from_ms)


@pytest.mark.parametrize("verdict", FeedbackVerdict)
def test_whole_feedback_has_no_problem(verdict: FeedbackVerdict) -> None:
    assert problem_of(said(verdict, "crisis")) is None


@pytest.mark.parametrize(
    ("verdict", "changes", "named"),
    [
        (CONFIRM, {"id": ""}, "id"),
        (CONFIRM, {"time": "yesterday"}, "time"),
        (CONFIRM, {"time": "2026-03-02T10:00:00"}, "time"),
        (CONFIRM, {"time": "1969-12-31T23:59:59Z"}, "time"),
        (CONFIRM, {"time": "9999-12-31T23:59:59Z"}, "time"),
        (CONFIRM, {"time": "0001-01-01T00:00:00+23:59"}, "time"),
        (CONFIRM, {"reason": DismissReason.PLANNED}, "reason"),
        (CONFIRM, {"until": "2026-03-02T10:00:00Z"}, "until"),
        (DISMISS, {"reason": None}, "reason"),
        (SNOOZE, {"until": None}, "until"),
        (SNOOZE, {"until": "\ud800"}, "until"),
        (SNOOZE, {"minutes": 0}, "until"),
        (SNOOZE, {"minutes": -5}, "until"),
        (SNOOZE, {"minutes": 24 * 60 + 1}, "until"),
    ],
)
def test_feedback_with_a_problem_names_the_field(
    verdict: FeedbackVerdict, changes: dict[str, object], named: str
) -> None:
    minutes = changes.pop("minutes", 60)
    assert isinstance(minutes, int)
    problem = problem_of(replace(said(verdict, "crisis", minutes=minutes), **changes))  # type: ignore[arg-type]

    assert problem is not None
    assert problem.startswith(f"{named}:")


def test_feedback_holds_from_the_first_minute_that_ends_after_it_or_the_next_one_to_close() -> None:
    on_the_minute = said(CONFIRM, "crisis", time_ms=START_MS)

    assert Held.of(on_the_minute).from_ms == START_MS + MINUTE_MS
    assert Held.of(replace(on_the_minute, time="2015-02-22T02:00:59.999Z")).from_ms == START_MS + MINUTE_MS
    assert Held.of(on_the_minute, START_MS + 5 * MINUTE_MS).from_ms == START_MS + 5 * MINUTE_MS


def test_what_is_published_says_when_it_was_held_and_what_it_was() -> None:
    end_ms = START_MS + 7 * MINUTE_MS
    event = Held.of(said(SNOOZE, "crisis")).published(end_ms)

    assert from_rfc3339(event.held_from) == end_ms
    assert (event.verdict, event.until, event.by) == (SNOOZE, said(SNOOZE, "crisis").until, "press office")


@given(st.lists(st.integers(0, 9), max_size=20), st.integers(0, 9))
def test_of_one_minute_what_came_first_takes_effect_first(minutes: list[int], now: int) -> None:
    inbox = Inbox()
    for i, minute in enumerate(minutes):
        inbox.expect(held(str(i), minute))

    due = inbox.due(now)
    assert due == sorted(
        (held(str(i), m) for i, m in enumerate(minutes) if m <= now), key=lambda h: (h.from_ms, int(h.id))
    )
    assert [each.from_ms for each in inbox.waiting] == sorted(m for m in minutes if m > now)


@given(st.lists(st.tuples(st.integers(0, 1 << 62), st.sampled_from("abcdefghijklm"), st.integers(0, 9)), max_size=20))
def test_an_inbox_survives_a_restart(records: list[tuple[int, str, int]]) -> None:
    inbox = Inbox()
    for offset, name, minute in records:
        inbox.note(offset)
        if not inbox.is_full:
            inbox.take(held(name, minute))
    again = Inbox.restore(decode(encode(inbox.state())))

    assert again.state() == inbox.state()
    assert again.waiting == inbox.waiting
    assert len(encode(inbox.state())) < 5 * 1024


def test_what_was_heard_long_ago_is_known_by_its_offset_and_what_was_just_written_again_by_its_id() -> None:
    inbox = Inbox()
    for offset in range(20):
        inbox.note(offset)
        inbox.take(held(str(offset), 0))
        inbox.due(0)

    assert inbox.is_known(0, "0")
    assert inbox.is_known(20, "19")
    assert not inbox.is_known(20, "20")


def test_the_largest_inbox_is_within_its_bound() -> None:
    inbox = Inbox()
    widest = "\N{FACE WITH TEARS OF JOY}" * 64
    for offset in range(MOST_WAITING):
        inbox.note(offset + (1 << 62))
        inbox.take(held(widest, 253_402_300_700_000)._replace(by=widest, crisis_id=widest))
    assert len(encode(inbox.state())) < 10 * 1024


@pytest.mark.parametrize(
    "state",
    [
        [0],
        ["0", [], []],
        [-2, [], []],
        [1 << 64, [], []],
        [0, [1], []],
        [0, ["a"] * 9, []],
        [0, [], [[]]],
        [0, [], [["a", "b", "shrug", None, 0, "", 0]]],
        [0, [], [["a", "b", "confirm", "because", 0, "", 0]]],
        [0, [], [["a", "b", "confirm", None, 5, "", 0]]],
        [0, [], [["a", "b", "snooze", None, 0, "", 0]]],
        [0, [], [["a", "b", "confirm", None, 0, "", -1]]],
        [0, [], [["a", "b", "confirm", None, 0, None, 1]]],
        [0, [], [["a", "b", "confirm", None, 0, "", 2], ["c", "b", "confirm", None, 0, "", 1]]],
        [0, 5, []],
    ],
)
def test_what_is_no_state_of_an_inbox_is_refused(state: list[object]) -> None:
    with pytest.raises((TypeError, ValueError, LookupError)):
        Inbox.restore(state)
