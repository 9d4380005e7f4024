from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.repeats import CELLS, SlidingTexts, distinct_texts
from pipeline.rings import window_starts

NOW = 28_000_000


def bitmap(keys: list[int]) -> int:
    bits = 0
    for key in keys:
        bits |= 1 << key % CELLS
    return bits


@pytest.mark.parametrize(("texts", "error"), [(1, 0.0), (10, 0.07), (100, 0.06), (600, 0.1)])
def test_distinct_texts_are_estimated_as_closely_as_the_paper_says(texts: int, error: float) -> None:
    rng = Random(3)
    estimates = [distinct_texts(bitmap([rng.getrandbits(53) for _ in range(texts)])) for _ in range(100)]

    assert (sum(((e or 0) / texts - 1) ** 2 for e in estimates) / len(estimates)) ** 0.5 <= error


def test_a_bitmap_that_is_nearly_full_is_not_asked() -> None:
    assert distinct_texts((1 << CELLS) - 1) is None
    assert distinct_texts(0) == 0


@given(seed=st.integers(0, 10**6))
def test_a_restart_at_any_minute_changes_no_window(seed: int) -> None:
    rng = Random(seed)
    kept, restarted = SlidingTexts(), SlidingTexts()
    minute = NOW + rng.randrange(60)
    for _ in range(30):
        minute += rng.choice((1, 1, 1, 7, 59, 64, 200, 1440))
        bits = bitmap([rng.getrandbits(53) for _ in range(rng.choice((0, 1, 3, 40)))])
        kept.merge(minute, bits)
        restarted.merge(minute, bits)
        starts = window_starts(minute)
        restarted = SlidingTexts.load(restarted.dump(minute, int(starts[-1])), minute)
        assert restarted.count(starts) == kept.count(starts)


@pytest.mark.parametrize("data", [b"\0", bytes(33), b"\x01" + bytes(31), b"\x01" + bytes(31) + b"\xff"])
def test_what_is_no_sliding_bitmap_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        SlidingTexts.load(data, NOW)
