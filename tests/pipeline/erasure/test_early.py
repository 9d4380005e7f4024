import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.erasure.early import Early
from pipeline.statevalue import DAMAGE
from schemas.mention import Erasure
from tests.pipeline.logs import MINUTE_MS, START_MS, mention

POST = mention(tweet_id="7", author=70)
OTHER = mention(tweet_id="8", author=80)


def early(*erasures: Erasure, time_ms: int | None = START_MS) -> Early:
    found = Early()
    for erasure in erasures:
        found.remember(erasure, time_ms)
    return found


def covers(found: Early) -> tuple[bool, bool]:
    return found.covers(POST), found.covers(OTHER)


def test_a_post_is_covered_by_its_id_or_by_its_author_this_week() -> None:
    assert covers(early()) == (False, False)
    assert covers(early(Erasure(time_ms=START_MS, tweet_ids=("7",)))) == (True, False)
    assert covers(early(Erasure(time_ms=START_MS, authors=(79, 80), coming=(80,)))) == (False, True)
    assert covers(early(Erasure(time_ms=START_MS, authors=(79, 80), coming=(79,)))) == (False, False)


@given(st.integers(-60, 60), st.integers(-60, 60))
def test_a_post_is_covered_until_event_time_is_past_the_notice_by_ten_to_twenty_minutes(given: int, now: int) -> None:
    found = early(Erasure(time_ms=START_MS + given * MINUTE_MS, tweet_ids=("7",)), time_ms=None)
    found.expire(START_MS + now * MINUTE_MS)

    passed = now - given
    assert found.covers(POST) or passed >= 10
    assert not found.covers(POST) or passed < 20
    assert bool(found.until) == found.covers(POST)


def test_what_has_passed_when_it_comes_is_not_remembered() -> None:
    late = Erasure(time_ms=START_MS - 60 * MINUTE_MS, tweet_ids=("7",), coming=(80,))
    assert covers(early(late)) == (False, False)
    assert early(late).state() == b""


def test_of_two_notices_the_later_counts() -> None:
    found = early(*(Erasure(time_ms=START_MS + n * MINUTE_MS, tweet_ids=("7",)) for n in (60, 0)))
    found.expire(START_MS + 40 * MINUTE_MS)
    assert found.covers(POST)


def test_what_is_remembered_is_bounded_and_the_oldest_notices_go_first() -> None:
    found = Early()
    for start in range(0, 12_000, 1000):
        ids = tuple(str(n) for n in range(start, start + 1000))
        found.remember(Erasure(time_ms=START_MS, tweet_ids=ids, coming=tuple(range(start, start + 1000))), START_MS)

    assert [found.covers(mention(tweet_id=str(n), author=10**6)) for n in (0, 1999, 2000, 11_999)] == [0, 0, 1, 1]
    assert [found.covers(mention(tweet_id="x", author=n)) for n in (0, 1999, 2000, 11_999)] == [0, 0, 1, 1]
    assert len(found.state()) < 150_000
    assert covers(Early.restore(found.state())) == covers(found)


def test_its_state_holds_no_id_and_nothing_once_all_has_passed() -> None:
    long_id = "569330000000000000"
    found = early(Erasure(time_ms=START_MS, tweet_ids=(long_id,), coming=(70,)))
    state = found.state()
    again = Early.restore(state)

    assert again.state() == state
    assert again.covers(POST)
    assert again.covers(mention(tweet_id=long_id))
    again.expire(START_MS + 60 * MINUTE_MS)
    assert again.state() == b""
    assert covers(again) == (False, False)


@pytest.mark.parametrize("state", [b"x", b"\0" * 20])
def test_a_damaged_state_is_refused(state: bytes) -> None:
    with pytest.raises(DAMAGE):
        Early.restore(state)
