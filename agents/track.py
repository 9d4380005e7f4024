"""The track agent: mentions and watermarks in, closed windows and crisis events out."""

from __future__ import annotations

import time
from collections.abc import Iterable, MutableMapping
from typing import Any

from mode import get_logger

from agents.deadletters import dead_letter
from agents.metrics import Metrics
from agents.publishing import Publisher
from agents.settings import Settings
from agents.transport import OutRecord, RecordBatch
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


class TrackStage:
    """What the track agent does with a batch. One :class:`Tracker` for each assigned partition.

    Order matters: events are acknowledged, then each touched brand's state is written (the partition's
    clock last), then the batch is complete. A crash in between publishes equal events with equal IDs.
    """

    def __init__(self, settings: Settings, publisher: Publisher, metrics: Metrics) -> None:
        self._engine_settings = settings.engine()
        self._topics = settings.topics
        self._publisher = publisher
        self._metrics = metrics
        self._trackers: dict[int, Tracker] = {}

    def forget(self) -> None:
        """Drop the trackers: the table is read again when partitions are assigned anew."""
        self._trackers.clear()

    async def process(self, batch: RecordBatch, table: MutableMapping[bytes, bytes]) -> None:
        """Fold one batch, publish what it closed, write the state, and complete it."""
        started, cpu = time.perf_counter(), time.process_time()
        tracker = self._trackers.get(batch.partition)
        if tracker is None:
            tracker = self._trackers[batch.partition] = self._restore(batch.partition, table)
        records, letters = self._decode(batch)
        cpu = self._spent("decode", cpu)
        step = tracker.step(records)
        cpu = self._spent("compute", cpu)
        windows = [_window_record(event) for event in step.events if isinstance(event, WindowClosed)]
        crises = [_crisis_record(event) for event in step.events if isinstance(event, CrisisEvent)]
        self._spent("encode", cpu)
        await self._publisher.write(self._topics.deadletters, letters)
        await self._publisher.write(self._topics.crises, crises)
        await self._publisher.write(self._topics.windows, windows)
        cpu = time.process_time()
        for key, value in step.states.items():
            table[key.encode()] = value
        self._spent("state", cpu)
        batch.complete()
        self._note(batch, tracker, step, started)

    def _restore(self, partition: int, table: MutableMapping[bytes, bytes]) -> Tracker:
        """Load the partition's brands from the table; entries of other partitions are passed over."""
        tracker = Tracker(self._engine_settings, partition)
        for key, value in table.items():
            tracker.restore(key.decode(), value)
        for reason, count in tracker.problems.items():
            self._metrics.state_problems.labels(reason).inc(count)
            logger.warning("partition %d: %d state records not used: %s", partition, count, reason)
        logger.info("partition %d: %d brands restored", partition, len(tracker.brands()))
        return tracker

    def _decode(self, batch: RecordBatch) -> tuple[list[Mention | Watermark | Gap], list[OutRecord]]:
        records, letters = [], []
        for record in batch:
            try:
                records.append(read_mention_record(record.value))
            except SchemaError as exc:
                self._metrics.deadletters.labels(STAGE, DeadLetterReason.BAD_FIELD.value).inc()
                letters.append(
                    dead_letter(
                        record,
                        stage=STAGE,
                        reason=DeadLetterReason.BAD_FIELD,
                        exception=type(exc).__name__,
                        message=str(exc),
                    )
                )
        return records, letters

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
