"""A made-up incident: a day of ordinary talk of one brand, hours of complaints, and what follows."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from schemas.mention import Origin, Sentiment, SentimentLabel
from tests.pipeline.logs import MINUTE_MS, START_MS, LogItem, mention, watermark

DAY = 24 * 60
OPENS = DAY + 6 * 60
"""The minute in which the complaints begin."""
STORED = OPENS + 90
"""The minute at the end of which the state was stored."""
CALMS = STORED + 120
"""The minute in which they end."""


def incident_in_batches(first: int, last: int, *, minutes: int) -> Iterator[list[LogItem]]:
    """Yield the same records so many minutes at a time: a tracker writes its states once for each batch."""
    for start in range(first, last, minutes):
        yield [record for records in incident(start, min(start + minutes, last)) for record in records]


def incident(first: int, last: int) -> Iterator[list[LogItem]]:
    """Yield the records of each minute from the first to before the last, and the watermark at its end."""
    for minute in range(first, last):
        rng = Random(minute)
        loud = OPENS <= minute < CALMS
        records: list[LogItem] = [_complaint(rng, minute, n, loud=loud) for n in range(4 if loud else minute % 3 == 0)]
        yield [*records, watermark(START_MS + (minute + 1) * MINUTE_MS, minute * 10 + 9)]


def _complaint(rng: Random, minute: int, n: int, *, loud: bool) -> LogItem:
    negative = rng.random() < (0.8 if loud else 0.2)
    label = SentimentLabel.NEGATIVE if negative else SentimentLabel.NEUTRAL
    return mention(
        id=f"{minute}-{n}",
        tweet_id=str(569_000_000_000_000_000 + minute * 10 + n),
        time_ms=START_MS + minute * MINUTE_MS + n,
        origin=Origin(partition=0, offset=minute * 10 + n),
        author=rng.getrandbits(53),
        reach=rng.randrange(1000),
        engagement=rng.randrange(50),
        lang=rng.choice(("en", "fr")),
        sentiment=Sentiment(label=label, negative=300, neutral=400, positive=300),
        repeat_key=rng.getrandbits(53),
        phrases=("lost bag",) if loud else (rng.choice(("gate", "seat", "crew")),),
    )
