from dataclasses import replace

import pytest

from pipeline.report.episodes import episodes
from pipeline.report.onset import Onsets
from schemas.times import from_rfc3339
from schemas.window import WindowClosed
from tests.pipeline.report import made


def minute(number: int, score: float, *, learning: float = 1.0, observed: bool = True) -> WindowClosed:
    window = made.window(number, observed=observed)
    return replace(window, detection=replace(window.detection, score=score, learning=learning))


def began(windows: list[WindowClosed], openings: tuple[int, ...] = (900,)) -> list[int | None]:
    """Return for each crisis the minute of the start, whose alert comes ten minutes after its opening."""
    found = episodes([event for opening in openings for event in made.crisis("1230", minute=opening)])
    onsets = Onsets(found)
    for window in windows:
        onsets.see(window, from_rfc3339(window.window_end))
    times = [onsets.of(episode) for episode in found]
    return [None if time_ms is None else (time_ms - made.START_MS) // made.MINUTE_MS for time_ms in times]


def test_it_began_after_the_last_ordinary_minute_before_the_alert() -> None:
    windows = [minute(n, 0.2 if n < 890 else 3.0) for n in range(800, 950)]
    assert began(windows) == [889]
    assert began(windows[::-1]) == [889]


def test_an_ordinary_minute_after_the_alert_says_nothing() -> None:
    assert began([minute(880, 0.2), minute(905, 1.0), minute(910, 0.1), minute(950, 0.1)]) == [880]


@pytest.mark.parametrize("change", [{"learning": 0.9}, {"observed": False}])
def test_a_minute_that_nothing_is_known_of_says_nothing(change: dict[str, bool]) -> None:
    assert began([minute(880, 0.2), minute(890, 0.2, **change)]) == [880]
    assert began([minute(890, 0.2, **change)]) == [None]


def test_two_crises_in_a_row_without_an_ordinary_minute_between_them_began_together() -> None:
    assert began([minute(880, 0.2)], (900, 1000)) == [880, 880]
    assert began([minute(880, 0.2), minute(980, 0.3)], (900, 1000)) == [880, 980]
