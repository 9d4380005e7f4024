"""Records of ``vigie.crises`` as what is to be told, and back as the dead letters of what could not be delivered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from aiokafka import ConsumerRecord

from agents.deadletters import dead_letter
from agents.reading import is_redacted
from agents.transport import OutRecord
from pipeline.notify.step import Origin, Step
from schemas.cloudevents import crisis_key
from schemas.deadletter import REDRIVEN_CHANNEL_HEADER, REDRIVEN_HEADER, DeadLetterReason
from schemas.reading import SchemaError, read_crisis_record
from schemas.situation import CommunicationOverdue, CrisisRecord, Situation
from schemas.times import from_rfc3339

__all__ = ["STAGE", "ReadRecord", "read_record", "redriven_channel", "undeliverable_letter", "unreadable_letter"]

STAGE = "notify"
_MOST_STEPS = 2**31
"""Steps of a crisis: one an hour, or so. State could not hold any number."""
_BYTES = "latin-1"
"""Each byte is the character of its number, so that JSON can hold it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _KeptRecord:
    """What a dead letter wants to know of a record."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes
    headers: tuple[tuple[str, bytes], ...]


class ReadRecord(NamedTuple):
    """What a record says."""

    event: CrisisRecord
    step: Step | None
    """What is to be told of it; none of a situation, which is told to nobody: it is asked for."""
    redacted: bool
    """It is published again, without posts that were withdrawn."""


def read_record(record: ConsumerRecord[bytes, bytes]) -> ReadRecord:
    """Read a record.

    Raises
    ------
    SchemaError
        It is nothing of a crisis, or its key is not the event's, nor its brand, as it was before events had their own.
    """
    event = read_crisis_record(record.value)
    if record.key not in (crisis_key(event), event.brand.encode("utf-8", "replace")):
        raise SchemaError("key: neither the event's ID nor its brand")
    origin = Origin(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        key=record.key.decode(_BYTES),
        headers=tuple((name, (value or b"").decode(_BYTES)) for name, value in record.headers),
        appended_ms=record.timestamp or 0,
    )
    return ReadRecord(event, _step(event, record.value or b"", origin), is_redacted(record))


def _step(event: CrisisRecord, value: bytes, origin: Origin) -> Step | None:
    match event:
        case Situation():
            _check_times(time=event.time)
            return None
        case CommunicationOverdue():
            _check_times(time=event.time, due_at=event.due_at, last_update_at=event.last_update_at or event.time)
            return Step.reminder(event, value, origin)
        case _:
            until = event.feedback.until if event.feedback else None
            _check_times(time=event.time, opened_at=event.opened_at, until=until or event.time)
            if not 0 <= event.sequence <= _MOST_STEPS:
                raise SchemaError(f"sequence: not from 0 to {_MOST_STEPS}")
            return Step.of(event, value, origin)


def _check_times(**times: str) -> None:
    for field, time in times.items():
        try:
            from_rfc3339(time)
        except (ValueError, OverflowError) as exc:
            raise SchemaError(f"{field}: not a time with its offset from UTC") from exc


def redriven_channel(step: Step) -> str | None:
    """Return the channel that somebody wants to be told of a step again; none when it is an ordinary record."""
    headers = dict(step.origin.headers)
    return headers.get(REDRIVEN_CHANNEL_HEADER) if REDRIVEN_HEADER in headers else None


def unreadable_letter(record: ConsumerRecord[bytes, bytes], error: SchemaError) -> OutRecord:
    """Return the letter of a record that is no crisis event."""
    return dead_letter(
        record, stage=STAGE, reason=DeadLetterReason.BAD_FIELD, exception=type(error).__name__, message=str(error)
    )


def undeliverable_letter(step: Step, channel: str, error: BaseException) -> OutRecord:
    """Return the letter of an event that a channel did not take: its record, untouched."""
    origin = step.origin
    record = _KeptRecord(
        topic=origin.topic,
        partition=origin.partition,
        offset=origin.offset,
        key=None if origin.key is None else origin.key.encode(_BYTES),
        value=step.payload.encode(),
        headers=tuple((name, value.encode(_BYTES)) for name, value in origin.headers),
    )
    return dead_letter(
        record,
        stage=STAGE,
        reason=DeadLetterReason.UNDELIVERABLE,
        exception=type(error).__name__,
        message=str(error),
        channel=channel,
    )
