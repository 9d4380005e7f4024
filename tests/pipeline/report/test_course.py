import random

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.erasure import redacted
from pipeline.report.course import Course
from schemas.situation import CommunicationOverdue, OwnPost, Situation
from tests.pipeline.report import made

MANY: list[Situation | CommunicationOverdue] = [
    # Three situations name the same posts, and judge them differently.
    *(made.situation(n, minute=1000 + n // 3, label=("no signal", "refund")[n % 2]) for n in range(400)),
    *(made.overdue(n, minute=1000 + n) for n in range(1, 200)),
]


def course(records: list[Situation | CommunicationOverdue]) -> Course:
    told = Course()
    for record in records:
        told.add(record)
    return told


def seen(told: Course) -> tuple[list[Situation], list[OwnPost], list[CommunicationOverdue], int]:
    return told.situations, told.posts, told.overdue, told.missed


@settings(max_examples=15)
@given(st.randoms(use_true_random=False), st.integers(1, len(MANY)))
def test_the_order_of_situations_and_what_is_there_twice_make_no_difference(rng: random.Random, size: int) -> None:
    chosen = rng.sample(MANY, size)
    shuffled = rng.sample([*chosen, *chosen[:50]], len(chosen) + len(chosen[:50]))
    assert seen(course(chosen)) == seen(course(shuffled))


def test_what_is_kept_is_bounded_and_has_the_first_and_the_last() -> None:
    told = course(MANY)
    sequences = [each.sequence for each in told.situations]
    assert len(sequences) <= 121
    assert (sequences[0], sequences[-1]) == (0, 399)
    assert told.thinned
    assert len(told.posts) <= 120
    assert told.posts == sorted(told.posts, key=lambda post: (post.time, post.tweet_id))
    assert len(told.overdue) == 120
    assert told.missed == 199


def test_a_post_that_a_later_version_does_not_name_is_gone() -> None:
    named = [made.situation(n, minute=1020) for n in range(3)]
    gone, stays = (post.tweet_id for post in named[0].voice.posts)
    assert {post.tweet_id for post in course([*named]).posts} == {gone, stays}
    again = [redacted(each, [gone], ()) for each in named]
    told = course([*named, *(each for each in again if isinstance(each, Situation))])
    assert {post.tweet_id for post in told.posts} == {stays}
    assert told.situations == again


def test_a_post_is_as_it_was_judged_last() -> None:
    first = made.situation(0, minute=1020)
    judged = made.situation(1, minute=1020, label="refund")
    told = course([judged, first])
    assert [post.speaks_to for post in told.posts if not post.reply] == [("refund",)]
