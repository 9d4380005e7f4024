"""When the raw records behind a watermark were appended: a header that only delays are measured with.

enrich writes, into the header of a batch's watermark records, when the oldest raw record of the batch was appended by
the broker's timestamp. Some record of that batch, or of one whose watermark stands later in the same batch of track, is
what closed a window; so against the *first* such header of a batch of track, a delay is an upper bound, and never
flatters. A word of idleness has no header: no record brought it.

It is a header, not part of the payload: what is published does not depend on when it was processed, and a replay
has no such times.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiokafka import ConsumerRecord

__all__ = ["APPENDED_HEADER", "appended_headers", "first_appended_ms", "oldest_appended_ms"]

APPENDED_HEADER = "vigie.appended"


def appended_headers(records: Sequence[ConsumerRecord[bytes, bytes]]) -> list[tuple[str, bytes]]:
    """Return the header that says when the oldest of some raw records was appended; none when that is not known."""
    oldest_ms = oldest_appended_ms(records)
    return [] if oldest_ms is None else [(APPENDED_HEADER, b"%d" % oldest_ms)]


def oldest_appended_ms(records: Sequence[ConsumerRecord[bytes, bytes]]) -> int | None:
    """Return when the first of some consecutive records was appended, epoch milliseconds; none when not known."""
    oldest_ms = records[0].timestamp  # offsets rise with the append time
    return None if oldest_ms is None or oldest_ms < 0 else oldest_ms


def first_appended_ms(records: Iterable[ConsumerRecord[bytes, bytes]]) -> int | None:
    """Return what the first watermark that bears the header says, epoch milliseconds.

    One that is not a number of milliseconds, of whoever wrote it, is passed over.
    """
    for record in records:
        if record.key is not None:  # a mention; this is looked for at every one of them
            continue
        for name, value in record.headers:
            if name == APPENDED_HEADER and value is not None and value.isdigit() and len(value) < 16:
                return int(value)
    return None
