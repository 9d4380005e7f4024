from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.ingest.contract import Mark, Post
from agents.ingest.files import FolderInUse
from agents.ingest.frames import Item, Loss, Posts, encode, frames_in
from agents.ingest.journal import Journal

HOUR_S = 3600.0
T0 = 1_750_000_000_000


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


class Case:
    """A journal in a folder, with what it should hold beside it."""

    def __init__(self, folder: Path, *, max_bytes: int = 1 << 30, memory_bytes: int = 1 << 25) -> None:
        self.folder = folder
        self.clock = Clock()
        self.max_bytes = max_bytes
        self.memory_bytes = memory_bytes
        self.journal = self.opened()

    def opened(self) -> Journal:
        return Journal(
            self.folder,
            max_bytes=self.max_bytes,
            memory_bytes=self.memory_bytes,
            clock=self.clock,
            wall=self.clock,
        )

    def crash(self) -> None:
        """End as kill -9 does: the descriptors are closed, and nothing else is done."""
        self.journal.queue.disk.close()

    def reopen(self) -> Journal:
        self.crash()
        self.journal = self.opened()
        return self.journal

    def save(self) -> None:
        if progress := self.journal.queue.progress:
            self.journal.save(progress)
            self.journal.saved(progress)

    def pass_time(self, seconds: float) -> None:
        self.clock.now_s += seconds
        self.journal.tick()

    def take(self, max_bytes: int = 1 << 30) -> list[Item]:
        """Deliver what the next round holds."""
        entries = self.journal.peek(max_bytes)
        self.journal.commit(entries)
        return [entry.item for entry in entries]

    def take_all(self) -> list[Item]:
        taken: list[Item] = []
        while found := self.take():
            taken += found
        return taken

    def segments(self) -> list[Path]:
        return sorted(self.folder.glob("*.segment"))


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    case = Case(tmp_path / "x")
    yield case
    case.crash()


def small(folder: Path, max_bytes: int = 64 * 1024) -> Case:
    return Case(folder, max_bytes=max_bytes)


def post(number: int, size: int = 20) -> Post:
    return Post(b"%d" % number, b"%d" % number + b"." * size)


def posts_in(items: list[Item]) -> list[Post]:
    return [found for item in items if isinstance(item, Posts) for found in item.posts]


def losses_in(items: list[Item]) -> list[Loss]:
    return [item for item in items if isinstance(item, Loss)]


def marks_in(items: list[Item]) -> list[Mark]:
    return [item for item in items if isinstance(item, Mark)]


# -- the property ------------------------------------------------------------------------------------

_keys = st.none() | st.binary(max_size=20)
_posts = st.builds(Post, _keys, st.binary(max_size=60))
_steps = st.lists(
    st.tuples(st.just("put"), st.lists(_posts, min_size=1, max_size=5))
    | st.tuples(st.just("mark"), st.integers(1, 1000), st.none() | st.text(max_size=5))
    | st.tuples(st.just("gap"), st.integers(0, 1000))
    | st.tuples(st.just("deliver"), st.integers(1, 200))
    | st.tuples(st.just("save"))
    | st.tuples(st.just("rotate"))
    | st.tuples(st.just("crash"), st.floats(0, 1)),
    max_size=30,
)


class Model:
    """What a journal is to give back."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.delivered = self.saved = 0
        self.mark = Mark(None, None)

    def add(self, item: Item) -> None:
        self.items.append(item)

    def crashed(self, lost: int) -> None:
        """The last so many items are gone, of those that count, and Kafka gets again what it got after the save."""
        del self.items[max(self.saved, len(self.items) - lost) :]
        self.delivered = self.saved


def lost_by_cutting(path: Path, share: float) -> int:
    """Cut a segment, and return how many whole frames that costs."""
    data = path.read_bytes()
    cut = round(len(data) * share)
    ends = [end for _, _, end in frames_in(data)]
    os.truncate(path, cut)
    return sum(end > cut for end in ends)


@given(steps=_steps, memory_bytes=st.sampled_from([0, 100, 1 << 20]), max_bytes=st.sampled_from([1 << 14, 1 << 30]))
def test_whatever_happens_what_was_not_delivered_comes_back_in_order_and_no_mark_is_too_new(
    steps: list[tuple[Any, ...]], memory_bytes: int, max_bytes: int
) -> None:
    folder = Path(tempfile.mkdtemp())
    case, model = Case(folder, memory_bytes=memory_bytes, max_bytes=max_bytes), Model()
    saved_mark = Mark(None, None)
    try:
        for name, *args in steps:
            match name:
                case "put":
                    case.journal.put(args[0])
                    model.add(Posts(args[0], None))
                case "mark":
                    mark = Mark(args[0], args[1])
                    if mark != case.journal.mark:
                        model.add(mark)
                    case.journal.put_mark(mark)
                case "gap":
                    case.journal.put_loss(Loss(args[0], args[0] + 1, "stalled"))
                    model.add(Loss(args[0], args[0] + 1, "stalled"))
                case "deliver":
                    taken = case.take(args[0])
                    assert taken == model.items[model.delivered : model.delivered + len(taken)]
                    model.delivered += len(taken)
                case "save":
                    case.save()
                    model.saved = model.delivered
                    saved_mark = ([Mark(None, None), *marks_in(model.items[: model.saved])])[-1]
                case "rotate":
                    case.pass_time(301)
                case _:
                    case.crash()
                    segments = case.segments()
                    model.crashed(lost_by_cutting(segments[-1], args[0]) if segments else 0)
                    case.journal = case.opened()
                    left = model.items[model.saved :]
                    assert case.journal.mark == [saved_mark, *marks_in(left)][-1]
                    assert case.journal.queue.waiting == len(posts_in(left))
        assert case.take_all() == model.items[model.delivered :]
        assert case.journal.queue.waiting == 0
    finally:
        case.crash()
        shutil.rmtree(folder)


# -- full --------------------------------------------------------------------------------------------


def fill(case: Case, first: int = 0) -> int:
    """Put posts, one by one, until one is not taken. Return how many were."""
    dropped, number = case.journal.dropped, first
    while case.journal.dropped == dropped:
        case.journal.put([post(number, 500)], T0 + number)
        number += 1
    return number - 1


def test_what_a_full_journal_does_not_take_becomes_one_loss_that_stands_before_what_is_taken_later(
    tmp_path: Path,
) -> None:
    case = small(tmp_path)
    case.journal.put_mark(Mark(T0, None))
    taken = fill(case)
    for number in range(taken + 1, taken + 50):
        case.journal.put([post(number, 500)], T0 + number)
    first = case.take(20_000)
    case.save()
    case.journal.put([post(9_999)], T0 + 9_999)
    rest = case.take_all()
    assert losses_in(rest) == [Loss(T0, T0 + taken + 49 + 1, "spool_full", posts=50)]
    numbers = [int(found.key or b"") for found in posts_in(first + rest)]
    assert numbers == [*range(taken), 9_999]
    assert [type(item) for item in rest[-2:]] == [Loss, Posts]
    assert case.journal.losses == losses_in(rest)
    assert case.journal.dropped == 50
    case.crash()


def test_it_takes_nothing_again_before_an_eighth_is_free(tmp_path: Path) -> None:
    case = small(tmp_path)
    taken = fill(case)
    case.take(600)
    case.save()
    case.journal.put([post(taken + 1, 500)], T0)
    assert case.journal.dropped == 2, "one post more would fit, and the loss goes on"
    assert not case.journal.losses
    case.crash()


def test_the_bound_holds_whatever_is_put(tmp_path: Path) -> None:
    case = small(tmp_path)
    fill(case)
    for number in range(2_000):
        case.journal.put([post(number, 500)], T0)
        case.journal.put_mark(Mark(T0 + number, None))
        case.journal.put_loss(Loss(T0 + number, T0 + number + 1, "disconnected"))
    on_disk = sum(path.stat().st_size for path in case.folder.iterdir())
    assert on_disk <= 64 * 1024 * 17 // 16
    losses = losses_in(case.take_all())
    assert min(loss.start_ms for loss in losses) <= T0
    assert max(loss.end_ms for loss in losses) >= T0 + 2_000, "gaps for which there is no room widen the loss"
    assert case.journal.mark == Mark(T0 + 1_999, None)
    case.crash()


def test_a_crash_while_it_is_full_forgets_neither_the_number_nor_the_time_of_what_was_dropped(tmp_path: Path) -> None:
    case = small(tmp_path)
    case.journal.put_mark(Mark(T0, None))
    taken = fill(case)
    case.journal.put([post(taken + 1, 500)], T0 + 70_000)
    case.journal.put_mark(Mark(T0 + 60_000, None))
    case.journal.put([post(taken + 2, 500)], T0 + 80_000)
    assert case.reopen().mark == Mark(T0 + 60_000, None)
    assert losses_in(case.take_all()) == [Loss(T0, T0 + 80_001, "spool_full", posts=3)]
    case.crash()


def test_the_loss_of_a_source_without_marks_is_dated_by_the_ids_of_its_posts(tmp_path: Path) -> None:
    case = small(tmp_path, max_bytes=1600)
    case.journal.put([Post(b"569318041890627585", b"." * 2000), Post(b"569318041890627999", b"." * 2000)])
    (loss,) = losses_in(case.take_all())
    assert (loss.start_ms, loss.end_ms) == (1_424_570_973_261, 1_424_570_973_262)
    case.crash()


# -- the disk fails ----------------------------------------------------------------------------------


class Disk:
    """Lets writes fail, after half of what is to be written."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.full = False
        self._pwrite = os.pwrite
        monkeypatch.setattr("agents.ingest.segments.os.pwrite", self.pwrite)

    def pwrite(self, descriptor: int, data: memoryview, offset: int) -> int:
        if not self.full:
            return self._pwrite(descriptor, data, offset)
        if len(data) > 40:
            return self._pwrite(descriptor, data[:20], offset)
        raise OSError(28, "No space left on device")


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


def test_a_disk_that_is_full_is_made_up_for_by_the_memory_and_everything_gets_there_in_order_when_it_can(
    case: Case, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    case.journal.put([post(1, 100)])
    disk.full = True
    for number in range(2, 10):
        case.journal.put([post(number, 100)])
        case.journal.put_mark(Mark(number, None))
    assert [found.key for found in posts_in(case.take(800))] == [b"1", b"2", b"3", b"4", b"5"]
    disk.full = False
    case.pass_time(2)
    case.journal.put([post(10, 100)])
    assert "can be written again" in caplog.text
    left = case.reopen()
    assert left.mark == Mark(9, None)
    assert [int(found.key or b"") for found in posts_in(case.take_all())] == [1, *range(6, 11)], "1 comes twice"
    assert left.dropped == 0


def test_with_a_disk_that_fails_and_no_room_in_memory_posts_are_a_loss_and_no_mark_speaks_for_them(
    tmp_path: Path, disk: Disk
) -> None:
    case = Case(tmp_path, memory_bytes=1000)
    case.journal.put_mark(Mark(T0, "a"))
    disk.full = True
    for number in range(20):
        case.journal.put([post(number, 100)], T0 + number)
        case.journal.put_mark(Mark(T0 + number, None))
    dropped = case.journal.dropped
    assert 5 < dropped < 20
    assert case.reopen().mark == Mark(T0, "a"), "on disk there is no newer one"
    case.crash()


def test_what_was_lost_while_the_disk_failed_is_told_when_kafka_takes_again(tmp_path: Path, disk: Disk) -> None:
    case = Case(tmp_path, memory_bytes=1000)
    case.journal.put_mark(Mark(T0, None))
    disk.full = True
    for number in range(20):
        case.journal.put([post(number, 100)], T0 + number)
    items = case.take_all()
    assert len(posts_in(items)) + case.journal.dropped == 20
    (loss,) = losses_in(items)
    assert (loss.start_ms, loss.end_ms, loss.posts) == (T0, T0 + 20, case.journal.dropped)
    case.journal.put_mark(Mark(T0 + 20, None))
    assert marks_in(case.take_all()) == [Mark(T0 + 20, None)]
    case.crash()


def test_half_a_write_is_taken_away_before_another_segment_is_begun(case: Case, disk: Disk) -> None:
    case.journal.put([post(1, 100)])
    disk.full = True
    case.journal.put([post(2, 100)])
    case.take_all()
    disk.full = False
    case.pass_time(301)
    case.journal.put([post(3, 100)])
    assert [len(frames) for frames in map(_frames_of, case.segments())] == [1, 1]
    assert case.reopen().queue.waiting == 2


def test_where_not_even_a_segment_can_be_begun_posts_wait_in_memory(case: Case, disk: Disk) -> None:
    case.journal.put([post(1, 100)])
    case.pass_time(301)  # the next one begins a segment
    disk.full = True
    case.journal.put([post(2, 100)])
    case.pass_time(2)
    case.journal.put([post(3, 100)])
    assert [found.key for found in posts_in(case.take_all())] == [b"1", b"2", b"3"]
    assert case.journal.dropped == 0


def test_a_disk_that_the_journal_itself_has_filled_is_freed_of_what_kafka_has(case: Case, disk: Disk) -> None:
    case.journal.put([post(1, 100)])
    case.journal.put_mark(Mark(1, None))
    disk.full = True
    case.journal.put([post(2, 100)])
    case.take_all()
    assert len(case.segments()) == 1
    case.journal.relieve()  # how far Kafka has it could not be saved
    assert case.segments() == []
    disk.full = False
    case.pass_time(2)
    case.journal.put([post(3, 100)])
    case.journal.put_mark(Mark(3, None))
    assert case.reopen().mark == Mark(3, None)
    assert [found.key for found in posts_in(case.take_all())] == [b"3"]


def _frames_of(path: Path) -> list[int]:
    data = path.read_bytes()
    ends = [end for *_, end in frames_in(data)]
    assert ends[-1] == len(data)
    return ends


def test_no_mark_is_written_behind_a_loss_that_does_not_stand_there_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = small(tmp_path)
    case.journal.put_mark(Mark(T0, None))
    taken = fill(case)

    def fails(*_args: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(case.journal.queue.disk, "rewrite", fails)
    case.journal.put([post(taken + 1, 500)], T0 + 70_000)
    case.journal.put_mark(Mark(T0 + 60_000, None))
    for _ in range(3):
        case.pass_time(2)
    assert case.reopen().mark == Mark(T0, None)
    case.crash()


def test_a_mark_that_was_delivered_out_of_memory_counts_after_a_crash(case: Case, disk: Disk) -> None:
    case.journal.put_mark(Mark(T0, None))
    disk.full = True
    case.journal.put([post(1, 100)])
    case.journal.put_mark(Mark(T0 + 1, None))
    case.take_all()
    case.save()
    assert case.reopen().mark == Mark(T0 + 1, None)


def test_a_disk_that_cannot_be_written_at_the_end_is_no_reason_to_fail(case: Case, disk: Disk) -> None:
    disk.full = True
    case.journal.put([post(1, 100)])
    case.journal.close()
    assert case.journal.queue.disk_errors
    case.journal = case.opened()


def test_what_cannot_be_written_at_the_end_is_dropped_and_told_and_the_next_run_finds_what_waits(
    case: Case, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    case.journal.put_mark(Mark(T0, None))
    case.journal.put([post(1), post(2)], T0 + 10)
    case.journal.put_mark(Mark(T0 + 10, None))
    disk.full = True
    for number in range(3, 8):
        case.journal.put([post(number, 100)], T0 + 10 * number)
        case.journal.put_mark(Mark(T0 + 10 * number, None))
    case.journal.close()
    (loss,) = case.journal.losses
    assert (loss.start_ms, loss.end_ms, loss.posts) == (T0 + 10, T0 + 71, 5)
    assert (case.journal.dropped, case.journal.queue.waiting) == (5, 2)
    assert [record.levelname for record in caplog.records if "5 posts" in record.getMessage()] == ["ERROR"]
    disk.full = False
    case.journal = case.opened()
    assert (case.journal.queue.waiting, case.journal.mark) == (2, Mark(T0 + 10, None))
    assert posts_in(case.take_all()) == [post(1), post(2)]


def test_what_kafka_has_does_not_wait_for_the_next_run_on_a_disk_with_no_room_to_say_so(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(*_: object) -> None:
        raise OSError(28, "No space left on device")

    case.journal.put([post(1), post(2)])
    case.take_all()
    monkeypatch.setattr("agents.ingest.segments.replace_file", no_space)
    case.journal.close()
    assert case.journal.queue.waiting == 0
    case.journal = case.opened()
    assert case.journal.queue.waiting == 0


def test_a_loss_that_finds_no_place_until_the_end_is_told_as_well(tmp_path: Path, disk: Disk) -> None:
    case = Case(tmp_path, memory_bytes=1000)
    case.journal.put_mark(Mark(T0, None))
    disk.full = True
    for number in range(20):
        case.journal.put([post(number, 300)], T0 + number)
    case.journal.close()
    assert case.journal.dropped == 20 == sum(loss.posts or 0 for loss in case.journal.losses)
    assert case.journal.queue.waiting == 0
    disk.full = False
    case.journal = case.opened()
    assert case.journal.queue.waiting == 0
    case.crash()


# -- damage, age, lock -------------------------------------------------------------------------------


def test_half_a_write_at_the_end_is_cut_and_the_log_says_so(case: Case, caplog: pytest.LogCaptureFixture) -> None:
    case.journal.put([post(1)])
    with case.segments()[-1].open("ab") as file:
        file.write(encode(Posts([post(2)], None))[:-1])
    assert case.reopen().queue.waiting == 1
    assert "half a write" in caplog.text
    case.journal.put([post(3)])
    assert [found.key for found in posts_in(case.take_all())] == [b"1", b"3"]


def test_behind_a_damaged_place_nothing_is_believed(case: Case) -> None:
    case.journal.put_mark(Mark(1, None))
    case.journal.put([post(1)])
    case.pass_time(301)
    case.journal.put_mark(Mark(2, None))
    first = case.segments()[0]
    data = bytearray(first.read_bytes())
    data[-1] ^= 1
    first.write_bytes(data)
    assert case.reopen().mark == Mark(1, None)
    assert case.take_all() == [Mark(1, None)]


def test_what_is_damaged_while_it_runs_is_a_loss(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    case = Case(tmp_path, memory_bytes=0)
    case.journal.put_mark(Mark(T0, None))
    case.journal.put([post(1)])
    case.journal.put([post(2)])
    case.pass_time(301)
    case.journal.put_mark(Mark(T0 + 5_000, None))
    case.journal.put([post(3)])
    first = case.segments()[0]
    data = bytearray(first.read_bytes())
    data[-1] ^= 1
    first.write_bytes(data)
    items = case.take_all()
    assert [found.key for found in posts_in(items)] == [b"1", b"3"]
    assert losses_in(items) == [Loss(T0, T0 + 5_001, "spool_expired", posts=1)]
    assert (case.journal.dropped, case.journal.queue.waiting) == (1, 0)
    assert "1 posts are lost" in caplog.text
    case.crash()


def test_a_segment_that_somebody_deletes_is_a_loss_of_what_was_not_delivered_of_it(tmp_path: Path) -> None:
    case = Case(tmp_path, memory_bytes=0)
    case.journal.put_mark(Mark(T0, None))
    case.journal.put([post(0)])
    case.pass_time(301)
    case.journal.put_mark(Mark(T0 + 4_000, None))
    case.journal.put([post(1), post(2)])
    case.journal.put([post(3)])
    case.pass_time(301)
    case.journal.put_mark(Mark(T0 + 5_000, None))
    case.journal.put([post(4)])
    case.segments()[1].unlink()
    items = case.take_all()
    assert [found.key for found in posts_in(items)] == [b"0", b"4"]
    assert losses_in(items) == [Loss(T0, T0 + 5_001, "spool_expired", posts=3)]
    assert (case.journal.dropped, case.journal.queue.waiting) == (3, 0)
    case.crash()


def test_what_is_being_lost_finds_another_place_when_its_segment_is_deleted(tmp_path: Path) -> None:
    case = Case(tmp_path, memory_bytes=0, max_bytes=64 * 1024)
    case.journal.put_mark(Mark(T0, None))
    for number in range(100):
        case.journal.put([post(number, 1000)], T0 + 1_000)
    full = case.journal.dropped
    for path in case.segments():
        path.unlink()
    (loss,) = [loss for loss in losses_in(case.take_all()) if loss.reason == "spool_full"]
    assert (loss.start_ms, loss.end_ms, loss.posts) == (T0, T0 + 1_001, full)
    assert case.journal.dropped == 100
    case.save()
    case.pass_time(2)
    case.journal.put([post(200)], T0 + 2_000)
    assert [found.key for found in posts_in(case.take_all())] == [b"200"]
    case.crash()


def test_after_twenty_hours_posts_are_dropped_and_what_is_missing_stays_in_its_place(case: Case) -> None:
    case.journal.put_mark(Mark(T0, None))
    case.journal.put([post(1)], T0 + 1_000)
    case.journal.put_loss(Loss(T0 + 10, T0 + 20, "stalled"))
    case.pass_time(HOUR_S)
    case.journal.put_mark(Mark(T0 + 3_600_000, None))
    case.journal.put([post(2), post(3)], T0 + 3_601_000)
    case.pass_time(HOUR_S)
    case.journal.put([post(4)], T0 + 7_201_000)
    case.pass_time(18.5 * HOUR_S)
    case.journal.expire()
    assert (case.journal.dropped, case.journal.queue.waiting) == (1, 3)
    case.pass_time(HOUR_S)
    case.journal.expire()
    case.journal.expire()
    assert (case.journal.dropped, case.journal.queue.waiting) == (3, 1)
    expected: list[Item] = [
        Loss(T0, T0 + 1_001, "spool_expired", posts=1),
        Loss(T0 + 10, T0 + 20, "stalled"),
        Mark(T0, None),
        Loss(T0 + 3_600_000, T0 + 3_601_001, "spool_expired", posts=2),
        Mark(T0 + 3_600_000, None),
        Posts([post(4)], T0 + 7_201_000),
    ]
    assert case.reopen().mark == Mark(T0 + 3_600_000, None)
    assert case.take_all() == expected
    case.journal.expire()
    assert case.journal.dropped == 0


def test_of_a_segment_that_is_half_delivered_the_other_half_expires(case: Case) -> None:
    case.journal.put([post(1, 1000)], T0)
    case.journal.put([post(2)], T0 + 5)
    case.take(500)
    case.save()
    case.pass_time(301)
    case.pass_time(21 * HOUR_S)
    case.journal.expire()
    assert (case.journal.dropped, case.journal.queue.waiting) == (1, 0)
    (loss,) = losses_in(case.take_all())
    assert loss.posts == 1


def test_the_folder_holds_no_text_for_longer_than_five_minutes_after_kafka_has_it(case: Case) -> None:
    case.journal.put([post(1)])
    case.take_all()
    case.save()
    assert case.segments()
    case.pass_time(301)
    case.journal.put_mark(Mark(T0, "here"))
    case.take_all()
    case.save()
    assert all(b"1...." not in path.read_bytes() for path in case.segments())


def test_nor_when_nothing_comes_after_it(case: Case) -> None:
    case.journal.put([post(1)])
    case.take_all()
    case.save()
    case.pass_time(301)
    assert case.segments() == []


def test_after_a_run_that_ended_well_the_folder_holds_none_that_kafka_has(case: Case) -> None:
    case.journal.put([post(1)])
    case.journal.put_mark(Mark(T0, "here"))
    case.take_all()
    case.journal.close()
    assert case.segments() == []
    case.journal = case.opened()
    assert case.journal.mark == Mark(T0, "here")


def test_a_second_process_is_kept_out(case: Case) -> None:
    with pytest.raises(FolderInUse):
        case.opened()


def test_a_place_that_cannot_be_read_only_means_that_more_is_sent_again(case: Case) -> None:
    case.journal.put([post(1)])
    case.take_all()
    case.save()
    (case.folder / "committed.json").write_bytes(b"")
    assert case.reopen().queue.waiting == 1


def test_what_does_not_fit_into_memory_is_read_from_disk_in_its_turn(tmp_path: Path) -> None:
    case = Case(tmp_path, memory_bytes=1000)
    case.journal.put([post(number) for number in range(10)])
    for number in range(10, 500):
        case.journal.put([post(number)])
    assert case.journal.queue._held_bytes <= 1000
    assert [int(found.key or b"") for found in posts_in(case.take_all())] == [*range(500)]
    case.crash()


def test_how_long_the_oldest_post_has_waited_is_known_after_a_restart_too(case: Case) -> None:
    case.journal.put([post(1)])
    case.pass_time(60)
    assert case.journal.queue.oldest_s == 60
    case.take_all()
    assert case.journal.queue.oldest_s == 0
