from random import Random

import pytest
from msgspec.structs import replace

from pipeline.settings import EngineSettings
from pipeline.statevalue import wrap
from pipeline.tracker import Step, Tracker, clock_key
from schemas.crisis import CrisisEvent
from schemas.mention import Gap, Mention, Origin, Watermark
from schemas.window import Level, WindowClosed
from tests.pipeline.logs import (
    MINUTE_MS,
    START_MS,
    FakeDetector,
    LogItem,
    mention,
    random_mention,
    watermark,
)

END_MS = START_MS + 70 * MINUTE_MS


def tracker_of_one() -> Tracker:
    return Tracker(EngineSettings(), 0, FakeDetector)


def windows(step: Step) -> list[WindowClosed]:
    return [event for event in step.events if isinstance(event, WindowClosed)]


def at(offset: int, partition: int = 0) -> Origin:
    return Origin(partition=partition, offset=offset)


# -- one rule a test ---------------------------------------------------------------------------------


def test_a_mention_delivered_again_is_a_duplicate() -> None:
    tracker = tracker_of_one()
    tracker.step([mention(origin=at(5))])

    step = tracker.step([mention(origin=at(5)), mention(origin=at(4)), watermark(START_MS + MINUTE_MS, 5)])

    assert step.dropped == {"duplicate": 2}
    assert windows(step)[0].windows["1m"].volume == 1


def test_tweets_of_one_raw_record_are_told_apart_by_their_index() -> None:
    step = tracker_of_one().step([mention(origin=replace(at(5), index=index)) for index in (0, 1, 1, 2)])

    assert (step.counted, step.dropped) == (3, {"duplicate": 1})


def test_a_late_mention_is_in_no_bucket_but_is_known_when_it_comes_again() -> None:
    tracker = tracker_of_one()
    tracker.step([mention()])

    assert tracker.step([mention(origin=at(1), late=True)]).dropped == {"late": 1}
    assert tracker.step([mention(origin=at(1), late=True)]).dropped == {"duplicate": 1}
    assert windows(tracker.step([watermark(START_MS + MINUTE_MS)]))[0].windows["24h"].volume == 1


def test_a_brand_of_which_only_late_mentions_came_has_no_state() -> None:
    tracker = tracker_of_one()
    step = tracker.step([mention(late=True), watermark(START_MS + MINUTE_MS)])

    assert (step.events, list(step.states), len(tracker.brands())) == ([], [clock_key(0)], 0)


def test_a_bucket_closes_when_the_watermark_reaches_its_end_and_not_before() -> None:
    tracker = tracker_of_one()

    assert not tracker.step([mention(), watermark(START_MS + MINUTE_MS - 1)]).events
    assert [w.window_end for w in windows(tracker.step([watermark(START_MS + MINUTE_MS)]))] == ["2015-02-22T02:01:00Z"]


def test_empty_buckets_are_closed_too() -> None:
    step = tracker_of_one().step([mention(), watermark(START_MS + 5 * MINUTE_MS)])

    assert [w.windows["1m"].volume for w in windows(step)] == [1, 0, 0, 0, 0]


def test_a_brand_begins_with_its_earliest_mention_not_with_the_one_that_came_first() -> None:
    first = mention(time_ms=START_MS + MINUTE_MS, origin=at(0, 1))
    step = tracker_of_one().step([first, mention(origin=at(0, 0)), watermark(START_MS + 2 * MINUTE_MS)])

    assert [w.windows["5m"].volume for w in windows(step)] == [1, 2]


def test_own_posts_count_as_own_posts_only() -> None:
    step = tracker_of_one().step([mention(official=True), watermark(START_MS + MINUTE_MS)])

    (window,) = windows(step)
    assert (window.own_posts_24h, window.windows["24h"].volume) == (1, 0)


def test_after_24_empty_hours_nothing_is_published_until_the_next_mention() -> None:
    tracker = tracker_of_one()
    day = 24 * 60

    step = tracker.step([mention(), watermark(START_MS + 3 * day * MINUTE_MS)])
    assert len(step.events) == day + 15 - 1, "the 24-hour window starts at a quarter hour"
    assert tracker.brands()["acme"].closed_ms == START_MS + 3 * day * MINUTE_MS, "but it goes on closing"

    later = START_MS + 3 * day * MINUTE_MS
    step = tracker.step([mention(time_ms=later, origin=at(9)), watermark(later + MINUTE_MS, 9)])
    assert [w.windows["24h"].volume for w in windows(step)] == [1]


def test_a_year_without_mentions_is_a_week_of_work_and_costs_no_more_state() -> None:
    tracker = tracker_of_one()
    week, year = 7 * 24 * 60 * MINUTE_MS, 365 * 24 * 60 * MINUTE_MS
    tracker.step([mention(), watermark(START_MS + year)])

    assert tracker.brands()["acme"].closed_ms == START_MS + week + MINUTE_MS
    assert list(tracker.step([watermark(START_MS + year + MINUTE_MS, 1)]).states) == [clock_key(0)]
    assert tracker.step([mention()]).dropped == {"duplicate": 1}


def test_a_sleeping_brand_goes_on_at_its_next_mention() -> None:
    tracker = tracker_of_one()
    year = 365 * 24 * 60 * MINUTE_MS
    tracker.step([mention(), watermark(START_MS + year)])

    step = tracker.step(
        [mention(time_ms=START_MS + year + 1, origin=at(1)), watermark(START_MS + year + 2 * MINUTE_MS, 1)]
    )

    assert [(w.windows["1m"].volume, w.windows["24h"].volume) for w in windows(step)] == [(1, 1), (0, 1)]


def test_a_mention_of_a_partition_that_was_idle_enters_no_closed_bucket_wherever_the_batch_is_cut() -> None:
    log: list[LogItem] = [
        mention(origin=at(0)),
        watermark(START_MS, 0, source_partitions=2, idle=True),
        mention(origin=at(0, 1), time_ms=START_MS + 5 * MINUTE_MS),
        watermark(START_MS + 4 * MINUTE_MS, 0, source_partition=1, source_partitions=2),
        mention(origin=at(1), time_ms=START_MS + MINUTE_MS),
        mention(origin=at(2), time_ms=START_MS + 4 * MINUTE_MS),
        watermark(START_MS + 6 * MINUTE_MS, 2, source_partitions=2),
        watermark(START_MS + 6 * MINUTE_MS, 2, source_partition=1, source_partitions=2),
    ]
    whole = tracker_of_one().step(log)
    piecewise = tracker_of_one()
    events = [event for record in log for event in piecewise.step([record]).events]

    assert whole.dropped == {"closed": 1}
    assert events == whole.events
    assert [w.windows["1m"].volume for w in windows(whole)] == [1, 0, 0, 0, 1, 1]


def test_a_mention_of_a_partition_that_was_idle_holds_time_back_for_those_after_it() -> None:
    step = tracker_of_one().step(
        [
            watermark(START_MS, 0, source_partitions=2, idle=True),
            watermark(START_MS, 0, source_partition=1, source_partitions=2),
            mention(origin=at(1), time_ms=START_MS + MINUTE_MS),
            watermark(START_MS + 10 * MINUTE_MS, 1, source_partition=1, source_partitions=2),
            mention(origin=at(2), time_ms=START_MS + MINUTE_MS),
        ]
    )

    assert (step.counted, step.dropped) == (2, {})


def test_events_are_in_order_of_brand_then_time_with_the_window_before_the_crisis_event() -> None:
    records = [
        random_mention(Random(n), brand, START_MS + minute * MINUTE_MS, 0, n)
        for n, (brand, minute) in enumerate([(b, m) for b in ("globex", "acme") for m in (1, 0) for _ in range(9)])
    ]
    step = tracker_of_one().step([*records, watermark(START_MS + 2 * MINUTE_MS, 99)])

    events = [e for e in step.events if isinstance(e, WindowClosed | CrisisEvent)]
    keys = [(e.brand, e.window_end, isinstance(e, CrisisEvent)) for e in events]
    assert keys == sorted(keys)
    assert sum(isinstance(event, CrisisEvent) for event in step.events) == 4


def test_the_clock_is_the_last_of_the_states_and_each_brand_is_in_them_once() -> None:
    brands = ("globex", "acme", "initech", "acme")
    step = tracker_of_one().step([mention(brand=b, origin=at(n)) for n, b in enumerate(brands)] + [watermark(START_MS)])

    assert list(step.states) == ["acme", "globex", "initech", clock_key(0)]


def test_a_step_without_news_writes_nothing() -> None:
    tracker = tracker_of_one()
    tracker.step([mention(), watermark(START_MS)])

    step = tracker.step([mention(), watermark(START_MS)])

    assert (step.states, step.events) == ({}, [])


def test_the_view_shows_level_time_and_size_of_each_brand() -> None:
    tracker = tracker_of_one()
    loud = [replace(random_mention(Random(n), "acme", START_MS, 0, n), official=False) for n in range(3)]
    step = tracker.step([*loud, watermark(START_MS + MINUTE_MS)])

    (view,) = tracker.brands().values()
    assert (view.level, view.closed_ms) == (Level.ALERT, START_MS + MINUTE_MS)
    assert view.state_bytes == len(step.states["acme"])
    assert tracker.time_ms == START_MS + MINUTE_MS


# -- gaps --------------------------------------------------------------------------------------------


def gap(start: int, end: int, **changes: object) -> Gap:
    base = Gap(source_partition=0, offset=0, start_ms=START_MS + start * MINUTE_MS, end_ms=START_MS + end * MINUTE_MS)
    return replace(base, **changes)


def observed(tracker: Tracker, minutes: int) -> dict[str, list[bool]]:
    step = tracker.step([watermark(START_MS + minutes * MINUTE_MS, 99)])
    by_brand: dict[str, list[bool]] = {}
    for window in windows(step):
        by_brand.setdefault(window.brand, []).append(window.observed)
    return by_brand


def test_buckets_that_touch_a_gap_are_not_observed() -> None:
    tracker = tracker_of_one()
    tracker.step([mention(), replace(gap(1, 2), start_ms=START_MS + 119_999, end_ms=START_MS + 120_001)])

    assert observed(tracker, 4) == {"acme": [True, False, False, True]}


def test_a_gap_can_be_of_some_brands_only() -> None:
    tracker = tracker_of_one()
    tracker.step([mention(), mention(brand="globex"), gap(0, 1, brands=("globex",))])

    assert observed(tracker, 1) == {"acme": [True], "globex": [False]}


def test_a_gap_holds_for_brands_that_come_later_and_after_a_restart() -> None:
    tracker = tracker_of_one()
    step = tracker.step([gap(0, 3)])
    restarted = tracker_of_one()
    for key, value in step.states.items():
        restarted.restore(key, value)
    restarted.step([mention(time_ms=START_MS + 2 * MINUTE_MS)])

    assert observed(restarted, 4) == {"acme": [False, True]}


def test_a_gap_that_reaches_into_closed_buckets_changes_only_those_still_open() -> None:
    tracker = tracker_of_one()
    tracker.step([mention(), watermark(START_MS + 2 * MINUTE_MS)])
    tracker.step([gap(0, 3)])

    assert observed(tracker, 4) == {"acme": [False, True]}


def test_a_gap_with_a_wrong_end_does_not_blind_for_good() -> None:
    tracker = tracker_of_one()
    tracker.step([mention(), gap(0, 10**9)])
    week = 7 * 24 * 60
    again = mention(time_ms=START_MS + (week + 1) * MINUTE_MS, origin=at(1))

    tracker.step([again])

    assert observed(tracker, week + 2)["acme"][-1] is True


def test_unobserved_minutes_are_counted_over_24_hours() -> None:
    tracker = tracker_of_one()
    step = tracker.step([mention(), gap(1, 3), watermark(START_MS + 4 * MINUTE_MS)])

    assert [w.detection.negative_share_expected for w in windows(step)] == [0, 0.0001, 0.0002, 0.0002]


# -- restoring ---------------------------------------------------------------------------------------


def test_entries_of_another_partition_are_passed_over() -> None:
    states = Tracker(EngineSettings(), 7, FakeDetector).step([mention(), watermark(START_MS)]).states
    tracker = tracker_of_one()
    for key, value in states.items():
        tracker.restore(key, value)

    assert (len(tracker.brands()), tracker.time_ms, tracker.problems) == (0, None, {})


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (b"", "corrupt"),
        (b"\xff\x00", "corrupt"),
        (b"[]", "corrupt"),
        (b"null", "corrupt"),
        (b'{"v":1}', "corrupt"),
        (b'{"v":1,"partition":0}', "corrupt"),
        (b'{"v":1,"partition":"0"}', "corrupt"),
        (b'{"v":2,"partition":0}', "unknown_version"),
        (b'{"v":0,"partition":0}', "unknown_version"),
        (b'{"v":"1","partition":0}', "unknown_version"),
        (wrap(0, b"{}")[:-1], "corrupt"),
        (wrap(0, b"{}"), "corrupt"),
        (wrap(0, b"{", b"", b"", b"", b""), "corrupt"),
        (wrap(0), "corrupt"),
        (b"V\x07" + wrap(0, b"{}")[2:], "unknown_version"),
        (b"V\x01" + wrap(0, b"{}")[2:], "unknown_version"),
    ],
)
@pytest.mark.parametrize("key", ["acme", clock_key(0)])
def test_a_value_that_cannot_be_used_is_counted_and_the_brand_begins_anew(key: str, value: bytes, problem: str) -> None:
    tracker = tracker_of_one()
    tracker.restore(key, value)

    assert tracker.problems == {problem: 1}
    assert windows(tracker.step([mention(), watermark(START_MS + MINUTE_MS)]))[0].windows["24h"].volume == 1


def test_a_damaged_brand_does_not_count_again_what_the_clock_has_passed() -> None:
    tracker = tracker_of_one()
    log: list[LogItem] = [mention(), watermark(START_MS + MINUTE_MS)]
    states = tracker.step(log).states
    restarted = tracker_of_one()
    restarted.restore("acme", b"{")
    restarted.restore(clock_key(0), states[clock_key(0)])

    step = restarted.step(log)

    assert (step.events, step.dropped) == ([], {"closed": 1})


def test_closing_the_minute_of_many_brands_lets_others_have_their_turn() -> None:
    names = [f"b{n:03}" for n in range(250)]
    log: list[Mention | Watermark] = [mention(brand=name) for name in names]
    tracker = Tracker(EngineSettings(), 0, FakeDetector)

    pauses = list(tracker.work([*log, watermark(START_MS + MINUTE_MS)]))

    assert len(pauses) == 2
    assert {view.closed_ms for view in tracker.brands().values()} == {START_MS + MINUTE_MS}
    assert len(tracker.brands()) == len(names)
