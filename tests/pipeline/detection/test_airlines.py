"""Seven days of real tweets about airlines, with the sentiment that people gave them.

The settings were chosen before this was looked at; it checks the outcome and tunes nothing.
"""

import csv
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from schemas.window import Level
from tests.pipeline.detection.streams import Minute, Watched, closed, watch

ARCHIVE = Path(__file__).parents[4] / "shared" / "data" / "airline" / "Tweets.csv"

pytestmark = pytest.mark.skipif(not ARCHIVE.exists(), reason="the airline archive is not beside the project")


def utc(day: int, hour: int, minute: int = 0) -> int:
    return int(datetime(2015, 2, day, hour, minute, tzinfo=UTC).timestamp() // 60)


FIRST, LAST = utc(17, 7), utc(24, 20)


@pytest.fixture(scope="module")
def watched() -> dict[str, Watched]:
    minutes: dict[str, list[Minute]] = defaultdict(lambda: [Minute() for _ in range(FIRST, LAST)])
    seen: set[str] = set()
    with ARCHIVE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["tweet_id"] in seen:
                continue
            seen.add(row["tweet_id"])
            posted = datetime.strptime(row["tweet_created"], "%Y-%m-%d %H:%M:%S %z")
            minute = minutes[row["airline"]][int(posted.timestamp() // 60) - FIRST]
            minute.volume += 1
            minute.negative += row["airline_sentiment"] == "negative"
    start_ms = FIRST * 60_000
    names = ("Southwest", "US Airways", "Delta", "American")
    return {name: watch(closed(minutes[name], start_ms=start_ms, brand=name)) for name in names}


def test_southwest_is_an_alert_on_the_21st_though_its_volume_hardly_changes(watched: dict[str, Watched]) -> None:
    seen = watched["Southwest"]
    assert seen.highest(utc(21, 13) - FIRST, utc(21, 23) - FIRST) >= Level.ALERT
    assert seen.highest(0, utc(21, 12) - FIRST) <= Level.WATCH


def test_us_airways_is_an_alert_through_the_peak_of_the_22nd(watched: dict[str, Watched]) -> None:
    seen = watched["US Airways"]
    assert min(seen.levels(utc(22, 14) - FIRST, utc(22, 23) - FIRST)) >= Level.ALERT
    assert seen.highest(0, utc(22, 2) - FIRST) <= Level.WATCH


def test_the_meme_about_jetblue_is_a_watch_and_no_more(watched: dict[str, Watched]) -> None:
    # the archive calls JetBlue's tweets Delta's
    assert watched["Delta"].highest(utc(23, 17) - FIRST, utc(23, 20) - FIRST) == Level.WATCH


def test_american_whose_data_starts_inside_its_crisis_is_never_called_learnt_before_a_day(
    watched: dict[str, Watched],
) -> None:
    seen = watched["American"]
    first_day = seen.detections[utc(22, 20) - FIRST : utc(23, 8) - FIRST]
    assert max(detection.level for detection in first_day) <= Level.WATCH
