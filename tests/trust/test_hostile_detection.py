"""What a few accounts, or forged numbers and dates, can do to the level: nothing, or no more than is said here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.engine import Engine
from pipeline.records import Record
from pipeline.settings import EngineSettings
from pipeline.simulate import demo_watchlist
from pipeline.text import StandardAnalyzer
from pipeline.tracker import Tracker
from pipeline.watchlist import Watchlist
from schemas.deadletter import DeadLetterReason
from schemas.mention import Mention
from schemas.window import Level, WindowClosed
from tests.bench.load import START_MS
from tests.bench.pasts import learnt_states, of_partition
from tests.bench.state import NEGATIVE, Kind, Talk
from tests.pipeline.logs import MINUTE_MS, watermark
from tests.trust.conftest import Tell
from tests.trust.hostile import BRAND, POST_MS, line

SETTINGS = EngineSettings()
BRAND_KEY = "b"
A_MINUTE = 2
"""Ordinary mentions."""
HOUR = 60
FORGED = 10**18

Attack = Callable[[Talk, int], Sequence[Mention]]
"""Mentions of a minute besides the ordinary ones: given the talk, and the minute's start in epoch milliseconds."""


@cache
def learnt() -> bytes:
    """A brand of two mentions a minute, after two days of them."""
    (state,) = learnt_states(Kind(brands=1, a_minute=float(A_MINUTE), share=0), 1)
    return of_partition(state, 0)


def levels(attack: Attack, *, forge: Callable[[Mention], Mention] = lambda mention: mention) -> list[Level]:
    """Return the level after each of two hours' minutes, the first hour of which is attacked."""
    tracker, talk = Tracker(SETTINGS, 0), Talk(Random(5), BRAND_KEY, sources=(0,))
    tracker.restore(BRAND_KEY, learnt())
    found = []
    for minute in range(2 * HOUR):
        start_ms = START_MS + minute * MINUTE_MS
        said = [talk.mention(start_ms + n * 20_000, crisis=False) for n in range(A_MINUTE)]
        said += attack(talk, start_ms) if minute < HOUR else ()
        done = watermark(start_ms + MINUTE_MS, offset=10**12 + minute)
        step = tracker.step([*map(forge, said), done])
        found += [event.detection.level for event in step.events if isinstance(event, WindowClosed)]
    return found


def nothing(talk: Talk, start_ms: int) -> Sequence[Mention]:
    return ()


def angry(authors: int, a_minute: int) -> Attack:
    """Return an attack of so many accounts: negative posts in words of their own, so many a minute."""

    def attack(talk: Talk, start_ms: int) -> Sequence[Mention]:
        posts = [talk.mention(start_ms + n * MINUTE_MS // a_minute, crisis=True) for n in range(a_minute)]
        rng = Random(authors)
        accounts = [rng.getrandbits(53) for _ in range(authors)]
        return [replace(post, author=accounts[n % authors], sentiment=NEGATIVE) for n, post in enumerate(posts)]

    return attack


def forged(mention: Mention) -> Mention:
    return replace(mention, engagement=FORGED, reach=FORGED)


def test_the_brand_is_calm_while_nobody_does_anything_and_a_crowd_is_a_crisis() -> None:
    assert max(levels(nothing)) <= Level.WATCH
    assert max(levels(angry(authors=600, a_minute=20))) >= Level.CRISIS


def test_forged_engagement_and_followers_move_nothing_by_themselves() -> None:
    assert levels(nothing, forge=forged) == levels(nothing)


def test_in_a_crisis_forged_numbers_can_only_make_it_severe() -> None:
    """Reach is one of the things of which severe asks for one; no lower level asks for any."""
    attack = angry(authors=600, a_minute=20)
    as_it_is, with_forged = levels(attack), levels(attack, forge=forged)
    assert max(as_it_is) >= Level.CRISIS
    below_severe = [
        (min(one, Level.CRISIS), min(other, Level.CRISIS)) for one, other in zip(as_it_is, with_forged, strict=True)
    ]
    assert all(one == other for one, other in below_severe)


@pytest.mark.parametrize("a_minute", [1, 5, 17, 100])
@pytest.mark.parametrize("authors", [1, 2, 3])
def test_however_much_very_few_accounts_post_beside_ordinary_talk_they_raise_no_alert(
    authors: int, a_minute: int
) -> None:
    assert max(levels(angry(authors=authors, a_minute=a_minute))) < Level.ALERT


def test_what_accounts_can_raise_is_told(tell: Tell) -> None:
    found = {authors: max(levels(angry(authors=authors, a_minute=17))) for authors in (1, 3, 5, 10, 20, 600)}
    said = ", ".join(f"of {authors} {level.name.lower()}" for authors, level in found.items())
    tell("hostile input", f"17 angry posts a minute, beside {A_MINUTE} ordinary ones, raise at most: {said}")
    assert found[1] <= Level.WATCH


# Time


def stamped(offset: int, value: bytes, time_ms: int) -> Record:
    return Record(offset, time_ms, None, value)


def engine() -> Engine:
    return Engine(SETTINGS, Watchlist.parse(demo_watchlist()), _analyzer())


@cache
def _analyzer() -> StandardAnalyzer:
    return StandardAnalyzer()


ANY_DATE = st.datetimes(datetime(1971, 1, 1), datetime(9999, 12, 31)) | st.integers(-(10**6), 10**6).map(  # noqa: DTZ001
    lambda seconds: datetime.fromtimestamp(POST_MS / 1000, UTC).replace(tzinfo=None) + timedelta(seconds=seconds)
)


@given(dates=st.lists(ANY_DATE, min_size=1, max_size=8), ids=st.integers(0, 2**63 - 1))
@settings(max_examples=200)
def test_no_date_moves_the_clock_farther_than_the_tolerance(dates: list[datetime], ids: int) -> None:
    enricher = engine().enricher
    clock = enricher.new_clock(0)
    for offset, date in enumerate(dates):
        post = line(f"{BRAND} late", offset, id=str((ids + offset) % 2**63), created_at=f"{date.isoformat()[:19]}.000Z")
        enriched = enricher.enrich(clock, [stamped(offset, post, POST_MS)])
        assert (clock.newest_ms or 0) <= POST_MS + SETTINGS.future_tolerance_ms
        assert all(reject.reason is DeadLetterReason.IN_THE_FUTURE for reject in enriched.rejected)


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=25)
def test_forged_dates_change_no_window_that_honest_posts_have_filled(seed: int) -> None:
    """Those too old are late, those too new are dead letters: closed minutes stay closed, the clock stays put."""
    rng = Random(seed)
    times = sorted(POST_MS + rng.randrange(20 * MINUTE_MS) for _ in range(60))
    honest = [(_dated(n, time_ms), time_ms) for n, time_ms in enumerate(times)]
    attacked: list[tuple[bytes, int]] = []
    newest = 0
    for value, time_ms in honest:
        attacked.append((value, time_ms))
        newest = max(newest, time_ms)
        if rng.random() < 0.5:
            past = newest - SETTINGS.allowed_lateness_ms - rng.randrange(1_000, 10**9)
            future = time_ms + SETTINGS.future_tolerance_ms + rng.randrange(2_000, 10**12)
            attacked.append((_dated(1_000 + len(attacked), rng.choice((past, future))), time_ms))
    assert _windows(attacked) == _windows(honest)


def _dated(number: int, time_ms: int) -> bytes:
    date = datetime.fromtimestamp(time_ms // 1000, UTC)
    return line(f"{BRAND} late {number}", number, created_at=f"{date.isoformat()[:19]}.000Z")


def _windows(log: Sequence[tuple[bytes, int]]) -> list[WindowClosed]:
    running = engine()
    records = [stamped(offset, value, time_ms) for offset, (value, time_ms) in enumerate(log)]
    events = [*running.process(records).events, *running.finish().events]
    return [event for event in events if isinstance(event, WindowClosed)]


def test_a_date_within_the_tolerance_hides_nothing_that_comes_after_it(tell: Tell) -> None:
    enricher = engine().enricher
    clock = enricher.new_clock(0)
    ahead_ms = SETTINGS.future_tolerance_ms
    first = enricher.enrich(clock, [stamped(0, _dated(0, POST_MS + ahead_ms), POST_MS)])
    assert first.counts["tweets"] == 1
    late = 0
    for second in range(1, 2 * ahead_ms // 1000):
        time_ms = POST_MS + second * 1000
        late += enricher.enrich(clock, [stamped(second, _dated(second, time_ms), time_ms)]).counts["late"]
    assert late == 0
    tell(
        "hostile input",
        f"a post dated {ahead_ms // 1000} s ahead of its record makes none of those after it late; beyond that it is a "
        "dead letter",
    )
