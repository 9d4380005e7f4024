"""Which brands are to be written, and which steps are complete by then: a bounded, incremental checkpoint.

ADR: a step that touches two thousand brands does not write two thousand states. It used to: 7 KiB and a tenth of a
millisecond of each touched brand, hundreds of times what counting its one mention costs. Kafka Streams (its record
cache) and Flink (its checkpoints) let state stay in memory for a while, and take no offset for done before its state
is stored. Here likewise:

- A step writes the states of at most so many brands, those first that have been *dirty* (changed since they were
  written) for longest. While no more are touched than that, everything is written at once.
- A step is *complete*, and its offsets may be committed, when no brand that it or a step before it has changed is
  still to be written since. So what is committed trails by what is not stored. After a crash that is delivered again;
  of a brand that had been written, ``applied`` drops it, and one that had not goes on from its old state.
- The clock that all brands share must not be ahead of any of them (`pipeline.tracker`). So each step's clock is kept,
  and what is stored, behind the states, is the clock of the last step that is complete.

Why oldest first: a brand is written at most ``ceil(dirty brands / most)`` steps after it was touched. That many steps
are pending at most, with a few hundred bytes each, and that much is delivered again after a crash. Busiest first, or
by turns, would leave one brand for ever and hold back the offsets of all.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import islice

__all__ = ["Checkpoint"]


class Checkpoint:
    """The brands of a partition that are dirty, and the steps that are pending because of them.

    Parameters
    ----------
    most : int, optional
        How many brands are written at once; all of them unless told.

    Examples
    --------
    >>> checkpoint = Checkpoint(most=2)
    >>> checkpoint.add({"a", "b", "c"}, clock=b"1")
    >>> checkpoint.take(), checkpoint.complete()
    (['a', 'b'], (0, None))
    >>> checkpoint.add({"a"}, clock=b"2")
    >>> checkpoint.take(), checkpoint.complete()
    (['c', 'a'], (2, b'2'))
    """

    __slots__ = ("_clocks", "_complete", "_dirty", "_most", "_steps")

    def __init__(self, most: int | None = None) -> None:
        self._most = most
        self._dirty: dict[str, int] = {}
        """Brand to the step that it is dirty since, which never falls from one to the next."""
        self._clocks: deque[tuple[int, bytes]] = deque()
        """The clocks of pending steps that moved it, by step."""
        self._steps = 0
        self._complete = 0
        """All steps up to this one are."""

    @property
    def pending(self) -> int:
        """How many steps are not complete."""
        return self._steps - self._complete

    def add(self, touched: Iterable[str], clock: bytes | None) -> None:
        """Take in a step: the brands that it changed, and the clock at its end if that has moved."""
        self._steps += 1
        dirty = self._dirty
        for name in sorted([name for name in touched if name not in dirty]):
            dirty[name] = self._steps
        if clock is not None:
            self._clocks.append((self._steps, clock))

    def take(self) -> list[str]:
        """Return the brands that are to be written now, in this order; they are clean from here on."""
        names = list(islice(self._dirty, self._most))
        for name in names:
            del self._dirty[name]
        return names

    def complete(self) -> tuple[int, bytes | None]:
        """Say what is true once all that was taken is stored.

        Returns
        -------
        int
            So many steps are complete now that were not, the oldest ones.
        bytes or None
            The clock that is to be stored then, behind the states; none when it is the one stored last.
        """
        before = self._complete
        self._complete = next(iter(self._dirty.values()), self._steps + 1) - 1
        clock = None
        while self._clocks and self._clocks[0][0] <= self._complete:
            clock = self._clocks.popleft()[1]
        return self._complete - before, clock
