from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.notify.line import GIVE_UP_MS, LEAST_ATTEMPTS, Item, Result
from pipeline.notify.outbox import LATE_MS, Outbox
from pipeline.notify.stored import dump_outbox, load_outbox
from pipeline.statevalue import StateProblem, UnusableState
from schemas.codec import decode, encode
from tests.pipeline.notify.lives import HOUR_MS, MINUTE_MS, NOON, QUIET, at, world

# -- examples ----------------------------------------------------------------------------------------


def test_a_channel_hears_of_a_crisis_when_it_reaches_its_level_and_then_of_all_of_it() -> None:
    told = world()
    for level in (1, 1, 2, 2, 3, 2, 1, 0):
        told.happens(level, minutes=5)
        told.tells_all("ops")
    assert told.said("ops") == [
        ("escalated", 2),
        ("updated", 2),
        ("escalated", 3),
        ("deescalated", 2),
        ("deescalated", 1),
        ("resolved", 0),
    ]


def test_a_channel_that_was_never_told_hears_nothing_of_the_end() -> None:
    told = world()
    for level in (1, 1, 0):
        told.happens(level, minutes=5)
    assert not list(told.waits("ops"))


def test_a_pending_update_gives_way_to_whatever_comes_after_it_and_level_changes_stay_in_order() -> None:
    told = world()
    for level in (2, 2, 2, 3, 3, 2):
        told.happens(level, minutes=5)
    assert [(step.type.value, step.level) for step in told.waits("ops")] == [
        ("opened", 2),
        ("escalated", 3),
        ("deescalated", 2),
    ]
    assert told.ended["ops"] == [Result.SUPERSEDED] * 3


def test_a_repeated_event_changes_nothing() -> None:
    told = world()
    steps = [told.happens(level, minutes=5) for level in (2, 3, 0, 2)]
    told.tells_all("ops")
    before = dump_outbox(told.outbox)
    for step in steps:
        assert told.outbox.take(step, {"ops": told.plan.addresses(told.life.event, NOON)["ops"]}, told.now_ms) == []  # type: ignore[arg-type]
    assert dump_outbox(told.outbox) == before


def test_the_budget_withholds_what_is_above_it_and_level_4_passes() -> None:
    told = world("[budget]\nalerts = 2\n")
    for level in (2, 0, 2, 0, 2, 2, 0, 3, 4, 0):
        told.happens(level, minutes=5)
        told.tells_all("ops")
    assert told.said("ops") == [
        ("opened", 2),
        ("resolved", 0),
        ("opened", 2),
        ("resolved", 0),
        ("escalated", 4),
        ("resolved", 0),
    ]
    assert Counter(told.ended["ops"])[Result.WITHHELD_BUDGET] == 2


def test_a_day_later_the_budget_is_there_again() -> None:
    told = world("[budget]\nalerts = 1\n")
    for level in (2, 0, 2, 0):
        told.happens(level, minutes=5)
        told.tells_all("ops")
    told.happens(2, minutes=24 * 60)
    told.tells_all("ops")
    assert told.said("ops") == [("opened", 2), ("resolved", 0), ("opened", 2)]


def test_quiet_hours_postpone_to_their_end_and_then_only_the_newest_state_is_told() -> None:
    told = world(QUIET, at("2026-03-27T22:30"))
    for level in (2, 3, 3, 2):
        told.happens(level, minutes=5)
        told.tells_all("ops")
    assert told.said("ops") == []
    told.now_ms = at("2026-03-28T06:00") - 1
    told.tells_all("ops")
    assert told.said("ops") == []
    told.passes(1 / MINUTE_MS)
    told.tells_all("ops")
    assert told.said("ops") == [("deescalated", 2)]
    assert Counter(told.ended["ops"]) == {Result.WITHHELD_QUIET: 3, Result.DELIVERED: 1}


def test_a_crisis_that_is_over_before_the_quiet_hours_are_is_not_told() -> None:
    told = world(QUIET, at("2026-03-27T22:30"))
    for level in (2, 0):
        told.happens(level, minutes=5)
    told.passes(12 * 60)
    told.tells_all("ops")
    assert told.said("ops") == []


def test_the_end_of_a_crisis_that_was_told_is_told_in_the_morning() -> None:
    told = world(QUIET, at("2026-03-27T20:50"))
    told.happens(2)
    told.tells_all("ops")
    for level in (1, 0):
        told.happens(level, minutes=60)
        told.tells_all("ops")
    assert told.said("ops") == [("opened", 2)]
    told.passes(12 * 60)
    told.tells_all("ops")
    assert told.said("ops") == [("opened", 2), ("resolved", 0)]


def test_level_4_breaks_the_quiet_and_what_was_held_before_it_does_not_hold_it_up() -> None:
    told = world(QUIET, at("2026-03-27T20:50"))
    told.happens(2)
    told.tells_all("ops")
    told.happens(0, minutes=60)
    told.happens(4, minutes=60)
    told.tells_all("ops")
    assert told.said("ops") == [("opened", 2), ("resolved", 0), ("opened", 4)]


@pytest.mark.parametrize(
    ("evening", "morning"), [("2026-03-28T21:30", "2026-03-29T05:00"), ("2026-10-24T20:30", "2026-10-25T06:00")]
)
def test_quiet_hours_end_by_the_clock_on_the_wall_in_the_nights_in_which_clocks_change(
    evening: str, morning: str
) -> None:
    told = world(QUIET, at(evening))
    told.happens(2)
    told.now_ms = at(morning) - 1
    assert told.tells("ops") == "nothing"
    told.now_ms += 1
    assert told.tells("ops") == "ok"


def test_a_new_group_over_old_history_tells_only_the_newest_step_of_what_is_still_open() -> None:
    told = world()
    for level in (2, 3, 0, 4, 0, 2, 3, 3):
        told.happens(level, minutes=5, age_ms=30 * 24 * HOUR_MS)
    told.tells_all("ops")
    assert told.said("ops") == [("updated", 3)]
    assert Counter(told.ended["ops"])[Result.SUPERSEDED] == 5


def test_after_an_outage_the_end_of_what_had_been_told_is_told() -> None:
    told = world()
    told.happens(2)
    told.tells_all("ops")
    for level in (3, 2, 0):
        told.happens(level, age_ms=LATE_MS + 1)
    told.tells_all("ops")
    assert told.said("ops") == [("opened", 2), ("resolved", 0)]


def test_a_step_is_given_up_after_an_hour_and_the_next_one_tells_of_the_crisis_that_is_owed() -> None:
    told = world()
    told.happens(2)
    began, attempts = told.now_ms, 0
    while told.tells("ops", lambda _: "failed") != "dead":
        attempts += 1
        told.now_ms = told.outbox.line("ops").due_ms() or 0
    assert told.now_ms - began == GIVE_UP_MS
    assert attempts > LEAST_ATTEMPTS
    told.happens(2, minutes=5)
    told.tells_all("ops")
    assert told.said("ops") == [("updated", 2)]


def test_a_step_that_had_to_wait_for_others_is_tried_several_times_though_its_hour_is_over() -> None:
    told = world()
    told.happens(2)
    told.passes(3 * 60)
    said: list[str] = []
    while not said or said[-1] != "dead":
        said.append(told.tells("ops", lambda _: "failed"))
        told.now_ms = told.outbox.line("ops").due_ms() or told.now_ms
    assert said == ["failed"] * (LEAST_ATTEMPTS - 1) + ["dead"]


def test_what_was_refused_of_a_crisis_that_is_over_is_not_followed_by_its_end() -> None:
    told = world()
    told.happens(2)
    assert told.tells("ops", lambda _: "refused") == "dead"
    told.happens(0, minutes=5)
    told.tells_all("ops")
    assert told.said("ops") == []


def test_attempts_come_further_and_further_apart_and_a_receiver_is_left_alone_for_as_long_as_it_asks() -> None:
    told = world()
    told.happens(2)
    line, waits = told.outbox.line("ops"), []
    for _ in range(9):
        assert told.tells("ops", lambda _: "failed") == "failed"
        waits.append(line.pending[0].not_before_ms - told.now_ms)
        told.now_ms = line.pending[0].not_before_ms
    assert all(later >= 1.9 * sooner for sooner, later in pairwise(waits[:6]))
    assert max(waits) <= MINUTE_MS
    item, _ = line.next(told.plan.budget, told.now_ms)
    assert item is not None
    assert line.failed(item, told.now_ms, 600_000)
    assert line.due_ms() == told.now_ms + 600_000


def test_a_step_that_somebody_asks_for_again_is_told_to_that_channel_whatever_the_rules_say() -> None:
    told = world("[budget]\nalerts = 1\n")
    first = told.happens(2)
    told.tells_all("ops")
    told.tells_all("night")
    told.happens(0, minutes=5)
    told.tells_all("ops")
    told.outbox.redrive(first, "ops", told.now_ms)
    told.outbox.redrive(first, "ops", told.now_ms)
    told.tells_all("ops")
    told.tells_all("night")
    assert told.said("ops") == [("opened", 2), ("resolved", 0), ("opened", 2)]
    assert told.said("night") == [("opened", 2), ("resolved", 0)]
    assert told.outbox.line("ops").told is None, "it is not told again and again: the crisis is over"


def test_a_channel_that_left_the_file_is_forgotten() -> None:
    told = world()
    told.happens(2)
    assert told.outbox.keep_only(["ops"]) == [("night", Result.SUPERSEDED)]
    assert set(told.outbox.lines) == {"ops"}


# -- state -------------------------------------------------------------------------------------------


def test_state_that_is_damaged_or_of_another_version_is_said_to_be_so() -> None:
    told = world()
    told.happens(2)
    value = dump_outbox(told.outbox)
    for damaged in (
        value[:-1],
        b"",
        b"[]",
        value.replace(b'"steps":[', b'"steps":[1,'),
        value.replace(b'"step":0', b'"step":9'),
    ):
        with pytest.raises(UnusableState) as unusable:
            load_outbox(damaged)
        assert unusable.value.problem is StateProblem.CORRUPT
    with pytest.raises(UnusableState) as unusable:
        load_outbox(encode(decode(value) | {"v": 2}))
    assert unusable.value.problem is StateProblem.UNKNOWN_VERSION


@given(st.binary(max_size=60))
def test_reading_arbitrary_bytes_as_state_raises_nothing_else(value: bytes) -> None:
    with pytest.raises(UnusableState):
        load_outbox(value)


def test_an_item_that_is_under_way_does_not_give_way() -> None:
    told = world()
    told.happens(2)
    told.tells_all("ops")
    told.happens(2, minutes=5)
    item, _ = told.outbox.line("ops").next(told.plan.budget, told.now_ms)
    assert isinstance(item, Item)
    told.happens(3, minutes=5)
    assert item in told.outbox.line("ops").pending
    told.outbox.delivered("ops", item)
    assert [step.level for step in told.waits("ops")] == [3]
    assert Outbox().pending("ops") == 0
