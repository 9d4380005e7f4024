import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ingest.backoff import Backoff, Failure


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def waits(backoff: Backoff, failure: Failure, count: int) -> list[float]:
    return [backoff.after(failure) for _ in range(count)]


def test_a_network_that_fails_is_tried_a_quarter_of_a_second_later_each_time_and_at_least_each_16_seconds() -> None:
    said = waits(Backoff(), Failure.NETWORK, 100)
    assert said[:3] == [0.25, 0.5, 0.75]
    assert said[63:] == [16.0] * 37


def test_an_answer_that_is_an_error_is_waited_for_from_5_seconds_doubling_to_320() -> None:
    assert waits(Backoff(), Failure.HTTP, 9) == [5, 10, 20, 40, 80, 160, 320, 320, 320]


def test_too_many_requests_are_waited_for_from_a_minute_doubling_to_a_quarter_of_an_hour() -> None:
    assert waits(Backoff(), Failure.RATE_LIMIT, 6) == [60, 120, 240, 480, 900, 900]


def test_a_connection_that_stood_is_made_again_at_once() -> None:
    backoff = Backoff()
    backoff.succeeded()
    assert waits(backoff, Failure.NETWORK, 2) == [0.0, 0.25]
    assert waits(backoff, Failure.HTTP, 1) == [5.0]
    backoff.succeeded()
    assert waits(backoff, Failure.NETWORK, 2) == [0.0, 0.25]


def test_an_error_is_never_answered_at_once() -> None:
    backoff = Backoff()
    backoff.succeeded()
    assert backoff.after(Failure.HTTP) == 5.0
    backoff.succeeded()
    assert backoff.after(Failure.RATE_LIMIT) == 60.0


def test_connections_that_end_as_soon_as_they_stand_are_made_slower_and_slower() -> None:
    clock = Clock()
    backoff = Backoff(clock=clock)
    said = []
    for _ in range(4):
        backoff.succeeded()
        clock.now += 59.0
        said.append(backoff.after(Failure.NETWORK))
    assert said == [0.0, 0.25, 0.5, 0.75]
    backoff.succeeded()
    clock.now += 60.0
    assert backoff.after(Failure.NETWORK) == 0.0


def test_that_a_connection_stands_may_be_said_again_and_again() -> None:
    clock = Clock()
    backoff = Backoff(clock=clock)
    backoff.after(Failure.NETWORK)
    for _ in range(100):
        backoff.succeeded()
        clock.now += 1.0
    assert backoff.after(Failure.NETWORK) == 0.0


def test_the_source_is_asked_again_when_it_says_so() -> None:
    assert Backoff().after(Failure.RATE_LIMIT, reset_s=130.0) == 131.0


def test_a_source_that_says_so_again_and_again_is_asked_less_and_less_often() -> None:
    backoff = Backoff()
    assert [backoff.after(Failure.RATE_LIMIT, reset_s=1.0) for _ in range(8)] == [2, 2, 4, 8, 16, 32, 60, 60]


@pytest.mark.parametrize("reset_s", [0.0, -3600.0, math.nan, math.inf, -math.inf, None])
def test_a_reset_that_is_past_or_no_number_is_none(reset_s: float | None) -> None:
    assert Backoff().after(Failure.RATE_LIMIT, reset_s=reset_s) == 60.0


def test_a_reset_in_a_far_future_is_not_believed() -> None:
    assert Backoff().after(Failure.RATE_LIMIT, reset_s=1e9) == 900.0


def test_many_do_not_come_back_at_once() -> None:
    assert Backoff(jitter=lambda: 0.5).after(Failure.RATE_LIMIT, reset_s=99.0) == pytest.approx(105.0)


@given(
    failures=st.lists(st.one_of(st.sampled_from(list(Failure)), st.none()), max_size=2_000),
    reset_s=st.one_of(st.none(), st.floats()),
    jitter=st.floats(0, 1),
)
def test_whatever_fails_however_often_the_wait_is_bounded(
    failures: list[Failure | None], reset_s: float | None, jitter: float
) -> None:
    backoff = Backoff(jitter=lambda: jitter)
    most = {Failure.NETWORK: 16.0, Failure.HTTP: 320.0, Failure.RATE_LIMIT: 900.0}
    for failure in failures:
        if failure is None:
            backoff.succeeded()
        else:
            assert 0.0 <= backoff.after(failure, reset_s=reset_s) <= most[failure] * 1.1
