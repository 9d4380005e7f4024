"""Dead letters: the record as it came, with the reason in added headers."""

from __future__ import annotations

from aiokafka import ConsumerRecord

from agents.transport import OutRecord
from schemas.deadletter import HEADER_PREFIX, DeadLetter, DeadLetterReason

__all__ = ["dead_letter"]

_MAX_MESSAGE = 500


def dead_letter(
    record: ConsumerRecord[bytes, bytes],
    *,
    stage: str,
    reason: DeadLetterReason,
    exception: str,
    message: str,
) -> OutRecord:
    """Build the record for the dead-letter topic: key, value and headers untouched, ours added.

    Headers of an earlier failure (the record was redriven and failed again) are replaced.
    """
    letter = DeadLetter(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        stage=stage,
        reason=reason,
        exception_class_name=exception,
        exception_message=message[:_MAX_MESSAGE],
    )
    kept = [(name, value) for name, value in record.headers if not name.startswith(HEADER_PREFIX)]
    # Kafka takes a record without key and value, aiokafka's client does not: a tombstone keeps its
    # absence of content as an empty value.
    value = record.value if record.value is not None or record.key is not None else b""
    return OutRecord(record.key, value, [*kept, *letter.headers()])
