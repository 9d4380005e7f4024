from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.bucket import ClosedBucket
from pipeline.rings import window_starts as rings_starts
from pipeline.simulate.years import (
    BrandYear,
    Happening,
    HappeningKind,
    Reader,
    Traffic,
    brand_years,
    buckets,
    plan_crises,
    plan_harmless,
    talk,
)
from pipeline.simulate.years.buckets import distinct_authors, window_starts
from pipeline.simulate.years.happenings import CRISES, HARMLESS, Posts
from pipeline.simulate.years.plan import CRISIS_STRENGTHS, FIRST_DAYS
from pipeline.simulate.years.spread import happening_posts
from pipeline.simulate.years.traffic import COLUMNS
from pipeline.simulate.years.wander import level, wander
from schemas.times import from_rfc3339
from schemas.window import WINDOW_NAMES, WINDOW_SECONDS

START_MS = from_rfc3339("2025-01-01T00:00:00Z")
DAY = 24 * 60
HOUR = 60
TRUTH = Reader(hit=1.0, false_alarm=0.0)
LENGTHS = [seconds // 60 for seconds in WINDOW_SECONDS.values()]


def brand(per_minute: float = 2.0, *happenings: Happening, negative: float = 0.3) -> BrandYear:
    one = brand_years(1, 5)[0]
    talked = replace(one.talk, per_minute=per_minute, negative=negative, utc_offset_hours=0, weekend=1.0)
    return replace(one, talk=talked, restless=1.0, summer_time=False, happenings=happenings)


def column(traffic: Traffic, name: str) -> list[int]:
    found: list[int] = traffic.counts[:, COLUMNS.index(name)].tolist()
    return found


def spike(kind: HappeningKind, posts: Posts, start: int = DAY + 12 * HOUR) -> Happening:
    return Happening(kind=kind, start=start, end=start + 4 * HOUR, strength=posts.times, posts=posts)


def drawn(traffic: Traffic) -> list[ClosedBucket]:
    return list(buckets(traffic, "acme", START_MS))


# -- brands and plans --------------------------------------------------------------------------------


def test_most_brands_are_quiet_and_their_volumes_are_a_geometric_series() -> None:
    rates = [one.talk.per_minute for one in brand_years(20, 1)]
    ratios = [b / a for a, b in pairwise(rates)]
    assert (rates[0], rates[-1]) == pytest.approx((0.02, 30.0))
    assert ratios == pytest.approx([ratios[0]] * 19)
    assert sum(rate < 1.0 for rate in rates) > 10


def test_equal_seeds_give_equal_years_and_other_seeds_other_ones() -> None:
    first, again, other = (brand_years(3, seed)[2] for seed in (1, 1, 2))
    assert first == again
    assert first.seed != other.seed
    assert plan_harmless(first, 200) == plan_harmless(again, 200)
    counts = [talk(one, start_ms=START_MS, days=2).counts for one in (first, again, other)]
    assert np.array_equal(counts[0], counts[1])
    assert not np.array_equal(counts[0], counts[2])


@given(st.integers(0, 1 << 31), st.integers(1, 400))
def test_what_is_harmless_never_overlaps_and_comes_after_the_first_days(seed: int, days: int) -> None:
    plan = plan_harmless(replace(brand(), seed=seed), days)
    assert all(one.kind in HARMLESS and one.start >= FIRST_DAYS * DAY - 24 * HOUR for one in plan)
    assert all(one.end <= days * DAY for one in plan)
    passing = [one for one in plan if one.kind is not HappeningKind.LEVEL_SHIFT]
    assert all(following.start - one.until >= 12 * HOUR for one, following in pairwise(passing))


def test_a_year_holds_every_harmless_kind() -> None:
    kinds = Counter(happening.kind for one in brand_years(20, 1) for happening in plan_harmless(one, 365))
    assert set(kinds) == set(HARMLESS)
    assert min(kinds.values()) >= 20


def test_crises_take_turns_in_kind_and_strength_with_days_in_between() -> None:
    plan = plan_crises(brand(), 120)
    assert {(one.kind, one.strength) for one in plan} == {
        (kind, strength) for kind in CRISES for strength in CRISIS_STRENGTHS[kind]
    }
    assert all(b.start - a.end > 5 * DAY for a, b in pairwise(plan))


def test_an_alarm_may_be_due_to_a_changed_level_for_a_week() -> None:
    shift = Happening(kind=HappeningKind.LEVEL_SHIFT, start=0, end=DAY, strength=2.0)
    outage = replace(shift, kind=HappeningKind.OUTAGE)
    silence = replace(shift, kind=HappeningKind.SILENCE)
    assert [one.until for one in (shift, silence, outage)] == [8 * DAY, 2 * DAY, DAY + 6 * HOUR]


# -- traffic -----------------------------------------------------------------------------------------


def test_a_path_wanders_as_far_and_as_slowly_as_asked() -> None:
    path = wander(np.random.default_rng(1), 2000 * HOUR, spread=0.5, memory=60.0)
    assert path.std() == pytest.approx(0.5, rel=0.1)
    later = np.mean(path[:-HOUR] * path[HOUR:]) / path.var()
    assert later == pytest.approx(np.exp(-1), abs=0.08)
    assert level(path).mean() == pytest.approx(1.0)


def test_counts_are_restless_about_as_much_as_those_of_real_brands() -> None:
    # outside the labelled windows of the benchmark: 0.24 to 0.48 for the three calmer of five brands
    hours = np.array(column(talk(brand(5.0), start_ms=START_MS, days=140), "volume")).reshape(-1, 60).sum(axis=1)
    weeks = hours.reshape(-1, 7 * 24)
    usual = weeks.mean(axis=0)
    variance = float(np.mean(((weeks - usual) / usual) ** 2 - 1 / usual))
    assert 0.2 < variance < 0.6


def test_the_share_read_is_the_true_one_through_the_readers_errors() -> None:
    traffic = talk(brand(20.0, negative=0.3), start_ms=START_MS, days=60, reader=Reader(hit=0.64, false_alarm=0.1))
    read = sum(column(traffic, "negative")) / sum(column(traffic, "volume"))
    assert read == pytest.approx(0.1 + 0.54 * 0.3, abs=0.02)


def test_nothing_is_counted_in_an_outage_and_the_minutes_are_known_to_be_missing() -> None:
    outage = Happening(kind=HappeningKind.OUTAGE, start=600, end=660, strength=60)
    traffic = talk(brand(20.0, outage), start_ms=START_MS, days=1)
    assert np.flatnonzero(~traffic.observed).tolist() == list(range(600, 660))
    assert not traffic.counts[600:660].any()
    assert not ((traffic.known_minutes >= 600) & (traffic.known_minutes < 660)).any()
    bucket = drawn(traffic)[659]
    assert (bucket.observed, bucket.unobserved_minutes, bucket.windows["1h"].volume) == (False, 60, 0)


def test_silence_is_observed() -> None:
    silence = Happening(kind=HappeningKind.SILENCE, start=0, end=DAY, strength=1)
    traffic = talk(brand(20.0, silence), start_ms=START_MS, days=2)
    assert traffic.observed.all()
    assert sum(column(traffic, "volume")[:DAY]) == 0 < sum(column(traffic, "volume")[DAY:])


def test_a_changed_level_stays() -> None:
    shift = Happening(kind=HappeningKind.LEVEL_SHIFT, start=20 * DAY, end=21 * DAY, strength=3.0)
    with_it, without = (
        sum(column(talk(brand(3.0, *planned), start_ms=START_MS, days=40), "volume")[20 * DAY :])
        for planned in ((shift,), ())
    )
    assert with_it / without == pytest.approx(3.0, rel=0.2)


def test_a_creeping_crisis_changes_the_share_and_not_the_volume() -> None:
    start = 2 * DAY
    creep = Happening(kind=HappeningKind.CREEP_CRISIS, start=start, end=start + 18 * HOUR, strength=0.4)
    high = slice(start + 6 * HOUR, start + 14 * HOUR)
    found = []
    for planned in ((creep,), ()):
        traffic = talk(brand(20.0, *planned, negative=0.2), start_ms=START_MS, days=3, reader=TRUTH)
        found.append((sum(column(traffic, "volume")[high]), sum(column(traffic, "negative")[high])))
    (volume, negative), (before, usual) = found
    assert volume == pytest.approx(before, rel=0.1)
    assert negative / volume - usual / before == pytest.approx(0.4, abs=0.08)


def test_a_campaign_posts_one_text_and_its_copies_are_counted_as_such() -> None:
    posts = Posts(times=10, ramp=1, hold=3 * HOUR, decay=10, negative=0.0, template=True)
    traffic = talk(brand(2.0, spike(HappeningKind.GIVEAWAY, posts)), start_ms=START_MS, days=2, reader=TRUTH)
    hour = drawn(traffic)[DAY + 14 * HOUR].windows["1h"]
    assert hour.repeats > 0.7 * hour.volume
    assert hour.authors > 0.8 * hour.volume
    assert hour.negative < 0.2 * hour.volume


def test_one_author_who_complains_all_evening_is_one_author() -> None:
    posts = Posts(times=60, ramp=0, hold=2 * HOUR, decay=1, negative=1.0, one_author=True)
    one = replace(spike(HappeningKind.RANT, posts), end=DAY + 14 * HOUR)
    windows = drawn(talk(brand(0.01, one), start_ms=START_MS, days=2, reader=TRUTH))[DAY + 14 * HOUR].windows
    assert windows["6h"].volume >= windows["6h"].negative >= 60
    assert windows["6h"].authors <= windows["6h"].volume - 59


def test_all_retweets_of_one_post_are_read_alike() -> None:
    posts = Posts(times=5, ramp=1, hold=HOUR, decay=10, negative=0.5, retweets=1.0)
    usual = np.full(2 * DAY, 2.0)
    read = set()
    for seed in range(20):
        spread = happening_posts(np.random.default_rng(seed), spike(HappeningKind.CASCADE, posts), usual, TRUTH)
        read.add(int(spread.negative.sum()) / int(spread.volume.sum()))
    assert read == {0.0, 1.0}


def test_nothing_can_be_posted_about_an_outage() -> None:
    outage = Happening(kind=HappeningKind.OUTAGE, start=600, end=660, strength=60)
    with pytest.raises(ValueError, match="outage: nothing is posted about it"):
        happening_posts(np.random.default_rng(1), outage, np.ones(DAY), TRUTH)


@pytest.mark.parametrize(("minute", "strength"), [(-1, 0.0), (5, 0.5), (10, 1.0), (40, 1.0), (60, 0.3679)])
def test_posts_rise_hold_and_fade(minute: float, strength: float) -> None:
    posts = Posts(times=3, ramp=10, hold=30, decay=20, negative=0.0)
    assert posts.strength(minute) == pytest.approx(strength, abs=1e-4)


# -- windows -----------------------------------------------------------------------------------------


@given(st.integers(1, 1 << 20).map(lambda quarter: quarter * 15), st.integers(0, 3 * DAY))
def test_windows_start_where_those_of_track_do(first: int, offset: int) -> None:
    mine = [int(window_starts(np.array([first + offset]), length)[0]) for length in LENGTHS]
    assert mine == rings_starts(first + offset).tolist()


@given(st.lists(st.tuples(st.integers(0, 2 * DAY - 1), st.integers(0, 4)), max_size=60).map(sorted))
def test_distinct_authors_are_those_of_the_window(mentions: list[tuple[int, int]]) -> None:
    at = np.array([minute for minute, _ in mentions], dtype=np.int64)
    who = np.array([author for _, author in mentions], dtype=np.int64)
    for length in LENGTHS:
        found = distinct_authors(at, who, 2 * DAY, length)
        for minute in [0, 14, 359, 360, 1439, 1500, 2 * DAY - 1, *at.tolist()]:
            start = int(window_starts(np.array([minute]), length)[0])
            assert found[minute] == len({author for m, author in mentions if start <= m <= minute})


def test_windows_hold_the_sums_of_their_minutes() -> None:
    traffic = talk(brand(1.0), start_ms=START_MS, days=3)
    seen = drawn(traffic)
    volume, negative = (np.array(column(traffic, name)) for name in ("volume", "negative"))
    for minute in (0, 59, 400, 1441, 3000, 3 * DAY - 1):
        bucket = seen[minute]
        assert bucket.end_ms == START_MS + (minute + 1) * 60_000
        assert set(bucket.windows) == set(WINDOW_NAMES)
        for name, length in zip(WINDOW_NAMES, LENGTHS, strict=True):
            start = max(0, int(window_starts(np.array([minute]), length)[0]))
            counts = bucket.windows[name]
            assert counts.volume == volume[start : minute + 1].sum()
            assert counts.negative == negative[start : minute + 1].sum()
            assert counts.negative + counts.neutral + counts.positive == counts.volume
            assert counts.authors <= counts.volume
            written = counts.negative - counts.negative_retweets
            assert min(written, 1) <= (counts.negative_authors or 0) <= min(written, counts.authors)


def test_a_rant_is_negative_and_of_one_author() -> None:
    posts = Posts(times=200, ramp=0, hold=60, decay=1, negative=1.0, one_author=True)
    rant = Happening(kind=HappeningKind.RANT, start=DAY, end=DAY + 60, strength=200, posts=posts)
    counts = drawn(talk(brand(1.0, rant), start_ms=START_MS, days=2, reader=TRUTH))[DAY + 60].windows["6h"]
    others = counts.negative - counts.negative_retweets - 200
    assert counts.negative_authors is not None
    assert others // 2 < counts.negative_authors <= others + 1
