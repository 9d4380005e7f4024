from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from pipeline.report.phrasing import ENGLISH
from pipeline.report.scale import TimeScale, VolumeScale
from pipeline.report.series import MAX_POINTS, BrandSeries
from schemas.window import WindowClosed

MakeWindow = Callable[..., WindowClosed]


def test_a_long_series_is_bounded_and_keeps_its_highest_points(window: MakeWindow) -> None:
    series = BrandSeries("acme")
    for minute in range(2, 40 * 1440, 5):
        series.add(window(minute, volume=900 if minute == 31_337 else minute % 50 + 10, level=2 * (minute == 77)))
    points = series.points()
    assert MAX_POINTS // 3 < len(points) <= MAX_POINTS
    assert max(p.volume for p in points) == 900
    assert sum(p.level == 2 for p in points) == 1
    assert [p.time_ms for p in points] == sorted(p.time_ms for p in points)


def test_totals_count_each_minute_once(window: MakeWindow) -> None:
    series = BrandSeries("acme")
    for minute in range(1, 101):
        series.add(window(minute))
    assert series.mentions == 100  # the builder's minute holds one mention
    assert series.last_ms is not None
    assert series.first_ms is not None
    assert series.last_ms - series.first_ms == 99 * 60_000


def test_a_share_of_few_mentions_is_left_out(window: MakeWindow) -> None:
    series = BrandSeries("acme")
    series.add(window(1, volume=9, negative=9))
    assert series.points()[0].negative_share is None
    series.add(window(2, volume=10, negative=4))
    assert series.points()[0].negative_share == 0.4


def test_a_hole_in_the_windows_parts_the_line(window: MakeWindow) -> None:
    series = BrandSeries("acme")
    for minute in [*range(1, 120), *range(400, 500)]:
        series.add(window(minute))
    assert len(list(series.runs())) == 2


@given(st.floats(0, 1e9), st.integers(20, 400))
def test_the_volume_axis_holds_its_largest_amount_in_few_round_steps(largest: float, height: int) -> None:
    scale = VolumeScale(largest, height)
    ticks = scale.ticks(ENGLISH)
    assert scale.top >= largest
    assert 2 <= len(ticks) <= 6
    assert (ticks[0].at, ticks[-1].at) == (height, 0)
    assert len({tick.text for tick in ticks}) == len(ticks)


@given(st.integers(0, 4 * 10**12), st.integers(0, 4 * 10**11))
def test_the_time_axis_has_few_ticks_inside_the_chart(first_ms: int, span_ms: int) -> None:
    scale = TimeScale(first_ms, first_ms + span_ms)
    ticks = scale.ticks(ENGLISH)
    assert len(ticks) <= 9 or span_ms > 8 * 3640 * 86_400_000
    assert all(0 <= tick.at <= 100 for tick in ticks)
    assert [tick.at for tick in ticks] == sorted(tick.at for tick in ticks)
