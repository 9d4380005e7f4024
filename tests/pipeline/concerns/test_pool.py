from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.concerns.baseline import CELLS, Baseline
from pipeline.concerns.document import Document
from pipeline.concerns.pool import CALM_ROOM, TENSE_ROOM, Pool
from schemas.codec import decode, encode
from tests.pipeline.concerns.documents import HOUR, START, said


def heard(pool: Pool) -> list[int]:
    return sorted(one.document.key for one in pool.recent().heard)


def test_a_document_that_comes_again_meets_itself_and_counts_once() -> None:
    pool = Pool()
    pool.fold(START + 1, [said(5, "late", mentions=2)], 2, room=CALM_ROOM, usual=True)
    pool.fold(START + 9, [said(5, "late", mentions=3), said(6)], 4, room=CALM_ROOM, usual=True)

    recent = pool.recent()
    assert [(one.document.key, one.document.mentions) for one in recent.heard] == [(5, 5), (6, 1)]
    assert recent.mentions == 6


def test_the_pool_is_small_while_the_brand_is_calm_and_grows_when_it_is_not() -> None:
    rng, pool = Random(3), Pool()
    for minute in range(1, 61):
        fresh = [said(rng.getrandbits(32)) for _ in range(8)]
        pool.fold(START + minute, fresh, 8, room=CALM_ROOM if minute <= 20 else TENSE_ROOM, usual=True)
        if minute == 20:
            assert len(heard(pool)) == CALM_ROOM.documents
    assert len(heard(pool)) == TENSE_ROOM.documents


def test_for_want_of_room_the_highest_keys_go_and_what_is_not_recent_goes_before_them() -> None:
    pool = Pool()
    pool.fold(START + 1, [said(1)], 1, room=CALM_ROOM, usual=True)
    pool.fold(START + 3 * HOUR, [said(10 + n) for n in range(CALM_ROOM.documents)], 30, room=CALM_ROOM, usual=True)
    assert 1 not in heard(pool)
    pool.fold(START + 3 * HOUR + 1, [said(2)], 1, room=CALM_ROOM, usual=True)
    assert heard(pool) == [2, *range(10, 9 + CALM_ROOM.documents)]


def test_a_brand_of_which_little_is_said_is_listened_to_for_six_hours() -> None:
    pool = Pool()
    for hour in range(10):
        pool.fold(START + hour * HOUR + 1, [said(hour)], 1, room=CALM_ROOM, usual=True)
    assert heard(pool) == [3, 4, 5, 6, 7, 8, 9]
    assert pool.recent().mentions == 7


def test_what_leaves_after_two_hours_in_ordinary_times_has_become_what_was_said_before() -> None:
    pool = Pool()
    pool.fold(START + 1, [said(1)], 1, room=CALM_ROOM, usual=True)
    pool.fold(START + 2, [said(2)], 1, room=CALM_ROOM, usual=False)
    fresh = [said(10 + n) for n in range(CALM_ROOM.documents + 3)]
    gone = pool.fold(START + 4 * HOUR, fresh, 40, room=CALM_ROOM, usual=True)
    assert [document.key for document in gone] == [
        1
    ]  # neither what was heard in a crisis, nor what there was no room for


documents = st.builds(
    said, st.integers(0, 60), st.sampled_from(["", "lost bag", "é" * 60, "a" * 120]), mentions=st.integers(1, 9)
)


@settings(max_examples=50)
@given(
    minutes=st.lists(st.tuples(st.integers(0, 100), st.lists(documents, max_size=8), st.booleans()), max_size=30),
    cut=st.integers(0, 30),
)
def test_the_pool_stays_within_its_room_and_a_restart_changes_nothing(
    minutes: list[tuple[int, list[Document], bool]], cut: int
) -> None:
    pool, restarted, now = Pool(), Pool(), START
    for i, (later, fresh, tense) in enumerate(minutes):
        now += later + 1
        if i == cut:
            restarted.restore(decode(encode(pool.state())))
        room = TENSE_ROOM if tense else CALM_ROOM
        gone = pool.fold(now, fresh, len(fresh), room=room, usual=not tense)
        assert len(pool.state()[2][0] if pool.state()[2] else []) <= room.documents
        if i >= cut:
            assert restarted.fold(now, fresh, len(fresh), room=room, usual=not tense) == gone
            assert encode(restarted.state()) == encode(pool.state())
            assert restarted.recent() == pool.recent()


def test_the_largest_pool_there_can_be_is_bounded() -> None:
    rng, pool = Random(4), Pool()
    for minute in range(1, 121):
        fresh = [said(rng.getrandbits(32), "é" * 60, tags="#" + "é" * 39) for _ in range(8)]
        pool.fold(START + minute, fresh, 10**6, room=TENSE_ROOM, usual=False)
    assert len(encode(pool.state())) < 48 * 1024


@pytest.mark.parametrize(
    "state",
    [
        [START, [], [[1]]],
        [START, [[-1, 1]], []],
        [START, [[n, 1] for n in range(14)], []],
        [START, [], [[START + 1], [1], [1], [0], ["7"], ["a"], [""], [0], [1]]],
        [START, [], [[START] * 2, [1] * 2, [1] * 2, [0] * 2, ["7"] * 2, ["a"] * 2, [""] * 2, [0] * 2, [1] * 2]],
        [START, [], [[START], [1, 1], [1], [0], ["7"], ["a"], [""], [0], [1]]],
        ["x", [], []],
    ],
)
def test_a_damaged_pool_is_refused(state: list[object]) -> None:
    with pytest.raises((TypeError, ValueError, AttributeError)):
        Pool().restore(state)


# -- baseline ----------------------------------------------------------------------------------------


def test_ordinary_talk_is_known_for_every_phrase_and_never_too_low() -> None:
    rng, baseline, true = Random(5), Baseline(), dict[str, int]()
    for _ in range(900):
        terms = {f"word{int(rng.paretovariate(0.6))}" for _ in range(12)}
        baseline.learn(terms)
        for term in terms:
            true[term] = true.get(term, 0) + 1
    too_high = [baseline.count(term) - count for term, count in true.items()]
    assert min(too_high) >= 0
    assert sorted(too_high)[int(0.9 * len(too_high))] <= 18  # of 900: two in a hundred


def test_ordinary_talk_is_forgotten_by_halves() -> None:
    baseline = Baseline()
    for n in range(3_000):
        baseline.learn(["old" if n < 500 else "new"])
    assert 511 <= baseline.documents < 1024
    assert baseline.count("old") <= 32
    assert baseline.count("new") >= 450


def test_the_baseline_survives_a_restart_and_stays_bounded() -> None:
    rng, baseline, again = Random(6), Baseline(), Baseline()
    again.restore(decode(encode(baseline.state())))
    assert again.count("x") == 0
    for _ in range(2_000):
        baseline.learn([f"é{rng.random()}" for _ in range(20)])
    again.restore(decode(encode(baseline.state())))
    assert again.state() == baseline.state()
    assert len(encode(baseline.state())) < 2 * CELLS + 16


@pytest.mark.parametrize(
    "state", [[1], [1024, ""], [1, "0"], [1, "/" * CELLS], [1, "\uffff" * CELLS], [1, 5], ["x", ""]]
)
def test_a_damaged_baseline_is_refused(state: list[object]) -> None:
    with pytest.raises((TypeError, ValueError, AttributeError)):
        Baseline().restore(state)
