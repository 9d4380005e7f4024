"""The files of a journal: segments, how far they are committed, and the lock.

ADR: what is written lies in the page cache, which a process that is killed leaves behind. Nothing is synced for a post:
a power failure costs some seconds of a live source, which the next run finds to be missing, because the marks behind
them are gone, too. Synced is only what would let more be forgotten than is gone: how far Kafka has the journal
(`Segments.save`), before any segment is deleted for it.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import orjson

from agents.ingest.contract import Mark
from agents.ingest.files import lock_of, replace_file, write_at
from agents.ingest.frames import Frame, Item, Posts, encode, frames_in

__all__ = ["Damaged", "Place", "Placed", "Segment", "Segments"]

logger = logging.getLogger(__name__)

_COMMITTED = "committed.json"
_SUFFIX = ".segment"


class Place(NamedTuple):
    """Somewhere in a journal. Places compare in the order of what was written."""

    segment: int
    offset: int


class Placed(NamedTuple):
    """An item, and where it was found."""

    item: Item
    start: Place
    end: Place


class Damaged(Exception):
    """A segment holds what was not written there, from a place on."""

    def __init__(self, good: list[Placed], place: Place) -> None:
        super().__init__(f"segment {place.segment} of the journal is damaged at byte {place.offset}")
        self.good = good
        self.place = place


@dataclass(slots=True)
class Segment:
    """A file of a journal."""

    number: int
    path: Path
    born_s: float
    """When it was begun, by the monotonic clock of this process."""
    size: int = 0
    """Bytes in whole frames."""
    posts: int = 0
    torn: bool = False
    """There may be half a frame behind `size`."""


class Segments:
    """Appends to, reads and deletes the segments in a folder, which this process has for itself.

    Every method may raise `OSError`; what was there before it is then there still.

    Parameters
    ----------
    folder : Path
        Made when it is not there.
    segment_bytes : int
        About how long a segment gets.
    clock, wall : callable
        The monotonic clock, and the time of day, both in seconds. The second only dates segments of runs before.

    Raises
    ------
    FolderInUse
        Another process has the folder.
    OSError
        It cannot be used.
    """

    def __init__(
        self, folder: Path, *, segment_bytes: int, clock: Callable[[], float], wall: Callable[[], float]
    ) -> None:
        self.folder = folder
        self._segment_bytes = segment_bytes
        self._clock = clock
        self._wall = wall
        self.segments: dict[int, Segment] = {}
        """By number, in order."""
        self.bytes = 0
        """On disk, of all segments."""
        self.committed = Place(0, 0)
        """Kafka has everything before this."""
        self.committed_mark = Mark(None, None)
        """The last one before that."""
        self.mark = Mark(None, None)
        """The last one of all."""
        self.waiting = 0
        """Posts behind the committed place, as found when it was opened."""
        self._active: int | None = None
        """File descriptor of the segment that is appended to."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = lock_of(folder)
        try:
            self._load_committed()
            self._scan()
            self.forget(self.committed)
        except BaseException:
            os.close(self._lock)
            raise

    @property
    def end(self) -> Place:
        """Where everything ends that was written. A segment of which not even the first frame was is no part of it."""
        for last in reversed(self.segments.values()):
            if last.size:
                return Place(last.number, last.size)
        return self.committed

    def append(self, frame: bytes, *, posts: int = 0) -> Place:
        """Write a frame behind all others, and return where it begins."""
        descriptor, segment = self._room_for(len(frame))
        try:
            write_at(descriptor, frame, segment.size)
        except OSError:
            segment.torn = True
            raise
        start = Place(segment.number, segment.size)
        segment.size += len(frame)
        segment.posts += posts
        self.bytes += len(frame)
        return start

    def rewrite(self, place: Place, frame: bytes) -> None:
        """Write a frame in the place of one of the same length."""
        descriptor = os.open(self.segments[place.segment].path, os.O_WRONLY)
        try:
            write_at(descriptor, frame, place.offset)
        finally:
            os.close(descriptor)

    def rotate(self) -> None:
        """Let the next frame begin a new segment."""
        if self._active is None:
            return
        segment = next(reversed(self.segments.values()))
        if segment.torn:
            self._mend(self._active, segment)
        os.close(self._active)
        self._active = None

    def read(self, place: Place) -> list[Placed]:
        """Return what one segment holds from a place on; of the next ones, when that is at the end of its own.

        Raises
        ------
        Damaged
            With what could still be read.
        """
        for number, segment in self.segments.items():
            offset = place.offset if number == place.segment else 0
            if number >= place.segment and offset < segment.size:
                try:
                    frames, reached = _read(segment, offset)
                except FileNotFoundError as exc:  # somebody has deleted it, and it will not come back
                    raise Damaged([], Place(number, offset)) from exc
                placed = [_placed(number, frame) for frame in frames]
                if reached < segment.size:
                    raise Damaged(placed, Place(number, reached))
                return placed
        return []

    def save(self, place: Place, mark: Mark) -> None:
        """Keep how far Kafka has it, for good. Takes as long as the disk does; may be called by another thread."""
        content = orjson.dumps({"segment": place.segment, "offset": place.offset, **mark._asdict()})
        replace_file(self.folder / _COMMITTED, content)

    def bytes_behind(self, place: Place) -> int:
        """Return how many bytes lie behind a place."""
        return sum(
            segment.size - (place.offset if number == place.segment else 0)
            for number, segment in self.segments.items()
            if number >= place.segment
        )

    def born_s(self, place: Place) -> float:
        """Return when the segment was begun that holds what lies behind a place."""
        for number, segment in self.segments.items():
            if number > place.segment or (number == place.segment and place.offset < segment.size):
                return segment.born_s
        return self._clock()

    def rotate_after(self, age_s: float) -> None:
        """Let the next frame begin a new segment when this one has been in use for so long."""
        if self._active is not None:
            segment = next(reversed(self.segments.values()))
            if segment.size and self._clock() - segment.born_s >= age_s:
                self.rotate()

    def older_than(self, age_s: float) -> Segment | None:
        """Return the first segment with posts that are not committed, if it is so old and no longer in use."""
        for segment in list(self.segments.values())[: -1 if self._active is not None else None]:
            if segment.posts and self.committed < (segment.number, segment.size):
                return segment if self._clock() - segment.born_s >= age_s else None
        return None

    def forget(self, place: Place) -> None:
        """Delete the segments that lie before a place that was saved."""
        last = next(reversed(self.segments), None)
        for number, segment in list(self.segments.items()):
            in_use = number == last and self._active is not None
            if in_use or place < (number, segment.size):
                return
            segment.path.unlink(missing_ok=True)
            del self.segments[number]
            self.bytes -= segment.size

    def replace(self, number: int, items: Iterable[Item]) -> None:
        """Put other items in the place of all that an older segment holds."""
        segment = self.segments[number]
        content = b"".join(map(encode, items))
        replace_file(segment.path, content)
        self.bytes += len(content) - segment.size
        segment.size, segment.posts, segment.torn = len(content), 0, False

    def close(self) -> None:
        """Give the folder back."""
        if self._active is not None:
            os.close(self._active)
            self._active = None
        os.close(self._lock)

    def _room_for(self, count: int) -> tuple[int, Segment]:
        """Return the segment to append to, and its descriptor."""
        last = next(reversed(self.segments.values()), None)
        if last is not None and self._active is not None:
            if last.torn:
                self._mend(self._active, last)
            if not last.size or last.size + count <= self._segment_bytes:
                return self._active, last
        self.rotate()
        number = max(next(reversed(self.segments), 0), self.committed.segment) + 1
        path = self.folder / f"{number:016d}{_SUFFIX}"
        self._active = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        segment = self.segments[number] = Segment(number, path, self._clock())
        return self._active, segment

    @staticmethod
    def _mend(descriptor: int, segment: Segment) -> None:
        os.ftruncate(descriptor, segment.size)
        segment.torn = False

    def _load_committed(self) -> None:
        try:
            said = orjson.loads((self.folder / _COMMITTED).read_bytes())
            self.committed = Place(int(said["segment"]), int(said["offset"]))
            self.committed_mark = self.mark = Mark(said["until_ms"], said["cursor"])
        except FileNotFoundError:
            return
        except (ValueError, KeyError, TypeError):
            logger.warning("%s cannot be read: everything in the journal is sent again", self.folder / _COMMITTED)

    def _scan(self) -> None:
        """Find out what is there; cut it where it is torn, and what lies behind, too."""
        paths = sorted(path for path in self.folder.glob(f"*{_SUFFIX}") if path.stem.isdigit())
        for leftover in self.folder.glob("*.new"):
            leftover.unlink()
        torn = False
        for path in paths:
            if torn:
                logger.warning("%s lies behind a damaged place and is not used", path.name)
                path.unlink()
                continue
            torn = not self._scan_segment(path)
        if self.segments and self.committed.segment not in self.segments:
            first = next(iter(self.segments))
            self.committed = min(self.end, Place(first, 0)) if self.committed.segment < first else self.end

    def _scan_segment(self, path: Path) -> bool:
        """Take a segment in. Return whether it was whole."""
        found = path.stat()
        age_s = max(self._wall() - found.st_mtime, 0.0)
        segment = Segment(int(path.stem), path, self._clock() - age_s)
        frames, reached = _read(segment, 0, found.st_size)
        segment.size = reached
        self.segments[segment.number] = segment
        self.bytes += reached
        self._count(segment, frames)
        if reached == found.st_size:
            return True
        logger.warning("%s: %d bytes at its end are half a write, and are cut", path.name, found.st_size - reached)
        os.truncate(path, reached)
        return False

    def _count(self, segment: Segment, frames: list[Frame]) -> None:
        if segment.number == self.committed.segment and self.committed.offset not in {0, *(end for *_, end in frames)}:
            beyond = self.committed.offset > segment.size
            self.committed = Place(segment.number, segment.size if beyond else 0)
        for item, start, _end in frames:
            waits = Place(segment.number, start) >= self.committed
            if isinstance(item, Posts):
                segment.posts += len(item.posts)
                self.waiting += len(item.posts) * waits
            elif isinstance(item, Mark) and waits:
                self.mark = item


def _placed(number: int, frame: Frame) -> Placed:
    return Placed(frame.item, Place(number, frame.start), Place(number, frame.end))


def _read(segment: Segment, offset: int, size: int | None = None) -> tuple[list[Frame], int]:
    """Return the frames from an offset on, and up to where there were any."""
    with segment.path.open("rb") as file:
        file.seek(offset)
        data = file.read((segment.size if size is None else size) - offset)
    frames = [Frame(item, start + offset, end + offset) for item, start, end in frames_in(data)]
    return frames, frames[-1].end if frames else offset
