"""Texts as sparse counts, and words as sparse features: what polarity is fitted on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.text.lexicon import Lexicon, load, load_emoji
from pipeline.text.sentiment.features import (
    Shape,
    fallbacks,
    hashes,
    marks,
    negated,
    ngrams,
    pair_buckets,
    reading,
    summed,
)
from pipeline.text.tokens import HANDLE, URL, Kind, Token, clean, tokenize

__all__ = ["Counts", "count", "gram_features", "listed_words", "opinion_features", "word_features"]

_GENERIC = {Kind.HANDLE: HANDLE, Kind.URL: URL}


@dataclass(frozen=True, slots=True)
class Counts:
    """What is in each text, as matrices of ``scipy.sparse`` with a row a text."""

    words: Any
    negated: Any
    """Of `words`, those that a negation reaches."""
    shapes: Any
    pairs: Any
    spellings: tuple[str, ...]
    """The word of each column of `words`, and after those more words that something is known of."""


def count(texts: Sequence[str], more: Sequence[str], pair_bits: int, progress: Callable[[str, float], None]) -> Counts:
    """Return what is in each text.

    Parameters
    ----------
    texts : sequence of str
        Uncleaned.
    more : sequence of str
        Words that get a column whether they occur or not.
    pair_bits : int
        Pairs are told apart by as many bits of a hash.
    progress : callable
        Told ``"count"`` and the share done.
    """
    tokens: dict[Token, int] = {}
    places: list[int] = []
    owners: list[int] = []
    for owner, text in enumerate(texts):
        found = [_GENERIC.get(token.kind, token) for token in tokenize(clean(text))]
        places += [-1, *[tokens.setdefault(token, len(tokens)) for token in found]]
        owners += [owner] * (len(found) + 1)
        if owner % 5_000 == 0:
            progress("count", owner / len(texts))
    readings = [reading(token) for token in tokens]
    names = summed(hashes([word for found, _ in readings for word in found]), readings)
    mark = np.append(marks(list(tokens), names), np.int32(0))[places]
    words: dict[str, int] = {}
    word_places = [[words.setdefault(word, len(words)) for word in read.words] for read in readings]
    for word in more:
        words.setdefault(word, len(words))
    of_words = _matrix(word_places, len(words))
    of_shapes = _matrix([list(read.shapes) for read in readings], len(Shape))
    occurring = np.array(places) >= 0
    size = (len(texts), len(tokens))
    all_tokens = _sums(np.array(owners), np.array(places), occurring, size)
    reached = _sums(np.array(owners), np.array(places), occurring & negated(mark), size)
    pairs = _sums(np.array(owners), pair_buckets(mark, pair_bits), occurring | True, (len(texts), 1 << pair_bits))
    return Counts(all_tokens @ of_words, reached @ of_words, all_tokens @ of_shapes, pairs, tuple(words))


def _sums(owners: NDArray[Any], columns: NDArray[Any], chosen: NDArray[np.bool_], size: tuple[int, int]) -> Any:
    from scipy import sparse  # type: ignore[import-untyped]  # noqa: PLC0415 - only training needs it

    ones = np.ones(int(chosen.sum()), np.float32)
    return sparse.csr_matrix((ones, (owners[chosen], columns[chosen])), shape=size)


def _matrix(columns: Sequence[Sequence[int]], width: int) -> Any:
    owners = np.repeat(np.arange(len(columns)), [len(row) for row in columns])
    flat = np.array([column for row in columns for column in row], np.intp)
    return _sums(owners, flat, np.ones(len(flat), np.bool_), (len(columns), width))


def listed_words() -> list[str]:
    """Return the words and emoji of Vigie's lists."""
    listed = [*load_emoji(), *load("en").weights, *load("fr").weights, *load("en").roles, *load("fr").roles]
    return [word for word in dict.fromkeys(listed) if len(word) <= 40 and " " not in word]


def word_features(words: Sequence[str], seen: int, listed_scale: float) -> Any:
    """Return features of words: themselves (those seen in texts), their other forms, what the word lists say."""
    from scipy import sparse  # noqa: PLC0415 - only training needs it

    names: dict[tuple[str, str], int] = {}
    rows, columns, sizes = [], [], []
    lists = {language: load(language) for language in ("en", "fr")}
    faces = load_emoji()
    for place, word in enumerate(words):
        forms = [word, *fallbacks(word)]
        found = [("word", form, 1.0) for form in forms[:3]] if place < seen else []
        found += [("word", form, 1.0) for form in forms[1:3]] if place >= seen else []
        found += [("listed", name, listed_scale) for name in _listed(forms, lists, faces)]
        for kind, name, size in found:
            rows.append(place)
            columns.append(names.setdefault((kind, name), len(names)))
            sizes.append(size)
    return sparse.csr_matrix((np.array(sizes, np.float32), (rows, columns)), shape=(len(words), len(names)))


def _listed(forms: Sequence[str], lists: Mapping[str, Lexicon], faces: Mapping[str, float]) -> list[str]:
    names = [f"face{faces[forms[0]]:g}"] if forms[0] in faces else []
    for language, lexicon in lists.items():
        weight = next((lexicon.weights[form] for form in forms if form in lexicon.weights), None)
        if weight is not None:
            names += [f"{language}{weight:g}", f"any{weight:g}"]
        role = lexicon.roles.get(forms[0])
        if role is not None:
            names.append(f"{language} {role}")
    return names


def opinion_features(words: Sequence[str], opinions: Mapping[str, tuple[float, float, float]]) -> NDArray[np.float32]:
    """Return the centred logarithms of a teacher's probabilities of each word, zeros where it gave none."""
    table = np.zeros((len(words), 3), np.float32)
    for place, word in enumerate(words):
        shares = opinions.get(word) or next((opinions[form] for form in fallbacks(word) if form in opinions), None)
        if shares is not None:
            table[place] = np.log(shares)
            table[place] -= table[place].mean()
    return table


def gram_features(words: Sequence[str], bits: int, scale: float) -> Any:
    """Return the character n-grams of words, by bucket."""
    buckets, owners = ngrams(words, bits)
    return _sums(owners, buckets, np.ones(len(buckets), np.bool_), (len(words), 1 << bits)) * np.float32(scale)
