"""The track agent: mentions and watermarks in, closed windows and crisis events out."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from mode import get_logger

from agents.deadletters import DeadLetterLimit, dead_letter
from agents.faultpoints import FaultPoint, FaultPoints
from agents.metrics import Metrics
from agents.publishing import Publisher
from agents.settings import Settings
from agents.state import Ownership, StateTable
from agents.transport import OutRecord, RecordBatch
from agents.watchlist import WatchlistFile
from pipeline.tracker import Step, Tracker
from schemas import cloudevents
from schemas.cloudevents import EventType
from schemas.codec import encode
from schemas.crisis import CrisisEvent, CrisisEventType
from schemas.deadletter import DeadLetterReason
from schemas.mention import Gap, Mention, Watermark
from schemas.reading import SchemaError, read_mention_record
from schemas.times import from_rfc3339
from schemas.window import WindowClosed

__all__ = ["TrackStage"]

logger = get_logger(__name__)

STAGE = "track"

_CRISIS_TYPES = {
    CrisisEventType.OPENED: EventType.CRISIS_OPENED,
    CrisisEventType.ESCALATED: EventType.CRISIS_ESCALATED,
    CrisisEventType.UPDATED: EventType.CRISIS_UPDATED,
    CrisisEventType.DEESCALATED: EventType.CRISIS_DEESCALATED,
    CrisisEventType.RESOLVED: EventType.CRISIS_RESOLVED,
}


@dataclass(slots=True, kw_only=True)
class _Share:
    """One mentions partition, for as long as it is assigned to this worker."""

    tracker: Tracker
    owned: Ownership


class TrackStage:
    """What the track agent does with a batch. One :class:`Tracker` for each assigned partition.

    Order matters: events are acknowledged, then each touched brand's state is (the partition's clock
    last), then the batch is complete. A crash in between publishes equal events with equal IDs.
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
        self._metrics = metrics
        self._faults = FaultPoints(settings.fault_points)
        self._limit = DeadLetterLimit(settings.deadletter_limit_share, settings.deadletter_limit_records)
        self._shares: dict[int, _Share] = {}

    def forget(self) -> None:
        """Drop the trackers: the table is read again when partitions are assigned anew."""
        self._shares.clear()

    async def process(self, batch: RecordBatch) -> None:
        """Fold one batch, publish what it closed, write the state, and complete it.

        Raises
        ------
        agents.deadletters.TooManyDeadLetters
            The worker must not go on; nothing of the batch was acked.
        agents.publishing.WriteRefused
            The broker took no writes for too long.
        """
        started = time.perf_counter()
        await self._faults.reach(FaultPoint.TRACK_TAKEN)
        share = self._shares.get(batch.partition)
        if share is None:
            share = self._shares[batch.partition] = self._take_over(batch.partition)
        cpu = time.process_time()
        records, letters, problem = self._decode(batch)
        self._limit.judge(records=len(batch), rejected=len(letters), example=problem)
        cpu = self._spent("decode", cpu)
        share.tracker.calendars = self._watchlist.current.calendars
        step = share.tracker.step(records)
        cpu = self._spent("compute", cpu)
        await self._faults.reach(FaultPoint.TRACK_COMPUTED)
        await self._publish(step, letters)
        await share.owned.write({key.encode(): value for key, value in step.states.items()})
        await self._faults.reach(FaultPoint.TRACK_STATES)
        batch.complete()
        self._note(batch, share.tracker, step, started)

    async def _publish(self, step: Step, letters: list[OutRecord]) -> None:
        cpu = time.process_time()
        windows = [_window_record(event) for event in step.events if isinstance(event, WindowClosed)]
        crises = [_crisis_record(event) for event in step.events if isinstance(event, CrisisEvent)]
        self._spent("encode", cpu)
        await self._publisher.write(self._topics.deadletters, letters)
        await self._faults.reach(FaultPoint.TRACK_LETTERS)
        await self._publisher.write(self._topics.crises, crises)
        await self._faults.reach(FaultPoint.TRACK_CRISES)
        await self._publisher.write(self._topics.windows, windows)
        await self._faults.reach(FaultPoint.TRACK_WINDOWS)

    def _take_over(self, partition: int) -> _Share:
        """Restore the brands of a partition that was just assigned."""
        owned = self._table.own(partition)
        tracker = Tracker(self._engine_settings, partition, calendars=self._watchlist.current.calendars)
        with _no_collection():
            for key, value in owned.items():
                tracker.restore(key.decode("utf-8", "replace"), value)
        for reason, count in tracker.problems.items():
            self._metrics.state_problems.labels(reason).inc(count)
            logger.warning("partition %d: %d state records not used as they were: %s", partition, count, reason)
        logger.info("partition %d: %d brands restored", partition, len(tracker.brands()))
        return _Share(tracker=tracker, owned=owned)

    def _decode(self, batch: RecordBatch) -> tuple[list[Mention | Watermark | Gap], list[OutRecord], str]:
        """Return what could be read, the letters for what could not, and why that was for one of them."""
        records, letters, problem = [], [], ""
        for record in batch:
            try:
                records.append(read_mention_record(record.value))
            except SchemaError as exc:
                problem = str(exc)
                self._metrics.deadletters.labels(STAGE, DeadLetterReason.BAD_FIELD.value).inc()
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

    def _spent(self, part: str, since: float) -> float:
        now = time.process_time()
        self._metrics.step_cpu.labels(STAGE, part).inc(now - since)
        return now

    def _note(self, batch: RecordBatch, tracker: Tracker, step: Step, started: float) -> None:
        metrics, partition = self._metrics, str(batch.partition)
        metrics.records.labels(STAGE).inc(len(batch))
        for reason, count in step.dropped.items():
            metrics.mentions_dropped.labels(reason).inc(count)
        metrics.lag.labels(STAGE, partition).set(max(0, batch.highwater - batch.next_offset))
        if tracker.time_ms is not None:
            metrics.watermark.labels(STAGE, partition).set(tracker.time_ms / 1000)
        metrics.state_brands.labels(partition).set(len(tracker.brands()))
        self._note_events(step.events)
        metrics.batches.labels(STAGE).observe(time.perf_counter() - started)

    def _note_events(self, events: Iterable[Any]) -> None:
        newest: dict[str, WindowClosed] = {}
        for event in events:
            if isinstance(event, WindowClosed):
                newest[event.brand] = event
            else:
                self._metrics.crisis_events.labels(event.type.value, str(int(event.level))).inc()
                logger.warning(
                    "crisis %s: brand=%s type=%s level=%d (was %d) at %s",
                    event.crisis_id,
                    event.brand,
                    event.type.value,
                    event.level,
                    event.previous_level,
                    event.time,
                )
        for brand, window in newest.items():
            label = self._metrics.brand_label(brand)
            hour = window.windows["1h"]
            self._metrics.brand_level.labels(label).set(window.detection.level)
            self._metrics.brand_volume.labels(label).set(hour.volume)
            self._metrics.brand_expected.labels(label).set(window.detection.expected_1h)
            self._metrics.brand_negative.labels(label).set(hour.negative / hour.volume if hour.volume else 0.0)


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


def _crisis_record(event: CrisisEvent) -> OutRecord:
    headers = cloudevents.headers(
        id=event.id,
        type=_CRISIS_TYPES[event.type],
        subject=event.brand,
        time_ms=from_rfc3339(event.time),
        stage=STAGE,
    )
    return OutRecord(event.brand.encode(), encode(event), headers)
