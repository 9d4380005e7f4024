from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.authors import REGISTERS, SlidingAuthors, add, dump_registers, load_registers
from pipeline.rings import window_starts

NOW = 28_000_000
hashes = st.integers(0, (1 << 53) - 1)


def sketch(authors: list[int]) -> bytearray:
    registers = bytearray(REGISTERS)
    for author in authors:
        add(registers, author)
    return registers


def estimate(authors: list[int]) -> int:
    sliding = SlidingAuthors()
    sliding.merge(NOW, sketch(authors))
    return sliding.count(window_starts(NOW))[0]


@given(authors=st.lists(hashes, max_size=80), seed=st.integers(0, 99))
def test_order_and_repetition_do_not_matter(authors: list[int], seed: int) -> None:
    shuffled = authors * 2
    Random(seed).shuffle(shuffled)

    assert sketch(shuffled) == sketch(authors)


@given(left=st.lists(hashes, max_size=50), right=st.lists(hashes, max_size=50))
def test_two_minutes_together_count_as_the_union_of_their_authors(left: list[int], right: list[int]) -> None:
    apart, together = SlidingAuthors(), SlidingAuthors()
    apart.merge(NOW - 1, sketch(left))
    apart.merge(NOW, sketch(right))
    together.merge(NOW, sketch(left + right))

    starts = np.array([NOW - 4], np.int32)
    assert apart.count(starts) == together.count(starts)


@pytest.mark.parametrize(
    ("authors", "error"), [(1, 0), (3, 0.2), (10, 0.12), (80, 0.13), (300, 0.15), (5_000, 0.15), (100_000, 0.15)]
)
def test_the_root_mean_square_error_is_that_of_the_paper(authors: int, error: float) -> None:
    rng = Random(7)
    errors = [
        estimate([rng.getrandbits(53) for _ in range(authors)]) / authors - 1
        for _ in range(100 if authors < 10_000 else 10)
    ]

    assert (sum(e * e for e in errors) / len(errors)) ** 0.5 <= error


def test_nobody_counts_as_nobody() -> None:
    assert SlidingAuthors().count(window_starts(NOW)) == [0] * 6


def test_even_the_rarest_hash_is_one_author() -> None:
    assert estimate([0]) == 1
    assert estimate([-1, 1 << 80]) == 2, "and one of more than 53 bits is cut"


@given(st.lists(st.integers(0, 24), min_size=REGISTERS, max_size=REGISTERS))
def test_registers_come_back_from_text_as_they_were(registers: list[int]) -> None:
    text = dump_registers(bytes(registers))

    assert load_registers(text) == bytes(registers)
    assert len(text) <= REGISTERS


def test_few_registers_are_stored_in_few_characters() -> None:
    assert len(dump_registers(sketch([1, 2, 3]))) == 6


@pytest.mark.parametrize("text", ["A", "zz", "//", "é", "A" * 65, "Bz"])
def test_text_that_is_no_sketch_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        load_registers(text)


@given(seed=st.integers(0, 10**6))
def test_a_restart_at_any_minute_changes_no_window(seed: int) -> None:
    rng = Random(seed)
    kept, restarted = SlidingAuthors(), SlidingAuthors()
    minute = NOW + rng.randrange(60)
    for _ in range(40):
        minute += rng.choice((1, 1, 1, 7, 59, 64, 200, 1440))
        registers = sketch([rng.getrandbits(53) for _ in range(rng.choice((0, 1, 3, 40)))])
        kept.merge(minute, registers)
        restarted.merge(minute, registers)
        restarted = SlidingAuthors.load(restarted.dump(minute, int(window_starts(minute)[-1])), minute)
        starts = window_starts(minute)
        assert restarted.count(starts) == kept.count(starts)


@pytest.mark.parametrize(
    "data",
    [b"", bytes(63), bytes(65), b"\x01" + bytes(63), b"\x19" + bytes(63 + 25), b"\x01" + bytes(63) + b"\xff"],
)
def test_what_is_no_sliding_sketch_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        SlidingAuthors.load(data, NOW)
