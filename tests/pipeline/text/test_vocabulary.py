"""Rows of tokens: those that reading piece by piece gives, whatever the batch and however often rows are trimmed."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.tokens import (
    BREAK,
    HANDLE,
    URL,
    Kind,
    Token,
    clean,
    emoji_of,
    pieces_of,
    plain_form,
    token_of,
    tokenize,
)
from pipeline.text.vocabulary import HANDLE_ROW, URL_ROW, TokenBatch, Vocabulary
from tests.pipeline.text.tweets import ANY_TEXT

TEXTS = st.lists(ANY_TEXT.map(clean), min_size=1, max_size=6)


def tokens_in(vocabulary: Vocabulary, batch: TokenBatch) -> list[list[Token]]:
    """Return the tokens of each text of a batch."""
    bounds = [*batch.starts.tolist(), len(batch.rows)]
    texts = vocabulary.texts_of(batch.rows)
    return [[token_of(text) for text in texts[start + 1 : end]] for start, end in pairwise(bounds)]


def without_names(tokens: list[Token]) -> list[Token]:
    """Return tokens as a vocabulary knows them."""
    return [{Kind.HANDLE: HANDLE, Kind.URL: URL}.get(t.kind) or token_of(plain_form(t.text)) for t in tokens]


@given(text=ANY_TEXT)
def test_a_plain_form_says_the_same(text: str) -> None:
    for token in tokenize(clean(text)):
        plain = token_of(plain_form(token.text))
        assert (plain.kind, plain.lower, plain.stem) == (token.kind, token.lower, token.stem)


@given(texts=TEXTS)
def test_rows_stand_for_the_tokens_of_the_texts(texts: list[str]) -> None:
    vocabulary = Vocabulary()
    batch = vocabulary.read(texts)
    assert tokens_in(vocabulary, batch) == [without_names(tokenize(text)) for text in texts]


@given(batches=st.lists(TEXTS, max_size=6))
def test_a_vocabulary_that_is_trimmed_all_the_time_reads_alike(batches: list[list[str]]) -> None:
    small, large = Vocabulary(size=3), Vocabulary()
    lengths = [vocabulary.column(lambda tokens: [len(token.text) for token in tokens]) for vocabulary in (small, large)]
    for texts in batches:
        small_batch, large_batch = small.read(texts), large.read(texts)
        assert tokens_in(small, small_batch) == tokens_in(large, large_batch)
        assert np.array_equal(small_batch.sums(lengths[0]), large_batch.sums(lengths[1]))


def test_trimming_forgets_what_was_not_used_for_longest() -> None:
    vocabulary = Vocabulary(size=8)
    vocabulary.read(["old older oldest seldom"])
    vocabulary.read(["new newer newest latest"])
    vocabulary.read(["new newest"])
    assert vocabulary.texts_of(np.arange(3, len(vocabulary))) == ["new", "newer", "newest", "latest"]


@given(texts=TEXTS)
def test_sums_and_flags_are_those_of_each_text_alone(texts: list[str]) -> None:
    vocabulary = Vocabulary()
    shape = vocabulary.column(lambda tokens: [[len(t.text), t.kind] for t in tokens], np.int32, width=2)
    said = vocabulary.flag([Kind.WORD], lambda token: len(token.text) > 2)
    batch = vocabulary.read(texts)
    sums = batch.sums(shape)
    _, bounds = batch.select(batch.flags & said)
    for place, text in enumerate(texts):
        tokens = without_names(tokenize(text))
        assert sums[place].tolist() == [sum(len(t.text) for t in tokens), sum(t.kind for t in tokens)]
        long_words = [t for t in tokens if t.kind is Kind.WORD and len(t.text) > 2]
        assert bounds[place + 1] - bounds[place] == len(long_words)


def test_handles_and_links_share_a_row_each_and_leave_nothing_behind() -> None:
    vocabulary = Vocabulary()
    batch = vocabulary.read(["@ann @bob's https://t.co/a http://b.c/d, (www.e.f)"])
    assert batch.rows.tolist().count(HANDLE_ROW) == 2
    assert batch.rows.tolist().count(URL_ROW) == 3
    others = vocabulary.texts_of(np.arange(3, len(vocabulary)))
    assert not {Kind.HANDLE, Kind.URL} & {token_of(text).kind for text in others}


@given(text=ANY_TEXT)
def test_no_cleaned_text_holds_the_break(text: str) -> None:
    assert BREAK not in clean(text)
    assert BREAK not in clean(f"plain {BREAK} text")


@given(text=ANY_TEXT)
def test_pieces_hold_every_emoji_and_letter_of_a_text_in_order(text: str) -> None:
    text = clean(text)
    pieces = [piece for chunk in text.split(" ") for piece in pieces_of(chunk)]
    assert [piece for piece in pieces if token_of(piece).kind is Kind.EMOJI] == emoji_of(text, 1_000)
    at = 0
    for piece in pieces:
        at = text.index(piece, at) + len(piece)
    assert sum(map(str.isalpha, "".join(pieces))) <= sum(map(str.isalpha, text))


@pytest.mark.parametrize("chunk", ["word", "word.", "wOrd,", "no!", "xD", "xD!", "D", "été?", "a", "a.", "नमस्ते."])
def test_the_short_way_to_tokenise_words_gives_what_the_long_way_does(chunk: str) -> None:
    padded = pieces_of(chunk + "~")  # the tilde is no token, but keeps the short way from being taken
    assert pieces_of(chunk) == padded


@pytest.mark.parametrize("letter", ["a", "\U00010428", "a."])
def test_long_tokens_and_chunks_are_forgotten_before_they_fill_the_memory(letter: str) -> None:
    vocabulary = Vocabulary()
    for number in range(600):
        vocabulary.read([f"late {letter * 400}{number}x{n}" for n in range(20)])
    kept = [*vocabulary._chunks, *vocabulary.texts_of(np.arange(len(vocabulary)))]
    assert sum(map(len, kept)) < 12_000_000
    assert vocabulary.read(["late"]).rows.tolist() == [0, 3]


@given(before=TEXTS, after=TEXTS)
def test_a_vocabulary_that_has_forgotten_everything_reads_as_a_new_one(before: list[str], after: list[str]) -> None:
    old, new = Vocabulary(), Vocabulary()
    old.forget()
    lengths = [each.column(lambda tokens: [len(token.text) for token in tokens]) for each in (old, new)]
    old.read(before)
    old.forget()
    assert len(old) == 3
    assert [*old._chunks] == [*new._chunks]
    assert np.array_equal(old.read(after).sums(lengths[0]), new.read(after).sums(lengths[1]))
