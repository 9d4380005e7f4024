from __future__ import annotations

import asyncio
import gzip
import os
import threading
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from agents import exits
from agents.ingest.contract import Post
from agents.ingest.sources.file import FileSource, FollowSource, Records, passing
from agents.ingest.sources.file.read import Unreadable
from pipeline.archive import ArchiveError, ArchiveRecord, read
from pipeline.ingest.coverage import Missing
from schemas.codec import encode
from schemas.times import to_rfc3339
from tests.agents.ingest.file.heard import Heard

START_MS = 1_780_000_000_000


def tweet(number: int) -> bytes:
    return encode({"id": str(number), "created_at_ms": START_MS + 1_000 * number, "text": f"post {number}"})


def jsonl(path: Path, numbers: Sequence[int]) -> Path:
    path.write_bytes(b"".join(tweet(number) + b"\n" for number in numbers))
    return path


def ids(heard: Heard) -> list[int]:
    return [int(post.key) for post in heard.posts if post.key is not None]


class Stop(Exception):
    """Somebody stops the ingester."""


class Interrupted(Heard):
    """An outlet that is stopped after so many posts."""

    def __init__(self, after: int, cursor: str | None = None) -> None:
        super().__init__(cursor)
        self._after = after

    async def put(self, posts: Sequence[Post], received_ms: int | None = None) -> None:
        if len(self.posts) >= self._after:
            raise Stop
        await super().put(posts, received_ms)


async def test_files_are_put_one_after_the_other_keyed_by_tweet_id_and_as_they_are(tmp_path: Path) -> None:
    first = jsonl(tmp_path / "a.jsonl", range(3))
    second = tmp_path / "b.csv"
    second.write_text("id,created_at,text\n8,2026-06-01T00:00:08Z,later\n7,2026-06-01T00:00:07Z,first\n")
    heard = Heard()
    await FileSource(paths=[first, second]).run(heard)
    assert heard.posts[:3] == [Post(str(number).encode(), tweet(number)) for number in range(3)]
    assert ids(heard) == [0, 1, 2, 7, 8]
    assert heard.marked == 5
    assert heard.cursor is None, "the next run begins anew"


async def test_what_is_malformed_is_passed_on_as_it_came_without_a_key(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(tweet(1) + b'\n{"id": "2", "te\n\xff\xfe\n\n' + tweet(3))
    heard = Heard()
    await FileSource(paths=[path]).run(heard)
    assert heard.lines == [tweet(1), b'{"id": "2", "te', b"\xff\xfe", tweet(3)]
    assert [post.key for post in heard.posts] == [b"1", None, None, b"3"]


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.csv"])
async def test_a_run_that_was_interrupted_is_gone_on_with(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name.endswith("csv"):
        rows = [f"{n},{to_rfc3339(START_MS + n)},post {n}\n" for n in reversed(range(1_700))]
        path.write_text("id,created_at,text\n" + "".join(rows))
    elif name.endswith("gz"):
        path.write_bytes(gzip.compress(b"\n".join(map(tweet, range(1_700)))))
    else:
        jsonl(path, range(1_700))
    before = Interrupted(1_000)
    with pytest.raises(Stop):
        await FileSource(paths=[path]).run(before)
    after = Heard(before.cursor)
    await FileSource(paths=[path]).run(after)
    assert before.marked == 1_000
    assert ids(before) + ids(after) == list(range(1_700))


async def test_files_that_were_done_are_not_read_again_when_the_run_is_gone_on_with(tmp_path: Path) -> None:
    paths = [jsonl(tmp_path / "a.jsonl", range(600)), jsonl(tmp_path / "b.jsonl", range(600, 1_500))]
    before = Interrupted(700)
    with pytest.raises(Stop):
        await FileSource(paths=paths).run(before)
    after = Heard(before.cursor)
    paths[0].unlink()
    await FileSource(paths=paths).run(after)
    assert ids(before) + ids(after) == list(range(1_500))


async def test_a_file_that_has_grown_meanwhile_is_gone_on_with(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a.jsonl", range(700))
    before = Interrupted(500)
    with pytest.raises(Stop):
        await FileSource(paths=[path]).run(before)
    jsonl(path, range(900))
    after = Heard(before.cursor)
    await FileSource(paths=[path]).run(after)
    assert ids(before) + ids(after) == list(range(900))


async def test_another_file_of_the_name_is_read_from_its_beginning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = jsonl(tmp_path / "a.jsonl", range(700))
    before = Interrupted(500)
    with pytest.raises(Stop):
        await FileSource(paths=[path]).run(before)
    jsonl(path, range(5_000, 5_900))
    after = Heard(before.cursor)
    await FileSource(paths=[path]).run(after)
    assert ids(after) == list(range(5_000, 5_900))
    assert "reading it from its beginning" in caplog.text


async def test_other_files_and_from_beginning_begin_anew(tmp_path: Path) -> None:
    path, other = jsonl(tmp_path / "a.jsonl", range(700)), jsonl(tmp_path / "b.jsonl", range(3))
    before = Interrupted(500)
    with pytest.raises(Stop):
        await FileSource(paths=[path]).run(before)
    for paths, from_beginning, expected in (([other], False, 3), ([path], True, 700)):
        after = Heard(before.cursor)
        await FileSource(paths=paths, from_beginning=from_beginning).run(after)
        assert len(after.posts) == expected


@pytest.mark.parametrize(
    "cursor", ["", "no JSON", "{}", '{"run": "read"}', '{"run":"read","paths":1}', "[1]", "\ud800"]
)
async def test_a_cursor_that_cannot_be_read_is_none(tmp_path: Path, cursor: str) -> None:
    heard = Heard(cursor)
    await FileSource(paths=[jsonl(tmp_path / "a.jsonl", range(2))]).run(heard)
    assert ids(heard) == [0, 1]


async def test_a_missing_file_says_so_and_what_was_before_it_is_put(tmp_path: Path) -> None:
    heard = Heard()
    with pytest.raises(Unreadable, match="no such file") as told:
        await FileSource(paths=[jsonl(tmp_path / "a.jsonl", range(2)), tmp_path / "none.jsonl"]).run(heard)
    assert told.value.exit_code == exits.NO_INPUT
    assert heard.marked == 2


async def test_a_packed_file_that_is_cut_short_says_so_and_its_beginning_is_put(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    packed = gzip.compress(b"\n".join(encode({"id": str(n), "text": os.urandom(90).hex()}) for n in range(9_000)))
    path.write_bytes(packed[: len(packed) // 2])
    heard = Heard()
    with pytest.raises(Unreadable, match="damaged or cut short"):
        await FileSource(paths=[path]).run(heard)
    *whole, _half = zlib.decompressobj(31).decompress(path.read_bytes()).split(b"\n")
    assert len(whole) > 4_000
    assert heard.lines == whole
    assert heard.marked == len(whole)


async def test_what_cannot_be_read_to_its_end_is_put_up_to_there(tmp_path: Path) -> None:
    def records() -> Iterator[ArchiveRecord]:
        yield from read(jsonl(tmp_path / "a.jsonl", range(700)))
        raise ArchiveError("damaged")

    heard = Heard()
    with pytest.raises(ArchiveError):
        await Records(records=records()).run(heard)
    assert ids(heard) == list(range(700))


async def test_it_waits_for_room_and_puts_nothing_before_there_is_some(tmp_path: Path) -> None:
    heard = Heard()
    heard.has_room.clear()
    running = asyncio.create_task(FileSource(paths=[jsonl(tmp_path / "a.jsonl", range(1_200))]).run(heard))
    await heard.asked_for_room.wait()
    assert heard.posts == []
    heard.has_room.set()
    await running
    assert len(heard.posts) == 1_200


async def test_the_speed_is_that_of_the_records_own_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now, slept = 50.0, list[tuple[int, float]]()
    heard = Heard()

    async def sleep(seconds: float) -> None:
        nonlocal now
        slept.append((len(heard.posts), round(seconds, 6)))
        now += seconds

    monkeypatch.setattr(passing, "_sleep", sleep)
    monkeypatch.setattr(passing, "_clock", lambda: now)
    await FileSource(paths=[jsonl(tmp_path / "a.jsonl", [0, 0, 10, 5, 14])], speed=2.0).run(heard)
    assert slept == [(2, 5.0), (4, 2.0)], "each leaves when it is due; one that is overdue at once"
    assert heard.marked == 5


async def test_a_pipe_is_read_line_by_line_as_they_come_and_its_last_line_needs_no_end(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    heard = Heard()
    running = asyncio.create_task(FileSource(paths=[path]).run(heard))
    pipe = await asyncio.to_thread(os.open, path, os.O_WRONLY)
    os.write(pipe, tweet(1) + b"\n" + tweet(2)[:9])
    await heard.until(1)
    os.write(pipe, tweet(2)[9:] + b"\n" + tweet(3))
    await heard.until(2)
    os.close(pipe)
    await running
    assert heard.lines == [tweet(1), tweet(2), tweet(3)]


async def test_a_pipe_in_which_nothing_comes_holds_nobody_up(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    running = asyncio.create_task(FileSource(paths=[path]).run(Heard()))
    pipe = await asyncio.to_thread(os.open, path, os.O_WRONLY)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    reader = next(thread for thread in threading.enumerate() if thread.name == "vigie-file")
    assert reader.daemon
    os.close(pipe)
    await asyncio.to_thread(reader.join)


async def test_a_packed_pipe_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    running = asyncio.create_task(FileSource(paths=[path]).run(Heard()))
    await asyncio.to_thread(path.write_bytes, gzip.compress(tweet(1)))
    with pytest.raises(Unreadable, match="gunzip -c FILE"):
        await running


GAP: dict[str, Any] = {"type": "gap", "start_ms": START_MS, "end_ms": START_MS + 60_000, "reason": "stalled"}


async def test_a_gap_in_an_archive_goes_where_gaps_go_in_its_place_and_once(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    foreign = GAP | {"end_ms": START_MS + 90_000, "reason": "words of somebody else"}
    lines = [tweet(1), encode(GAP), encode(GAP), tweet(2), encode(GAP | {"of": "compliance"}), encode(foreign)]
    path.write_bytes(b"\n".join(lines))
    heard = Heard()
    await FileSource(paths=[path]).run(heard)
    missing = Missing(START_MS, START_MS + 60_000)
    assert heard.lines == [tweet(1), tweet(2)]
    assert heard.gaps == [
        (1, missing, "stalled", "posts"),
        (2, missing, "stalled", "compliance"),
        (2, Missing(START_MS, START_MS + 90_000), "disconnected", "posts"),
    ]
    assert heard.marked == 2


async def test_a_post_about_gaps_and_a_gap_that_is_none_are_passed_on(tmp_path: Path) -> None:
    lines = [
        encode({"id": "5", "created_at_ms": START_MS, "text": 'mind the "gap"', "hashtags": ["gap"]}),
        encode({"type": "gap", "start_ms": 5, "end_ms": 5}),
        b'{"type": "gap"',
    ]
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\n".join(lines))
    heard = Heard()
    await FileSource(paths=[path]).run(heard)
    assert heard.lines == lines
    assert heard.gaps == []


async def test_records_that_somebody_has_are_put_in_their_order() -> None:
    heard = Heard()
    await Records(records=(ArchiveRecord(b"%d" % n, tweet(n), None) for n in range(1_234))).run(heard)
    assert ids(heard) == list(range(1_234))


async def test_an_error_of_whoever_has_the_records_is_raised() -> None:
    def broken() -> Iterator[ArchiveRecord]:
        yield ArchiveRecord(b"1", tweet(1), None)
        raise LookupError("broken")

    with pytest.raises(LookupError, match="broken"):
        await Records(records=broken()).run(Heard())


async def follow(paths: Sequence[Path], heard: Heard) -> asyncio.Task[None]:
    return asyncio.create_task(FollowSource(paths=paths).run(heard))


async def stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_followed_files_are_read_as_they_grow_and_where_the_last_run_stopped(tmp_path: Path) -> None:
    paths = [jsonl(tmp_path / "a.jsonl", [1, 2]), tmp_path / "b.jsonl"]
    heard = Heard()
    task = await follow(paths, heard)
    await heard.until(2)
    jsonl(paths[1], [3])
    await heard.until(3)
    with paths[0].open("ab") as file:
        file.write(tweet(4) + b"\n")
    await heard.until(4)
    await stop(task)
    with paths[1].open("ab") as file:
        file.write(tweet(5) + b"\n")
    paths[1].rename(tmp_path / "b.jsonl.1")
    later = Heard(heard.cursor)
    task = await follow(paths, later)
    await later.until(1)
    await stop(task)
    assert ids(heard) == [1, 2, 3, 4]
    assert ids(later) == [5]


async def test_lines_that_were_put_in_part_are_put_again(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(tweet(1) + b"\n" + encode(GAP) + b"\n" + tweet(2) + b"\n")
    stopped = Interrupted(1)
    with pytest.raises(Stop):
        await FollowSource(paths=[path]).run(stopped)
    again = Heard(stopped.cursor)
    task = await follow([path], again)
    await again.until(2)
    await stop(task)
    assert ids(again) == [1, 2], "twice rather than never"
