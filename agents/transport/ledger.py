"""Which offsets may be committed: batches in the order they were handed out, and which of them are done with."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable, Iterator
from typing import Generic, Protocol, TypeVar

__all__ = ["OffsetLedger"]

TP = TypeVar("TP", bound=Hashable)


class _Batch(Protocol):
    is_processed: bool
    completed: bool

    @property
    def next_offset(self) -> int: ...


class OffsetLedger(Generic[TP]):
    """Processed and committable positions by partition.

    Faust's own bookkeeping (lists of acked offsets, gaps as interval trees) is not used: ``_add_gap``
    counts a message's own offset into the gap, a rebalance drops acked offsets before the last commit,
    and an agent that fails acks all the same. Here a position moves only over completed batches, in the
    order they were handed out, and never across one that is still open.

    A batch that is processed but not complete holds back the commit and nothing else: whoever asks whether there is
    work, or how much, is told of what is not processed.
    """

    def __init__(self) -> None:
        self._open: dict[TP, deque[_Batch]] = {}
        self._pending: dict[TP, deque[_Batch]] = {}
        """Processed, and behind all that is open; the first is not complete."""
        self._processed: dict[TP, int] = {}
        self._position: dict[TP, int] = {}
        self.moves = 0
        """Goes up with every batch handed out, found processed, and found complete."""

    def handed_out(self, tp: TP, batch: _Batch) -> None:
        """Note that ``batch`` went to the stream of ``tp``, after those before it."""
        self._open.setdefault(tp, deque()).append(batch)
        self.moves += 1

    def processed(self, tp: TP) -> int | None:
        """Return the offset after the last batch of the unbroken run of processed ones; none before any."""
        queue = self._open.get(tp)
        while queue and queue[0].is_processed:
            batch = queue.popleft()
            self._pending.setdefault(tp, deque()).append(batch)
            self._processed[tp] = batch.next_offset
            self.moves += 1
        return self._processed.get(tp)

    def position(self, tp: TP) -> int | None:
        """Return the offset after the last batch of the unbroken run of completed ones; none before any."""
        self.processed(tp)
        queue = self._pending.get(tp)
        while queue and queue[0].completed:
            self._position[tp] = queue.popleft().next_offset
            self.moves += 1
        return self._position.get(tp)

    def in_flight(self, tp: TP) -> int:
        """Return how many batches of ``tp`` were handed out and are not behind :meth:`processed` yet."""
        self.position(tp)
        return len(self._open.get(tp, ()))

    def any_open(self) -> bool:
        """Whether any batch was handed out that is not processed."""
        return any(self.in_flight(tp) for tp in self)

    def __iter__(self) -> Iterator[TP]:
        return iter(tuple(self._open))

    def forget(self, tps: Iterable[TP]) -> None:
        """Drop everything about partitions that were revoked or will be read again from the commit."""
        for tp in tps:
            for known in (self._open, self._pending, self._processed, self._position):
                known.pop(tp, None)

    def clear(self) -> None:
        """Forget every partition."""
        for known in (self._open, self._pending, self._processed, self._position):
            known.clear()
