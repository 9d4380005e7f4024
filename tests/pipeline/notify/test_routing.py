from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.notify.quiet import QuietHours, quiet_until
from pipeline.notify.routing import Address, NotifyPlan, Route
from schemas.window import Level
from tests.pipeline.notify.lives import HOUR_MS, MINUTE_MS, Life, at

PARIS = ZoneInfo("Europe/Paris")
NIGHTS = QuietHours(start=time(22), end=time(7), timezone=PARIS, below_level=Level.CRISIS)
NOON = at("2026-03-27T12:00")
MIDNIGHT = at("2026-03-27T23:00")


def plan(*routes: Route) -> NotifyPlan:
    return NotifyPlan(channels={}, routes=routes)


def test_a_channel_is_concerned_from_the_moment_a_crisis_has_reached_its_level_until_its_end() -> None:
    life, routes = Life(), plan(Route(channels=("ops",), min_level=Level.CRISIS))
    found = [routes.addresses(life.goes_to(level, NOON), NOON).get("ops") for level in (1, 2, 3, 2, 0)]
    opening, following = (Address(opens=opens, held_until_ms=0) for opens in (True, False))
    assert found == [None, None, opening, following, following]


def test_a_route_for_some_brands_concerns_no_other() -> None:
    routes = plan(Route(channels=("ops",), brands=("acme",)), Route(channels=("all",)))
    assert set(routes.addresses(Life("acme").goes_to(2, NOON), NOON)) == {"ops", "all"}
    assert set(routes.addresses(Life("other").goes_to(2, NOON), NOON)) == {"all"}


def test_of_two_routes_to_one_channel_the_more_permissive_counts_and_it_is_told_once() -> None:
    routes = plan(
        Route(channels=("ops",), min_level=Level.WATCH, quiet=(NIGHTS,)),
        Route(channels=("ops", "ops"), brands=("acme",), min_level=Level.ALERT),
    )
    assert routes.addresses(Life("acme").goes_to(2, MIDNIGHT), MIDNIGHT) == {
        "ops": Address(opens=True, held_until_ms=0)
    }
    held = routes.addresses(Life("other").goes_to(2, MIDNIGHT), MIDNIGHT)["ops"]
    assert held == Address(opens=True, held_until_ms=at("2026-03-28T06:00"))


def test_what_is_bad_enough_does_not_wait() -> None:
    assert quiet_until((NIGHTS,), Level.CRISIS, MIDNIGHT) == 0
    assert quiet_until((NIGHTS,), Level.ALERT, MIDNIGHT) == at("2026-03-28T06:00")


def test_quiet_hours_that_follow_one_another_are_one() -> None:
    weekend = QuietHours(start=time(0), end=time(0), days=frozenset({5, 6}), timezone=PARIS)
    friday_night = at("2026-03-27T22:00")
    monday_morning = at("2026-03-30T05:00")
    assert quiet_until((NIGHTS, weekend), Level.ALERT, friday_night) == monday_morning


def test_days_are_those_on_which_quiet_hours_begin() -> None:
    fridays = QuietHours(start=time(22), end=time(7), days=frozenset({4}), timezone=PARIS)
    assert fridays.end_ms(at("2026-03-28T05:00")) == at("2026-03-28T06:00")
    assert fridays.end_ms(at("2026-03-28T22:00")) == 0


@pytest.mark.parametrize(
    ("start", "end", "began", "ends"),
    [
        # 02:00 to 03:00 is left out: half past two is when it would have been.
        (time(1), time(2, 30), "2026-03-29T00:00", "2026-03-29T01:30"),
        (time(2, 30), time(6), "2026-03-29T01:30", "2026-03-29T04:00"),
        # 02:00 to 03:00 comes twice.
        (time(1), time(2, 30), "2026-10-24T23:00", "2026-10-25T01:30"),
        (time(2, 30), time(6), "2026-10-25T00:30", "2026-10-25T05:00"),
    ],
)
def test_quiet_hours_in_a_night_in_which_the_clocks_change(start: time, end: time, began: str, ends: str) -> None:
    quiet = QuietHours(start=start, end=end, timezone=PARIS)
    assert quiet.end_ms(at(began) - 1) == 0
    assert quiet.end_ms(at(began)) == quiet.end_ms(at(ends) - 1) == at(ends)
    assert quiet.end_ms(at(ends)) == 0


ZONES = st.sampled_from(
    ["Europe/Paris", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "UTC", "Australia/Lord_Howe"]
)
TIMES = st.builds(time, st.integers(0, 23), st.sampled_from([0, 30]))


@given(ZONES, TIMES, TIMES, st.sets(st.integers(0, 6)), st.integers(0, 2 * 365 * 24 * 4))
def test_quiet_hours_end_later_than_now_within_a_day_or_so_and_at_their_time(
    zone: str, start: time, end: time, days: set[int], quarters: int
) -> None:
    quiet = QuietHours(start=start, end=end, days=frozenset(days), timezone=ZoneInfo(zone))
    now_ms = at("2026-01-01T00:00") + quarters * 15 * MINUTE_MS
    ends_ms = quiet.end_ms(now_ms)
    if not ends_ms:
        return
    assert now_ms < ends_ms <= now_ms + 26 * HOUR_MS
    shown = datetime.fromtimestamp(ends_ms / 1000, UTC).astimezone(quiet.timezone)
    assert shown.time() == end or shown.utcoffset() != (shown - timedelta(hours=3)).utcoffset()
    assert quiet.end_ms(ends_ms - 1) == ends_ms
