from collections.abc import Callable
from random import Random

import pytest
from msgspec.structs import replace

from pipeline.brandstate import BrandState, DetectorFactory, Folded
from pipeline.detection import Detector
from pipeline.gaps import Gaps
from pipeline.openbucket import OpenBucket
from pipeline.settings import EngineSettings
from pipeline.statevalue import StateProblem, UnusableState, unwrap
from schemas.codec import encode
from schemas.mention import Mention, Origin
from schemas.window import WindowClosed
from tests.pipeline.logs import (
    MINUTE_MS,
    START_MS,
    FakeDetector,
    mention,
    put_together,
    random_mention,
    taken_apart,
)

SETTINGS = EngineSettings()
START = START_MS // MINUTE_MS


def id_of_x(rng: Random, offset: int) -> str:
    del rng
    return str(5 * 10**17 + offset)


def id_of_bluesky(rng: Random, offset: int) -> str:
    account, key = ("".join(rng.choices("abcdefghijklmnopqrstuvwxyz234567", k=length)) for length in (24, 13))
    del offset
    return f"at://did:plc:{account}/app.bsky.feed.post/{key}"


def brand_after(
    minutes: int,
    a_minute: int,
    *,
    factory: DetectorFactory = Detector,
    phrases: int = 8,
    ids: Callable[[Random, int], str] = id_of_x,
) -> tuple[BrandState, list[int]]:
    """Return a brand with so many mentions a minute, and the sizes of its state; two buckets are open."""
    rng = Random(11)
    brand = BrandState("acme", SETTINGS, factory)
    pool = [replace(talk(rng, START, n, phrases), tweet_id=ids(rng, n)) for n in range(600)]
    sizes, offset = [], 0
    for minute in range(START, START + minutes):
        for _ in range(a_minute):
            offset += 1
            brand.fold(
                replace(
                    rng.choice(pool),
                    id=str(rng.random()),
                    time_ms=minute * MINUTE_MS,
                    origin=Origin(partition=offset % 4, offset=offset),
                    author=rng.getrandbits(53),
                    repeat_key=rng.getrandbits(53),
                ),
                minute * MINUTE_MS - 90_000,
            )
        brand.close(minute - 1, Gaps())
        if minute % 15 == 0:
            sizes.append(len(brand.encode(0)))
    return brand, sizes


def talk(rng: Random, minute: int, offset: int, phrases: int) -> Mention:
    words = [f"{rng.choice('bcdfglmnprst')}{rng.choice('aeiou')}{rng.randrange(300)}" for _ in range(2 * phrases)]
    base = random_mention(rng, "acme", minute * MINUTE_MS + rng.randrange(MINUTE_MS), offset % 4, offset)
    return mention(
        id=base.id,
        tweet_id=str(5 * 10**17 + offset),
        time_ms=base.time_ms,
        origin=base.origin,
        kind=base.kind,
        author=rng.getrandbits(53),
        reach=int(rng.lognormvariate(6, 1.5)),
        engagement=rng.randrange(1000),
        lang=rng.choices(("en", "es", "fr", "pt", "de", "und"), (50, 20, 10, 8, 7, 5))[0],
        sentiment=base.sentiment,
        question=base.question,
        repeat_key=rng.getrandbits(53),
        phrases=tuple(" ".join(words[2 * i : 2 * i + 2]) for i in range(phrases)),
        hashtags=base.hashtags[:2],
    )


def restored(brand: BrandState, factory: DetectorFactory = FakeDetector) -> BrandState:
    return decoded(brand.encode(0), factory)


def decoded(value: bytes, factory: DetectorFactory = Detector) -> BrandState:
    _partition, state = unwrap(value)
    return BrandState.decode("acme", state, SETTINGS, factory)


def changed(brand: BrandState, **changes: object) -> bytes:
    partition, state = taken_apart(brand.encode(0))
    return put_together(partition, {**state, **changes})


def test_the_state_of_a_busy_brand_is_at_most_8_kib() -> None:
    _brand, sizes = brand_after(25 * 60, 50)

    assert max(sizes) <= 8 * 1024


def test_the_state_of_a_busy_brand_is_no_larger_where_ids_are_long() -> None:
    _brand, sizes = brand_after(3 * 60, 50, ids=id_of_bluesky)

    assert max(sizes) <= 8 * 1024


def test_the_state_of_a_quiet_brand_is_a_few_hundred_bytes() -> None:
    brand, _sizes = brand_after(60, 0, factory=FakeDetector)
    for n in range(10):
        brand.fold(talk(Random(n), START + 60 + 100 * n, n, 3), 0)
    brand.close(START + 1300, Gaps())

    assert len(brand.encode(0)) < 900


def test_a_restored_brand_has_the_state_it_was_restored_from() -> None:
    brand, _sizes = brand_after(200, 3, factory=FakeDetector)

    assert restored(brand).encode(0) == brand.encode(0)


def test_applied_survives_and_a_restored_brand_drops_what_it_has_counted() -> None:
    brand = BrandState("acme", SETTINGS, FakeDetector)
    for partition, offset in ((0, 5), (3, 2)):
        brand.fold(mention(origin=Origin(partition=partition, offset=offset, index=1)), 0)
    again = restored(brand)

    assert again.fold(mention(origin=Origin(partition=0, offset=5, index=1)), 0) is Folded.DUPLICATE
    assert again.fold(mention(origin=Origin(partition=3, offset=2, index=0)), 0) is Folded.DUPLICATE
    assert again.fold(mention(origin=Origin(partition=3, offset=2, index=2)), 0) is Folded.COUNTED
    assert again.fold(mention(origin=Origin(partition=1, offset=0)), 0) is Folded.COUNTED


@pytest.mark.parametrize(
    ("time_ms", "folded"), [(-1, Folded.CLOSED), (2**31 * MINUTE_MS, Folded.MISDATED), (0, Folded.COUNTED)]
)
def test_times_without_a_name_are_not_counted(time_ms: int, folded: Folded) -> None:
    assert BrandState("acme", SETTINGS, FakeDetector).fold(mention(time_ms=time_ms), 0) is folded


def test_an_unknown_detector_state_keeps_the_counts_and_the_detector_learns_from_the_last_day() -> None:
    brand, _sizes = brand_after(8 * 60, 2, phrases=1)
    again = decoded(changed(brand, detector={"version": "of tomorrow"}))

    ours, theirs = (brand.close(START + 8 * 60, Gaps())[0][-1] for brand in (brand, again))
    assert isinstance(ours, WindowClosed)
    assert isinstance(theirs, WindowClosed)
    assert again.problems == [StateProblem.UNKNOWN_DETECTOR]
    assert encode(theirs.windows) == encode(ours.windows)
    assert theirs.detection.learning == pytest.approx(ours.detection.learning, abs=0.01)
    assert theirs.detection.expected_1h == pytest.approx(ours.detection.expected_1h, rel=0.25)


@pytest.mark.parametrize("damaged", [["x"], [[], [], []], {"of": "tomorrow"}, 7])
def test_a_damaged_situation_costs_neither_counts_nor_the_detector_and_begins_anew(damaged: object) -> None:
    brand, _sizes = brand_after(30, 3, factory=FakeDetector)
    again = decoded(changed(brand, situation=damaged), FakeDetector)

    assert again.problems == [StateProblem.UNKNOWN_SITUATION]
    before, after = (taken_apart(each.encode(0))[1] for each in (brand, again))
    assert {**before, "situation": None} == {**after, "situation": None}


def test_learning_anew_publishes_nothing_and_opens_no_crisis() -> None:
    brand = BrandState("acme", SETTINGS, FakeDetector)
    for n in range(5):
        brand.fold(mention(origin=Origin(partition=0, offset=n)), 0)
    brand.close(START + 1, Gaps())

    again = decoded(changed(brand, detector={"version": 2}), FakeDetector)

    assert taken_apart(again.encode(0))[1]["detector"] == {"version": 1, "mean": 0.0, "seen": 1, "crises": 0}


@pytest.mark.parametrize(
    "change",
    [
        {"applied": [[0, 1]]},
        {"applied": [[0, "1", 0]]},
        {"level": 9},
        {"alarm": []},
        {"alarm": [[9, [0] * 4, [0] * 4], [0] * 7, [0, 0]]},
        {"alarm": [[1, [0] * 4, [0] * 4], [0] * 7, [0, 0]]},
        {"alarm": [[0, [0] * 4, [0] * 4], [0] * 7, [0, -1]]},
        {"at": [1, 2]},
        {"at": [START + 2, START, [0, 0]]},
        {"at": [START + 2**31, START, START + 2**31 - 1]},
        {"open": [[START, []]]},
        {"open": [[START - 9, OpenBucket().state()]]},
        {"windows": b""},
        {"windows": b"x" * 99},
    ],
)
def test_a_damaged_state_is_refused(change: dict[str, object]) -> None:
    brand, _sizes = brand_after(3, 1, factory=FakeDetector)

    with pytest.raises(UnusableState) as refused:
        decoded(changed(brand, **change), FakeDetector)
    assert refused.value.problem is StateProblem.CORRUPT
