from hypothesis import given
from hypothesis import strategies as st

from pipeline.detection.exemplars import Exemplars
from schemas.crisis import Exemplar

START = 29_540_000


def exemplar(tweet_id: int, engagement: int) -> Exemplar:
    return Exemplar(tweet_id=str(tweet_id), engagement=engagement)


def ids(exemplars: Exemplars, minute: int) -> list[str]:
    return [one.tweet_id for one in exemplars.top(minute)]


def test_the_most_engaging_of_the_last_hour_are_shown() -> None:
    exemplars = Exemplars()
    for i in range(9):
        exemplars.fold(START + i, [exemplar(i, 10 * i)])
    assert ids(exemplars, START + 9) == ["8", "7", "6", "5", "4"]
    assert ids(exemplars, START + 65) == ["8", "7", "6"]
    assert ids(exemplars, START + 68) == []


def test_a_tweet_seen_again_is_shown_once_with_what_is_known_now() -> None:
    exemplars = Exemplars()
    exemplars.fold(START, [exemplar(1, 5), exemplar(2, 7)])
    exemplars.fold(START + 1, [exemplar(1, 9)])
    assert exemplars.top(START + 1) == (exemplar(1, 9), exemplar(2, 7))


def test_an_id_that_is_no_id_is_left_out() -> None:
    exemplars = Exemplars()
    exemplars.fold(START, [Exemplar(tweet_id="9" * 500, engagement=1), Exemplar(tweet_id="\ud800", engagement=1)])
    assert exemplars.state() == []


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 50)), max_size=80))
def test_the_most_engaging_of_all_is_never_lost_within_its_hour(arrivals: list[tuple[int, int]]) -> None:
    exemplars, minute, seen = Exemplars(), START, []
    for i, (gap, engagement) in enumerate(arrivals):
        minute += gap
        exemplars.fold(minute, [exemplar(i, engagement)])
        seen.append((minute, engagement))
        recent = [engagement for when, engagement in seen if when > minute - 60]
        assert exemplars.top(minute)[0].engagement == max(recent)
        assert len(exemplars.state()) <= 8
