"""Dead letters: the record as it came, with the reason in added headers; and when there are too many of them."""

from __future__ import annotations

from collections import deque

from aiokafka import ConsumerRecord

from agents.transport import OutRecord
from schemas.deadletter import HEADER_PREFIX, OMITTED_HEADER, DeadLetter, DeadLetterReason

__all__ = ["MAX_LETTER_BYTES", "DeadLetterLimit", "TooManyDeadLetters", "dead_letter"]

MAX_LETTER_BYTES = 16 * 1024 * 1024
"""Largest record of the dead-letter topic."""
_MAX_MESSAGE = 500
_ROOM_FOR_OURS = 8 * 1024


def dead_letter(
    record: ConsumerRecord[bytes, bytes],
    *,
    stage: str,
    reason: DeadLetterReason,
    exception: str,
    message: str,
    channel: str | None = None,
) -> OutRecord:
    """Build the record for the dead-letter topic: key, value and headers untouched, ours added.

    Headers of an earlier failure (the record was redriven and failed again) are replaced. Of a record that the
    topic could not take, only topic, partition and offset go there, and how many bytes were left out: a letter that
    cannot be written would stop the worker for ever.
    """
    letter = DeadLetter(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        stage=stage,
        reason=reason,
        exception_class_name=exception,
        exception_message=message[:_MAX_MESSAGE],
        channel=channel,
    )
    kept = [(name, value) for name, value in record.headers if not name.startswith(HEADER_PREFIX)]
    size = _size(record, kept)
    if size > MAX_LETTER_BYTES - _ROOM_FOR_OURS:
        return OutRecord(None, b"", [*letter.headers(), (OMITTED_HEADER, b"%d" % size)])
    # Kafka takes a record without key and value, aiokafka's client does not: a tombstone keeps its
    # absence of content as an empty value.
    value = record.value if record.value is not None or record.key is not None else b""
    return OutRecord(record.key, value, [*kept, *letter.headers()])


def _size(record: ConsumerRecord[bytes, bytes], headers: list[tuple[str, bytes]]) -> int:
    named = sum(len(name.encode("utf-8", "replace")) + len(value or b"") + 10 for name, value in headers)
    return len(record.key or b"") + len(record.value or b"") + named


class TooManyDeadLetters(Exception):
    """More of the input cannot be used than is plausible: rather a bad deploy than bad records."""


class DeadLetterLimit:
    """Halts a stage before it turns a whole topic into dead letters.

    One judgement over the records of the last batches that hold at least ``records``, before anything of the
    newest batch is written. A worker that is started again is judged anew, so each start lets fewer than
    ``records`` through.

    Parameters
    ----------
    share : float
        Halt when more than this share of the records could not be used; 1 never halts.
    records : int
        How many records it takes to judge.

    Examples
    --------
    >>> limit = DeadLetterLimit(share=0.5, records=100)
    >>> limit.judge(records=60, rejected=60, example="")
    >>> limit.judge(records=60, rejected=0, example="")
    >>> limit.judge(records=100, rejected=51, example="not JSON")
    Traceback (most recent call last):
        ...
    agents.deadletters.TooManyDeadLetters: 51 of the last 100 records could not be used, for example: not JSON
    """

    def __init__(self, share: float, records: int) -> None:
        self._share = share
        self._records = records
        self._batches: deque[tuple[int, int]] = deque()

    def judge(self, *, records: int, rejected: int, example: str) -> None:
        """Take in a batch.

        Parameters
        ----------
        records : int
            Records in it.
        rejected : int
            How many of them could not be used.
        example : str
            Why one of them could not.

        Raises
        ------
        TooManyDeadLetters
            The limit is passed. The batch must be neither written nor acked.
        """
        self._batches.append((records, rejected))
        total = sum(batch for batch, _ in self._batches)
        while total - self._batches[0][0] >= self._records:
            total -= self._batches.popleft()[0]
        bad = sum(count for _, count in self._batches)
        if total >= self._records and bad > self._share * total:
            raise TooManyDeadLetters(f"{bad} of the last {total} records could not be used, for example: {example}")
