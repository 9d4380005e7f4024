"""A queue on disk, the newest of it in memory as well.

ADR: all that comes goes to the disk first and is kept in memory beside it, up to 32 MiB, so that in quiet times nothing
is ever read back. What is more than that is on disk only, until it is its turn.

ADR: a disk that fails (full, read-only, gone) ends nothing. What comes then is held in memory while that has room, and
the disk is tried again each second; everything gets there in the order of the queue.
"""

from __future__ import annotations

import errno
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from agents.ingest.contract import Mark
from agents.ingest.frames import Item, Posts, encode
from agents.ingest.segments import Damaged, Place, Segment, Segments

__all__ = ["Entry", "Progress", "Queue"]

logger = logging.getLogger(__name__)

_SEGMENT_S = 300.0
"""A segment is at most so long in use: what Kafka has is then deleted, and what it does not take can expire."""
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_RETRY_S = 1.0
"""How often a disk that fails is tried."""


@dataclass(slots=True, eq=False)
class Entry:
    """An item of the queue."""

    item: Item
    size: int
    since_s: float
    """Since when it waits, by the monotonic clock."""
    start: Place | None = None
    end: Place | None = None
    """Where it is on disk; None while it is in memory only."""
    queued: bool = False

    @property
    def posts(self) -> int:
        """How many posts it holds."""
        return len(self.item.posts) if isinstance(self.item, Posts) else 0


class Progress(NamedTuple):
    """How far Kafka has a journal."""

    place: Place
    mark: Mark


class Queue:
    """First in, first out. Not for use by several threads.

    Parameters
    ----------
    disk : Segments
        Where it is.
    memory_bytes : int
        How much of it may be in memory.
    clock : callable
        The monotonic clock, in seconds.
    """

    def __init__(self, disk: Segments, memory_bytes: int, clock: Callable[[], float]) -> None:
        self.disk = disk
        self.waiting = disk.waiting
        """Posts in the queue."""
        self.mark = disk.committed_mark
        """The last mark that has left the queue."""
        self.disk_errors = 0
        self._memory_bytes = memory_bytes
        self._clock = clock
        self._held: deque[Entry] = deque()
        """What comes next, without a hole; from `_loaded` on the rest, which is on disk only."""
        self._held_bytes = 0
        self._loaded = disk.committed
        self._unwritten = 0
        """How many of those held are in memory only: the last ones."""
        self._unwritten_bytes = 0
        self.saved_progress = Progress(disk.committed, self.mark)
        """The last one."""
        self._failed_s: float | None = None
        """When the disk failed last, while it does."""
        self.is_full = False
        """Whether the disk has no room, as far as is known."""

    @property
    def total_bytes(self) -> int:
        """On disk, what waits to be deleted included, and what would be there if it worked."""
        return self.disk.bytes + self._unwritten_bytes

    @property
    def waiting_bytes(self) -> int:
        """In the queue."""
        return self.disk.bytes_behind(self.disk.committed) + self._unwritten_bytes

    @property
    def oldest_s(self) -> float:
        """For how many seconds the oldest post has waited; 0 when none does."""
        if not self.waiting:
            return 0.0
        since_s = self._held[0].since_s if self._held else self.disk.born_s(self.disk.committed)
        return max(self._clock() - since_s, 0.0)

    @property
    def progress(self) -> Progress | None:
        """What is to be saved; None when that was done."""
        now = Progress(self.disk.committed, self.mark)
        return None if now == self.saved_progress else now

    def append(self, item: Item, frame: bytes) -> bool:
        """Put an item at the end, on disk or at least in memory. Return whether that was possible."""
        return self.append_entry(Entry(item, len(frame), self._clock()), frame)

    def append_entry(self, entry: Entry, frame: bytes) -> bool:
        """Do the same for an entry."""
        all_held = self._loaded == self.disk.end
        written = self._write(entry, frame)
        if all_held and self._held_bytes + entry.size <= self._memory_bytes:
            self._held.append(entry)
            self._held_bytes += entry.size
            if entry.end is not None:
                self._loaded = entry.end
            else:
                self._unwritten += 1
                self._unwritten_bytes += entry.size
        elif not written:
            return False
        entry.queued = True
        self.waiting += entry.posts
        return True

    def rewrite(self, entry: Entry) -> bool:
        """Write an item anew that has changed and not grown. Return whether it stands there as it is."""
        if entry.start is None:
            return True
        if not self._is_due():
            return False
        try:
            self.disk.rewrite(entry.start, encode(entry.item))
        except OSError as exc:
            self.failed(exc)
            return False
        return True

    def peek(self, max_bytes: int, known: Entry | None) -> list[Entry]:
        """Return what comes next, in order: about so many bytes, and at least one entry if there is one.

        Parameters
        ----------
        max_bytes : int
            About how much.
        known : Entry or None
            An entry that is to be itself when it is read from disk.

        Raises
        ------
        Damaged
            It cannot be read, ever; see `skip`.
        OSError
            It cannot be read now.
        """
        if not self._held:
            self._load(known)
        found: list[Entry] = []
        for entry in self._held:
            if found and max_bytes < entry.size:
                break
            max_bytes -= entry.size
            found.append(entry)
        return found

    def commit(self, entries: Sequence[Entry]) -> None:
        """Let go of the first entries."""
        for entry in entries:
            if self._held.popleft() is not entry:
                raise AssertionError("what is committed is not what comes first")
            self._held_bytes -= entry.size
            self.waiting -= entry.posts
            if isinstance(entry.item, Mark):
                self.mark = entry.item
            if entry.end is None:
                self._unwritten -= 1
                self._unwritten_bytes -= entry.size
            else:
                self.disk.committed = entry.end

    def saved(self, progress: Progress) -> None:
        """Delete what need not be kept once progress was saved. May raise `OSError`."""
        self.saved_progress = progress
        self.disk.forget(progress.place)

    def relieve(self) -> None:
        """Delete what Kafka has, whether or not there was room to save that. May raise `OSError`."""
        self.disk.rotate()
        self.disk.forget(self.disk.committed)

    def skip(self, damaged: Damaged) -> int:
        """Leave the rest of a damaged segment out; return how many posts that was. May raise `OSError`."""
        segment = self.disk.segments[damaged.place.segment]
        self.disk.rotate()  # what comes now must not go where nobody finds it
        behind = sum(each.posts for number, each in self.disk.segments.items() if number > segment.number)
        count = self.waiting - behind  # nothing is held, so all that waits is on disk
        self.disk_errors += 1
        self._loaded = self.disk.committed = Place(segment.number, segment.size)
        self.waiting -= count
        return count

    def replace(self, segment: Segment, items: Sequence[Item], posts: int) -> None:
        """Put other items without posts in the place of what an older segment holds. May raise `OSError`."""
        begin = Place(segment.number, 0)
        if self.disk.committed > begin:
            # If we die now, a part is sent again; were it the other way round, these items would not be sent.
            self.disk.save(begin, self.mark)
            self.disk.committed = begin
        self.disk.replace(segment.number, items)
        self.waiting -= posts
        self._loaded = self.disk.committed
        self._held.clear()
        self._held_bytes = 0

    @property
    def all_written(self) -> bool:
        """Whether nothing is in memory only."""
        return not self._unwritten

    def abandon(self) -> tuple[list[Item], list[Item]]:
        """Let go of what is in memory only; return what was held before that, and it."""
        before = [entry.item for entry in self._held][: len(self._held) - self._unwritten]
        gone: list[Item] = []
        while self._unwritten:
            entry = self._held.pop()
            gone.append(entry.item)
            self._held_bytes -= entry.size
            self.waiting -= entry.posts
            self._unwritten -= 1
            self._unwritten_bytes -= entry.size
        return before, gone[::-1]

    def tick(self, *, now: bool = False) -> None:
        """Try a disk that failed, if that is due or is to be done now; begin a new segment when it is time."""
        try:
            if self._failed_s is not None and (now or self._is_due()):
                self._write_held()
                self._works()
            self.disk.rotate_after(_SEGMENT_S)
            # Nothing more may come that would be saved: what Kafka has goes all the same.
            self.disk.forget(min(self.saved_progress.place, self.disk.committed))
        except OSError as exc:
            self.failed(exc)

    def failed(self, why: OSError) -> None:
        """Take in that the disk failed."""
        if self._failed_s is None:
            logger.error("the journal in %s cannot be written (%s): posts wait in memory", self.disk.folder, why)
        self._failed_s = self._clock()
        self.is_full = why.errno in _NO_ROOM
        self.disk_errors += 1

    def _works(self) -> None:
        if self._failed_s is not None:
            logger.warning("the journal in %s can be written again", self.disk.folder)
            self._failed_s = None
            self.is_full = False

    def _is_due(self) -> bool:
        return self._failed_s is None or self._clock() - self._failed_s >= _RETRY_S

    def _write(self, entry: Entry, frame: bytes) -> bool:
        if not self._is_due():
            return False
        try:
            self._write_held()
            self._place(entry, frame)
        except OSError as exc:
            self.failed(exc)
            return False
        self._works()
        return True

    def _write_held(self) -> None:
        while self._unwritten:
            entry = self._held[-self._unwritten]
            self._loaded = self._place(entry, encode(entry.item))
            self._unwritten -= 1
            self._unwritten_bytes -= entry.size

    def _place(self, entry: Entry, frame: bytes) -> Place:
        entry.start = self.disk.append(frame, posts=entry.posts)
        entry.end = Place(entry.start.segment, entry.start.offset + len(frame))
        return entry.end

    def _load(self, known: Entry | None) -> None:
        try:
            placed = self.disk.read(self._loaded)
        except Damaged as exc:
            if not exc.good:
                raise
            placed = exc.good
        for item, start, end in placed:
            entry = known
            if entry is None or entry.start != start:
                entry = Entry(item, end.offset - start.offset, self.disk.born_s(start), start, end, queued=True)
            self._held.append(entry)
            self._held_bytes += entry.size
            self._loaded = end
