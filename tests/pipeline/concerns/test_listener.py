from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.concerns.listener import Listener
from pipeline.detection.concerns import ordinary_talk
from schemas.codec import decode, encode
from schemas.crisis import Trend
from tests.pipeline.concerns.documents import HOUR, START, WORDS, learnt, ordinary, said

CRISIS = START + 48 * HOUR


def in_crisis(listener: Listener, *, start: int = CRISIS, minutes: int = 60, tags: str = "") -> Listener:
    """Two documents a minute, three of four of which complain: of lost bags, or, later on, of being on hold."""
    rng = Random(start)
    for minute in range(1, minutes + 1):
        late = minute > minutes // 2
        for _ in range(2):
            angry = rng.random() < 0.75
            text = ("on hold|phone" if late and rng.random() < 0.7 else "lost bag|claim") if angry else ordinary(rng)
            one = said(rng.getrandbits(32), text, negative=angry, tags=tags if angry else "", mentions=3)
            listener.fold(start + minute, [one], 30, tense=True, usual=False)
    return listener


def test_concerns_are_what_is_talked_about_now_and_was_not_before() -> None:
    calm, crisis = learnt(), in_crisis(learnt())
    assert calm.concerns() == ()
    bags, hold = sorted(crisis.concerns(), key=lambda concern: concern.phrase)
    assert (bags.phrase, hold.phrase) == ("lost bag", "on hold")
    assert set(bags.phrases) == {"lost bag", "lost", "bag", "claim"}
    assert bags.phrases[0] == "lost bag"
    assert bags.usual_share < 0.01
    assert bags.share > 0.2
    assert (bags.trend, hold.trend) == (Trend.FALLING, Trend.RISING)
    assert len(set(bags.exemplars)) == 3


def test_counts_are_scaled_to_all_mentions_when_only_some_were_kept() -> None:
    listener = in_crisis(learnt())
    mentions = 60 * 2 * 30
    bags = next(concern for concern in listener.concerns() if concern.phrase == "lost bag")
    assert bags.count == pytest.approx(bags.share * mentions, rel=0.05)


def test_a_thousand_copies_of_one_text_are_no_concern() -> None:
    listener = learnt()
    for minute in range(1, 60):
        listener.fold(
            CRISIS + minute, [said(77, "buy followers", negative=True, mentions=20)], 20, tense=True, usual=False
        )
    assert listener.concerns() == ()


def test_a_brand_that_nobody_knows_has_concerns_too() -> None:
    nobody = Listener()
    assert not any((nobody.concerns(), nobody.rising_hashtags(), nobody.hashtags()))
    concerns = in_crisis(Listener()).concerns()
    assert {concern.phrase for concern in concerns} >= {"lost bag", "on hold"}
    assert not {"thanks", "coffee", "flight"} & {concern.phrase for concern in concerns}


def test_the_exemplars_are_those_that_say_most_of_it_then_of_most_engagement() -> None:
    listener = learnt()
    fresh = [
        said(1, "lost", negative=True),
        said(2, "lost bag", negative=True),
        said(3, "lost bag", negative=True)._replace(engagement=9),
        said(4, "lost bag", negative=True)._replace(tweet_id=""),
        said(5, "lost bag", negative=True)._replace(engagement=4),
    ]
    listener.fold(CRISIS + 1, fresh, 5, tense=True, usual=False)
    (concern,) = listener.concerns()
    assert concern.exemplars == tuple(said(key).tweet_id for key in (3, 5, 2))


def test_a_hashtag_that_rises_with_the_brand_is_proposed_unless_it_is_on_the_watchlist() -> None:
    rising = in_crisis(learnt(), tags="#boycottacme =acmefail").rising_hashtags()
    assert {tag.hashtag: tag.on_watchlist for tag in rising} == {"boycottacme": False, "acmefail": True}
    assert all(tag.usual_share == 0.0 and tag.share > 0.5 and len(tag.exemplars) == 3 for tag in rising)
    assert learnt().rising_hashtags() == ()


def test_hashtags_are_those_most_used_of_late() -> None:
    listener = Listener()
    fresh = [said(1, tags="#b", mentions=5), said(2, tags="#a #c", mentions=2), said(3, tags="=c")]
    listener.fold(START + 1, fresh, 8, tense=False, usual=True)
    assert listener.hashtags() == ("b", "c", "a")
    listener.fold(START + 9 * HOUR, [said(4)], 1, tense=False, usual=True)
    assert listener.hashtags() == ()


def test_a_crisis_does_not_become_ordinary_talk() -> None:
    listener = in_crisis(learnt())
    for minute in range(5, 24 * HOUR, 5):
        one = said(minute, ordinary(Random(minute)))
        listener.fold(CRISIS + HOUR + minute, [one], 1, tense=False, usual=True)
    assert listener.concerns() == ()
    again = {concern.phrase: concern for concern in in_crisis(listener, start=CRISIS + 26 * HOUR).concerns()}
    assert again["lost bag"].usual_share < 0.01


def test_ordinary_talk_of_earlier_versions_is_taken_over() -> None:
    listener = Listener()
    listener.take_over(*ordinary_talk([493_000, [4, 9, 2000.0], ["hold", "#sale"], [[1, 0], [2, 0], [400.5, 100.0]]]))
    for n in range(40):
        listener.fold(
            START + n,
            [said(n, "hold|refund" if n % 4 == 0 else "x", negative=True, tags="#sale")],
            1,
            tense=True,
            usual=False,
        )
    refund = next(concern for concern in listener.concerns() if "refund" in concern.phrases)
    assert "hold" not in refund.phrases
    assert [tag.usual_share for tag in listener.rising_hashtags()] == [pytest.approx(0.05, abs=0.001)]


@pytest.mark.parametrize(
    "table",
    [
        [0, [1, 1, 1.0], ["a"], [[1], [1], []]],
        [0, [1, 1, 1.0], [5], [[1], [1], [1.0]]],
        [0, [1, 1], [], []],
        [0, [1, 1, 1.0], ["a"] * 200, [[1] * 200] * 3],
        ["x", [1, 1, 1.0], [], []],
        [0, [1, 1, float("inf")], [], []],
    ],
)
def test_a_damaged_table_of_phrases_is_refused(table: list[object]) -> None:
    with pytest.raises((TypeError, ValueError)):
        ordinary_talk(table)


documents = st.builds(
    lambda key, words, tags, negative, mentions: said(
        key, "|".join(words), negative=negative, tags=tags, mentions=mentions
    ),
    st.integers(0, 400),
    st.lists(st.sampled_from(["lost bag", "hold", "thanks", "é", "瑞士"]), max_size=4),
    st.sampled_from(["", "#a", "=b #a"]),
    st.booleans(),
    st.integers(1, 9),
)


@settings(max_examples=30, deadline=None)
@given(minutes=st.lists(st.tuples(st.lists(documents, max_size=8), st.booleans()), max_size=30), cut=st.integers(0, 30))
def test_a_restart_changes_nothing_that_is_said(minutes: list[tuple[list, bool]], cut: int) -> None:  # type: ignore[type-arg]
    listener, restarted = Listener(), Listener()
    for i, (fresh, tense) in enumerate(minutes):
        if i == cut:
            restarted.restore(decode(encode(listener.state())))
        for one in (listener, restarted) if i >= cut else (listener,):
            one.fold(START + 25 * i, fresh, len(fresh), tense=tense, usual=not tense)
    if cut < len(minutes):
        assert encode(restarted.state()) == encode(listener.state())
        assert restarted.concerns() == listener.concerns()
        assert restarted.rising_hashtags() == listener.rising_hashtags()


@given(words=st.lists(WORDS, max_size=6))
def test_whatever_is_said_in_a_state_can_be_asked_about(words: list[str]) -> None:
    listener = Listener()
    text = "|".join(words).encode("utf-8", "replace").decode()[:30]
    fresh = [said(n, text, negative=True) for n in range(4)]
    listener.fold(START + 1, fresh, 4, tense=True, usual=True)
    listener.fold(START + 5 * HOUR, fresh, 4, tense=False, usual=True)
    listener.fold(START + 15 * HOUR, fresh, 4, tense=False, usual=True)
    assert all(0.0 <= concern.share <= 1.0 for concern in listener.concerns())


def test_the_state_is_small_while_the_brand_is_calm_and_bounded_when_it_is_not() -> None:
    rng = Random(8)
    calm, tense = Listener(), Listener()
    for minute in range(1, 5 * HOUR):
        fresh = [
            said(rng.getrandbits(32), "|".join(f"w{rng.randrange(9999)}" for _ in range(9)), tags="#t")
            for _ in range(8)
        ]
        calm.fold(START + minute, fresh, 50, tense=False, usual=True)
        tense.fold(START + minute, fresh, 50, tense=True, usual=False)
    assert len(encode(calm.state())) < 5 * 1024
    assert len(encode(tense.state())) < 40 * 1024
