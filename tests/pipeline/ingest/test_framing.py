from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ingest.framing import LineBuffer

BOUND = 8
streams = st.lists(
    st.sampled_from([b"a", b"bc", b"\r", b"\n", b"\r\n", b'{"x":1}', b"\xff\x00", b"12345678", b"123456789"]),
    max_size=40,
).map(b"".join)


def read(stream: bytes, cuts: list[int], max_bytes: int) -> tuple[list[bytes], bytes, int, int]:
    buffer = LineBuffer(max_bytes)
    lines: list[bytes] = []
    places = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    for start, end in pairwise(places):
        lines += buffer.feed(stream[start:end])
    return lines, buffer.rest(), buffer.keepalives, buffer.cut


def expected(stream: bytes, max_bytes: int) -> tuple[list[bytes], bytes, int, int]:
    """The same, without a buffer: all of the stream is there."""
    *whole, rest = stream.split(b"\n")
    if len(rest) > max_bytes:
        whole, rest = [*whole, rest], b""
    bounded = [line[:max_bytes].removesuffix(b"\r") for line in whole]
    lines = [line for line in bounded if line]
    return lines, rest, len(bounded) - len(lines), sum(len(line) > max_bytes for line in whole)


@given(stream=streams, cuts=st.lists(st.integers(0, 500), max_size=20), max_bytes=st.sampled_from([1, 3, BOUND, 1_000]))
def test_however_a_stream_is_cut_into_chunks_the_lines_are_the_same(
    stream: bytes, cuts: list[int], max_bytes: int
) -> None:
    assert read(stream, cuts, max_bytes) == expected(stream, max_bytes)


@given(stream=streams)
def test_a_stream_that_comes_byte_by_byte_gives_the_same_lines(stream: bytes) -> None:
    assert read(stream, list(range(len(stream))), BOUND) == expected(stream, BOUND)


def test_lines_end_with_a_line_feed_and_with_both() -> None:
    assert LineBuffer().feed(b"one\r\ntwo\nthr\ree\n") == [b"one", b"two", b"thr\ree"]


def test_an_empty_line_is_counted_and_no_line() -> None:
    buffer = LineBuffer()
    assert [buffer.feed(chunk) for chunk in (b"\r\n", b"\r", b"\n\n", b"a\n\r\n")] == [[], [], [], [b"a"]]
    assert buffer.keepalives == 4


def test_half_a_line_is_never_passed_on() -> None:
    buffer = LineBuffer()
    assert buffer.feed(b'{"id": "1"}\n{"id": "2"}') == [b'{"id": "1"}']
    assert buffer.rest() == b'{"id": "2"}'
    assert buffer.feed(b"\n") == []


def test_a_line_over_the_bound_is_passed_on_once_and_cut_and_the_next_one_is_whole() -> None:
    buffer = LineBuffer(BOUND)
    said = [buffer.feed(chunk) for chunk in (b"1234", b"56789", b"x" * 100, b"xx\nnext\n")]
    assert said == [[], [b"12345678"], [], [b"next"]]
    assert buffer.cut == 1


def test_a_line_without_an_end_takes_no_more_memory_than_the_bound() -> None:
    buffer = LineBuffer(1_000)
    for _ in range(10_000):
        buffer.feed(b"x" * 100)
    assert len(buffer.rest()) <= 1_000
    assert buffer.cut == 1


@pytest.mark.parametrize("max_bytes", [0, -1])
def test_a_bound_that_leaves_no_room_is_refused(max_bytes: int) -> None:
    with pytest.raises(ValueError, match="max_bytes"):
        LineBuffer(max_bytes)
