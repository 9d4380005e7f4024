from contextlib import suppress
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.compression import deflate, inflate
from pipeline.settings import EngineSettings
from pipeline.statevalue import StateProblem, UnusableState, unwrap, wrap
from pipeline.tracker import Tracker
from tests.pipeline.incident import OPENS, incident

LARGEST = 1 << 20


def stored() -> dict[str, bytes]:
    tracker, states = Tracker(EngineSettings(), 0), dict[str, bytes]()
    for records in incident(OPENS - 90, OPENS + 30):
        states |= tracker.step(records).states
    return states


STATES = stored()


@given(partition=st.integers(0, 2**32 - 1), sections=st.lists(st.binary(max_size=50), max_size=5))
def test_the_sections_of_a_value_come_back_with_its_partition(partition: int, sections: list[bytes]) -> None:
    assert unwrap(wrap(partition, *sections)) == (partition, sections)


@pytest.mark.parametrize("value", STATES.values(), ids=STATES)
def test_a_value_cut_anywhere_is_refused(value: bytes) -> None:
    for length in range(len(value)):
        with pytest.raises(UnusableState) as refused:
            unwrap(value[:length])
        assert refused.value.problem is StateProblem.CORRUPT


@pytest.mark.parametrize("key", STATES)
def test_a_value_with_any_bit_flipped_is_counted_as_a_problem_and_nothing_of_it_is_used(key: str) -> None:
    value = STATES[key]
    for bit in Random(3).sample(range(8 * len(value)), 400) + list(range(8 * 16)):
        damaged = bytearray(value)
        damaged[bit // 8] ^= 1 << bit % 8
        tracker = Tracker(EngineSettings(), 0)
        tracker.restore(key, bytes(damaged))
        assert tracker.problems.total() == 1
        assert not tracker.brands()


@given(data=st.binary(max_size=3000))
def test_what_was_deflated_is_inflated(data: bytes) -> None:
    assert inflate(deflate(data), LARGEST) == data


@given(data=st.binary(min_size=1, max_size=300), seed=st.integers(0, 10**6))
def test_what_is_damaged_is_never_inflated_to_more_than_was_asked_for(data: bytes, seed: int) -> None:
    rng = Random(seed)
    damaged = bytearray(deflate(data * 20))
    damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
    with suppress(ValueError):
        assert len(inflate(bytes(damaged), 6000)) <= 6000


@pytest.mark.parametrize("bomb", [bytes(1 << 24), b"x" * (LARGEST + 1)])
def test_a_bomb_is_refused(bomb: bytes) -> None:
    packed = deflate(bomb)

    with pytest.raises(ValueError, match="too long"):
        inflate(packed, LARGEST)
    with pytest.raises(ValueError, match="length"):
        inflate((100).to_bytes(4) + packed[4:], LARGEST)


@pytest.mark.parametrize("data", [b"", b"\0\0\0\0", deflate(b"abc")[:-1], deflate(b"abc") + b"x", b"\0\0\0\3\xff\xff"])
def test_what_is_no_compressed_data_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        inflate(data, LARGEST)
