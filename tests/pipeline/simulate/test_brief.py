from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pipeline.simulate import brief_talk
from pipeline.simulate.brief import Brief

END_MS = int(datetime(2026, 6, 1, 17, 42, 7, tzinfo=UTC).timestamp()) * 1000
HOUR_MS = 3_600_000


@pytest.fixture(scope="module")
def talk() -> Brief:
    return brief_talk(END_MS)


def test_it_ends_now_and_nothing_is_of_the_future(talk: Brief) -> None:
    times = [tweet.time_ms for tweet in talk.tweets()]
    assert END_MS - 3 * 60_000 < max(times) < END_MS
    assert min(times) < END_MS - 30 * HOUR_MS


def test_a_day_of_ordinary_talk_lies_behind_and_the_crisis_ahead(talk: Brief) -> None:
    crises = [event for brand in talk.scenario.brands for event in brand.events if event.kind == "crisis"]
    assert [event.id for event in crises] == ["outage"]
    assert crises[0].start_ms - 30 * 60_000 == talk.live_from_ms
    assert crises[0].start_ms - talk.scenario.start_ms >= 24 * HOUR_MS


def test_its_size_fits_two_minutes(talk: Brief) -> None:
    tweets = list(talk.tweets())
    assert 8_000 < len(tweets) < 20_000
    assert 2_000 < sum(tweet.time_ms >= talk.live_from_ms for tweet in tweets) < 6_000


@pytest.mark.parametrize("hours", [0, 5, 11, 23])
def test_whatever_time_it_is_customers_wake_and_sleep_alike(hours: int) -> None:
    """The talk begins around midnight of the clock by which the busy brand's customers live."""
    talk = brief_talk(END_MS + hours * HOUR_MS)
    busy = next(brand for brand in talk.scenario.brands if brand.key == "nimbus-mobile")
    local_ms = (talk.scenario.start_ms + busy.utc_offset_hours * HOUR_MS) % (24 * HOUR_MS)
    assert min(local_ms, 24 * HOUR_MS - local_ms) <= HOUR_MS / 2
