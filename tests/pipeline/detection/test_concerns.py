from random import Random

from hypothesis import given
from hypothesis import strategies as st

from pipeline.detection.concerns import Phrases
from schemas.codec import decode, encode

HOUR = 60
START = 29_540_000 - 29_540_000 % HOUR


def learnt(hours: int = 48) -> Phrases:
    """A brand of 40 mentions an hour, of which 10 say flight and 4 say coffee."""
    phrases = Phrases()
    for hour in range(hours):
        phrases.turn(START + hour * HOUR + 1, learn=True)
        phrases.fold({"flight": 10, "coffee": 4}, {"travel": 5}, 40)
    phrases.turn(START + hours * HOUR + 1, learn=True)
    return phrases


def test_a_concern_is_what_is_said_more_than_before_not_what_is_said_most() -> None:
    phrases = learnt()
    phrases.fold({"flight": 30, "coffee": 10, "on hold": 25, "lost bag": 6}, {}, 100)
    concerns = phrases.concerns()
    assert [concern.phrase for concern in concerns] == ["on hold", "lost bag"]
    on_hold = concerns[0]
    assert (on_hold.count, on_hold.usual_share) == (25, 0.0)
    assert 0.17 < on_hold.share < 0.19  # of 100 mentions now and 40 in the hour before


def test_a_word_that_hardly_occurs_outside_its_pair_is_not_listed_beside_it() -> None:
    phrases = learnt()
    phrases.fold({"on hold": 25, "hold": 27, "refund": 15}, {}, 60)
    assert {concern.phrase for concern in phrases.concerns()} in ({"hold", "refund"}, {"on hold", "refund"})


def test_a_brand_nobody_knows_has_concerns_too() -> None:
    phrases = Phrases()
    phrases.turn(START + 1, learn=True)
    assert phrases.concerns() == ()
    phrases.fold({"refund": 9}, {}, 10)
    assert [concern.phrase for concern in phrases.concerns()] == ["refund"]


def test_hashtags_are_those_most_used_lately() -> None:
    phrases = learnt()
    phrases.fold({}, {"fail": 30, "late": 7, "a": 1, "b": 1, "c": 1, "d": 1}, 40)
    assert phrases.hashtags() == ("fail", "late", "travel", "a", "b")
    for hour in (49, 50):
        phrases.turn(START + hour * HOUR + 1, learn=True)
    assert phrases.hashtags() == ()


def test_an_open_crisis_does_not_become_ordinary_talk() -> None:
    protected, open_ = learnt(), learnt()
    for hour in range(48, 60):
        for phrases, learn in ((protected, False), (open_, True)):
            phrases.turn(START + hour * HOUR + 1, learn=learn)
            phrases.fold({"on hold": 25}, {}, 60)
    assert protected.concerns()[0].phrase == "on hold"
    assert protected.concerns()[0].usual_share == 0.0
    assert open_.concerns() == () or open_.concerns()[0].usual_share > 0.05


def test_after_a_long_silence_only_the_baseline_is_left() -> None:
    phrases = learnt()
    phrases.fold({"on hold": 25}, {}, 60)
    phrases.turn(START + 400 * HOUR, learn=True)
    assert phrases.mentions[:2] == [0, 0]
    assert phrases.concerns() == ()


WORDS = st.text(max_size=80) | st.sampled_from(["", " ", "\ud800", "\x00" * 9, "é" * 40, "\u200d", "flight"])


@given(st.lists(st.dictionaries(WORDS, st.integers(1, 10**6), max_size=60), max_size=12), st.integers(0, 12))
def test_any_phrases_fit_the_state_and_a_restart_changes_nothing(minutes: list[dict[str, int]], cut: int) -> None:
    phrases, restarted = Phrases(), Phrases()
    for i, counts in enumerate(minutes):
        if i == cut:
            restarted = Phrases()
            restarted.restore(decode(encode(phrases.state())))
        for one in (phrases, restarted) if i >= cut else (phrases,):
            one.turn(START + 20 * i, learn=True)
            one.fold(counts, counts, 100)
        assert len(encode(phrases.state())) < 1500
    if cut < len(minutes):
        assert encode(restarted.state()) == encode(phrases.state())
        assert restarted.concerns() == phrases.concerns()


def test_what_is_kept_does_not_depend_on_the_order_of_arrival() -> None:
    counts = {f"phrase number {i}": 1 + i % 7 for i in range(200)}
    shuffled = list(counts.items())
    Random(4).shuffle(shuffled)
    one, other = Phrases(), Phrases()
    one.fold(counts, {}, 100)
    other.fold(dict(shuffled), {}, 100)
    assert encode(sorted(one.table)) == encode(sorted(other.table))
