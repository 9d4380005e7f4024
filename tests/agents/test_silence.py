from __future__ import annotations

from itertools import count

from agents.silence import Silence


def looks(silence: Silence, seconds: range, *, confirmed: bool = True, at_end: bool = True) -> list[bool]:
    """One look a second."""
    return [silence.lasts(float(second), at_end=at_end, fetched_ms=second if confirmed else 0) for second in seconds]


def test_a_partition_at_its_end_is_idle_after_the_time_out() -> None:
    assert looks(Silence(3.0), range(6)) == [False, False, False, True, True, True]


def test_what_is_heard_breaks_the_silence() -> None:
    silence = Silence(3.0)
    looks(silence, range(3))
    silence.broken()
    assert looks(silence, range(3, 8)) == [False, False, False, True, True]


def test_a_partition_that_is_behind_is_not_idle() -> None:
    assert not any(looks(Silence(3.0), range(60), at_end=False))


def test_a_broker_that_does_not_answer_proves_nothing() -> None:
    silence = Silence(30.0)
    looks(silence, range(29))
    assert not any(looks(silence, range(29, 300), confirmed=False))
    answers = looks(silence, range(300, 340))
    assert answers.index(True) == 30


def test_a_worker_that_was_frozen_begins_to_count_anew() -> None:
    silence = Silence(30.0)
    looks(silence, range(29))
    fetched = count(1000)
    answers = [silence.lasts(100.0 + second, at_end=True, fetched_ms=next(fetched)) for second in range(40)]
    assert answers.index(True) == 30
