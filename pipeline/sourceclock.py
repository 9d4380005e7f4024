"""What a raw partition has said so far: how far it has been read, and its newest time.

ADR: a gap record moves the clock to where the gap ends, never beyond the record's own timestamp, as a tweet does.

*Why.* The ingester records a gap that it cannot fill while it lasts, piece by piece and in every raw partition. If that
moved nothing, the minutes inside would close only when somebody posts again: until then windows, tables and gauges
would show the numbers of before, as if it were calm. And the pieces break the silence by which a partition becomes
idle: where another source goes on and has nothing for one of the partitions, that one would hold time back for all.

*What it costs.* Posts of the gap that come all the same, more than the allowed lateness behind it, are late. They are
few: what can be filled is no gap (an ingester waits as long as backfill reaches). And posts of another source that lags
by more than the allowed lateness are late, as they are when the source that failed speaks. A gap of compliance notices
moves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipeline.duplicates import RecentIds
from pipeline.formats.times import MAX_TIME_MS
from pipeline.records import LogRecord
from schemas.codec import decode, encode

__all__ = ["SourceClock"]

_MOST_OFFSET = (1 << 63) - 1


@dataclass(slots=True, kw_only=True)
class SourceClock:
    """What a raw partition has said so far. Mutable; one writer."""

    partition: int
    next_offset: int = 0
    """Everything below this offset has been enriched."""
    newest_ms: int | None = None
    """Highest event time seen, of tweets and of ends of gaps, no later than its own record, epoch milliseconds."""
    stamp_ms: int | None = None
    """The last record's own timestamp: by it a topic that was made anew under the same name is told apart."""
    recent: RecentIds
    """Tweet IDs of the last records."""

    def dump(self) -> bytes:
        """Encode what cannot be read from the log again cheaply; `recent` can."""
        state = {"next_offset": self.next_offset, "newest_ms": self.newest_ms, "stamp_ms": self.stamp_ms}
        return encode({"v": 1, **state})

    def is_of(self, record: LogRecord) -> bool:
        """Whether a record of the partition may be what this clock has read at its offset."""
        return self.stamp_ms in (None, record.timestamp) or record.offset != self.next_offset - 1

    def load(self, data: bytes) -> bool:
        """Take over a dumped clock. One that :meth:`dump` cannot have given is ignored and False returned.

        A time or an offset out of all bounds would make everything that follows late or already read.
        """
        try:
            state: Any = decode(data)
            version, next_offset, newest_ms = state["v"], state["next_offset"], state["newest_ms"]
            stamp_ms = state.get("stamp_ms")
        except (AttributeError, ValueError, KeyError, TypeError):
            return False
        known = all(time_ms is None or _is_within(time_ms, MAX_TIME_MS) for time_ms in (newest_ms, stamp_ms))
        if version != 1 or not known or not _is_within(next_offset, _MOST_OFFSET):
            return False
        self.next_offset, self.newest_ms, self.stamp_ms = next_offset, newest_ms, stamp_ms
        return True


def _is_within(value: object, most: int) -> bool:
    return type(value) is int and 0 <= value <= most
