from collections.abc import Collection
from dataclasses import asdict, replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pipeline.erasure import Wanted, named_ids, redacted
from schemas.codec import decode, encode
from schemas.crisis import Concern, CrisisEvent, Exemplar
from schemas.mention import Erasure
from schemas.situation import CrisisRecord, OwnPost, QuestionGroup, RisingHashtag, Situation
from tests.schemas.events import CRISIS, EVENTS, NOON

IDS = st.sampled_from([str(10**18 + n) for n in range(12)])
SOME = st.lists(IDS, max_size=3, unique=True).map(tuple)
AUTHORS = st.dictionaries(IDS, st.integers(1, 6))
CONCERNS = st.lists(
    st.builds(Concern, phrase=st.just("lost bag"), count=st.just(3), share=st.just(0.5), usual_share=st.just(0.1),
              exemplars=SOME),
    max_size=2,
).map(tuple)  # fmt: skip
EXEMPLARS = st.lists(st.builds(Exemplar, tweet_id=IDS, engagement=st.integers(0, 9)), max_size=3).map(tuple)
SITUATION = EVENTS["situation"]
OVERDUE = EVENTS["communication-overdue"]
assert isinstance(SITUATION, Situation)


@st.composite
def records(draw: st.DrawFn) -> CrisisRecord:
    if draw(st.booleans()):
        evidence = replace(CRISIS.evidence, concerns=draw(CONCERNS), exemplars=draw(EXEMPLARS))
        return replace(CRISIS, evidence=evidence, authors=draw(AUTHORS))
    assert isinstance(SITUATION, Situation)
    hashtag = RisingHashtag(
        hashtag="bags", count=4, share=0.2, usual_share=0.0, on_watchlist=False, exemplars=draw(SOME)
    )
    group = QuestionGroup(about="lost bag", waiting=4, oldest_at=NOON, reach=12, exemplars=draw(SOME))
    posts = tuple(OwnPost(tweet_id=tweet_id, time=NOON, reply=False) for tweet_id in draw(SOME))
    return replace(
        SITUATION,
        concerns=draw(CONCERNS),
        exemplars=draw(EXEMPLARS),
        hashtags=(hashtag,),
        questions=replace(SITUATION.questions, groups=(group,)),
        voice=replace(SITUATION.voice, posts=posts),
        authors=draw(AUTHORS),
    )


def gone(record: CrisisRecord, ids: Collection[str], authors: Collection[int]) -> set[str]:
    known: dict[str, int] = getattr(record, "authors", {})
    return {one for one in named_ids(record) if one in ids or known.get(one) in authors}


def without(value: Any, ids: Collection[str]) -> Any:
    """Return a value without anything that is one of these IDs, is keyed by one, or has one as its `tweet_id`."""
    if isinstance(value, dict):
        return {key: without(inner, ids) for key, inner in value.items() if key not in ids}
    if isinstance(value, list):
        kept = (one for one in value if not (isinstance(one, dict) and one.get("tweet_id") in ids))
        return [without(one, ids) for one in kept if not (isinstance(one, str) and one in ids)]
    return value


@given(records(), st.frozensets(IDS, max_size=4), st.frozensets(st.integers(1, 6), max_size=2))
def test_a_redacted_record_is_the_same_without_what_names_those_posts(
    record: CrisisRecord, ids: frozenset[str], authors: frozenset[int]
) -> None:
    out = gone(record, ids, authors)
    left = redacted(record, ids, authors)

    assert decode(encode(left)) == without(decode(encode(record)), out)
    assert named_ids(left) == named_ids(record) - out
    assert not any(tweet_id.encode() in encode(left) for tweet_id in out)
    assert redacted(left, ids, authors) is left
    assert (left is record) == (not out)


@given(records())
def test_every_id_that_a_record_holds_anywhere_is_one_that_it_names(record: CrisisRecord) -> None:
    text = encode(record)
    assert named_ids(record) == {
        tweet_id for tweet_id in map(str, range(10**18, 10**18 + 12)) if tweet_id.encode() in text
    }


def test_that_an_update_is_overdue_names_nobody() -> None:
    assert not isinstance(OVERDUE, CrisisEvent | Situation)
    assert named_ids(OVERDUE) == frozenset()  # type: ignore[arg-type]
    assert redacted(OVERDUE, ["1"], [1]) is OVERDUE  # type: ignore[arg-type]


def test_erasures_together_ask_for_all_that_each_asks_for() -> None:
    one = Erasure(time_ms=0, tweet_ids=("1", "2"), authors=(7,))
    assert Wanted.by([one, Erasure(time_ms=9, tweet_ids=("3",), authors=(8,))]) == ({"1", "2", "3"}, {7, 8})
    assert Wanted.by([one]).among({"1": 0, "4": 7, "5": 0, "6": 9}) == {"1", "4"}
    assert asdict(CRISIS)["authors"] == {}
