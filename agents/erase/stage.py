"""What the erase agent does with a batch of notices, and until when it remembers them (`agents.erase` says why)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from aiokafka import ConsumerRecord
from aiokafka.errors import KafkaError
from mode import get_logger

from agents.deadletters import dead_letter
from agents.erase.intake import Intake, read_notices
from agents.erase.sweep import Sweep
from agents.erase.trackplace import track_places
from agents.faultpoints import FaultPoint, FaultPoints
from agents.metrics import Metrics, PartitionFacts, StageMeter
from agents.metrics.appendtime import oldest_appended_ms
from agents.publishing import Publisher
from agents.reading import read_topic
from agents.settings import Settings
from agents.topics import BrokerUnreachable, TopicProblem
from agents.transport import OutRecord, RecordBatch
from pipeline.authorhash import AuthorHasher
from pipeline.erasure import Wanted
from pipeline.formats import ComplianceKind, Reject
from schemas.cloudevents import EventType
from schemas.codec import encode
from schemas.deadletter import DeadLetterReason
from schemas.mention import Erasure

__all__ = ["EraseStage"]

logger = get_logger(__name__)

STAGE = "erase"
_MOST_NAMES = 1_000_000
"""Posts and author hashes that wait for their proof: some 100 MB. Beyond, notices wait in the topic."""


@dataclass(slots=True, kw_only=True, eq=False)
class _Pending:
    """A batch whose notices are broadcast and not proven."""

    batch: RecordBatch
    wanted: Wanted
    appended_ms: int
    ends: dict[int, int] = field(default_factory=dict)
    """Ends of the mentions some time after the broadcast, by partition."""
    until: dict[int, int] = field(default_factory=dict)
    """Ends of the crises some time after track had passed those, by partition: later events are of a track that had
    forgotten what the notices are about."""

    @property
    def names(self) -> int:
        return sum(map(len, self.wanted))


class EraseStage:
    """What the erase agent does. `process` takes notices in, `run` sweeps for as long as there are unproven ones.

    Order matters: dead letters, then the broadcast, each acknowledged; the batch is complete when a sweep has proven
    it, and what is not complete is read again by whoever comes after.
    """

    def __init__(self, settings: Settings, publisher: Publisher, metrics: Metrics) -> None:
        self._settings = settings
        self._topics = settings.topics
        self._publisher = publisher
        self._hasher = AuthorHasher(settings.engine().author_key)
        self._meter = StageMeter(metrics, STAGE, parts=("compute",), reasons=DeadLetterReason)
        self._notices = {kind: metrics.notices.labels(kind.value) for kind in ComplianceKind}
        self._erasures = metrics.erasures
        self._redacted = metrics.events_redacted
        self._faults = FaultPoints(settings.fault_points)
        self._pending: list[_Pending] = []
        self._any = asyncio.Event()
        """Something is pending."""
        self._room = asyncio.Event()
        """A sweep has ended."""

    def forget(self) -> None:
        """Drop what is pending: it is not committed, and whoever gets the partition reads it again."""
        self._pending.clear()
        self._any.clear()
        self._room.set()

    @property
    def is_full(self) -> bool:
        """Whether notices wait because too many are not proven yet."""
        return sum(pending.names for pending in self._pending) > _MOST_NAMES

    # -- notices in ----------------------------------------------------------------------------------

    async def process(self, batch: RecordBatch) -> None:
        """Broadcast what a batch asks for; it is complete when that is proven.

        Raises
        ------
        agents.publishing.WriteRefused
            The broker took no writes for too long.
        """
        started = time.perf_counter()
        while self.is_full:
            self._room.clear()
            await self._room.wait()
        await self._faults.reach(FaultPoint.ERASE_TAKEN)
        cpu, now_ms = time.thread_time(), time.time_ns() // 1_000_000
        intake = read_notices(batch.records, self._hasher, max_bytes=self._settings.max_record_bytes, now_ms=now_ms)
        self._meter.spent("compute", cpu)
        await self._publisher.write(
            self._topics.deadletters, [self._letter(record, reject) for record, reject in intake.rejected]
        )
        await self._faults.reach(FaultPoint.ERASE_LETTERS)
        partitions = range(await self._publisher.partitions(self._topics.mentions))
        await self._publisher.write(
            self._topics.mentions,
            [_erasure_record(erasure, partition) for erasure in intake.erasures for partition in partitions],
        )
        await self._faults.reach(FaultPoint.ERASE_BROADCAST)
        self._note(batch, intake, started)
        appended_ms = oldest_appended_ms(batch.records) or now_ms
        batch.processed()
        if not intake.erasures:
            batch.complete()
            return
        self._pending.append(_Pending(batch=batch, wanted=intake.wanted, appended_ms=appended_ms))
        self._any.set()

    def _letter(self, record: ConsumerRecord[bytes, bytes], reject: Reject) -> OutRecord:
        self._meter.rejected(reject.reason)
        return dead_letter(
            record, stage=STAGE, reason=reject.reason, exception=reject.exception, message=reject.message
        )

    def _note(self, batch: RecordBatch, intake: Intake, started: float) -> None:
        for kind, count in intake.kinds.items():
            self._notices[kind].inc(count)
        self._erasures.inc(len(intake.erasures))
        self._meter.acked(batch, started)

    # -- sweeps --------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Sweep while anything is pending, until cancelled: at once, and then every `erase_interval_s`.

        Raises
        ------
        agents.publishing.WriteRefused
            The broker took no writes for too long.
        """
        while True:
            await self._any.wait()
            again = False
            try:
                again = await self.sweep()
            except (BrokerUnreachable, KafkaError, OSError, TopicProblem) as exc:
                logger.warning("sweep broken off, the next one begins anew: %r", exc, extra={"stage": STAGE})
            if not again:
                await asyncio.sleep(self._settings.erase_interval_s)

    async def sweep(self) -> bool:
        """Read the crises through once, take out what must go, and complete what is proven.

        Returns
        -------
        bool
            Whether another sweep is due at once: there was more to take out than one can hold.

        Raises
        ------
        BrokerUnreachable, KafkaError, OSError, TopicProblem
            The broker does not answer as it should; nothing is proven.
        agents.publishing.WriteRefused
            The broker took no writes for too long.
        """
        pending = tuple(self._pending)
        behind_track = await self._behind_track(pending)
        compacts = self._settings.idempotent_producer
        sweep = Sweep(_together(pending), compacts=compacts, until=_until(pending))
        await self._read_crises(sweep.see)
        if sweep.is_due:
            await self._read_crises(sweep.take)
        for each in behind_track:
            each.until = each.until or dict(sweep.ends)
        redactions, nudges = sweep.redactions(), sweep.nudges()
        await self._publisher.write(self._topics.crises, [*redactions, *nudges])
        self._redacted.inc(len(redactions))
        await self._faults.reach(FaultPoint.ERASE_REDACTED)
        proven = [each for each in behind_track if not sweep.holds(each.wanted)]
        for each in proven:
            self._complete(each)
        self._say(sweep, len(pending), len(proven), len(redactions), len(nudges))
        return sweep.cut

    async def _read_crises(self, take: Callable[[ConsumerRecord[bytes, bytes]], None]) -> None:
        crises = read_topic(self._settings, self._topics.crises, from_beginning=True, follow=False)
        async with aclosing(crises) as records:
            async for record in records:
                take(record)

    async def _behind_track(self, pending: Collection[_Pending]) -> list[_Pending]:
        """Return those that track has behind it: no event that it published before them is still to come."""
        places = await track_places(self._settings)
        passed = [
            each
            for each in pending
            if each.ends and all(place.committed >= each.ends.get(at, 0) for at, place in places.items())
        ]
        for each in pending:
            if not each.ends:
                each.ends = {partition: place.end for partition, place in places.items()}
        return passed

    def _complete(self, proven: _Pending) -> None:
        if proven not in self._pending:  # forgotten meanwhile: another worker may have it
            return
        self._pending.remove(proven)
        proven.batch.complete()
        if not self._pending:
            self._any.clear()
        self._room.set()

    def _say(self, sweep: Sweep, pending: int, proven: int, redactions: int, nudges: int) -> None:
        logger.info(
            "sweep: %d batches of notices proven, %d not yet; %d events redacted, %d partitions wait for compaction",
            proven,
            pending - proven,
            redactions,
            nudges,
            extra={"stage": STAGE},
        )
        if sweep.unreadable:
            logger.warning(
                "%d records of %s cannot be read and hold what is looked for; the notices stay unproven",
                sweep.unreadable,
                self._topics.crises,
                extra={"stage": STAGE, "topic": self._topics.crises},
            )

    # -- metrics -------------------------------------------------------------------------------------

    def facts(self, partition: int) -> PartitionFacts:
        """Return what is known of a partition that is assigned to this worker."""
        waiting = [each.appended_ms for each in self._pending if each.batch.partition == partition]
        return PartitionFacts(unproven_since_ms=min(waiting, default=0))


def _erasure_record(erasure: Erasure, partition: int) -> OutRecord:
    return OutRecord(None, encode(erasure), [("ce_type", EventType.ERASURE.value.encode())], partition)


def _together(pending: Iterable[_Pending]) -> Wanted:
    every: Sequence[Wanted] = [each.wanted for each in pending]
    return Wanted(
        frozenset(name for wanted in every for name in wanted.tweet_ids),
        frozenset(name for wanted in every for name in wanted.authors),
    )


def _until(pending: Collection[_Pending]) -> Mapping[int, Mapping[int, int]]:
    """Return from where on events name no post of an account of before its notice; the last of several counts."""
    open_ended = {author for each in pending if not each.until for author in each.wanted.authors}
    until: dict[int, dict[int, int]] = {}
    for each in pending:
        for author in set(each.wanted.authors) - open_ended:
            ends = until.setdefault(author, {})
            for partition, end in each.until.items():
                ends[partition] = max(end, ends.get(partition, 0))
    return until
