"""What is missing is recorded, by X's clock; what is not missing is not."""

import asyncio
from itertools import pairwise
from pathlib import Path

import pytest

from agents.ingest.sources.x.account import LATENCY_MS
from agents.ingest.sources.x.connection import Patience
from tests.agents.ingest.x.scene import IN_ONE_PIECE, NOW_MS, heard, line, scene

SECOND, MINUTE = 1000, 60_000
IMPATIENT = Patience(stall_s=1.0)
MADE = NOW_MS + SECOND
"""From when on a connection counts that was made at the beginning: `Date` has whole seconds."""
BEHIND = SECOND + LATENCY_MS
"""So long before the last thing that came, all that was made has come."""


async def test_nothing_is_missing_before_the_very_first_connection(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        at.passes(3600)
        call = await at.connected()
        at.passes(30)
        await heard(at, call)
        await at.ticks()

    assert at.outlet.gaps == []
    assert at.outlet.marks == [NOW_MS + 3600 * SECOND - LATENCY_MS, NOW_MS + 3630 * SECOND - BEHIND]


async def test_the_first_connection_is_marked_before_anything_has_come(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        await at.connected()
        await at.outlet.until(lambda it: it.marks)
        assert at.outlet.marks == [NOW_MS - LATENCY_MS]


async def test_between_two_connections_is_a_gap(tmp_path: Path) -> None:
    async with scene(tmp_path, patience=IN_ONE_PIECE) as at:
        call = await at.connected()
        at.passes(20)
        await heard(at, call)
        at.passes(3)
        await call.end()
        again = await at.x.next()
        at.passes(2)
        await again.begin()
        await at.outlet.until(lambda it: it.gaps)

    assert at.outlet.gaps == [(NOW_MS + 20 * SECOND - BEHIND, MADE + 25 * SECOND, "disconnected")]


async def test_a_stall_is_a_gap_of_its_own_reason(tmp_path: Path) -> None:
    async with scene(tmp_path, patience=IMPATIENT) as at:
        call = await at.connected()
        at.passes(20)
        await heard(at, call)
        at.passes(22)
        await at.connected()
        await at.outlet.until(lambda it: it.gaps)

    assert at.outlet.gaps == [(NOW_MS + 20 * SECOND - BEHIND, MADE + 42 * SECOND, "stalled")]


async def test_while_nothing_can_be_had_the_gap_is_recorded_in_pieces(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        call = await at.connected()
        at.passes(20)
        await heard(at, call)
        await call.end()
        refused = await at.x.next()
        for _ in range(3):
            at.passes(5)
            await at.ticks()
        at.passes(1)
        await refused.begin()
        await at.outlet.until(lambda it: len(it.gaps) == 4)

    start = NOW_MS + 20 * SECOND
    ends = [start + 5 * SECOND, start + 10 * SECOND, start + 15 * SECOND, start + 17 * SECOND]
    starts = [start - BEHIND, *ends[:-1]]
    assert at.outlet.gaps == [(one, other, "disconnected") for one, other in zip(starts, ends, strict=True)]


async def test_the_time_in_which_we_did_not_run_is_a_gap_from_the_last_mark(tmp_path: Path) -> None:
    async with scene(tmp_path, NOW_MS - 90 * SECOND) as at:
        await at.connected()
        await at.outlet.until(lambda it: it.gaps)

    assert at.outlet.gaps == [(NOW_MS - 90 * SECOND, MADE, "restart")]


async def test_a_refusal_tells_the_time_and_the_rest_is_for_its_reason(tmp_path: Path) -> None:
    async with scene(tmp_path, NOW_MS - 90 * SECOND, patience=IN_ONE_PIECE) as at:
        await (await at.x.next()).refuse(429)
        second = await at.x.next()
        at.passes(60)
        await second.begin()
        await at.outlet.until(lambda it: len(it.gaps) == 2)

    assert at.outlet.gaps == [
        (NOW_MS - 90 * SECOND, NOW_MS, "restart"),
        (NOW_MS, MADE + 60 * SECOND, "rate_limited"),
    ]


async def test_bounds_are_by_the_clock_of_x_whatever_ours_says(tmp_path: Path) -> None:
    async with scene(tmp_path, NOW_MS - 90 * SECOND, wall_s=NOW_MS / 1000 + 3600) as at:
        await at.ticks()
        call = await at.connected()
        await at.outlet.until(lambda it: it.gaps)
        await heard(at, call)
        await at.ticks()

    assert at.outlet.gaps == [(NOW_MS - 90 * SECOND, MADE, "restart")]
    assert at.outlet.value("clock_offset_seconds") == 3599.5


async def test_a_clock_that_has_run_fast_hides_no_gap(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        call = await at.connected()
        at.passes(3600)
        at.x.now_ms -= 10 * SECOND
        await heard(at, call)
        await call.end()
        await at.connected()
        await at.outlet.until(lambda it: it.gaps)

    made = NOW_MS + 3590 * SECOND
    assert at.outlet.gaps == [(made - BEHIND, made + SECOND, "disconnected")]


async def test_an_error_with_an_absurd_date_hides_no_gap(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        call = await at.connected()
        await heard(at, call)
        await call.end()
        right_ms, at.x.now_ms = at.x.now_ms, at.x.now_ms + 73 * 365 * 86_400 * SECOND
        await (await at.x.next()).refuse(502)
        at.x.now_ms = right_ms
        await at.connected()
        await at.outlet.until(lambda it: it.gaps)

    assert max(end_ms for _, end_ms, _ in at.outlet.gaps) < NOW_MS + 3600 * SECOND


async def test_as_long_as_x_does_not_answer_at_all_our_clock_stands_in(tmp_path: Path) -> None:
    async with scene(tmp_path, NOW_MS - 90 * SECOND) as at:
        await (await at.x.next()).cut()
        for _ in range(3):
            at.passes(5)
            await at.ticks()

    assert at.outlet.gaps[0] == (NOW_MS - 90 * SECOND, NOW_MS + 10 * SECOND, "restart")
    assert at.outlet.gaps[1] == (NOW_MS + 10 * SECOND, NOW_MS + 15 * SECOND, "disconnected")


@pytest.mark.parametrize("wrong_s", [3600, 0, -3600])
async def test_what_was_told_by_our_clock_is_recorded_again_by_that_of_x(tmp_path: Path, wrong_s: int) -> None:
    async with scene(tmp_path, NOW_MS - 90 * SECOND, wall_s=NOW_MS / 1000 + wrong_s) as at:
        await (await at.x.next()).cut()
        for _ in range(3):
            at.passes(5)
            await at.ticks()
        assert {mark for mark in at.outlet.marks if mark is not None} == {NOW_MS - 90 * SECOND}
        told = len(at.outlet.gaps)
        assert told or wrong_s < 0
        call = await at.connected()
        await at.outlet.until(lambda it: it.gaps[told:])
        assert at.outlet.gaps[told:] == [(NOW_MS - 90 * SECOND, MADE + 15 * SECOND, "restart")]
        at.passes(20)
        await heard(at, call)
        await call.end()
        again = await at.x.next()
        at.passes(1800)
        await again.begin()
        await at.outlet.until(lambda it: it.gaps[-1][1] == MADE + 1835 * SECOND)

    outage = [gap for gap in at.outlet.gaps[told + 1 :] if gap[2] == "disconnected"]
    assert outage[0][0] == NOW_MS + 35 * SECOND - BEHIND
    assert all(one[1] >= other[0] for one, other in pairwise(outage))


async def test_a_mark_in_the_future_of_x_hides_no_gap(tmp_path: Path) -> None:
    async with scene(tmp_path, NOW_MS + 3600 * SECOND, patience=IN_ONE_PIECE) as at:
        refused = await at.x.next()
        at.passes(30)
        await refused.refuse(503)
        again = await at.x.next()
        at.passes(10)
        call = await again.begin()
        await at.outlet.until(lambda it: it.gaps and it.gaps[-1][1] == MADE + 40 * SECOND)
        before = len(at.outlet.gaps)
        at.passes(20)
        await heard(at, call)
        await call.end()
        again = await at.x.next()
        at.passes(1800)
        await again.begin()
        await at.outlet.until(lambda it: it.gaps[-1][1] == MADE + 1860 * SECOND)
        await at.ticks()

    assert at.outlet.gaps[0][0] == NOW_MS - LATENCY_MS, "from the begin of this run"
    assert at.outlet.gaps[0][2] == "restart"
    assert at.outlet.gaps[before][0] == NOW_MS + 60 * SECOND - BEHIND
    assert at.outlet.marks[-1] is not None
    assert at.outlet.marks[-1] <= NOW_MS + 1860 * SECOND


@pytest.mark.parametrize("years", [73, -50])
async def test_the_first_answer_with_an_absurd_date_hides_no_gap_for_ever(tmp_path: Path, years: int) -> None:
    off_ms = years * 365 * 86_400 * SECOND
    async with scene(tmp_path, NOW_MS - 90 * SECOND) as at:
        at.x.now_ms += off_ms
        call = await at.connected()
        at.x.now_ms -= off_ms
        for number in range(4):
            at.passes(1)
            await call.send(line(at.x.now_ms, number))
            await at.outlet.until(lambda it, number=number: len(it.values) == number + 1)  # type: ignore[misc]
        at.passes(16)
        await heard(at, call)
        await at.ticks()
        assert at.outlet.marks[-1] == NOW_MS + 20 * SECOND - BEHIND
        assert any(start <= NOW_MS - 90 * SECOND and end >= NOW_MS for start, end, _ in at.outlet.gaps)
        before = len(at.outlet.gaps)
        await call.end()
        again = await at.x.next()
        at.passes(1800)
        await again.begin()
        await at.outlet.until(lambda it: it.gaps[-1][1] == MADE + 1820 * SECOND)

    assert at.outlet.gaps[before][0] == NOW_MS + 20 * SECOND - BEHIND


async def test_a_connection_that_begins_in_the_past_comes_through_though_its_date_was_absurd(tmp_path: Path) -> None:
    off_ms = 73 * 365 * 86_400 * SECOND
    async with scene(tmp_path, NOW_MS - 90 * SECOND, backfill=5) as at:
        at.x.now_ms += off_ms
        call = await at.connected()
        at.x.now_ms -= off_ms
        for number in range(6):
            at.passes(2)
            await call.send(line(at.x.now_ms, number))
            await at.outlet.until(lambda it, number=number: len(it.values) == number + 1)  # type: ignore[misc]
        await at.outlet.until(lambda it: NOW_MS < (it.marks[-1] or 0) + LATENCY_MS <= NOW_MS + 12 * SECOND)


async def test_a_gap_is_recorded_before_a_mark_passes_it(tmp_path: Path) -> None:
    async with scene(tmp_path, NOW_MS - 90 * SECOND) as at:
        await at.outlet.until(lambda it: it.marks)
        await at.connected()
        await at.outlet.until(lambda it: it.marks[1:])
        assert at.outlet.marks == [NOW_MS - 90 * SECOND, NOW_MS - LATENCY_MS]
        assert at.outlet.log == ["mark", "gap", "mark"]


async def test_as_long_as_a_gap_is_not_recorded_no_mark_passes_it_whatever_comes(tmp_path: Path) -> None:
    async with scene(tmp_path, NOW_MS - 90 * SECOND, connections=2) as at:
        at.outlet.takes_gaps.clear()
        await at.connected()
        at.passes(30)
        await at.ticks()
        assert at.outlet.marks == [NOW_MS - 90 * SECOND]
        at.outlet.takes_gaps.set()
        await at.outlet.until(lambda it: it.marks[1:])

    assert at.outlet.log == ["mark", "gap", "mark"]


async def test_a_gap_that_could_not_be_recorded_before_the_stop_is_left_to_the_next_run(tmp_path: Path) -> None:
    async with scene(tmp_path, NOW_MS - 90 * SECOND) as at:
        at.outlet.takes_gaps.clear()
        await at.connected()
        await at.ticks()
        assert at.task is not None
        at.task.cancel()
        await asyncio.wait([at.task])

    assert at.outlet.marks == [NOW_MS - 90 * SECOND]


async def test_a_post_is_put_before_a_mark_passes_it(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        call = await at.connected()
        await at.outlet.until(lambda it: it.marks)
        at.passes(60)
        await call.send(line(NOW_MS + 59 * SECOND))
        await at.outlet.until(lambda it: len(it.marks) == 2)
        assert at.outlet.log == ["mark", "put", "mark"]


async def test_posts_that_have_waited_for_long_cover_no_more_than_they_are_old(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        call = await at.connected()
        at.passes(60)
        await call.send(line(NOW_MS + 30 * SECOND))
        await at.outlet.until(lambda it: it.marks[1:])
        assert at.outlet.marks[-1] == NOW_MS + 30 * SECOND - LATENCY_MS


async def test_a_post_with_a_time_that_cannot_be_says_nothing(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        call = await at.connected()
        at.passes(60)
        await call.send(line(NOW_MS - 7 * 86_400_000) + line(NOW_MS + 86_400_000))
        await at.outlet.until(lambda it: it.marks[1:])
        assert at.outlet.marks[-1] == NOW_MS + 60 * SECOND - BEHIND


# -- sent again ------------------------------------------------------------------------------------


async def test_the_first_connection_ever_asks_for_nothing_from_before(tmp_path: Path) -> None:
    async with scene(tmp_path, backfill=5) as at:
        assert "backfill_minutes" not in (await at.connected()).query


async def test_as_many_minutes_are_asked_for_as_are_missing(tmp_path: Path) -> None:
    async with scene(tmp_path, backfill=5) as at:
        call = await at.connected()
        at.passes(60)
        await heard(at, call)
        at.passes(100)
        await call.end()
        assert (await at.connected()).query["backfill_minutes"] == "2"


async def test_after_a_restart_all_that_can_be_had_is_asked_for(tmp_path: Path) -> None:
    async with scene(tmp_path, NOW_MS - 20 * SECOND, backfill=5) as at:
        assert (await at.connected()).query["backfill_minutes"] == "5"


async def test_what_is_sent_again_leaves_no_gap_once_it_is_through(tmp_path: Path) -> None:
    async with scene(tmp_path, NOW_MS - 90 * SECOND, backfill=5) as at:
        call = await at.connected()
        at.passes(30)
        await call.send(line(NOW_MS - 60 * SECOND))
        await at.outlet.until(lambda it: it.values)
        await at.ticks()
        assert at.outlet.marks == [NOW_MS - 90 * SECOND]
        await call.send(line(NOW_MS + 29 * SECOND))
        await at.outlet.until(lambda it: it.marks[1:])

    assert at.outlet.gaps == []
    assert at.outlet.marks[-1] == NOW_MS + 30 * SECOND - BEHIND


async def test_a_keep_alive_after_silence_says_that_it_is_through_as_well(tmp_path: Path) -> None:
    async with scene(tmp_path, NOW_MS - 90 * SECOND, backfill=5) as at:
        call = await at.connected()
        at.passes(1)
        await heard(at, call)
        await at.ticks()
        assert at.outlet.marks == [NOW_MS - 90 * SECOND]
        at.passes(20)
        await heard(at, call)
        await at.outlet.until(lambda it: it.marks[1:])

    assert at.outlet.marks[-1] == NOW_MS + 21 * SECOND - BEHIND


async def test_a_connection_that_ends_before_it_is_through_has_covered_nothing(tmp_path: Path) -> None:
    async with scene(tmp_path, NOW_MS - 4 * MINUTE, backfill=5) as at:
        call = await at.connected()
        await call.send(line(NOW_MS - 3 * MINUTE))
        await at.outlet.until(lambda it: it.values)
        await call.cut()
        call = await at.x.next()
        assert call.query["backfill_minutes"] == "5"
        at.passes(120)
        await call.begin()
        await at.outlet.until(lambda it: it.gaps and it.gaps[-1][1] == MADE - 3 * MINUTE)

    assert at.outlet.gaps[0][0] == NOW_MS - 4 * MINUTE
    assert {reason for _, _, reason in at.outlet.gaps} == {"disconnected"}


async def test_only_what_no_connection_can_send_again_any_more_is_lost(tmp_path: Path) -> None:
    async with scene(tmp_path, NOW_MS - 4 * MINUTE, backfill=5) as at:
        await (await at.x.next()).refuse(503)
        call = await at.x.next()
        await at.ticks()
        assert at.outlet.gaps == []
        at.passes(90)
        await at.outlet.until(lambda it: it.gaps)
        await call.begin()
        await at.outlet.until(lambda it: len(it.gaps) == 2)

    lost = NOW_MS + 90 * SECOND - 5 * MINUTE
    assert at.outlet.gaps == [
        (NOW_MS - 4 * MINUTE, lost, "restart"),
        (lost, lost + SECOND, "disconnected"),
    ]


async def test_a_plan_without_backfill_is_found_out(tmp_path: Path) -> None:
    async with scene(tmp_path, NOW_MS - 60 * SECOND, backfill=5) as at:
        await (await at.x.next()).refuse(400, {"title": "Invalid Request", "detail": "backfill_minutes"})
        call = await at.x.next()
        assert "backfill_minutes" not in call.query
        await call.begin()
        await at.outlet.until(lambda it: it.gaps)
        await heard(at, call)
        await call.end()
        assert "backfill_minutes" not in (await at.connected()).query

    assert at.outlet.gaps[0] == (NOW_MS - 60 * SECOND, MADE, "restart")
    assert [wait for wait in at.waits if wait != 1.0] == [0.0]


# -- more than one connection ----------------------------------------------------------------------


async def test_of_two_connections_one_may_end_and_nothing_is_missing(tmp_path: Path) -> None:
    async with scene(tmp_path, connections=2) as at:
        first = await at.connected()
        await heard(at, first)
        second = await at.connected()
        at.passes(20)
        await heard(at, first)
        await heard(at, second)
        await first.cut()
        again = await at.x.next()
        at.passes(20)
        await heard(at, second)
        await again.begin()
        await heard(at, again)
        await at.ticks()

    assert at.outlet.gaps == []
    assert at.outlet.marks[-1] == NOW_MS + 40 * SECOND - BEHIND


async def test_when_both_have_ended_a_gap_begins_with_what_the_last_one_said(tmp_path: Path) -> None:
    async with scene(tmp_path, connections=2) as at:
        first = await at.connected()
        await heard(at, first)
        second = await at.connected()
        at.passes(20)
        await heard(at, second)
        await first.cut()
        await second.cut()
        again = await at.x.next(), await at.x.next()
        at.passes(1)
        await again[0].begin()
        await at.outlet.until(lambda it: it.gaps)

    assert at.outlet.gaps == [(NOW_MS + 20 * SECOND - BEHIND, MADE + 21 * SECOND, "disconnected")]


async def test_what_a_second_connection_was_made_too_late_for_is_missing_when_the_first_ends(tmp_path: Path) -> None:
    async with scene(tmp_path, connections=2) as at:
        first = await at.connected()
        await heard(at, first)
        late = await at.x.next()
        at.passes(30)
        await late.begin()
        await heard(at, late)
        await at.ticks()
        assert at.outlet.gaps == []
        await first.cut()
        await at.outlet.until(lambda it: it.gaps)

    assert at.outlet.gaps == [(NOW_MS - LATENCY_MS, MADE + 30 * SECOND, "disconnected")]


async def test_connections_that_overlap_leave_no_gap_however_short_they_are(tmp_path: Path) -> None:
    async with scene(tmp_path, connections=2) as at:
        first = await at.connected()
        await heard(at, first)
        second = await at.connected()
        for _ in range(4):
            at.passes(3)
            await heard(at, first)
            await heard(at, second)
            await first.cut()
            first, second = second, await at.connected()
        await at.ticks()

    assert at.outlet.gaps == []


async def test_the_open_connections_are_counted(tmp_path: Path) -> None:
    async with scene(tmp_path, connections=2) as at:
        first = await at.connected()
        assert at.outlet.value("connections") == 0
        await heard(at, first)
        assert at.outlet.value("connections") == 1
        second = await at.connected()
        await heard(at, second)
        assert at.outlet.value("connections") == 2
        await first.cut()
        await at.until(lambda: at.outlet.value("connections") == 1)
