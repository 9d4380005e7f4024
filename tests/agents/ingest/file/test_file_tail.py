from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.ingest.contract import SourceRefused
from agents.ingest.sources.file.place import Followed, Place, cursor_of, reading_in
from agents.ingest.sources.file.tail import GRACE_S, Tail


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tweets.jsonl"


@pytest.fixture
def clock() -> Clock:
    return Clock()


def write(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


def older(path: Path, seconds: int) -> None:
    """Make a file one that was written to so long ago: a clock of files has ticks, and tests are fast."""
    now = path.stat().st_mtime_ns
    os.utime(path, ns=(now, now - seconds * 1_000_000_000))


def everything(tail: Tail) -> list[bytes]:
    lines: list[bytes] = []
    while came := tail.read():
        lines += came
    return lines


def after_grace(tail: Tail, clock: Clock) -> list[bytes]:
    """What there is once a file that was replaced is believed to be over."""
    lines = everything(tail)
    clock.now += GRACE_S
    return lines + everything(tail)


def kept(tail: Tail) -> Place | None:
    """The place, as the next run reads it."""
    place = tail.place
    tail.close()
    run = reading_in(cursor_of(Followed(places={} if place is None else {"a": place})))
    assert isinstance(run, Followed)
    return run.places.get("a")


def test_a_file_that_is_not_there_yet_is_waited_for(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    tail = Tail(path)
    assert tail.read() == []
    assert tail.read() == []
    assert tail.place is None
    write(path, "one\n")
    assert everything(tail) == [b"one"]
    assert [record.message for record in caplog.records] == [f"{path} is not there yet; waiting for it"]


def test_half_a_line_is_waited_for_and_blank_ones_are_none(path: Path) -> None:
    tail = Tail(path)
    write(path, "one\r\n\n  \ntw")
    assert everything(tail) == [b"one"]
    before = tail.place
    assert before is not None
    assert before.offset == len("one\r\n\n  \n")
    write(path, "o\n")
    assert everything(tail) == [b"two"]


def test_a_renamed_file_is_read_to_its_end_before_the_next(path: Path, clock: Clock) -> None:
    tail = Tail(path, clock=clock)
    write(path, "one\n")
    assert everything(tail) == [b"one"]
    path.rename(f"{path}.1")
    assert everything(tail) == []
    write(Path(f"{path}.1"), "two\n")
    write(path, "three\n")
    assert everything(tail) == [b"two"]
    write(Path(f"{path}.1"), "still the old one\nwithout an end")
    clock.now += GRACE_S
    assert everything(tail) == [b"still the old one"]
    assert after_grace(tail, clock) == [b"without an end", b"three"]


def test_several_rotations_between_two_looks_lose_nothing(path: Path, clock: Clock) -> None:
    tail = Tail(path, clock=clock)
    write(path, "one\n")
    assert everything(tail) == [b"one"]
    path.rename(f"{path}.3")
    older(Path(f"{path}.3"), 30)
    write(path, "two\n")
    path.rename(f"{path}.2")
    older(Path(f"{path}.2"), 20)
    write(path, "three\n")
    path.rename(f"{path}.1")
    older(Path(f"{path}.1"), 10)
    write(path, "four\n")
    write(path.with_name("tweets.jsonl.bak"), "not this one\n")
    assert after_grace(tail, clock) == [b"two", b"three", b"four"]
    write(path, "five\n")
    assert everything(tail) == [b"five"]


def test_a_file_that_was_cut_short_is_read_from_its_beginning(path: Path) -> None:
    tail = Tail(path)
    write(path, "one\ntwo\nhal")
    assert everything(tail) == [b"one", b"two"]
    os.truncate(path, 0)
    write(path, "new\n")
    assert everything(tail) == [b"new"]


def test_a_file_that_was_written_over_is_read_from_its_beginning_though_it_is_longer(path: Path) -> None:
    tail = Tail(path)
    write(path, "one\n")
    assert everything(tail) == [b"one"]
    assert tail.place is not None
    os.truncate(path, 0)
    write(path, "another\nand one more\n")
    assert everything(tail) == [b"another", b"and one more"]


def test_the_next_run_goes_on_where_this_one_stopped(path: Path) -> None:
    tail = Tail(path)
    write(path, "one\ntwo\nthr")
    assert everything(tail) == [b"one", b"two"]
    place = kept(tail)
    write(path, "ee\n")
    assert everything(Tail(path, place)) == [b"three"]


def test_the_next_run_finds_a_file_that_was_renamed_meanwhile(path: Path, clock: Clock) -> None:
    tail = Tail(path, clock=clock)
    write(path, "one\n")
    everything(tail)
    place = kept(tail)
    write(path, "two\n")
    older(path, 30)
    path.rename(f"{path}-20260601")
    write(path, "three\n")
    older(path, 20)
    path.rename(f"{path}-20260602")
    write(path, "four\n")
    assert after_grace(Tail(path, place, clock=clock), clock) == [b"two", b"three", b"four"]


def test_a_file_that_is_gone_is_told_of_and_what_came_after_it_is_read(
    path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    tail = Tail(path, clock=clock)
    write(path, "one\n")
    older(path, 60)
    everything(tail)
    place = kept(tail)
    path.unlink()
    write(Path(f"{path}.1"), "two\n")
    older(Path(f"{path}.1"), 30)
    write(Path(f"{path}.2.gz"), "packed\n")
    write(path, "three\n")
    assert after_grace(Tail(path, place, clock=clock), clock) == [b"two", b"three"]
    assert "neither there nor beside it" in caplog.text
    assert f"{path}.2.gz was packed before it could be read" in caplog.text


def test_the_same_inode_with_other_content_is_another_file(path: Path) -> None:
    tail = Tail(path)
    write(path, "one\n")
    everything(tail)
    place = kept(tail)
    os.truncate(path, 0)
    write(path, "two is longer\n")
    assert everything(Tail(path, place)) == [b"two is longer"]


def test_a_packed_file_is_refused_with_what_to_do(path: Path) -> None:
    path.write_bytes(b"\x1f\x8b" + bytes(20))
    with pytest.raises(SourceRefused, match="Leave out --follow"):
        Tail(path).read()


def test_what_cannot_be_read_now_is_told_once_and_tried_again(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.mkdir()
    tail = Tail(path)
    assert tail.read() == []
    assert tail.read() == []
    assert len(caplog.records) == 1
    path.rmdir()
    write(path, "one\n")
    assert everything(tail) == [b"one"]


@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("write"), st.text("ab\n", max_size=8)),
            st.tuples(st.sampled_from(["rotate", "read", "restart", "wait"]), st.just("")),
        ),
        max_size=25,
    )
)
def test_whatever_happens_every_line_is_read_once_in_its_order(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str]]
) -> None:
    path = tmp_path_factory.mktemp("followed") / "log"
    clock, written, lines, generation = Clock(), [""], list[bytes](), 0
    tail = Tail(path, clock=clock)
    path.touch()
    tail.read()  # what is rotated away before the first look is no business of ours
    for what, text in steps:
        match what:
            case "write":
                # Every file begins in a way of its own, as files of posts do.
                added = text if written[-1] else f"file {generation}\n{text}"
                write(path, added)
                written[-1] += added
            case "rotate":
                path.rename(f"{path}.{1_000 + generation}")
                os.utime(f"{path}.{1_000 + generation}", ns=(generation * 10**9, generation * 10**9))
                generation += 1
                path.touch()
                written.append("")
            case "read":
                lines += tail.read()
            case "restart":
                place = tail.place
                tail.close()
                tail = Tail(path, place, clock=clock)
            case _:
                clock.now += GRACE_S
    for _ in range(3):
        lines += everything(tail)
        clock.now += GRACE_S
    tail.close()
    *over, last = written
    expected = [line for text in over for line in text.split("\n")] + last.split("\n")[:-1]
    assert lines == [line.encode() for line in expected if line]
