from __future__ import annotations

import sys
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.normal import MOST_MARKS, nfc

MARKS = st.text(st.sampled_from("\u0301\u0316\u0334\u0345\u05b0"), max_size=80)


@given(text=st.text())
def test_what_is_no_tower_is_in_nfc_as_it_is(text: str) -> None:
    assert nfc(text) == unicodedata.normalize("NFC", text)


@given(before=st.text("abé ", max_size=70), marks=MARKS, after=st.text("abé ", max_size=70))
def test_of_marks_in_a_row_the_first_thirty_count_wherever_they_stand(before: str, marks: str, after: str) -> None:
    assert nfc(f"{before}.{marks}{after}") == unicodedata.normalize("NFC", f"{before}.{marks[:MOST_MARKS]}{after}")


def test_several_towers_are_all_cut() -> None:
    assert nfc("x" + "\u0316" * 500 + "y" + "\u0316" * 500) == "x" + "\u0316" * MOST_MARKS + "y" + "\u0316" * MOST_MARKS


def test_no_character_hides_marks_from_the_bound() -> None:
    """Whatever NFC takes apart into marks alone is counted as such: else a tower of it would be put in order whole."""
    for code in range(sys.maxunicode + 1):
        made_of = unicodedata.normalize("NFD", chr(code))
        if all(map(unicodedata.combining, made_of)):
            assert len(unicodedata.normalize("NFD", nfc(chr(code) * 200))) <= 2 * MOST_MARKS, hex(code)
