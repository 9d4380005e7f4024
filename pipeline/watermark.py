"""Event time of one mentions partition: the clocks of all raw partitions, joined.

Everything a raw partition says about itself is joined, never overwritten: its watermark is the highest it
has sent, and whether it is idle is decided by the record with the highest (offset, idle). Both joins are
commutative, associative and idempotent, so a record that is delivered again, in whatever batch, changes
nothing.

Why closed buckets depend neither on where batches are cut nor on how raw partitions interleave, as long as
no partition is idle: enrich flags as late every mention below the watermark of its own partition, so a
mention that is not late lies at or above the last watermark its partition sent before it. `Clock.time_ms`
is at most that watermark, being the minimum of all, and a bucket closes only when its end is at or below
`time_ms`. So no mention that counts ever meets a closed bucket, and every bucket closes holding all its
mentions, whatever was interleaved; counting commutes, so its content is a function of the logs alone.

A partition that was idle may speak again of times that have passed. Then a mention counts only if its
bucket has not closed *at its place in the mentions partition* (`Clock.time_ms` after the records before
it, not after the batch), so even then the result is a function of that one log.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self, TypeGuard

__all__ = ["Clock"]

_LAST_MS = 253_402_300_799_999
"""The end of the year 9999: no time text exists beyond it."""


class _Source:
    """What one raw partition has said. A join-semilattice: every field only grows."""

    __slots__ = ("idle", "offset", "watermark_ms")

    def __init__(self, watermark_ms: int | None, offset: int, idle: bool) -> None:  # noqa: FBT001 - in stored order
        self.watermark_ms = watermark_ms
        self.offset = offset
        self.idle = idle


class Clock:
    """Event time over all raw partitions. It never goes back."""

    __slots__ = ("_sources", "changed", "source_partitions", "time_ms")

    def __init__(self) -> None:
        self._sources: dict[int, _Source] = {}
        self.source_partitions = 0
        """How many raw partitions time waits for; 0 before the first watermark."""
        self.time_ms: int | None = None
        """Every bucket that ends at or before this time (epoch milliseconds) is closed; none at first."""
        self.changed = False
        """Something has been learnt since this was last set to False."""

    def heard(self, partition: int, offset: int) -> None:
        """Take notice that a raw partition has spoken: it is not idle at this offset."""
        source = self._sources.get(partition)
        if source is None:
            self._sources[partition] = _Source(None, offset, idle=False)
        elif offset > source.offset:
            source.offset, source.idle = offset, False
        else:
            return
        self.changed = True

    def advance(
        self, partition: int, *, offset: int, watermark_ms: int | None, idle: bool, source_partitions: int
    ) -> None:
        """Join what a raw partition says of itself, and move time if that allows it.

        Parameters
        ----------
        partition : int
            The raw partition.
        offset : int
            The raw offset up to which it had been read; at equal offsets idle is the later word.
        watermark_ms : int or None
            Its watermark, epoch milliseconds. One outside of the years 1970 to 9999 is no watermark.
        idle : bool
            It is at its end and silent.
        source_partitions : int
            How many raw partitions there are.
        """
        source = self._sources.get(partition)
        if source is None:
            source = self._sources[partition] = _Source(None, offset, idle)
            self.changed = True
        elif (offset, idle) > (source.offset, source.idle):
            source.offset, source.idle = offset, idle
            self.changed = True
        known = -1 if source.watermark_ms is None else source.watermark_ms
        if watermark_ms is not None and known < watermark_ms <= _LAST_MS:
            source.watermark_ms = watermark_ms
            self.changed = True
        if source_partitions > self.source_partitions:
            self.source_partitions = source_partitions
            self.changed = True
        self._move()

    def _move(self) -> None:
        time_ms = self._joined()
        if time_ms is not None and (self.time_ms is None or time_ms > self.time_ms):
            self.time_ms = time_ms
            self.changed = True

    def _joined(self) -> int | None:
        """Return the minimum over the partitions that are not idle; when all are, the maximum."""
        slowest: int | None = None
        newest: int | None = None
        for partition in range(self.source_partitions):
            source = self._sources.get(partition)
            if source is None:
                return None
            watermark_ms = source.watermark_ms
            if watermark_ms is None:
                if not source.idle:
                    return None
                continue
            if newest is None or watermark_ms > newest:
                newest = watermark_ms
            if not source.idle and (slowest is None or watermark_ms < slowest):
                slowest = watermark_ms
        return newest if slowest is None else slowest

    def state(self) -> list[object]:
        """Return the clock as JSON has it."""
        sources = [
            [partition, source.watermark_ms, source.offset, source.idle]
            for partition, source in sorted(self._sources.items())
        ]
        return [self.time_ms, self.source_partitions, sources]

    @classmethod
    def restore(cls, state: Sequence[object]) -> Self:
        """Return the clock that gave a state.

        Raises
        ------
        ValueError, TypeError
            It is no state of a clock.
        """
        time_ms, source_partitions, sources = state
        if not _is_whole(source_partitions, 0, 1 << 31) or not isinstance(sources, list):
            raise TypeError("not the state of a clock")
        clock = cls()
        clock.time_ms = _time(time_ms)
        clock.source_partitions = source_partitions
        for partition, watermark_ms, offset, idle in sources:
            if not _is_whole(partition, 0, 1 << 31) or not _is_whole(offset, -1, 1 << 63) or type(idle) is not bool:
                raise TypeError("not the state of a raw partition's clock")
            clock._sources[partition] = _Source(_time(watermark_ms), offset, idle)
        return clock


def _is_whole(value: object, least: int, most: int) -> TypeGuard[int]:
    return type(value) is int and least <= value <= most


def _time(value: object) -> int | None:
    if value is None or (type(value) is int and 0 <= value <= _LAST_MS):
        return value
    raise ValueError(f"not a time: {value!r}")
