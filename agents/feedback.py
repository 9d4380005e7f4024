"""Feedback on its way into the state of a mentions partition: what track does with a batch of ``vigie.feedback``."""

from __future__ import annotations

from collections.abc import Iterator

from aiokafka import ConsumerRecord
from mode import get_logger

from agents.deadletters import dead_letter
from agents.faultpoints import FaultPoint, FaultPoints
from agents.metrics import Metrics
from agents.publishing import Publisher
from agents.settings import Settings
from agents.state import Ownership
from agents.transport import OutRecord, RecordBatch
from pipeline.feedback import Intake
from pipeline.tracker import Tracker
from schemas.deadletter import DeadLetterReason
from schemas.feedback import DismissReason, Feedback, FeedbackVerdict
from schemas.reading import SchemaError, read_feedback
from schemas.times import to_rfc3339
from schemas.window import Level

__all__ = ["REASONS", "FeedbackIntake"]

logger = get_logger(__name__)

STAGE = "track"
REASONS = (DeadLetterReason.BAD_FIELD, DeadLetterReason.UNKNOWN_CRISIS)
"""Why feedback is refused."""
_NO_REASON = "none"

_Read = list[tuple[ConsumerRecord[bytes, bytes], Feedback]]


class FeedbackIntake:
    """Takes feedback in, for good, before the batch is complete.

    Letters for what is refused are acknowledged, then each touched brand's state is, then the batch is complete: a
    crash in between writes a letter twice at most, and takes nothing twice. Bad feedback never halts the worker,
    however much there is of it: people write it by hand.
    """

    def __init__(self, settings: Settings, publisher: Publisher, metrics: Metrics, faults: FaultPoints) -> None:
        self._topics = settings.topics
        self._publisher = publisher
        self._faults = faults
        dismissed = [(FeedbackVerdict.DISMISS, reason.value) for reason in DismissReason]
        verdicts = [(FeedbackVerdict.CONFIRM, _NO_REASON), (FeedbackVerdict.SNOOZE, _NO_REASON), *dismissed]
        self._heard = {each: metrics.feedback.labels(each[0].value, each[1]) for each in verdicts}
        self._judged = {
            (*each, level): metrics.crises_judged.labels(each[0].value, each[1], str(int(level)))
            for each in verdicts
            for level in Level
            if level > Level.CALM and each[0] is not FeedbackVerdict.SNOOZE
        }
        self._refused = {reason: metrics.deadletters.labels(STAGE, reason.value) for reason in REASONS}

    async def take(self, batch: RecordBatch, tracker: Tracker, owned: Ownership) -> None:
        """Take in one batch, and complete it.

        Raises
        ------
        agents.publishing.WriteRefused
            The broker took no writes for too long.
        """
        letters: list[OutRecord] = []
        read = list(self._decode(batch, letters))
        heard = tracker.hear((record.offset, feedback) for record, feedback in read)
        for (record, feedback), intake in zip(read, heard.intakes, strict=True):
            if intake.reason is not None:
                letters.append(self._letter(record, intake.reason, f"{feedback.id}: {intake.message}"))
        await self._publisher.write(self._topics.deadletters, letters)
        await owned.write({key.encode(): value for key, value in heard.states.items()})
        await self._faults.reach(FaultPoint.FEEDBACK_STATES)
        batch.complete()
        self._note(read, heard.intakes)

    def _decode(
        self, batch: RecordBatch, letters: list[OutRecord]
    ) -> Iterator[tuple[ConsumerRecord[bytes, bytes], Feedback]]:
        for record in batch:
            try:
                feedback = read_feedback(record.value)
            except SchemaError as exc:
                letters.append(self._letter(record, DeadLetterReason.BAD_FIELD, str(exc)))
                continue
            if record.key != feedback.brand.encode():
                # By its key it came to this partition: the brand may be tracked by another worker.
                letters.append(self._letter(record, DeadLetterReason.BAD_FIELD, "key: not the brand"))
                continue
            yield record, feedback

    def _letter(self, record: ConsumerRecord[bytes, bytes], reason: DeadLetterReason, message: str) -> OutRecord:
        self._refused[reason].inc()
        logger.warning("feedback refused: %s", message, extra={"stage": STAGE, "reason": reason.value})
        return dead_letter(record, stage=STAGE, reason=reason, exception="FeedbackRefused", message=message)

    def _note(self, read: _Read, intakes: list[Intake]) -> None:
        for (_, feedback), intake in zip(read, intakes, strict=True):
            if intake.held_from_ms is None:
                continue
            key = (feedback.verdict, feedback.reason.value if feedback.reason else _NO_REASON)
            self._heard[key].inc()
            if intake.is_first and (judged := self._judged.get((*key, intake.peak_level))):
                judged.inc()
            logger.info(
                "feedback %s: %s of crisis %s, from the minute that ends %s",
                feedback.id,
                feedback.verdict.value,
                feedback.crisis_id,
                to_rfc3339(intake.held_from_ms),
                extra={"stage": STAGE, "brand": feedback.brand, "crisis_id": feedback.crisis_id},
            )
