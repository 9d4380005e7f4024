"""The enrich agent: raw records in, mentions, watermarks and dead letters out."""

from __future__ import annotations

import time
from collections.abc import MutableMapping
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from mode import get_logger

from agents.deadletters import dead_letter
from agents.metrics import Metrics
from agents.publishing import Publisher
from agents.settings import Settings
from agents.transport import OutRecord, RecordBatch
from agents.watchlist import WatchlistFile
from pipeline.enrich import Enriched, Enricher, Rejected, SourceClock
from pipeline.text import LexiconAnalyzer
from schemas import cloudevents
from schemas.cloudevents import EventType
from schemas.codec import encode
from schemas.mention import Gap, Mention, Watermark

__all__ = ["EnrichStage"]

logger = get_logger(__name__)

STAGE = "enrich"


class EnrichStage:
    """What the enrich agent does with a batch. Owns the clocks of the partitions it is assigned.

    Order matters (ARCHITECTURE.md §4 and §5): mentions and watermark are acknowledged, then the clock is
    written to the table, then the batch is complete. A crash in between repeats decisions that were
    already written, and the trackers drop the repeats by their origin.
    """

    def __init__(self, settings: Settings, watchlist: WatchlistFile, publisher: Publisher, metrics: Metrics) -> None:
        self._settings = settings
        self._topics = settings.topics
        self._watchlist = watchlist
        self._publisher = publisher
        self._metrics = metrics
        self._enricher = Enricher(settings.engine(), watchlist.current, LexiconAnalyzer())
        self._clocks: dict[int, SourceClock] = {}
        self._last_active: dict[int, float] = {}
        self._said_idle: set[int] = set()

    def forget(self) -> None:
        """Drop everything about assigned partitions: they are about to be assigned anew."""
        self._clocks.clear()
        self._last_active.clear()
        self._said_idle.clear()

    async def process(self, batch: RecordBatch, table: MutableMapping[bytes, bytes]) -> None:
        """Enrich one batch, write what became of it, and complete it."""
        started, cpu = time.perf_counter(), time.process_time()
        self._enricher.watchlist = self._watchlist.current
        clock = self._clocks.get(batch.partition)
        if clock is None:
            clock = self._clocks[batch.partition] = await self._load_clock(batch, table)
        enriched = self._enricher.enrich(clock, batch.records)
        cpu = self._spent("compute", cpu)
        watermark = self._enricher.watermark(clock, await self._publisher.partitions(self._topics.raw))
        mentions = [_gap_record(gap, p) for gap in enriched.gaps for p in await self._mention_partitions()]
        mentions += [_mention_record(mention) for mention in enriched.mentions]
        mentions += await self._watermark_records(watermark)
        letters = [self._letter(rejected) for rejected in enriched.rejected]
        self._spent("encode", cpu)
        await self._publisher.write(self._topics.deadletters, letters)
        await self._publisher.write(self._topics.mentions, mentions)
        table[_clock_key(batch.partition)] = clock.dump()
        batch.complete()
        self._note(batch, enriched, watermark, started)

    async def say_idle(self, partition: int, table: MutableMapping[bytes, bytes], *, at_end: bool) -> None:
        """Tell the trackers once that a partition is at its end and has been silent for the time-out.

        Parameters
        ----------
        partition : int
            A raw partition assigned to this worker.
        table : mapping
            The table of clocks, only read.
        at_end : bool
            Everything in it has been read and processed.
        """
        now = time.monotonic()
        since = self._last_active.setdefault(partition, now)
        if not at_end or partition in self._said_idle or now - since < self._settings.idle_timeout_s:
            return
        clock = self._clocks.get(partition) or self._stored_clock(partition, table)
        watermark = self._enricher.watermark(clock, await self._publisher.partitions(self._topics.raw), idle=True)
        await self._publisher.write(self._topics.mentions, await self._watermark_records(watermark))
        self._said_idle.add(partition)
        logger.info("raw partition %d is idle: time no longer waits for it", partition)

    # -- clocks --------------------------------------------------------------------------------------

    def _stored_clock(self, partition: int, table: MutableMapping[bytes, bytes]) -> SourceClock:
        clock = self._enricher.new_clock(partition)
        data = table.get(_clock_key(partition))
        if data is not None and not clock.load(data):
            self._metrics.state_problems.labels("clock").inc()
            logger.warning("unreadable clock of raw partition %d: starting a new one", partition)
        return clock

    async def _load_clock(self, batch: RecordBatch, table: MutableMapping[bytes, bytes]) -> SourceClock:
        clock = self._stored_clock(batch.partition, table)
        if clock.next_offset > batch.highwater:
            logger.warning(
                "raw partition %d ends at offset %d but was read up to %d: the topic was recreated; "
                "its clock starts again",
                batch.partition,
                batch.highwater,
                clock.next_offset,
            )
            clock = self._enricher.new_clock(batch.partition)
        boundary = clock.next_offset or batch.first_offset
        if self._settings.duplicate_memory and boundary > 0:
            await self._remember(clock, boundary)
        return clock

    async def _remember(self, clock: SourceClock, boundary: int) -> None:
        """Read the records before the clock again, for the memory of tweet IDs."""
        tp = TopicPartition(self._topics.raw, clock.partition)
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._settings.brokers, enable_auto_commit=False, auto_offset_reset="earliest"
        )
        await consumer.start()
        try:
            consumer.assign([tp])
            first = (await consumer.beginning_offsets([tp]))[tp]
            position = max(first, boundary - self._settings.duplicate_memory)
            consumer.seek(tp, position)
            while position < boundary:
                fetched = (await consumer.getmany(tp, timeout_ms=5_000, max_records=2_000)).get(tp, [])
                if not fetched:
                    break
                self._enricher.remember(clock, [record for record in fetched if record.offset < boundary])
                position = fetched[-1].offset + 1
        finally:
            await consumer.stop()

    # -- records -------------------------------------------------------------------------------------

    async def _mention_partitions(self) -> range:
        return range(await self._publisher.partitions(self._topics.mentions))

    async def _watermark_records(self, watermark: Watermark) -> list[OutRecord]:
        value = encode(watermark)
        headers = [("ce_type", EventType.WATERMARK.value.encode())]
        return [OutRecord(None, value, headers, p) for p in await self._mention_partitions()]

    def _letter(self, rejected: Rejected) -> OutRecord:
        record: Any = rejected.record
        self._metrics.deadletters.labels(STAGE, rejected.reason.value).inc()
        return dead_letter(
            record,
            stage=STAGE,
            reason=rejected.reason,
            exception=rejected.exception,
            message=rejected.message,
        )

    # -- metrics -------------------------------------------------------------------------------------

    def _spent(self, part: str, since: float) -> float:
        now = time.process_time()
        self._metrics.step_cpu.labels(STAGE, part).inc(now - since)
        return now

    def _note(self, batch: RecordBatch, enriched: Enriched, watermark: Watermark, started: float) -> None:
        metrics, partition = self._metrics, str(batch.partition)
        metrics.records.labels(STAGE).inc(len(batch))
        for outcome, count in enriched.counts.items():
            if outcome != "records":
                metrics.tweets.labels(outcome).inc(count)
        metrics.tweets.labels("mentions").inc(len(enriched.mentions))
        metrics.lag.labels(STAGE, partition).set(max(0, batch.highwater - batch.next_offset))
        if watermark.watermark_ms is not None:
            metrics.watermark.labels(STAGE, partition).set(watermark.watermark_ms / 1000)
        metrics.batches.labels(STAGE).observe(time.perf_counter() - started)
        self._last_active[batch.partition] = time.monotonic()
        self._said_idle.discard(batch.partition)


def _clock_key(partition: int) -> bytes:
    return b"clock/%d" % partition


def _mention_record(mention: Mention) -> OutRecord:
    headers = cloudevents.headers(
        id=mention.id, type=EventType.MENTION, subject=mention.brand, time_ms=mention.time_ms, stage=STAGE
    )
    return OutRecord(mention.brand.encode(), encode(mention), headers)


def _gap_record(gap: Gap, partition: int) -> OutRecord:
    return OutRecord(None, encode(gap), [("ce_type", EventType.GAP.value.encode())], partition)
