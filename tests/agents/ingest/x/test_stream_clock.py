import logging

import pytest

from agents.ingest.sources.x.clock import XClock

NEW_YEAR = "Thu, 01 Jan 2026 00:00:00 GMT"
NEW_YEAR_MS = 1_767_225_600_000


class Watch:
    def __init__(self, wall_s: float = 0.0) -> None:
        self.passed_s = 0.0
        self.wall_s = wall_s
        self.clock = XClock(lambda: 50.0 + self.passed_s, lambda: self.wall_s + self.passed_s)


def test_until_x_has_told_it_the_time_is_ours() -> None:
    watch = Watch(wall_s=1234.5)
    assert not watch.clock.known
    assert watch.clock.now_ms() == 1_234_500
    assert watch.clock.offset_s() == 0.0


def test_afterwards_it_is_that_of_x_and_what_has_passed() -> None:
    watch = Watch(wall_s=99.0)
    watch.clock.answered(NEW_YEAR)
    watch.passed_s = 12.25
    assert watch.clock.known
    assert watch.clock.now_ms() == NEW_YEAR_MS + 12_250


def test_a_clock_of_ours_that_is_set_changes_nothing() -> None:
    watch = Watch(wall_s=99.0)
    watch.clock.answered(NEW_YEAR)
    watch.wall_s += 3600
    assert watch.clock.now_ms() == NEW_YEAR_MS


@pytest.mark.parametrize("date", [None, "", "yesterday", "Thu, 99 Jan 2026 00:00:00 GMT", "9" * 10_000])
def test_a_date_that_is_none_changes_nothing(date: str | None) -> None:
    watch = Watch()
    watch.clock.answered(NEW_YEAR)
    watch.clock.answered(date)
    assert watch.clock.now_ms() == NEW_YEAR_MS


@pytest.mark.parametrize("date", ["Thu, 01 Jan 2099 00:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_an_error_tells_no_time_that_nothing_bears_out(date: str) -> None:
    watch = Watch(wall_s=99.0)
    watch.clock.answered(NEW_YEAR, is_error=True)
    watch.clock.answered(date, is_error=True)
    assert watch.clock.now_ms() == NEW_YEAR_MS
    watch.clock.answered(date)
    assert watch.clock.now_ms() != NEW_YEAR_MS


def test_after_a_sleep_of_the_machine_an_error_tells_the_time() -> None:
    watch = Watch(wall_s=99.0)
    watch.clock.answered(NEW_YEAR)
    watch.wall_s += 7200  # the monotonic clock has stood still
    watch.clock.answered("Thu, 01 Jan 2026 02:00:00 GMT", is_error=True)
    assert watch.clock.now_ms() == NEW_YEAR_MS + 7_200_000


@pytest.mark.parametrize(("ahead_ms", "put_forward_ms"), [(-5, 0), (700, 700), (60_000, 60_000), (60_001, 0)])
def test_posts_put_it_forward_when_it_has_fallen_behind(ahead_ms: int, put_forward_ms: int) -> None:
    watch = Watch()
    watch.clock.answered(NEW_YEAR)
    watch.clock.posted(NEW_YEAR_MS + ahead_ms)
    assert watch.clock.now_ms() == NEW_YEAR_MS + put_forward_ms


def test_a_clock_that_is_off_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    watch = Watch(wall_s=NEW_YEAR_MS / 1000 - 3600)
    for _ in range(3):
        watch.clock.answered(NEW_YEAR)
    assert [record.getMessage() for record in caplog.records] == [
        "this machine's clock is 3600 s behind X's; times are taken from X, but set the clock"
    ]
    assert round(watch.clock.offset_s()) == -3600


def test_a_clock_that_is_about_right_is_no_news(caplog: pytest.LogCaptureFixture) -> None:
    watch = Watch(wall_s=NEW_YEAR_MS / 1000 + 4)
    watch.clock.answered(NEW_YEAR)
    assert not caplog.records


DAY_MS = 86_400_000


@pytest.mark.parametrize("date", ["Thu, 01 Jan 2099 00:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_a_date_that_is_absurd_against_posts_is_not_believed_for_ever(date: str) -> None:
    watch = Watch(wall_s=NEW_YEAR_MS / 1000 - 3600)
    watch.clock.answered(date)
    for _ in range(3):
        watch.passed_s += 1
        watch.clock.posted(NEW_YEAR_MS + int(watch.passed_s * 1000))
    assert watch.clock.now_ms() == NEW_YEAR_MS + 3000
    watch.clock.answered(date)
    assert watch.clock.now_ms() == NEW_YEAR_MS + 3000, "nor again"
    watch.clock.answered("Thu, 01 Jan 2026 00:01:00 GMT")
    assert watch.clock.now_ms() == NEW_YEAR_MS + 60_000
    assert watch.clock.jumps == 2


def test_a_date_that_is_an_hour_off_is_not_believed_when_posts_and_our_clock_agree() -> None:
    watch = Watch(wall_s=NEW_YEAR_MS / 1000 - 3600)
    watch.clock.answered(NEW_YEAR)
    for _ in range(3):
        watch.clock.posted(NEW_YEAR_MS - 3_600_000)
    assert watch.clock.now_ms() == NEW_YEAR_MS - 3_600_000


@pytest.mark.parametrize("wall_ms", [NEW_YEAR_MS, 0])
def test_posts_that_are_late_or_do_not_agree_set_nothing(wall_ms: int) -> None:
    watch = Watch(wall_s=wall_ms / 1000)
    watch.clock.answered(NEW_YEAR)
    late = [-3_600_000] * 5
    for off_ms in [*late, -2 * DAY_MS, -3 * DAY_MS, 4 * DAY_MS, 4 * DAY_MS, 0, 4 * DAY_MS, -9 * DAY_MS]:
        watch.clock.posted(NEW_YEAR_MS + off_ms)
    assert watch.clock.now_ms() == NEW_YEAR_MS
