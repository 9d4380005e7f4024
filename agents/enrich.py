"""The enrich agent: raw records in; mentions, watermarks, compliance notices and dead letters out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from aiokafka import TopicPartition
from mode import get_logger

from agents.deadletters import DeadLetterLimit, dead_letter
from agents.erase.forwarding import compliance_records
from agents.faultpoints import FaultPoint, FaultPoints
from agents.history import read_past
from agents.metrics import Metrics, PartitionFacts, StageMeter
from agents.metrics.appendtime import appended_headers
from agents.publishing import Publisher
from agents.settings import Settings
from agents.silence import Silence
from agents.state import Ownership, StateTable
from agents.topics import TopicProblem
from agents.transport import OutRecord, RecordBatch
from agents.watchlist import WatchlistFile
from pipeline.enrich import Enriched, Enricher, Rejected, SourceClock
from schemas import cloudevents
from schemas.cloudevents import EventType
from schemas.codec import encode
from schemas.deadletter import DeadLetterReason
from schemas.mention import Gap, Mention, Watermark
from schemas.times import to_rfc3339

__all__ = ["EnrichStage"]

logger = get_logger(__name__)

STAGE = "enrich"
_MENTIONS = "mentions"
_OUTCOMES = (
    "tweets",
    "duplicates",
    "unmatched",
    "late",
    "skipped",
    "compliance",
    "ignored",
    "gaps",
    "gaps_cut",
    "gaps_too_late",
    "compliance_gaps",
    _MENTIONS,
)
"""What is counted of raw records: as `Enriched.counts` names it, and the mentions."""


@dataclass(slots=True, kw_only=True)
class _Source:
    """One raw partition, for as long as it is assigned to this worker."""

    clock: SourceClock
    owned: Ownership


class EnrichStage:
    """What the enrich agent does with a batch. Owns the clocks of the partitions it is assigned.

    Order matters (ARCHITECTURE.md §4 and §5): notices, mentions and watermark are acknowledged, then the clock is
    written to its table, then the batch is complete. A crash in between repeats decisions that were
    already written, and the trackers drop the repeats by their origin.
    """

    def __init__(
        self,
        settings: Settings,
        watchlist: WatchlistFile,
        publisher: Publisher,
        table: StateTable,
        metrics: Metrics,
    ) -> None:
        self._settings = settings
        self._topics = settings.topics
        self._watchlist = watchlist
        self._publisher = publisher
        self._table = table
        self._meter = StageMeter(metrics, STAGE, parts=("compute", "encode"), reasons=DeadLetterReason)
        self._outcomes = {outcome: metrics.tweets.labels(outcome) for outcome in _OUTCOMES}
        self._unreadable_clocks = metrics.state_problems.labels("clock")
        self._faults = FaultPoints(settings.fault_points)
        self._limit = DeadLetterLimit(settings.deadletter_limit_share, settings.deadletter_limit_records)
        self._analyzer = settings.analyzer()
        self._enricher = Enricher(settings.engine(), watchlist.current, self._analyzer)
        self._sources: dict[int, _Source] = {}
        self._silences: dict[int, Silence] = {}
        self._assignments = 0
        self._turn = asyncio.Lock()
        """Batches and words about idleness are written one after the other, so their order is that of the log."""

    def forget(self) -> None:
        """Drop everything about assigned partitions: they are about to be assigned anew."""
        self._assignments += 1
        self._sources.clear()
        self._silences.clear()

    def forget_texts(self) -> None:
        """Drop what is remembered of texts, so that none of them outlives its record by much."""
        self._analyzer.forget()

    async def process(self, batch: RecordBatch) -> None:
        """Enrich one batch, write what became of it, and complete it.

        Raises
        ------
        agents.deadletters.TooManyDeadLetters, agents.topics.TopicProblem, agents.topics.BrokerUnreachable
            The worker must not go on; nothing of the batch was acked.
        agents.publishing.WriteRefused
            The broker took no writes for too long.
        """
        async with self._turn:
            await self._faults.reach(FaultPoint.ENRICH_TAKEN)
            await self._process(batch)

    async def _process(self, batch: RecordBatch) -> None:
        started = time.perf_counter()
        self._enricher.watchlist = self._watchlist.current
        source = self._sources.get(batch.partition) or await self._take_over(batch)
        cpu = time.thread_time()
        enriched = self._enricher.enrich(source.clock, batch.records)
        cpu = self._meter.spent("compute", cpu)
        await self._faults.reach(FaultPoint.ENRICH_COMPUTED)
        self._judge(batch, enriched)
        watermark = self._enricher.watermark(source.clock, await self._publisher.partitions(self._topics.raw))
        mentions = [_gap_record(gap, p) for gap in enriched.gaps for p in await self._mention_partitions()]
        mentions += [_mention_record(mention) for mention in enriched.mentions]
        mentions += await self._watermark_records(watermark, appended_headers(batch.records))
        letters = [self._letter(rejected) for rejected in enriched.rejected]
        notices = compliance_records(enriched.notices)
        self._meter.spent("encode", cpu)
        await self._publisher.write(self._topics.deadletters, letters)
        await self._faults.reach(FaultPoint.ENRICH_LETTERS)
        await self._publisher.write(self._topics.compliance, notices)
        await self._faults.reach(FaultPoint.ENRICH_NOTICES)
        await self._publisher.write(self._topics.mentions, mentions)
        await self._faults.reach(FaultPoint.ENRICH_MENTIONS)
        await source.owned.write({_clock_key(batch.partition): source.clock.dump()})
        await self._faults.reach(FaultPoint.ENRICH_CLOCK)
        batch.complete()
        self._note(batch, enriched, started)

    def _judge(self, batch: RecordBatch, enriched: Enriched) -> None:
        rejected = enriched.rejected
        example = f"{rejected[0].reason.value}: {rejected[0].message}" if rejected else ""
        self._limit.judge(
            records=len(batch), rejected=len({letter.record.offset for letter in rejected}), example=example
        )

    async def say_idle(self, partition: int, at_end: Callable[[], bool], fetched_ms: int | None) -> None:
        """Tell the trackers once that a partition is at its end and has been silent for the time-out.

        Parameters
        ----------
        partition : int
            A raw partition assigned to this worker.
        at_end : callable
            Says whether everything in it has been read and processed.
        fetched_ms : int or None
            When the broker last answered for it.
        """
        assignments = self._assignments
        silence = self._silences.setdefault(partition, Silence(self._settings.idle_timeout_s))
        lasts = silence.lasts(time.monotonic(), at_end=at_end(), fetched_ms=fetched_ms)
        if silence.told or not lasts:
            return
        async with self._turn:
            # Whatever came while we waited for our turn has broken the silence.
            if assignments != self._assignments or not at_end():
                return
            await self._faults.reach(FaultPoint.ENRICH_IDLE)
            source = self._sources.get(partition)
            clock = source.clock if source else self._stored_clock(self._table.own(partition), partition)
            watermark = self._enricher.watermark(clock, await self._publisher.partitions(self._topics.raw), idle=True)
            await self._publisher.write(self._topics.mentions, await self._watermark_records(watermark))
            silence.told = True
        logger.info("raw partition %d is idle: time no longer waits for it", partition, extra=self._about(partition))

    # -- clocks --------------------------------------------------------------------------------------

    async def _take_over(self, batch: RecordBatch) -> _Source:
        """Load the clock of a partition that was just assigned, and remember its tweet IDs."""
        assignments, partition = self._assignments, batch.partition
        owned = self._table.own(partition)
        clock = self._stored_clock(owned, partition)
        if clock.next_offset > batch.highwater:
            raise TopicProblem(_recreated(batch, f"ends at offset {batch.highwater}", clock.next_offset))
        boundary = clock.next_offset or batch.first_offset
        start = max(0, boundary - max(self._settings.duplicate_memory, 1))
        if start < boundary:
            where = TopicPartition(self._topics.raw, partition)
            async for records in read_past(self._settings, where, start, boundary):
                if not all(map(clock.is_of, records)):
                    raise TopicProblem(_recreated(batch, "holds other records", clock.next_offset))
                self._enricher.remember(clock, records)
        source = _Source(clock=clock, owned=owned)
        if assignments == self._assignments:  # else the batch is of an assignment that has passed
            self._sources[partition] = source
        return source

    def _stored_clock(self, owned: Ownership, partition: int) -> SourceClock:
        clock = self._enricher.new_clock(partition)
        data = owned.get(_clock_key(partition))
        if data is not None and not clock.load(data):
            self._unreadable_clocks.inc()
            logger.warning(
                "unreadable clock of raw partition %d: starting a new one", partition, extra=self._about(partition)
            )
        return clock

    def _about(self, partition: int) -> dict[str, Any]:
        return {"stage": STAGE, "topic": self._topics.raw, "partition": partition}

    # -- records -------------------------------------------------------------------------------------

    async def _mention_partitions(self) -> range:
        return range(await self._publisher.partitions(self._topics.mentions))

    async def _watermark_records(
        self, watermark: Watermark, appended: Iterable[tuple[str, bytes]] = ()
    ) -> list[OutRecord]:
        value = encode(watermark)
        headers = [("ce_type", EventType.WATERMARK.value.encode()), *appended]
        return [OutRecord(None, value, headers, p) for p in await self._mention_partitions()]

    def _letter(self, rejected: Rejected) -> OutRecord:
        record: Any = rejected.record
        self._meter.rejected(rejected.reason)
        return dead_letter(
            record,
            stage=STAGE,
            reason=rejected.reason,
            exception=rejected.exception,
            message=rejected.message,
        )

    # -- metrics -------------------------------------------------------------------------------------

    def facts(self, partition: int) -> PartitionFacts:
        """Return what is known of a raw partition that is assigned to this worker."""
        source = self._sources.get(partition)
        newest_ms = source.clock.newest_ms if source else None
        return PartitionFacts(
            newest_ms=newest_ms,
            watermark_ms=None if newest_ms is None else newest_ms - self._enricher.settings.allowed_lateness_ms,
            state_bytes=self._table.size(partition),
        )

    def _note(self, batch: RecordBatch, enriched: Enriched, started: float) -> None:
        for outcome, count in enriched.counts.items():
            if outcome != "records":
                self._outcomes[outcome].inc(count)
        self._outcomes[_MENTIONS].inc(len(enriched.mentions))
        for part in enriched.missed:
            logger.warning(
                "input is missing from %s to %s (%s, %s), and was known too late: what is there counts as all of it",
                *map(to_rfc3339, (part.start_ms, part.end_ms)),
                part.source or "source not told",
                part.reason or "reason not told",
                extra=self._about(batch.partition),
            )
        self._meter.acked(batch, started)
        if silence := self._silences.get(batch.partition):
            silence.broken()


def _clock_key(partition: int) -> bytes:
    return b"clock/%d" % partition


def _recreated(batch: RecordBatch, what: str, next_offset: int) -> str:
    return (
        f"{batch.topic}[{batch.partition}] {what} but was read up to {next_offset} before: "
        "the topic was deleted and made again. The trackers would take its tweets for repeats. Stop the workers, "
        "delete the mentions topic, choose a new VIGIE_APP_ID, run `vigie topics create`, and start again"
    )


def _mention_record(mention: Mention) -> OutRecord:
    headers = cloudevents.headers(
        id=mention.id, type=EventType.MENTION, subject=mention.brand, time_ms=mention.time_ms, stage=STAGE
    )
    return OutRecord(mention.brand.encode(), encode(mention), headers)


def _gap_record(gap: Gap, partition: int) -> OutRecord:
    return OutRecord(None, encode(gap), [("ce_type", EventType.GAP.value.encode())], partition)
