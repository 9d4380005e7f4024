from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.gaps import Gaps

gap = st.tuples(st.sampled_from([(), ("acme",), ("acme", "globex")]), st.integers(0, 60), st.integers(0, 60))


@given(
    gaps=st.lists(gap, max_size=20), brand=st.sampled_from(["acme", "globex", "initech"]), minute=st.integers(-1, 61)
)
def test_a_minute_is_covered_when_any_gap_of_its_brand_or_of_all_covers_it(
    gaps: list[tuple[tuple[str, ...], int, int]], brand: str, minute: int
) -> None:
    known = Gaps()
    for brands, start, end in gaps:
        known.add(brands, start, end)

    expected = any(start <= minute < end for brands, start, end in gaps if not brands or brand in brands)
    assert known.cover(brand, minute) is expected
    assert Gaps.restore(known.state()).cover(brand, minute) is expected


@given(gaps=st.lists(gap, max_size=20), minute=st.integers(0, 60))
def test_forgetting_what_has_closed_changes_nothing_that_is_open(
    gaps: list[tuple[tuple[str, ...], int, int]], minute: int
) -> None:
    known, forgetful = Gaps(), Gaps()
    for brands, start, end in gaps:
        known.add(brands, start, end)
        forgetful.add(brands, start, end)
    forgetful.forget_before(minute)

    assert all(forgetful.cover("acme", m) == known.cover("acme", m) for m in range(minute, 62))


def test_too_many_gaps_are_joined_and_never_dropped() -> None:
    gaps = Gaps()
    for n in range(500):
        gaps.add((), 10 * n, 10 * n + 1)
        gaps.add((f"brand-{n}",), 7, 8)

    assert all(gaps.cover("acme", 10 * n) for n in range(500))
    assert all(gaps.cover(f"brand-{n}", 7) for n in range(500))
    state = gaps.state()
    assert len(state) <= 257
    assert max(map(len, state.values())) <= 32


@pytest.mark.parametrize(
    "state",
    [[], [[5, []]], {"": [[1]]}, {"": [[2, 1]]}, {"": [[-1, 1]]}, {"": [[0.5, 2]]}, {"": [[0, 2**40]]}, {"": "ab"}],
)
def test_what_is_no_state_of_gaps_is_refused(state: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        Gaps.restore(state)
