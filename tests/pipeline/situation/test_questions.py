"""Who waits for an answer."""

from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st
from msgspec import structs

from pipeline.openbucket import OpenBucket
from pipeline.postid import LONGEST
from pipeline.situation.pool import Pool
from pipeline.situation.threads import Question, Reply, ThreadSample
from schemas.codec import decode, encode
from schemas.mention import Mention
from schemas.situation import Questions
from schemas.times import to_rfc3339
from schemas.tweet import TweetKind
from schemas.window import Level
from tests.pipeline.logs import START_MS, mention
from tests.pipeline.situation.brand import Brand, answer, concern, question, update

CALM, WATCH, ALERT = Level.CALM, Level.WATCH, Level.ALERT


def after(*minutes: list[Mention]) -> Questions:
    """Return how questions stand after minutes of an alert."""
    brand = Brand()
    brand.brief = replace(brand.brief, concerns=(concern("lost bag", "luggage"), concern("refund")))
    brand.close(ALERT)
    for mentions in minutes:
        brand.close(ALERT, mentions)
    brand.close(Level.SEVERE)
    return brand.situations()[-1].questions


def test_a_question_waits_until_an_account_of_the_brand_replies_to_it() -> None:
    asked = [question(1, 60), question(2, 62)]
    stood = after(asked)
    assert (stood.asked, stood.answered, stood.waiting, stood.share_answered) == (2, 0, 2, 0.0)
    assert stood.oldest_waiting_at == to_rfc3339(START_MS + 60_000)

    stood = after(asked, [answer(9, 180, to="1")])
    assert (stood.asked, stood.answered, stood.waiting, stood.share_answered) == (2, 1, 1, 0.5)
    assert (stood.median_minutes, stood.oldest_waiting_at) == (2.0, to_rfc3339(START_MS + 62_000))


def test_a_reply_elsewhere_in_the_thread_answers_whoever_asks_there_alone() -> None:
    alone = question(5, 60, conversation_id="1", in_reply_to_id="3")
    assert after([alone], [answer(9, 130, thread="1", to="7")]).answered == 1
    assert after([alone], [answer(9, 130, thread="2", to="7")]).answered == 0


def test_of_many_who_ask_below_one_post_only_the_one_that_is_replied_to_is_answered() -> None:
    crowd = [question(n, 60, conversation_id="1") for n in range(10, 15)]
    assert after(crowd, [answer(99, 130, thread="1", to="12")]).answered == 1
    assert after(crowd, [answer(99, 130, thread="1", to="1")]).answered == 0
    assert after(crowd, [answer(99, 130, thread="1")]).answered == 5, "not known whom it answers"


@pytest.mark.parametrize(
    "reply",
    [
        answer(9, 59, to="1"),
        answer(9, 60, to="1"),
        update(9, 130),
        answer(9, 130, to="1", kind=TweetKind.RETWEET),
        answer(9, 130, to="1", official=False),
    ],
    ids=["before", "at the same instant", "an update", "a retweet", "somebody else"],
)
def test_nothing_else_answers(reply: Mention) -> None:
    assert after([question(1, 60), reply]).answered == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"question": False},
        {"matched": ("acme", "#acme")},
        {"kind": TweetKind.RETWEET},
        {"official": True},
        {"tweet_id": ""},
        {"tweet_id": "9" * (LONGEST + 1)},
        {"tweet_id": "\ud800"},
    ],
)
def test_what_is_no_question_to_the_brand_does_not_count(changes: dict[str, Any]) -> None:
    assert after([question(1, 60), structs.replace(question(2, 60), **changes)]).asked == 1


def test_whoever_asks_twice_in_a_thread_waits_once_since_the_first_time() -> None:
    twice = [question(n, n, conversation_id="1", author=7) for n in (80, 70)]
    stood = after(twice, [question(90, 130, conversation_id="1", author=7)])

    assert stood.asked == 1
    assert stood.oldest_waiting_at == to_rfc3339(START_MS + 70_000)


def test_those_that_wait_are_grouped_by_the_first_concern_that_they_share_a_phrase_with() -> None:
    stood = after(
        [
            question(1, 60, phrases=("where bag", "where", "bag", "lost", "lost bag"), reach=3),
            question(2, 61, phrases=("luggage", "refund"), reach=9),
            question(3, 62, phrases=("refund",)),
            question(4, 63, phrases=("bag",)),
        ]
    )

    assert [(group.about, group.waiting, group.reach, group.exemplars) for group in stood.groups] == [
        ("lost bag", 2, 12, ("2", "1")),
        ("refund", 1, 0, ("3",)),
        ("", 1, 0, ("4",)),
    ]
    assert stood.groups[0].oldest_at == to_rfc3339(START_MS + 60_000)
    assert stood.waiting_reach == 12


def test_questions_of_the_hours_before_the_alarm_are_there_and_older_ones_are_not() -> None:
    brand = Brand()
    brand.close(CALM, [question(1, 1)])
    brand.run(7 * 60, CALM)
    brand.close(CALM, [question(2, 7 * 3600 + 61)])
    brand.run(60, CALM)
    brand.close(ALERT)
    assert brand.situations()[-1].questions.asked == 1

    brand.close(ALERT, [answer(9, 9 * 3600, to="2")])
    brand.run(60, ALERT)
    assert brand.situations()[-1].questions.answered == 1


def test_a_crisis_that_is_over_takes_its_questions_with_it() -> None:
    brand = Brand()
    brand.close(ALERT, [question(1, 1)])
    brand.close(CALM)
    brand.close(ALERT)
    assert [told.questions.asked for told in brand.situations()] == [1, 1, 0]


@effort(max_examples=3)
@given(seed=st.integers(0, 2**32))
def test_of_too_many_a_sample_is_followed_and_scaled_to_all(seed: int) -> None:
    rng = Random(seed)
    brand = Brand()
    for minute in range(40):
        asked = [question(rng.getrandbits(60), minute * 60 + n, reach=10) for n in range(30)]
        replies = [answer(rng.getrandbits(60), minute * 60 + 50, to=q.tweet_id) for q in asked[:15]]
        brand.close(WATCH, [*asked, *replies])
    brand.close(ALERT)
    stood = brand.situations()[0].questions

    assert stood.asked == pytest.approx(1200, rel=0.5)
    assert stood.share_answered == pytest.approx(0.5, abs=0.25)
    assert stood.waiting_reach == pytest.approx(10 * stood.waiting, rel=0.01)
    assert stood.sampled_share == pytest.approx(128 / 1200, rel=0.5)
    assert len(brand.keeper.state()) < 10 * 1024


# -- the sample --------------------------------------------------------------------------------------


@effort(max_examples=30)
@given(seed=st.integers(0, 2**32))
def test_a_sample_depends_neither_on_order_nor_on_how_the_questions_are_divided(seed: int) -> None:
    rng = Random(seed)
    asked = [
        Question.of(question(rng.randrange(60), rng.randrange(60), author=rng.randrange(40), reach=rng.randrange(3)))
        for _ in range(rng.randint(0, 60))
    ]
    whole = ThreadSample(8)
    for each in asked:
        whole.add(each)
    rng.shuffle(asked)
    parts = [ThreadSample(8) for _ in range(3)]
    for each in asked:
        rng.choice(parts).add(each)
    merged = ThreadSample(8)
    for part in parts:
        merged.merge(part)

    assert merged.state() == whole.state()
    assert len(whole.kept) <= 8
    assert ThreadSample.restore(decode(encode(whole.state())), 8).state() == whole.state()


@effort(max_examples=20)
@given(seed=st.integers(0, 2**32))
def test_an_open_minute_with_questions_and_own_posts_commutes_and_is_restored(seed: int) -> None:
    rng = Random(seed)
    mentions = []
    for _ in range(rng.randint(0, 120)):
        n, at_s = rng.randrange(400), rng.randrange(60)
        words = tuple(rng.sample(["lost bag", "refund", "\ud800", "", "x" * 99, "a b"], 3))
        mentions.append(
            rng.choice(
                (
                    question(n, at_s, phrases=words, author=n // 2),
                    update(n, at_s, phrases=words, author=n // 2),
                    answer(n, at_s, thread=str(n % 7), to=str(n % 5), phrases=words, author=n // 2),
                    mention(official=True, kind=TweetKind.REPLY, tweet_id="\ud800", conversation_id="\ud800"),
                )
            )
        )
    one, other = OpenBucket(), OpenBucket()
    for each in mentions:
        one.fold(each)
    rng.shuffle(mentions)
    for each in mentions:
        other.fold(each)

    assert encode(one.state()) == encode(other.state())
    assert encode(OpenBucket.restore(decode(encode(one.state()))).state()) == encode(one.state())
    assert len(encode(one.state()[6:8])) < 24 * 200 + 64 * 60 + 6 * 1400


def test_a_pool_is_bounded_whatever_comes() -> None:
    rng, pool = Random(1), Pool()
    for minute in range(120):
        if minute == 60:
            pool.open(minute)
        sample = ThreadSample(24)
        for n in range(24):
            sample.add(Question.of(question(rng.getrandbits(60), minute * 60 + n)))
        pool.take(minute, sample, [])
        assert len(list(pool.questions())) <= (12 if minute < 60 else 140)


def test_whoever_asks_again_in_a_thread_hours_later_while_it_is_calm_waits_once_and_asks_there_alone() -> None:
    asked = [question(n, at_s, author=7, conversation_id="1") for n, at_s in ((20, 30), (21, 179 * 60))]
    pool = Pool()
    for each in asked:
        sample = ThreadSample(9)
        sample.add(Question.of(each))
        assert pool.take(each.time_ms // 60_000, sample, [])
        assert encode(Pool.restore(decode(encode(pool.state()))).state()) == encode(pool.state())
    assert [each.tweet_id for _, each in pool.questions()] == ["20"]
    assert pool.take(asked[1].time_ms // 60_000, None, [Reply.of(answer(30, 180 * 60, thread="1", to="3"))])
