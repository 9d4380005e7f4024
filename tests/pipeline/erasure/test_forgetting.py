"""A tracker that was told to forget posts: what is named, what is counted, what is stored."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from pipeline import brandstate
from pipeline.brandstate import BrandState, DetectorFactory
from pipeline.compression import inflate
from pipeline.detection import Detector
from pipeline.erasure import named_ids
from pipeline.tracker import Tracker, clock_key
from schemas.codec import encode
from schemas.crisis import CrisisEvent
from schemas.mention import Erasure, Mention, SentimentLabel
from schemas.situation import CommunicationOverdue, CrisisRecord, Situation
from schemas.tone import ToneIssue
from schemas.tweet import TweetKind
from schemas.window import WindowClosed
from tests.pipeline.incident import OPENS, incident
from tests.pipeline.logs import (
    MINUTE_MS,
    SHORT_LIVED,
    START_MS,
    FakeDetector,
    LogItem,
    interleaved,
    mention,
    raw_log,
    taken_apart,
    watermark,
    with_erasures,
)

END_MS = START_MS + 70 * MINUTE_MS
FACTORIES = st.sampled_from([FakeDetector, Detector])


def random_log(rng: Random) -> list[LogItem]:
    return interleaved(rng, [raw_log(rng, p, 2, length=rng.randint(0, 40), end_ms=END_MS, idles=True) for p in (0, 1)])


def opened(value: bytes) -> bytes:
    """Return all that a value of the state table holds, nothing of it compressed."""
    _partition, state = taken_apart(value)
    if state.get("early"):
        state["early"] = inflate(state["early"], 1 << 20)
    raw = [part for part in state.values() if isinstance(part, bytes)]
    return b"".join([encode({key: part for key, part in state.items() if not isinstance(part, bytes)}), *raw])


def brand_states(tracker: Tracker) -> dict[str, bytes]:
    return {name: brand.encode(0) for name, brand in tracker._brands.items()}


def posts(log: Iterable[LogItem]) -> list[Mention]:
    return [record for record in log if isinstance(record, Mention)]


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32), factory=FACTORIES)
def test_after_an_erasure_no_state_holds_the_id_and_nothing_published_names_it(
    seed: int, factory: DetectorFactory
) -> None:
    rng = Random(seed)
    log = random_log(rng)
    log = with_erasures(rng, log[: rng.randint(0, len(log))], end_ms=END_MS)
    tracker, gone, authors = Tracker(SHORT_LIVED, 0, factory), set[str](), set[int]()
    for record in log:
        step = tracker.step([record])
        named = set[str]().union(*(named_ids(event) for event in step.events if not isinstance(event, WindowClosed)))
        if isinstance(record, Erasure):
            gone.update(record.tweet_ids)
            authors.update(record.authors)
        else:
            theirs = {post.tweet_id for post in posts(log) if post.author in authors}
            assert named.isdisjoint(gone | theirs)
        for value in step.states.values():
            assert not any(tweet_id.encode() in opened(value) for tweet_id in gone)
    for value in brand_states(tracker).values():
        assert not any(tweet_id.encode() in opened(value) for tweet_id in gone)


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32))
def test_what_was_counted_stays_counted_and_no_level_changes(seed: int) -> None:
    rng = Random(seed)
    log = random_log(rng)
    plain, erased = (
        Tracker(SHORT_LIVED, 0).step(records).events for records in (log, with_erasures(rng, log, end_ms=END_MS))
    )

    assert _windows(erased) == _windows(plain)
    assert _nameless(erased) == _nameless(plain)


def _windows(events: Sequence[Any]) -> list[bytes]:
    return [encode(event) for event in sorted(events, key=_brand) if isinstance(event, WindowClosed)]


def _brand(event: Any) -> str:
    return str(event.brand)


def _nameless(events: Sequence[Any]) -> list[Any]:
    """Return crisis events without what is read from the words of posts."""
    found = []
    for event in sorted(events, key=_brand):
        if isinstance(event, CrisisEvent):
            evidence = replace(event.evidence, concerns=(), hashtags=(), exemplars=())
            found.append(replace(event, evidence=evidence, authors={}))
    return found


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32), factory=FACTORIES)
def test_it_makes_no_difference_whether_an_erasure_comes_just_before_its_post_or_just_after(
    seed: int, factory: DetectorFactory
) -> None:
    rng = Random(seed)
    log = random_log(rng)
    at = rng.choice([at for at, record in enumerate(log) if isinstance(record, Mention)] or [0])
    post = log[at]
    if not isinstance(post, Mention):
        return
    by_author = rng.random() < 0.5
    erasure = Erasure(
        time_ms=post.time_ms,
        tweet_ids=() if by_author else (post.tweet_id,),
        authors=(post.author,) if by_author else (),
        coming=(post.author,) if by_author else (),
    )
    first, last = Tracker(SHORT_LIVED, 0, factory), Tracker(SHORT_LIVED, 0, factory)
    events = [
        tracker.step([*log[:at], *about, *log[at + 1 :]]).events
        for tracker, about in ((first, (erasure, post)), (last, (post, erasure)))
    ]

    assert brand_states(first) == brand_states(last)
    assert sorted(map(encode, events[0])) == sorted(map(encode, events[1]))


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32), factory=FACTORIES)
def test_the_author_of_every_post_that_is_named_is_known_and_of_no_other(seed: int, factory: DetectorFactory) -> None:
    rng = Random(seed)
    log = with_erasures(rng, random_log(rng))
    tracker = Tracker(SHORT_LIVED, 0, factory)
    for record in log:
        tracker.step([record])
    for name, brand in tracker._brands.items():
        brand.encode(0)
        assert brand._posters.keys() == {*brand._detector.named(), *brand._situation.named()}
        again = Tracker(SHORT_LIVED, 0, factory)
        again.restore(name, brand.encode(0))
        assert again.problems == {}
        assert again._brands[name]._posters == brand._posters
        mine, theirs = brand._detector, again._brands[name]._detector
        if isinstance(mine, Detector) and isinstance(theirs, Detector):
            assert mine._listener._pool._size == theirs._listener._pool._size
        assert all(by.author and by.minute for by in brand._posters.values())
        for minute, bucket in brand._open.items():
            known = again._brands[name]._open[minute].posters
            assert known == {tweet_id: bucket.posters[tweet_id] for tweet_id in sorted(bucket.named())}


# -- a crisis with all that can be named -----------------------------------------------------------------


def eventful(first: int, last: int) -> Iterable[list[LogItem]]:
    """Yield an incident's minutes in which people ask the brand, and it speaks."""
    for minute, records in enumerate(incident(first, last), first):
        out: list[LogItem] = []
        for n, record in enumerate(records):
            if isinstance(record, Mention) and n == 1:
                record = structs.replace(record, question=True, matched=("@acme",))  # noqa: PLW2901
            if isinstance(record, Mention) and n == 2:
                record = structs.replace(record, hashtags=("bags",), phrases=("lost", "lost bag", "bag"))  # noqa: PLW2901
            out.append(record)
        if minute >= OPENS and minute % 7 == 0:
            out.insert(0, _update(minute))
        yield out


def _update(minute: int) -> Mention:
    return mention(
        id=f"{minute}-own",
        tweet_id=str(570_000_000_000_000_000 + minute),
        time_ms=START_MS + minute * MINUTE_MS,
        origin=structs.replace(mention().origin, partition=0, offset=minute * 10 - 1),
        official=True,
        author=4242,
        phrases=("sorry",),
        tone=(ToneIssue.BLAME,) if minute % 2 else (),
        kind=TweetKind.POST,
        sentiment=structs.replace(mention().sentiment, label=SentimentLabel.NEUTRAL),
    )


STORED = OPENS + 100
"""The minute at the end of which the state is looked at."""


@cache
def stored() -> tuple[dict[str, bytes], tuple[CrisisRecord, ...]]:
    """What is stored in the crisis, a minute of it still open, and what has been said."""
    tracker = Tracker(SHORT_LIVED, 0)
    log = [record for minute in eventful(0, STORED) for record in minute]
    minute = next(iter(eventful(STORED, STORED + 1)))
    step = tracker.step([*log, *minute[:-1]])
    return step.states, tuple(event for event in step.events if not isinstance(event, WindowClosed))


def restored() -> Tracker:
    tracker = Tracker(SHORT_LIVED, 0)
    for key, value in stored()[0].items():
        tracker.restore(key, value)
    assert tracker.problems == {}
    return tracker


def all_named(brand: BrandState) -> set[str]:
    return set(brand._posters).union(*(bucket.named() for bucket in brand._open.values()))


def test_the_crisis_names_posts_in_every_place_where_there_can_be_any() -> None:
    brand = restored()._brands["acme"]
    (bucket,) = brand._open.values()
    detector, situation = brand._detector, brand._situation
    assert isinstance(detector, Detector)
    for names in (
        detector._listener.named(),
        detector._exemplars.named(),
        situation._pool.named(),
        situation._voice.posts.named(),
        bucket.documents.named(),
        bucket.asked.named() if bucket.asked else (),
        (tweet_id for _, tweet_id in bucket.exemplars),
    ):
        assert set(names)
    last = next(event for event in reversed(stored()[1]) if isinstance(event, Situation))
    assert {*last.authors} == named_ids(last)
    assert last.voice.posts
    assert last.questions.groups[0].exemplars


def test_every_single_post_can_be_forgotten_by_its_id() -> None:
    for tweet_id in all_named(restored()._brands["acme"]):
        tracker = restored()
        states = tracker.step([Erasure(time_ms=0, tweet_ids=(tweet_id,))]).states

        assert "acme" in states, "it is written"
        assert tweet_id.encode() not in opened(states["acme"])
        assert all_named(tracker._brands["acme"]) == all_named(restored()._brands["acme"]) - {tweet_id}


@pytest.mark.parametrize("minute", [OPENS + 10, STORED + 1])
def test_all_posts_of_an_author_of_before_a_notice_can_be_forgotten_and_no_other(minute: int) -> None:
    tracker, notice_ms = restored(), START_MS + minute * MINUTE_MS
    own = {tweet_id: by.minute for tweet_id, by in tracker._brands["acme"]._posters.items() if by.author == 4242}
    meant = {tweet_id for tweet_id, posted in own.items() if posted <= notice_ms // MINUTE_MS}
    spared = {tweet_id for tweet_id, posted in own.items() if posted >= notice_ms // MINUTE_MS + 20}
    assert meant
    tracker.step([Erasure(time_ms=notice_ms, authors=(4242,))])

    left = all_named(tracker._brands["acme"])
    assert left.isdisjoint(meant)
    assert left >= all_named(restored()._brands["acme"]) - own.keys() | spared
    assert bool(spared) == (minute < STORED)


def test_an_erasure_of_what_is_not_named_writes_the_clock_alone() -> None:
    states = restored().step([Erasure(time_ms=0, tweet_ids=("1",), authors=(1,))]).states
    assert list(states) == [clock_key(0)]


def test_who_asked_and_what_was_said_is_counted_on_when_all_of_it_is_forgotten() -> None:
    plain, erased = restored(), restored()
    every = tuple(all_named(erased._brands["acme"]))
    erased.step([Erasure(time_ms=0, tweet_ids=every)])
    assert all_named(erased._brands["acme"]) == set()
    told = []
    for tracker in (plain, erased):
        log = [record for minute in eventful(STORED, STORED + 90) for record in minute]
        events = tracker.step(log).events
        told.append([event for event in events if isinstance(event, Situation | CommunicationOverdue)])

    assert told[0]
    assert len(told[0]) == len(told[1])
    for one, other in zip(*told, strict=True):
        assert named_ids(other).isdisjoint(every)
        if isinstance(one, Situation) and isinstance(other, Situation):
            assert (one.figures, one.mentions, one.level) == (other.figures, other.mentions, other.level)
            assert [getattr(one.questions, name) for name in COUNTS] == [
                getattr(other.questions, name) for name in COUNTS
            ]
            assert (one.voice.updates, one.voice.answers, one.voice.last_update_at) == (
                other.voice.updates,
                other.voice.answers,
                other.voice.last_update_at,
            )


COUNTS = ("asked", "answered", "waiting", "share_answered", "oldest_waiting_at", "waiting_reach", "sampled_share")


@pytest.mark.parametrize(("kind", "stands"), [(TweetKind.POST, ("1002", "lost bag")), (TweetKind.RETWEET, ("", ""))])
def test_who_writes_the_same_stands_for_a_post_that_is_gone_and_a_retweet_of_it_does_not(
    kind: TweetKind, stands: tuple[str, str]
) -> None:
    tracker = Tracker(SHORT_LIVED, 0)
    same: dict[str, Any] = {"phrases": ("lost bag",), "repeat_key": 7, "cluster_key": 7}
    first = mention(tweet_id="1001", origin=structs.replace(mention().origin, offset=1), **same)
    copy = mention(
        tweet_id="1002",
        kind=kind,
        time_ms=START_MS + MINUTE_MS,
        origin=structs.replace(mention().origin, offset=3),
        **same,
    )
    tracker.step([first, watermark(START_MS + MINUTE_MS, 2)])
    tracker.step([Erasure(time_ms=START_MS, tweet_ids=("1001",)), copy, watermark(START_MS + 2 * MINUTE_MS, 4)])

    detector = tracker._brands["acme"]._detector
    assert isinstance(detector, Detector)
    (heard,) = detector._listener._pool._heard.values()
    assert (heard.document.tweet_id, heard.document.said) == stands
    assert heard.document.mentions == 2


@pytest.mark.parametrize("within", [True, False])
def test_a_post_that_comes_after_its_erasure_is_named_only_once_event_time_has_passed(within: bool) -> None:
    late_by = 0 if within else 30
    tracker = Tracker(SHORT_LIVED, 0)
    tracker.step([watermark(START_MS + late_by * MINUTE_MS, 0), Erasure(time_ms=START_MS, tweet_ids=("1001",))])
    again = Tracker(SHORT_LIVED, 0)
    for key, value in tracker.step([watermark(START_MS + late_by * MINUTE_MS + 1, 0)]).states.items():
        again.restore(key, value)
    post = mention(
        tweet_id="1001",
        time_ms=START_MS + late_by * MINUTE_MS + 2,
        origin=structs.replace(mention().origin, offset=1),
    )
    step = again.step([post])

    assert step.counted == 1
    assert (b"1001" in opened(step.states["acme"])) is not within


def test_a_brand_that_falls_asleep_names_nobody_until_it_is_spoken_of_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brandstate, "_ASLEEP_AFTER", 24 * 60 + 15)
    tracker, asleep = restored(), STORED + 24 * 60 + 15
    assert all_named(tracker._brands["acme"])
    tracker.step([watermark(START_MS + asleep * MINUTE_MS, 10**6)])
    assert tracker._brands["acme"]._posters
    states = tracker.step([watermark(START_MS + (asleep + 1) * MINUTE_MS, 10**6 + 1)]).states

    assert not all_named(tracker._brands["acme"])
    assert b'"56' not in opened(states["acme"])


def test_a_question_of_a_calm_that_is_long_ago_is_let_go_though_nobody_asks_again() -> None:
    tracker = Tracker(SHORT_LIVED, 0)
    asked = mention(question=True, matched=("@acme",), origin=structs.replace(mention().origin, offset=1))
    tracker.step([asked, watermark(START_MS + MINUTE_MS, 2)])
    pool = tracker._brands["acme"]._situation._pool
    assert set(pool.named()) == {asked.tweet_id}
    tracker.step([watermark(START_MS + 7 * 60 * MINUTE_MS, 3)])

    assert pool.is_empty()
    assert tracker._brands["acme"]._situation.state() == b""
