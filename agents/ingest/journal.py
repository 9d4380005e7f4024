"""What was put and is not in Kafka yet: a queue of posts, losses and marks, with bounds.

ADR: a full journal takes no new posts; it drops nothing that it has. What it does not take becomes one loss, a record
with bounds and a number that grows in its place on disk, ahead of whatever is taken later. The bounds hold every post
that was dropped: from the last mark on (what is older had been put) to when the last of them was received (none can
have been made later). Marks and gaps are small, and are taken beyond the bound, up to a sixteenth more; further gaps
widen the loss, and of marks the last one waits. It takes posts again when an eighth is free: one loss for an outage,
not one for each post that just fits.

ADR: no mark gets to the disk before what it speaks for, which is what was put before it, and what was lost as it is
by then. So a crash makes the last mark older than it was, never too new.

ADR: texts stay for less than a day (`agents.topics`). Segments that are 20 hours old and not delivered are replaced by
a loss that says how many posts they held.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import takewhile
from pathlib import Path

from agents.ingest.contract import Mark, Post
from agents.ingest.frames import Item, Loss, Posts, encode
from agents.ingest.losses import bounds
from agents.ingest.queue import Entry, Progress, Queue
from agents.ingest.segments import Damaged, Place, Segment, Segments
from pipeline.ingest.coverage import GapReason

__all__ = ["Journal"]

logger = logging.getLogger(__name__)

_MEMORY_BYTES = 32 * 1024 * 1024
_SEGMENT_BYTES = 8 * 1024 * 1024
_FRAME_BYTES = 1024 * 1024
_KEEP_S = 20 * 3600.0


class Journal:
    """A queue of posts, losses and marks. Nothing in it waits; not for use by several threads.

    Parameters
    ----------
    folder : Path
        For the journal alone.
    max_bytes : int
        How much may be on disk.
    of : {"posts", "compliance"}
        What is missing when it is full.
    memory_bytes : int
        How much may be in memory.
    clock, wall : callable
        The monotonic clock and the time of day, in seconds.

    Raises
    ------
    FolderInUse
        Another process has the folder.
    OSError
        It cannot be used.
    """

    def __init__(
        self,
        folder: Path,
        *,
        max_bytes: int,
        of: str = "posts",
        memory_bytes: int = _MEMORY_BYTES,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        disk = Segments(folder, segment_bytes=min(_SEGMENT_BYTES, max_bytes // 8), clock=clock, wall=wall)
        self.queue = Queue(disk, memory_bytes, clock)
        """What waits, for those who tell of it."""
        self.mark = disk.mark
        """The last one; at first that of the runs before."""
        self.dropped = 0
        """Posts that were not taken or not kept, so far."""
        self.losses: list[Loss] = []
        """Losses of its own that grow no more, for whoever tells of them to take out."""
        self._max_bytes = max_bytes
        self._frame_bytes = min(_FRAME_BYTES, max_bytes // 16)
        self._of = of
        self._clock = clock
        self._wall = wall
        self._loss: Entry | None = None
        """What is being lost, while nothing is taken."""
        self._loss_stands = False
        """Whether it has its place in the queue and stands there as it is."""
        self._mark_waits = False
        """Whether `mark` is not in the queue yet."""

    # -- the source's side ---------------------------------------------------------------------------

    def put(self, posts: Sequence[Post], received_ms: int | None = None) -> None:
        """Take posts, or count them as lost."""
        for chunk in self._chunks(posts):
            item = Posts(chunk, received_ms)
            frame = encode(item)
            if not (self._has_room(len(frame)) and self._end_loss() and self.queue.append(item, frame)):
                self._lose(self._loss_of(chunk, self.mark, received_ms, GapReason.SPOOL_FULL))

    def put_mark(self, mark: Mark) -> None:
        """Take a mark."""
        if mark != self.mark:
            self.mark = mark
            self._mark_waits = True
            self._place_mark()

    def put_loss(self, loss: Loss) -> None:
        """Take a gap that the source has."""
        frame = encode(loss)
        placed = self._loss is None or self._loss.queued
        if not (placed and self._has_spare(len(frame)) and self.queue.append(loss, frame)):
            self._lose(Loss(loss.start_ms, loss.end_ms, GapReason.SPOOL_FULL, loss.of))

    # -- Kafka's side --------------------------------------------------------------------------------

    def peek(self, max_bytes: int) -> list[Entry]:
        """Return what comes next, in order: about so many bytes, and at least one entry if there is one.

        Raises
        ------
        OSError
            It cannot be read from the disk now.
        """
        found = self._next(max_bytes)
        if not found and self._place_loss():
            self._place_mark()
            found = self._next(max_bytes)
        if self._loss is not None and self._loss in found:
            self._end_loss()
        return found

    def _next(self, max_bytes: int) -> list[Entry]:
        while True:
            try:
                return self.queue.peek(max_bytes, self._loss)
            except Damaged as exc:
                self._skip(exc)

    def commit(self, entries: Sequence[Entry]) -> None:
        """Let go of what the last `peek` returned, or of the first part of it: Kafka has it."""
        self.queue.commit(entries)

    # -- housekeeping --------------------------------------------------------------------------------

    def save(self, progress: Progress) -> None:
        """Keep on disk how far Kafka has it. Takes as long as the disk does; may be called by another thread.

        Raises
        ------
        OSError
            The disk fails.
        """
        self.queue.disk.save(progress.place, progress.mark)

    def saved(self, progress: Progress) -> None:
        """Delete what need not be kept any more, now that this was saved."""
        try:
            self.queue.saved(progress)
        except OSError as exc:
            self.queue.failed(exc)

    def relieve(self) -> None:
        """Have room made on a disk that has none: this journal may have filled it with what Kafka has by now.

        Where there was no room to save that, a crash makes the last mark an older one; nothing is lost by it.
        """
        if self.queue.is_full:
            try:
                self.queue.relieve()
            except OSError as exc:
                self.queue.failed(exc)

    def tick(self, *, now: bool = False) -> None:
        """Do what is due, each second or so."""
        self.queue.tick(now=now)
        self._place_loss()
        self._place_mark()

    @property
    def has_expired(self) -> bool:
        """Whether `expire` has something to do."""
        return self.queue.all_written and self.queue.disk.older_than(_KEEP_S) is not None

    def expire(self) -> None:
        """Drop what is too old to be kept. Not between `peek` and `commit`."""
        while self.queue.all_written and (segment := self.queue.disk.older_than(_KEEP_S)):
            if self._grows_in(segment.number) and not self._end_loss():
                return  # the disk fails; it would be written later where something else stands by then
            try:
                self._drop_posts(segment)
            except OSError as exc:
                self.queue.failed(exc)
                return

    def close(self) -> None:
        """Write what is in memory only, if that is possible, and give the folder back.

        What is not possible is dropped, and is a loss that only those hear of who ask now: no later run knows of it.
        The last mark on disk is older than that, so a source that can ask again, or that records what it missed, does.
        """
        self.tick(now=True)
        self._end_loss()
        self._place_mark()
        self._abandon()
        try:
            self.queue.disk.rotate()  # so that nothing is left that Kafka has
            if progress := self.queue.progress:
                self.save(progress)
            self.saved(progress or self.queue.saved_progress)
        except OSError as exc:
            self.queue.failed(exc)
            self.relieve()
        self.queue.disk.close()

    # -- what is lost --------------------------------------------------------------------------------

    def _lose(self, loss: Loss) -> None:
        self.dropped += loss.posts or 0
        if self._loss is None:
            self._loss = Entry(loss, len(encode(loss)), self._clock())
        elif isinstance(self._loss.item, Loss):
            self._loss.item.add(loss)
        self._loss_stands = False
        self._place_loss()

    def _place_loss(self) -> bool:
        """See to it that what is being lost stands in the queue as it is. Return whether it does."""
        loss = self._loss
        if loss is None or self._loss_stands:
            return True
        if loss.queued:
            self._loss_stands = self.queue.rewrite(loss)
        else:
            self._loss_stands = self.queue.append_entry(loss, encode(loss.item))
        return self._loss_stands

    def _end_loss(self) -> bool:
        """Let the next loss be another one. Return whether what comes can be taken."""
        if self._loss is None:
            return True
        if not self._place_loss():
            return False
        if isinstance(self._loss.item, Loss):
            self.losses.append(self._loss.item)
        self._loss = None
        self._place_mark()
        return True

    def _place_mark(self) -> None:
        if self._mark_waits and self._place_loss():
            frame = encode(self.mark)
            if self._has_spare(len(frame)):
                self._mark_waits = not self.queue.append(self.mark, frame)

    def _abandon(self) -> None:
        """Drop what could not be written at the end."""
        before, gone = self.queue.abandon()
        batches = [item for item in gone if isinstance(item, Posts)]
        if posts := [post for item in batches for post in item.posts]:
            mark = _last_mark(before, self.queue.mark)
            loss = self._loss_of(posts, mark, _received_ms(batches), GapReason.SPOOL_FULL)
            self.dropped += len(posts)
            self.losses.append(loss)
            logger.error(
                "the journal in %s cannot be written: %d posts that were in memory only are dropped",
                self.queue.disk.folder,
                len(posts),
            )
        if self._loss is not None and isinstance(self._loss.item, Loss):  # it found no place
            self.losses.append(self._loss.item)
            self._loss = None

    def _grows_in(self, number: int) -> bool:
        """Whether what is being lost stands in a segment."""
        return self._loss is not None and self._loss.start is not None and self._loss.start.segment == number

    def _drop_posts(self, segment: Segment) -> None:
        """Replace the posts of a segment by a loss."""
        disk, mark = self.queue.disk, self.queue.mark
        place = disk.committed
        while place.segment < segment.number and (found := disk.read(place)):
            if found[-1].start.segment >= segment.number:
                break
            mark, place = _last_mark([item for item, *_ in found], mark), found[-1].end
        items = [item for item, *_ in disk.read(max(place, Place(segment.number, 0)))]
        batches = [item for item in items if isinstance(item, Posts)]
        first_mark = _last_mark(takewhile(lambda item: not isinstance(item, Posts), items), mark)
        posts = [post for item in batches for post in item.posts]
        loss = self._loss_of(posts, first_mark, _received_ms(batches), GapReason.SPOOL_EXPIRED)
        others: list[Item] = [item for item in items if isinstance(item, Loss)]
        self.queue.replace(segment, [loss, *others, _last_mark(items, mark)], len(posts))
        self.dropped += len(posts)
        self.losses.append(loss)
        logger.warning("%d posts have waited for Kafka for too long and are dropped: a gap says so", len(posts))

    def _skip(self, damaged: Damaged) -> None:
        """Go on behind a damaged segment. What it held is missing from the last mark before on."""
        count = self.queue.skip(damaged)
        if self._loss is not None and self._grows_in(damaged.place.segment):
            self._loss = Entry(self._loss.item, self._loss.size, self._loss.since_s)  # it finds another place
            self._loss_stands = False
        logger.error("%s: %d posts are lost, and their time is recorded as a gap", damaged, count)
        loss = self._loss_of((), self.queue.mark, self.mark.until_ms, GapReason.SPOOL_EXPIRED)
        loss.posts = count
        self.dropped += count
        self.losses.append(loss)
        self.put_loss(loss)

    def _loss_of(self, posts: Sequence[Post], mark: Mark, received_ms: int | None, reason: GapReason) -> Loss:
        start_ms, end_ms = bounds(posts, mark.until_ms, received_ms, round(self._wall() * 1000))
        return Loss(start_ms, end_ms, reason, self._of, len(posts))

    # -- room ----------------------------------------------------------------------------------------

    def _has_room(self, count: int) -> bool:
        """Whether there is room for posts."""
        limit = self._max_bytes if self._loss is None else self._max_bytes - self._max_bytes // 8
        return self.queue.total_bytes + count <= limit

    def _has_spare(self, count: int) -> bool:
        """Whether there is room for what is small."""
        return self.queue.total_bytes + count <= self._max_bytes + self._max_bytes // 16

    def _chunks(self, posts: Sequence[Post]) -> Iterator[Sequence[Post]]:
        """Cut what is too much for one frame."""
        begin = size = 0
        for index, (key, value) in enumerate(posts):
            count = len(value) + (len(key) if key else 0)
            if size and size + count > self._frame_bytes:
                yield posts[begin:index]
                begin, size = index, 0
            size += count
        if begin < len(posts):
            yield posts[begin:]


def _received_ms(batches: Sequence[Posts]) -> int | None:
    """Return by when all of them were received, if that is known of all."""
    received = [item.received_ms for item in batches if item.received_ms is not None]
    return max(received) if received and len(received) == len(batches) else None


def _last_mark(items: Iterable[Item], mark: Mark) -> Mark:
    """Return the last mark among some items, or the one before them."""
    for item in items:
        if isinstance(item, Mark):
            mark = item
    return mark
