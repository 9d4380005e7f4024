"""``make soak``: full speed for twenty minutes on a real Apache Kafka, and whether memory stays flat.

A feeder keeps the worker busy without pause, sampling the memory of both roles. In the end every counted mention is
compared with what was fed: the one-minute volumes of all windows must add up to the tweets about each brand.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import orjson
from aiokafka import AIOKafkaProducer

from pipeline.enrich import Enricher
from pipeline.records import Record
from pipeline.simulate import default_scenario, simulate
from pipeline.text import StandardAnalyzer
from pipeline.watchlist import Watchlist
from schemas.codec import decode
from schemas.times import to_rfc3339
from tests.brokers.client import alter_topic
from tests.brokers.kafka import Kafka
from tests.faults.trial import Trial
from tests.live.vigie import now_ms

POOL = 20_000
AHEAD = 20_000
"""Records that the feeder may be ahead of the worker."""
PER_MINUTE = 2_000
"""Tweets in a minute of event time."""
KEEP_BYTES = 256 * 1024 * 1024
SAMPLE_S = 5.0
_TWITTER_EPOCH_MS = 1_288_834_974_657


@dataclass(frozen=True, slots=True)
class Sample:
    """Memory of the roles at a moment, bytes."""

    at_s: float
    enrich: int
    track: int


def main() -> None:
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=20.0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        broker = Kafka(Path(folder) / "kafka")
        broker.start()
        try:
            figures = soak(broker, Path(folder), arguments.minutes * 60)
        finally:
            broker.stop()
    print(json.dumps(figures, indent=2))
    Path("build").mkdir(exist_ok=True)
    Path("build/soak.json").write_text(json.dumps(figures, indent=2), encoding="utf-8")
    sys.exit(figures["missing mentions"] != 0)


def soak(broker: Kafka, folder: Path, seconds: float) -> dict[str, float]:
    trial = Trial(broker, folder, "soak.", print, max_batch_records=1000, commit_interval_s=1.0, log_level="WARNING")
    for topic in (trial.settings.topics.raw, trial.settings.topics.mentions):
        keep = {"retention.bytes": str(KEEP_BYTES), "segment.bytes": str(KEEP_BYTES // 4)}
        asyncio.run(alter_topic(broker.bootstrap, topic, keep))
    feeder = Feeder(trial)
    samples: list[Sample] = []
    with trial.worker("worker") as worker:
        feeding = threading.Thread(target=lambda: asyncio.run(feeder.run(seconds)))
        feeding.start()
        began = time.monotonic()
        while feeding.is_alive():
            feeding.join(SAMPLE_S)
            enrich, track = memory_of_roles(worker.pid)
            samples.append(Sample(time.monotonic() - began, enrich, track))
            told = f"{samples[-1].at_s:.0f} s: {feeder.sent:,} tweets"
            print(f"{told}, enrich {enrich >> 20} MiB, track {track >> 20} MiB", file=sys.stderr, flush=True)
            assert worker.poll() is None, trial.logs()
        trial.settle(worker, timeout_s=120)
        took = time.monotonic() - began
    return figures_of(feeder, samples, took, counted(trial))


class Feeder:
    """Sends tweets without end: the texts of a simulation, each with an ID and a time of its own."""

    def __init__(self, trial: Trial) -> None:
        self._trial = trial
        self.sent = 0
        self.about: Counter[str] = Counter()
        pool = list(islice((t for t in simulate(default_scenario(seed=5)) if t.brand and b'"data"' in t.value), POOL))
        self._payloads = [decode(t.value) for t in pool]
        self._brands = brands_of(trial, [t.value for t in pool])

    async def run(self, seconds: float) -> None:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._trial.settings.brokers,
            acks="all",
            linger_ms=10,
            max_batch_size=512 * 1024,
            compression_type="lz4",
        )
        await producer.start()
        try:
            until = time.monotonic() + seconds
            records = self._records()
            while time.monotonic() < until:
                sent = [
                    await producer.send(self._trial.settings.topics.raw, value=value, partition=partition)
                    for partition, value in islice(records, 2_000)
                ]
                await asyncio.gather(*sent)
                while self.sent - await self._enriched() > AHEAD:  # noqa: ASYNC110 - Kafka tells nobody
                    await asyncio.sleep(0.05)
            await asyncio.gather(
                *[
                    await producer.send(self._trial.settings.topics.raw, value=value, partition=partition)
                    for partition, value in self._closing()
                ]
            )
        finally:
            await producer.stop()

    async def _enriched(self) -> int:
        return await asyncio.to_thread(lambda: sum(self._trial.committed("enrich").values()))

    def _records(self) -> Iterator[tuple[int, bytes]]:
        start_ms = now_ms() - 30 * 24 * 3_600_000
        while True:
            at = self.sent % POOL
            self.sent += 1
            self.about.update(self._brands[at])
            yield self.sent % 2, self._value(self._payloads[at], start_ms + self.sent * 60_000 // PER_MINUTE)

    def _value(self, payload: dict[str, object], time_ms: int) -> bytes:
        tweet_id = str(((time_ms - _TWITTER_EPOCH_MS) << 22) + self.sent % 4_000_000)
        data: dict[str, object] = payload["data"]  # type: ignore[assignment]
        return orjson.dumps({**payload, "data": {**data, "id": tweet_id, "created_at": to_rfc3339(time_ms)}})

    def _closing(self) -> Iterator[tuple[int, bytes]]:
        time_ms = now_ms() - 30 * 24 * 3_600_000 + self.sent * 60_000 // PER_MINUTE + 120_000
        for partition in range(2):
            self.sent += 1
            yield partition, self._value({"data": {"text": "over and out", "author_id": "1"}}, time_ms)


def brands_of(trial: Trial, values: list[bytes]) -> list[tuple[str, ...]]:
    """Which brands each payload counts for: as the pure engine has it, own posts left out."""
    enricher = Enricher(trial.settings.engine(), Watchlist.load(trial.settings.watchlist), StandardAnalyzer())
    found: list[tuple[str, ...]] = []
    for value in values:
        # A clock of its own for each, so that none is late or a duplicate.
        enriched = enricher.enrich(enricher.new_clock(0), [Record(0, now_ms(), None, value)])
        found.append(tuple(mention.brand for mention in enriched.mentions if not mention.official))
    return found


def counted(trial: Trial) -> Counter[str]:
    """How many mentions the windows counted, by brand."""
    volumes: dict[str, tuple[str, int]] = {}
    for record in trial.read(trial.settings.topics.windows):
        window = decode(record.value)
        volumes[window["id"]] = (window["brand"], window["windows"]["1m"]["volume"])
    total: Counter[str] = Counter()
    for brand, volume in volumes.values():
        total[brand] += volume
    return total


def memory_of_roles(pid: int) -> tuple[int, int]:
    """Resident memory of a worker's enrich and track processes, bytes."""
    found = {"enrich": 0, "track": 0}
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    for child in children:
        command = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
        if b"--role" in command:
            pages = int(Path(f"/proc/{child}/statm").read_text(encoding="ascii").split()[1])
            found[command[command.index(b"--role") + 1].decode()] = pages * 4096
    return found["enrich"], found["track"]


def figures_of(feeder: Feeder, samples: list[Sample], took: float, total: Counter[str]) -> dict[str, float]:
    settled = samples[len(samples) // 4 :]
    at = [sample.at_s / 3600 for sample in settled]
    figures: dict[str, float] = {
        "seconds": round(took, 1),
        "tweets": feeder.sent,
        "tweets a second": round(feeder.sent / took, 1),
        "missing mentions": sum((feeder.about - total).values()) + sum((total - feeder.about).values()),
    }
    for role in ("enrich", "track"):
        values = [getattr(sample, role) / 2**20 for sample in settled]
        figures[f"{role} MiB, first and last"] = round(values[0], 1)
        figures[f"{role} MiB, last"] = round(values[-1], 1)
        figures[f"{role} MiB an hour, slope"] = round(statistics.linear_regression(at, values).slope, 2)
    return figures


if __name__ == "__main__":
    main()
