from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.sentiment.features import (
    NEGATOR,
    SAYS,
    Shape,
    fallbacks,
    hashes,
    marks,
    negated,
    ngrams,
    pair_buckets,
    reading,
)
from pipeline.text.tokens import HANDLE, URL, clean, token_of, tokenize
from tests.pipeline.text.tweets import ANY_TEXT

WORDS = st.lists(st.text(st.characters(), min_size=1, max_size=40), max_size=8)


@pytest.mark.parametrize(
    ("piece", "words"),
    [
        ("Late", ("late",)),
        ("Sooooo", ("soo",)),
        ("L'avion", ("l'avion",)),
        ("#FlyAwayNow", ("fly", "away", "now")),
        ("#late", ("late",)),
        ("@anyone", ("@",)),
        ("http://t.co/x", ("http",)),
        ("http", ("http",)),
        ("47", ("0",)),
        ("$ACME", ("$",)),
        ("!!!!", ("!!",)),
        ("!?!", ("?!",)),
        ("…", ("...",)),
        ("\n", ("\n",)),
        (";", (",",)),
        ("👍🏽", ("👍",)),
        ("❤️", ("❤",)),
        (":)))))", (":)",)),
    ],
)
def test_a_token_is_looked_up_under_the_words_it_stands_for(piece: str, words: tuple[str, ...]) -> None:
    assert reading(token_of(piece)).words == words


def test_how_a_token_is_written_is_told_apart_from_what_it_says() -> None:
    assert reading(token_of("LATE")).shapes == (Shape.CAPITALS,)
    assert reading(token_of("SOOOO")).shapes == (Shape.CAPITALS, Shape.STRETCHED)
    assert reading(token_of("#late")).shapes == (Shape.HASHTAG,)
    assert reading(token_of("OK")).shapes == ()


def test_an_unknown_word_may_be_known_without_elision_accents_or_doubled_letters() -> None:
    assert fallbacks("l'été") == ["été", "ete", "l'été".replace("ll", "l")][:2]
    assert fallbacks("niice") == ["nice"]
    assert fallbacks("late") == []


@given(text=ANY_TEXT)
def test_every_token_has_words_that_can_be_hashed_and_none_is_too_long(text: str) -> None:
    for token in tokenize(clean(text)):
        words = reading(token).words
        assert words
        assert all(1 <= len(word) <= 40 for word in words)


@given(words=WORDS)
def test_hashes_and_ngrams_of_a_word_do_not_depend_on_the_words_beside_it(words: list[str]) -> None:
    together = hashes(words).tolist()
    assert together == [hashes([word]).item() for word in words]
    buckets, owners = ngrams(words, 10)
    for place, word in enumerate(words):
        assert sorted(buckets[owners == place].tolist()) == sorted(ngrams([word], 10)[0].tolist())


def test_a_word_has_the_ngrams_of_three_to_five_characters_with_its_edges() -> None:
    buckets, _ = ngrams(["late"], 16)
    assert len(buckets) == len("<late>") * 3 - (2 + 3 + 4)
    shared = set(ngrams(["lates"], 16)[0].tolist()) & set(buckets.tolist())
    assert len(shared) >= 6


def reach(text: str) -> list[str]:
    """Return the tokens that a negation reaches."""
    tokens = tokenize(text)
    mark = marks(tokens, np.arange(len(tokens), dtype=np.uint32))
    return [token.text for token, reached in zip(tokens, negated(mark).tolist(), strict=True) if reached]


def test_a_negation_reaches_three_tokens_and_no_farther_than_its_clause() -> None:
    assert reach("they do not come here again today") == ["come", "here", "again"]
    assert reach("not good, really bad") == ["good"]
    assert reach("isn't good") == ["good"]
    assert reach("ce n'est pas bon du tout") == ["bon", "du", "tout"]
    assert reach("good") == []


def test_no_negation_reaches_into_the_next_text() -> None:
    says = np.array([0, SAYS | NEGATOR, 0, SAYS, SAYS])
    assert not negated(says).any()
    assert negated(np.array([], np.int32)).tolist() == []


def test_pairs_know_their_order_and_where_a_text_begins_and_ends() -> None:
    first, second = (mark << 2 for mark in (11, 7))
    text = pair_buckets(np.array([0, first, second], np.int32), 16).tolist()
    assert len(set(text)) == 3
    assert pair_buckets(np.array([0, second, first], np.int32), 16).tolist()[1] != text[1]
    assert pair_buckets(np.array([0, first, second, 0, first], np.int32), 16).tolist()[:3] == text


def test_handles_and_links_are_read_alike_whatever_they_name() -> None:
    assert reading(HANDLE) == reading(token_of("@vigie"))
    assert reading(URL) == reading(token_of("https://example.org/a"))
