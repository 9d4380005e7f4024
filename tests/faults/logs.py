"""Seeded logs for the fault suite: what is written to which raw partition, in which order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple
from zlib import crc32

from pipeline.simulate import default_scenario, simulate
from pipeline.simulate.payload import snowflake
from pipeline.simulate.scenario import DEMO_START_MS, Scenario
from schemas.codec import encode
from schemas.times import to_rfc3339

_RECORDS_AT_ONE_A_MINUTE = 5400
_OUTAGE_AFTER_MS = 33 * 3_600_000


class Raw(NamedTuple):
    """A raw record and its place."""

    partition: int
    key: bytes | None
    value: bytes | None
    time_ms: int


@dataclass(frozen=True, slots=True)
class Log:
    """Raw records in the order of writing, over a number of partitions."""

    records: tuple[Raw, ...]
    partitions: int

    def part(self, first: float, last: float) -> Log:
        """The records between two shares of the log, such as 0.0 and 0.5."""
        count = len(self.records)
        return replace(self, records=self.records[round(first * count) : round(last * count)])

    def closed(self) -> Log:
        """The log, and at its end a tweet in each partition that moves time past every bucket of it.

        So everything is closed by event time alone, and nothing depends on who is found idle when.
        """
        newest_ms = max(record.time_ms for record in self.records)
        closing = [tweet(newest_ms + 120_000, "over and out", partition=p) for p in range(self.partitions)]
        return replace(self, records=(*self.records, *closing))


def talk(seed: int, records: int, partitions: int, *, start_ms: int = DEMO_START_MS) -> Log:
    """Two days of talk about two of the demo's brands, in about so many records, with a crisis on the second day.

    Malformed records, retweets, two languages and some disorder are in it, as in the demo.
    """
    nimbus, corail = (brand for brand in default_scenario().brands if brand.key in {"nimbus-mobile", "corail-air"})
    if nimbus.key != "nimbus-mobile":
        nimbus, corail = corail, nimbus
    rate = records / _RECORDS_AT_ONE_A_MINUTE
    outage = replace(nimbus.events[0], start_ms=start_ms + _OUTAGE_AFTER_MS)
    brands = (
        replace(nimbus, per_minute=rate, events=(outage,)),
        replace(corail, per_minute=rate / 2, events=()),
    )
    simulated = simulate(Scenario(seed=seed, start_ms=start_ms, days=2, brands=brands))
    return Log(
        tuple(Raw(crc32(each.key) % partitions, each.key, each.value, each.time_ms) for each in simulated), partitions
    )


def with_bad_records(log: Log) -> Log:
    """A record that becomes a dead letter after every twenty.

    So a batch of raw records makes fewer mentions than records, and each batch of mentions holds a watermark.
    """
    records: list[Raw] = []
    for at, record in enumerate(log.records):
        records.append(record)
        if at % 20 == 19:
            records.append(record._replace(key=None, value=b"not JSON"))
    return Log(tuple(records), log.partitions)


def interleaved(partitions: int, *streams: Iterable[Raw]) -> Log:
    """One log of several streams: a record of each in turn until all are used up."""
    waiting = [iter(stream) for stream in streams]
    records: list[Raw] = []
    while waiting:
        for stream in tuple(waiting):
            record = next(stream, None)
            if record is None:
                waiting.remove(stream)
            else:
                records.append(record)
    return Log(tuple(records), partitions)


def tweet(time_ms: int, text: str, *, partition: int = 0, number: int = 0) -> Raw:
    """A v2 line with a time of one's own; ``number`` tells apart tweets of one time and partition."""
    tweet_id = str(snowflake(time_ms, partition, number))
    payload = {"data": {"id": tweet_id, "text": text, "created_at": to_rfc3339(time_ms), "author_id": f"9{number}"}}
    return Raw(partition, tweet_id.encode(), encode(payload), time_ms)


def mentions_of(
    brand: str, *, start_ms: int, minutes: int, every_s: float, partition: int, number: int = 0
) -> list[Raw]:
    """Steady talk about a brand, from `tweet`."""
    count = round(minutes * 60 / every_s)
    step_ms = round(every_s * 1000)
    return [
        tweet(start_ms + at * step_ms, f"{brand} is late again, what a shame", partition=partition, number=number)
        for at in range(count)
    ]


def by_partition(log: Log) -> list[list[Raw]]:
    """The log of each partition."""
    logs: list[list[Raw]] = [[] for _ in range(log.partitions)]
    for record in log.records:
        logs[record.partition].append(record)
    return logs
