"""Streams of closed buckets for the tests: a brand's minutes, with the rolling windows that end with each."""

from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import accumulate
from random import Random
from zlib import crc32

from pipeline.bucket import BUCKET_MS, ClosedBucket
from pipeline.concerns.document import Document
from pipeline.concerns.sample import DOCUMENTS_A_MINUTE
from pipeline.detection import Detector
from pipeline.settings import DetectionSettings
from schemas.crisis import CrisisEvent, Exemplar
from schemas.window import WINDOW_SECONDS, Detection, Level, WindowCounts

START_MS = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp() * 1000)  # a Monday
DAY = 24 * 60
HOUR = 60


@dataclass(slots=True, kw_only=True)
class Minute:
    """What was posted in a minute."""

    volume: int = 0
    negative: int = 0
    authors: int | None = None
    """Distinct authors; as many as mentions unless told."""
    negative_authors: int | None = None
    """Those of negative mentions; all that there may be unless told."""
    repeats: int = 0
    questions: int = 0
    reach: int = 0
    observed: bool = True
    phrases: dict[str, int] = field(default_factory=dict)
    hashtags: dict[str, int] = field(default_factory=dict)
    exemplars: tuple[Exemplar, ...] = ()


def closed(minutes: Sequence[Minute], *, start_ms: int = START_MS, brand: str = "acme") -> Iterator[ClosedBucket]:
    """Yield the bucket of each minute, oldest first."""
    sums = [[0] * 7]
    for minute in minutes:
        sums.append([a + b for a, b in zip(sums[-1], _columns(minute), strict=True)])
    lost = [0, *accumulate(not minute.observed for minute in minutes)]
    for i, minute in enumerate(minutes):
        unobserved = {name: lost[i + 1] - lost[max(0, i + 1 - s // 60)] for name, s in WINDOW_SECONDS.items()}
        windows = {
            name: counts([a - b for a, b in zip(sums[i + 1], sums[max(0, i + 1 - s // 60)], strict=True)])
            for name, s in WINDOW_SECONDS.items()
        }
        yield ClosedBucket(
            brand=brand,
            end_ms=start_ms + (i + 1) * BUCKET_MS,
            observed=minute.observed,
            windows=windows,
            own_posts_24h=0,
            unobserved_minutes=unobserved["24h"],
            unobserved={name: count for name, count in unobserved.items() if count},
            documents=documents(i, minute),
            exemplars=minute.exemplars,
        )


def _columns(minute: Minute) -> list[int]:
    authors = minute.volume if minute.authors is None else minute.authors
    angry = min(authors, minute.negative) if minute.negative_authors is None else minute.negative_authors
    return [minute.volume, minute.negative, authors, angry, minute.repeats, minute.questions, minute.reach]


def documents(i: int, minute: Minute) -> tuple[Document, ...]:
    """Return what was said: a document for each time that a phrase was, the last so many of them negative."""
    said = [phrase for phrase, count in minute.phrases.items() for _ in range(count)]
    said += [""] * (max(minute.hashtags.values(), default=0) - len(said))
    found = [
        Document(
            key=crc32(f"{i} {n}".encode()),
            flags=int(n >= len(said) - minute.negative),
            tweet_id=f"{i}{n:04}",
            said=phrase,
            tags=" ".join(f"#{tag}" for tag, count in minute.hashtags.items() if n < count),
            engagement=0,
            mentions=1,
        )
        for n, phrase in enumerate(said)
    ]
    return tuple(sorted(found)[:DOCUMENTS_A_MINUTE])


def counts(seven: Sequence[int]) -> WindowCounts:
    volume, negative, authors, negative_authors, repeats, questions, reach = seven
    return WindowCounts(
        volume=volume,
        negative=negative,
        neutral=volume - negative,
        positive=0,
        authors=authors,
        negative_authors=negative_authors,
        reach=reach,
        questions=questions,
        retweets=0,
        negative_retweets=0,
        repeats=repeats,
        languages={},
    )


def talk(rng: Random, minutes: int, *, rate: float, share: float) -> list[Minute]:
    """Ordinary talk: Poisson mentions a minute, each negative with the same probability."""
    return [some(rng, rate, share) for _ in range(minutes)]


def some(rng: Random, rate: float, share: float) -> Minute:
    volume = poisson(rng, rate)
    return Minute(
        volume=volume,
        negative=sum(rng.random() < share for _ in range(volume)),
        questions=sum(rng.random() < 0.15 for _ in range(volume)),
        reach=volume * 300,
    )


def poisson(rng: Random, mean: float) -> int:
    """Knuth's method, in pieces, so that large means do not underflow."""
    count, left = 0, mean
    while left > 0:
        piece, left = min(left, 20.0), left - 20.0
        limit, product = 2.718281828459045**-piece, rng.random()
        while product > limit:
            count += 1
            product *= rng.random()
    return count


@dataclass(slots=True)
class Watched:
    """What a detector said of a stream."""

    detections: list[Detection]
    events: list[CrisisEvent]
    detector: Detector

    def levels(self, start: int = 0, stop: int | None = None) -> list[Level]:
        return [detection.level for detection in self.detections[start:stop]]

    def highest(self, start: int = 0, stop: int | None = None) -> Level:
        return max(self.levels(start, stop))


def watch(buckets: Iterable[ClosedBucket], *, after: Watched | None = None) -> Watched:
    """Run a new detector over buckets, or go on with a copy of one that has watched what was before them."""
    before = after or Watched([], [], Detector("acme", DetectionSettings()))
    detector, detections, events = deepcopy(before.detector), [*before.detections], [*before.events]
    for bucket in buckets:
        outcome = detector.observe(bucket)
        detections.append(outcome.detection)
        events.extend(outcome.events)
    return Watched(detections, events, detector)
