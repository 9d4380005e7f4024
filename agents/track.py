"""The track agent: mentions, watermarks, erasures and feedback in, closed windows and crisis events out."""

from __future__ import annotations

import asyncio
import gc
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from mode import get_logger

from agents.deadletters import DeadLetterLimit, dead_letter
from agents.faultpoints import FaultPoint, FaultPoints
from agents.feedback import FeedbackIntake
from agents.metrics import BrandNumbers, BrandsSeen, DetectionMeter, Metrics, PartitionFacts, StageMeter
from agents.metrics.appendtime import first_appended_ms
from agents.publishing import Publisher
from agents.settings import Settings
from agents.state import Ownership, StateTable
from agents.transport import OutRecord, RecordBatch
from agents.watchlist import WatchlistFile
from pipeline.brandstate import Folded
from pipeline.statevalue import StateProblem
from pipeline.tracker import GapMark, Step, Tracker
from schemas import cloudevents
from schemas.cloudevents import EventType
from schemas.codec import encode
from schemas.crisis import CrisisEvent
from schemas.deadletter import DeadLetterReason
from schemas.mention import MentionRecord, Watermark
from schemas.reading import SchemaError, read_mention_record, read_mention_records
from schemas.situation import CrisisRecord
from schemas.times import from_rfc3339
from schemas.window import WindowClosed

__all__ = ["TrackStage"]

logger = get_logger(__name__)

STAGE = "track"
_STATES_A_BATCH = 16
"""Most brands whose state a batch writes. Of ten thousand brands in full flow then at most 625 batches are pending."""


@dataclass(slots=True, kw_only=True)
class _Share:
    """One mentions partition, for as long as it is assigned to this worker."""

    tracker: Tracker
    owned: Ownership
    newest_ms: int | None
    """Newest event time that enrich has spoken of."""
    seen: BrandsSeen = field(default_factory=BrandsSeen)
    pending: deque[RecordBatch] = field(default_factory=deque)
    """Processed batches that are not complete, oldest first, one for each step that is pending in the tracker."""
    stepped_s: float = 0.0
    """When the last batch came, by a monotonic clock."""
    is_torn: bool = False
    """A write was broken off, as by a stop: what is stored is not known, so nothing more may be complete."""


class TrackStage:
    """What the track agent does with a batch. One :class:`Tracker` for each assigned partition.

    A partition of feedback belongs to the partition of mentions of the same number, and is assigned with it.

    Order matters: events are acknowledged, then the states of the brands whose turn it is are (the partition's clock
    last), then every batch is complete of which nothing is left to be written (`pipeline.checkpoint`). A crash in
    between publishes equal events with equal IDs. What is left is written batch by batch, and by `settle` when no batch
    comes or the partitions are to go.
    """

    def __init__(
        self,
        settings: Settings,
        watchlist: WatchlistFile,
        publisher: Publisher,
        table: StateTable,
        metrics: Metrics,
    ) -> None:
        self._engine_settings = settings.engine()
        self._watchlist = watchlist
        self._topics = settings.topics
        self._publisher = publisher
        self._table = table
        self._meter = StageMeter(
            metrics, STAGE, parts=("decode", "compute", "encode"), reasons=[DeadLetterReason.BAD_FIELD]
        )
        self._detected = DetectionMeter(metrics)
        self._dropped = {
            reason.value: metrics.mentions_dropped.labels(reason.value)
            for reason in Folded
            if reason is not Folded.COUNTED
        }
        self._gaps = {mark.value: metrics.gaps_marked.labels(mark.value) for mark in GapMark}
        self._problems = {problem.value: metrics.state_problems.labels(problem.value) for problem in StateProblem}
        self._faults = FaultPoints(settings.fault_points)
        self._feedback = FeedbackIntake(settings, publisher, metrics, self._faults)
        self._limit = DeadLetterLimit(settings.deadletter_limit_share, settings.deadletter_limit_records)
        self._shares: dict[int, _Share] = {}
        self._turn = asyncio.Lock()
        """Batches, feedback and `settle` encode and write one after the other: an older state never follows a newer."""

    def forget(self) -> None:
        """Drop the trackers: the table is read again when partitions are assigned anew."""
        self._shares.clear()

    async def process(self, batch: RecordBatch) -> None:
        """Fold one batch, publish what it closed, write what is due of the state, and complete what is complete.

        Raises
        ------
        agents.deadletters.TooManyDeadLetters
            The worker must not go on; nothing of the batch was acked.
        agents.publishing.WriteRefused
            The broker took no writes for too long.
        """
        started = time.perf_counter()
        async with self._turn:
            await self._faults.reach(FaultPoint.TRACK_TAKEN)
            share = self._shares.get(batch.partition)
            if share is None:
                share = self._shares[batch.partition] = self._take_over(batch.partition)
            if batch.topic == self._topics.feedback:
                await self._feedback.take(batch, share.tracker, share.owned)
                self._meter.acked(batch, started)
            else:
                await self._process(batch, share, started)

    async def _process(self, batch: RecordBatch, share: _Share, started: float) -> None:
        cpu = time.thread_time()
        records, letters, problem = self._decode(batch)
        self._limit.judge(records=len(batch), rejected=len(letters), example=problem)
        cpu = self._meter.spent("decode", cpu)
        watchlist = self._watchlist.current
        share.tracker.calendars, share.tracker.unheard = watchlist.calendars, watchlist.unheard
        step = await self._step(share.tracker, records)
        self._meter.spent("compute", cpu)
        await self._faults.reach(FaultPoint.TRACK_COMPUTED)
        await self._publish(step, letters)
        share.pending.append(batch)
        share.stepped_s = time.monotonic()
        await self._store(share, step)
        share.newest_ms = self._newest_ms(records, share.newest_ms)
        self._note(batch, share, step, started)
        batch.processed()

    @staticmethod
    async def _step(tracker: Tracker, records: Iterable[MentionRecord]) -> Step:
        """Have a tracker take a step, and let others have their turn while it closes the minute of many brands."""
        work = tracker.work(records)
        while True:
            try:
                next(work)
            except StopIteration as done:
                step: Step = done.value
                return step
            await asyncio.sleep(0)

    async def _store(self, share: _Share, step: Step) -> None:
        """Write the states of a step, and complete what is complete by that."""
        if share.is_torn:
            return
        share.is_torn = True
        await share.owned.write({key.encode(): value for key, value in step.states.items()})
        share.is_torn = False
        await self._faults.reach(FaultPoint.TRACK_STATES)
        for _ in range(step.complete):
            share.pending.popleft().complete()

    async def settle(self, *, quiet_s: float = 0.0) -> None:
        """Write every state that is still to be written, and complete all batches that are processed.

        Batches that come meanwhile take their turn. Whatever happens, nothing depends on its having been called. When
        the partitions are to stay, none of the changelog is silent for long, either (`agents.state`).

        Parameters
        ----------
        quiet_s : float
            Leave alone a partition of which a batch came so lately, seconds; 0 when the partitions are to go.

        Raises
        ------
        agents.publishing.WriteRefused
            The broker took no writes for too long.
        """
        for partition, share in tuple(self._shares.items()):
            while share.tracker.pending:
                async with self._turn:
                    # What was forgotten meanwhile belongs to another owner.
                    if self._shares.get(partition) is not share or time.monotonic() - share.stepped_s < quiet_s:
                        break
                    await self._store(share, share.tracker.settle())
        if quiet_s:
            await self._table.stir()

    async def _publish(self, step: Step, letters: list[OutRecord]) -> None:
        cpu = time.thread_time()
        windows = [_window_record(event) for event in step.events if isinstance(event, WindowClosed)]
        crises = [_crisis_record(event) for event in step.events if not isinstance(event, WindowClosed)]
        self._meter.spent("encode", cpu)
        await self._publisher.write(self._topics.deadletters, letters)
        await self._faults.reach(FaultPoint.TRACK_LETTERS)
        await self._publisher.write(self._topics.crises, crises)
        await self._faults.reach(FaultPoint.TRACK_CRISES)
        await self._publisher.write(self._topics.windows, windows)
        await self._faults.reach(FaultPoint.TRACK_WINDOWS)

    def _take_over(self, partition: int) -> _Share:
        """Restore the brands of a partition that was just assigned."""
        about = {"stage": STAGE, "topic": self._topics.mentions, "partition": partition}
        owned = self._table.own(partition)
        tracker = Tracker(
            self._engine_settings, partition, calendars=self._watchlist.current.calendars, most_states=_STATES_A_BATCH
        )
        with _no_collection():
            for key, value in owned.items():
                tracker.restore(key.decode("utf-8", "replace"), value)
        for reason, count in tracker.problems.items():
            self._problems[reason].inc(count)
            logger.warning(
                "partition %d: %d state records not used as they were: %s", partition, count, reason, extra=about
            )
        logger.info("partition %d: %d brands restored", partition, tracker.brand_count, extra=about)
        return _Share(tracker=tracker, owned=owned, newest_ms=self._source_ms(tracker.time_ms))

    def _decode(self, batch: RecordBatch) -> tuple[list[MentionRecord], list[OutRecord], str]:
        """Return what could be read, the letters for what could not, and why that was for one of them."""
        try:
            return read_mention_records([record.value for record in batch]), [], ""
        except SchemaError:
            return self._decode_each(batch)

    def _decode_each(self, batch: RecordBatch) -> tuple[list[MentionRecord], list[OutRecord], str]:
        records, letters, problem = [], [], ""
        for record in batch:
            try:
                records.append(read_mention_record(record.value))
            except SchemaError as exc:
                problem = str(exc)
                self._meter.rejected(DeadLetterReason.BAD_FIELD)
                letters.append(
                    dead_letter(
                        record,
                        stage=STAGE,
                        reason=DeadLetterReason.BAD_FIELD,
                        exception=type(exc).__name__,
                        message=problem,
                    )
                )
        return records, letters, problem

    # -- metrics -------------------------------------------------------------------------------------

    def facts(self, partition: int) -> PartitionFacts:
        """Return what is known of a mentions partition that is assigned to this worker."""
        size, share = self._table.size(partition), self._shares.get(partition)
        if share is None:
            return PartitionFacts(state_bytes=size)
        return PartitionFacts(
            watermark_ms=share.tracker.time_ms,
            newest_ms=share.newest_ms,
            state_bytes=size,
            state_brands=share.tracker.brand_count,
            learning_brands=len(share.seen.learning),
        )

    def brands(self, partitions: Iterable[int]) -> dict[str, BrandNumbers]:
        """Return what the newest windows of some partitions say of their brands."""
        shares = [share for partition in partitions if (share := self._shares.get(partition)) is not None]
        return {brand: numbers for share in shares for brand, numbers in share.seen.numbers.items()}

    def _source_ms(self, watermark_ms: int | None) -> int | None:
        """Return the event time at which enrich has given a watermark."""
        return None if watermark_ms is None else watermark_ms + self._engine_settings.allowed_lateness_ms

    def _newest_ms(self, records: Iterable[MentionRecord], before_ms: int | None) -> int | None:
        told = [self._source_ms(record.watermark_ms) for record in records if isinstance(record, Watermark)]
        return max((time_ms for time_ms in (before_ms, *told) if time_ms is not None), default=None)

    def _note(self, batch: RecordBatch, share: _Share, step: Step, started: float) -> None:
        self._meter.acked(batch, started)
        for reason, count in step.dropped.items():
            self._dropped[reason].inc(count)
        for mark, count in step.gaps.items():
            self._gaps[mark].inc(count)
        if step.events:
            self._detected.published(step.events, share.seen, first_appended_ms(batch))
        for event in step.events:
            if isinstance(event, CrisisEvent):
                logger.warning(
                    "crisis %s: brand=%s type=%s level=%d (was %d) at %s",
                    event.crisis_id,
                    event.brand,
                    event.type.value,
                    event.level,
                    event.previous_level,
                    event.time,
                    extra={"stage": STAGE, "brand": event.brand, "crisis_id": event.crisis_id},
                )


@contextmanager
def _no_collection() -> Iterator[None]:
    """Keep the garbage collector from going through a growing heap again and again: a quarter of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _window_record(window: WindowClosed) -> OutRecord:
    headers = cloudevents.headers(
        id=window.id,
        type=EventType.WINDOW_CLOSED,
        subject=window.brand,
        time_ms=from_rfc3339(window.window_end),
        stage=STAGE,
    )
    return OutRecord(window.brand.encode(), encode(window), headers)


def _crisis_record(event: CrisisRecord) -> OutRecord:
    """Return the record of an event: its key is its own, so that another version of it can replace it.

    It lies where its brand's records lie by their key: whoever reads a partition reads all of a brand, in order.
    """
    headers = cloudevents.crisis_headers(event)
    return OutRecord(cloudevents.crisis_key(event), encode(event), headers, placed_by=event.brand.encode())
