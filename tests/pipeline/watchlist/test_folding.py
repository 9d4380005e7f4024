from __future__ import annotations

import sys

from hypothesis import given
from hypothesis import strategies as st

from pipeline.watchlist import folding
from pipeline.watchlist.folding import fold, fold_both
from pipeline.watchlist.model import joined
from pipeline.watchlist.places import folded_places

ANY = st.text(st.characters(), max_size=40)  # lone surrogates included
COMPOSED = st.text(
    st.sampled_from("aeÉé\u0301\u0323ßﬁ \u00a0\u200d\u3099か\u1112\u1161\u11ab’-\n\u00a8İ達"), max_size=12
)


@given(st.text(st.characters(codec="ascii"), max_size=40))
def test_a_text_of_ascii_alone_folds_as_it_does_among_others(text: str) -> None:
    assert fold(f"{text}.é") == fold(f"{text}.") + "e"


@given(ANY | COMPOSED)
def test_a_folded_text_has_no_surrogate_no_two_spaces_and_no_capital_of_ascii(text: str) -> None:
    folded = fold(text)
    folded.encode()
    assert "  " not in folded
    assert not any("A" <= character <= "Z" for character in folded)


@given(ANY | COMPOSED)
def test_the_folding_that_keeps_case_is_aligned(text: str) -> None:
    folded, kept = fold_both(text)
    assert folded == fold(text)
    assert len(folded) == len(kept)


@given(ANY | COMPOSED)
def test_every_folded_character_has_a_place_in_the_text_in_order(text: str) -> None:
    places = folded_places(text)
    assert len(places) == len(fold(text))
    assert places == sorted(places)
    assert all(0 <= start < end <= len(text) for start, end in places)


@given(ANY)
def test_a_name_is_joined_to_its_letters_digits_and_underscores(text: str) -> None:
    assert joined(text) == "".join(c for c in text if c.isalnum() or c == "_")


@given(ANY)
def test_folding_is_the_same_whatever_was_folded_before(text: str) -> None:
    expected = fold(text)
    for first in (0x4E00, 0x10000):
        fold("".join(map(chr, range(first, first + 25_000))))
    assert fold(text) == expected


def test_what_folds_to_itself_at_a_glance_does_so_at_a_second_look() -> None:
    for character in map(chr, range(sys.maxunicode + 1)):
        if folding._folds_to_itself(character):
            assert folding._fold_character(character, lower=True) == character
            assert folding._fold_character(character, lower=False) == character
