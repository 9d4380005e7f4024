"""Crises of every kind for the tests of explanations, as they are published."""

from __future__ import annotations

from random import Random

from schemas.codec import encode
from schemas.crisis import CrisisEvent, Exemplar
from schemas.reading import read_crisis
from tests.pipeline.detection.streams import DAY, HOUR, Minute, closed, talk, watch


def published(minutes: list[Minute]) -> list[CrisisEvent]:
    """Return the events of a stream, read back from their JSON."""
    return [read_crisis(encode(event)) for event in watch(closed(minutes)).events]


def crisis(seed: int = 31) -> list[CrisisEvent]:
    """A crisis with copies, repeated authors, phrases, hashtags and tweets, and its end."""
    rng = Random(seed)
    loud = talk(rng, 2 * HOUR, rate=6.0, share=0.8)
    for i, minute in enumerate(loud):
        minute.authors, minute.repeats = minute.volume * 2 // 5, minute.volume // 5
        minute.phrases, minute.hashtags = {"lost bag": minute.negative}, {"fail": 1}
        minute.exemplars = (Exemplar(tweet_id=str(569_000 + i), engagement=i),)
    return published([*talk(rng, 2 * DAY, rate=0.6, share=0.2), *loud, *talk(rng, DAY, rate=0.6, share=0.2)])


def crowd() -> list[CrisisEvent]:
    """Many mentions that are no worse than usual."""
    rng = Random(32)
    return published([*talk(rng, 2 * DAY, rate=1.0, share=0.3), *talk(rng, HOUR, rate=25.0, share=0.25)])


def first_day() -> list[CrisisEvent]:
    """A storm over a brand that has been watched for hours only."""
    rng = Random(33)
    return published([*talk(rng, 14 * HOUR, rate=0.5, share=0.2), *talk(rng, 2 * HOUR, rate=20.0, share=0.9)])


CRISIS = crisis()
ALL = [*CRISIS, *crowd(), *first_day()]
