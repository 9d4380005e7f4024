from dataclasses import replace
from itertools import islice

import pytest

from pipeline.archive import ArchiveRecord
from pipeline.engine import Engine, EngineStep
from pipeline.enrich import Enriched
from pipeline.evaluation.incidents import incidents
from pipeline.evaluation.watching import Watched, watch
from pipeline.replay import WINDOWS_FILE, replay
from pipeline.settings import EngineSettings
from pipeline.simulate import default_scenario, demo_watchlist, simulate
from pipeline.text import StandardAnalyzer
from pipeline.watchlist import Watchlist
from schemas.reading import read_window
from schemas.times import from_rfc3339
from schemas.window import WINDOW_NAMES, Detection, Level, WindowClosed, WindowCounts

READ_AT_MS = from_rfc3339("2026-01-01T00:00:00Z")


def engine() -> Engine:
    return Engine(EngineSettings(), Watchlist.parse(demo_watchlist()), StandardAnalyzer())


@pytest.fixture(scope="module")
def log() -> list[ArchiveRecord]:
    scenario = replace(default_scenario(), days=1)
    return [ArchiveRecord(key=None, value=tweet.value, time_ms=None) for tweet in islice(simulate(scenario), 2_000)]


@pytest.fixture(scope="module")
def windows(log: list[ArchiveRecord], tmp_path_factory: pytest.TempPathFactory) -> list[WindowClosed]:
    folder = tmp_path_factory.mktemp("replayed")
    for _ in replay(engine(), log, folder, read_at_ms=READ_AT_MS):
        pass
    return [read_window(line) for line in (folder / WINDOWS_FILE).read_bytes().splitlines()]


@pytest.fixture(scope="module")
def watched(log: list[ArchiveRecord]) -> Watched:
    *_, last = watch(engine(), log, read_at_ms=READ_AT_MS)
    return last


def test_watching_sees_what_replay_writes(watched: Watched, windows: list[WindowClosed]) -> None:
    for brand, days in watched.days.items():
        ends = [from_rfc3339(window.window_end) for window in windows if window.brand == brand]
        assert (days.first_ms, days.last_ms) == (min(ends) - 60_000, max(ends))
    assert watched.days.keys() == {window.brand for window in windows}


def test_five_minute_counts_are_those_of_the_closed_windows(watched: Watched, windows: list[WindowClosed]) -> None:
    brand = next(iter(watched.days))
    written = {
        from_rfc3339(window.window_end) // 60_000: float(window.windows["5m"].volume)
        for window in windows
        if window.brand == brand
    }
    counts = watched.counts(brand)
    assert [end for end, _ in counts] == list(range(counts[0][0], counts[-1][0] + 1, 5))
    assert all(written.get(end, 0.0) == volume for end, volume in counts)
    assert sum(volume for _, volume in counts) > 100


def test_a_brand_nobody_speaks_of_has_no_counts(watched: Watched) -> None:
    assert watched.counts("nobody") == []
    assert all(incident.brand in watched.days for incident in incidents(watched.events))


def test_minutes_that_were_not_observed_are_left_out_of_the_counts() -> None:
    watched = Watched()
    watched.take(EngineStep(enriched=Enriched(), events=[window(minute) for minute in range(1, 31)]))
    assert [end % 60 for end, _ in watched.counts("acme")] == [5, 10, 20, 30]
    assert watched.days["acme"].learnt_ms == from_rfc3339("2026-03-02T00:20:00Z")
    assert watched.days["acme"].learnt_days == pytest.approx(10 / 1440)


def window(minute: int) -> WindowClosed:
    counts = WindowCounts(
        volume=3,
        negative=1,
        neutral=2,
        positive=0,
        authors=3,
        reach=9,
        questions=0,
        retweets=0,
        negative_retweets=0,
        repeats=0,
        languages={},
    )
    return WindowClosed(
        id=f"w{minute}",
        brand="acme",
        window_end=f"2026-03-02T00:{minute:02d}:00Z",
        observed=minute not in (12, 25),
        windows=dict.fromkeys(WINDOW_NAMES, counts),
        own_posts_24h=0,
        detection=Detection(
            level=Level.CALM,
            score=0.0,
            expected_1h=1.0,
            low_1h=0.0,
            high_1h=2.0,
            negative_share_expected=0.2,
            learning=min(1.0, minute / 20),
        ),
    )
