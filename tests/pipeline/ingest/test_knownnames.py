"""The memory of names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ingest.knownnames import KnownNames


@given(st.lists(st.text(max_size=20), max_size=50))
def test_no_name_that_was_added_is_ever_forgotten(names: list[str]) -> None:
    bits = bytearray(64)
    known = KnownNames(bits)
    for name in names:
        known.add(name)
    again = KnownNames(bytearray(bits))
    assert all(name in known and name in again for name in names)


def test_of_a_hundred_strangers_hardly_one_is_taken_for_known_while_there_is_room() -> None:
    known = KnownNames(bytearray(10_000 * 10 // 8))
    for number in range(10_000):
        known.add(f"post {number}")
    assert sum(f"other {number}" in known for number in range(10_000)) < 150


def test_nothing_is_known_at_first_and_a_memory_of_no_bytes_is_none() -> None:
    assert "a" not in KnownNames(bytearray(8))
    with pytest.raises(ValueError, match="0 bytes"):
        KnownNames(bytearray())
