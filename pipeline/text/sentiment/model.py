"""The polarity of tweets: integers by token, summed, made three probabilities.

ADR: a sum of integers
----------------------
A tweet's score is a sum over its tokens and its pairs of adjacent tokens, so it can be explained token by token by
nothing but itself, and reading a tweet is two ``take`` and one ``add.reduceat``. All that training used (words,
character n-grams, word lists, a teacher's opinion of words) is folded into one row of a token: three scores, and
three for where a negation reaches it. Scores are integers in 1/256 of a natural logarithm of odds, the softmax is
a table of integers: results are the same for any batch and on any machine. A small network on top of the sums was
tried: its probabilities were a little sharper, its labels no better.
"""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple, Self
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from pipeline.text.sentiment.features import (
    Integers,
    fallbacks,
    hashes,
    marks,
    negated_places,
    ngrams,
    pair_buckets,
    reading,
    summed,
)
from pipeline.text.tokens import Token

__all__ = ["GROUPS", "UNIT", "Explained", "PolarityModel", "Tables", "group_of", "load_model", "thousandths"]

UNIT = 256
"""Integers of a score that make one natural logarithm of odds."""
GROUPS = ("en", "fr", "other")
"""Groups of languages, each with a lean and a sharpness of its own."""

_SHARPNESS_UNIT = 256
_REACH = 12 * UNIT
_PLACES = np.arange(3)[:, None]
_EXP = np.array([round(math.exp(-step / UNIT) * 2**20) for step in range(_REACH + 1)], np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """What training found out. All scores are (negative, neutral, positive) in 1/256."""

    word_hashes: NDArray[np.uint32]
    """Hashes of the words that something is known of, increasing."""
    word_rows: NDArray[np.int16]
    """Six scores by word: as such, and where a negation reaches it."""
    gram_rows: NDArray[np.int16]
    """Three scores by bucket of character n-grams, for words that nothing is known of; a power of two of buckets."""
    shape_rows: NDArray[np.int16]
    """Three scores by `Shape`."""
    pair_rows: NDArray[np.int16]
    """Three scores by bucket of pairs; a power of two of buckets."""
    lean: NDArray[np.int32]
    """Three scores by group of languages."""
    sharpness: NDArray[np.int32]
    """What scores are multiplied with, in 1/256, by group of languages."""

    def to_bytes(self) -> bytes:
        """Return the data file: the same bytes for the same tables."""
        buffer = io.BytesIO()
        arrays: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(self)}
        arrays["word_hashes"] = np.diff(self.word_hashes, prepend=np.uint32(0))
        np.savez_compressed(buffer, allow_pickle=False, **arrays)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a data file.

        Raises
        ------
        ValueError
            It is something else.
        """
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
                loaded = {field.name: arrays[field.name] for field in fields(cls)}
        except (KeyError, OSError, EOFError, TypeError, ValueError, AttributeError, zipfile.BadZipFile) as error:
            raise ValueError("not a sentiment model of vigie train") from error
        loaded["word_hashes"] = np.cumsum(loaded["word_hashes"], dtype=np.uint32)
        return cls(**loaded)


def group_of(lang: str) -> int:
    """Return the place in `GROUPS` of a language."""
    return _GROUP_OF.get(lang, len(GROUPS) - 1)


_GROUP_OF = {lang: place for place, lang in enumerate(GROUPS)}


class Explained(NamedTuple):
    """One term of a tweet's score."""

    text: str
    """A token, two tokens with a space between them, ``""`` for what concerns the language."""
    negated: bool
    scores: tuple[int, int, int]
    """Negative, neutral, positive, in 1/256."""


class PolarityModel:
    """Reads the polarity of tweets.

    A tweet comes as the entries of its tokens (`entries_of`, worked out once a distinct token) with an entry of
    zeros before the first.
    """

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.name = f"trained-{crc32(tables.word_rows.tobytes()):08x}"
        """Different for models that were trained differently."""
        self._gram_bits = (len(tables.gram_rows) - 1).bit_length()
        self._pair_bits = (len(tables.pair_rows) - 1).bit_length()
        self._shapes = np.tile(tables.shape_rows, 2)
        self._pairs = tables.pair_rows.astype(np.int32)
        self._grams = tables.gram_rows.astype(np.int32)

    def entries_of(self, tokens: Sequence[Token]) -> NDArray[np.int32]:
        """Return seven integers a token: six scores and a mark (`pipeline.text.sentiment.features.marks`)."""
        entries = np.zeros((len(tokens), 7), np.int32)
        if tokens:
            readings = [reading(token) for token in tokens]
            words = [word for found, _ in readings for word in found]
            names = hashes(words)
            entries[:, :6] = summed(self._word_rows(words, names), readings)
            for place, (_, shapes) in enumerate(readings):
                for shape in shapes:
                    entries[place, :6] += self._shapes[shape]
            entries[:, 6] = marks(tokens, summed(names, readings))
        return entries

    def scores(self, entries: NDArray[np.int32], starts: Integers) -> NDArray[np.int32]:
        """Return three scores a tweet.

        Parameters
        ----------
        entries : array
            Of all tokens of all tweets, one after the other, each tweet with an entry of zeros before it.
        starts : array
            Where each tweet begins: the places of those zeros.
        """
        sums: NDArray[np.int32] = np.add.reduceat(self._terms(entries), starts, axis=0, dtype=np.int32)
        return sums

    def _terms(self, entries: NDArray[np.int32]) -> NDArray[np.int32]:
        mark = entries[:, 6].copy()
        terms: NDArray[np.int32] = self._pairs.take(pair_buckets(mark, self._pair_bits), axis=0)
        terms += entries[:, :3]
        reached = negated_places(mark)
        if len(reached):
            terms[reached] += entries[reached, 3:6] - entries[reached, :3]
        return terms

    def probabilities(self, scores: Integers, groups: Integers) -> NDArray[np.int64]:
        """Return the probabilities of tweets in thousandths, of which each tweet has 1000.

        Parameters
        ----------
        scores : array
            Three a tweet.
        groups : array
            The place in `GROUPS` of each tweet's language.
        """
        leaning = scores.astype(np.int64) + self.tables.lean[groups]
        return thousandths((leaning * self.tables.sharpness[groups][:, None]) // _SHARPNESS_UNIT)

    def explain(self, tokens: Sequence[Token], group: int) -> list[Explained]:
        """Return the terms of a tweet's score, in order of reading; they add up to the score with the lean."""
        rows = np.concatenate([np.zeros((1, 7), np.int32), self.entries_of(tokens)])
        mark = np.ascontiguousarray(rows[:, 6])
        reached = set(negated_places(mark).tolist())
        pairs = self.tables.pair_rows[pair_buckets(mark, self._pair_bits)].tolist()
        texts = ["", *(token.text for token in tokens), ""]
        terms = [Explained("", False, _three(self.tables.lean[group].tolist()))]  # noqa: FBT003 - a named tuple
        for place in range(len(rows)):
            if place:
                row = rows[place, 3:6] if place in reached else rows[place, :3]
                terms.append(Explained(texts[place], place in reached, _three(row.tolist())))
            terms.append(Explained(f"{texts[place]} {texts[place + 1]}", place in reached, _three(pairs[place])))
        return terms

    def _word_rows(self, words: Sequence[str], names: NDArray[np.uint32]) -> NDArray[np.int32]:
        """Look words up; those not known under any spelling are read by their n-grams."""
        known, rows = self._find(names)
        unknown = (~known).nonzero()[0].tolist()
        if not unknown:
            return rows
        others = [(place, form) for place in unknown for form in fallbacks(words[place])]
        if others:
            found, found_rows = self._find(hashes([form for _, form in others]))
            for row in reversed(found.nonzero()[0].tolist()):  # the first form that is known counts
                rows[others[row][0]], known[others[row][0]] = found_rows[row], True
            unknown = (~known).nonzero()[0].tolist()
        buckets, owners = ngrams([words[place] for place in unknown], self._gram_bits)
        grams = np.zeros((len(unknown), 3), np.int32)
        np.add.at(grams, owners, self._grams.take(buckets, axis=0))
        rows[unknown] = np.concatenate((grams, grams), axis=1)
        return rows

    def _find(self, names: NDArray[np.uint32]) -> tuple[NDArray[np.bool_], NDArray[np.int32]]:
        """Return which words are known, by their hashes, and their rows, zeros where not."""
        table = self.tables.word_hashes
        if not len(table):
            return np.zeros(len(names), np.bool_), np.zeros((len(names), 6), np.int32)
        places = np.minimum(table.searchsorted(names), len(table) - 1)
        known = table[places] == names
        rows = self.tables.word_rows[places].astype(np.int32)
        rows *= known[:, None]
        return known, rows


def _three(scores: Sequence[int]) -> tuple[int, int, int]:
    negative, neutral, positive = scores
    return negative, neutral, positive


def thousandths(scores: Integers) -> NDArray[np.int64]:
    """Return the softmax of scores in thousandths, by whole numbers only.

    Of what rounding leaves over, the largest remainder is served first, negative before neutral before positive.

    >>> thousandths(np.array([[0, 0, 0], [256, 0, 0]])).tolist()
    [[334, 333, 333], [576, 212, 212]]
    """
    by_class = np.ascontiguousarray(scores.T)
    weights = _EXP.take(np.maximum.reduce(by_class) - by_class, mode="clip")
    shares: NDArray[np.int64]
    shares, rest = np.divmod(1000 * weights, np.add.reduce(weights))
    left = 1000 - np.add.reduce(shares)
    rest = 4 * rest - _PLACES  # no two of a tweet's are equal
    shares += np.add.reduce(rest > rest[:, None], axis=1, dtype=np.int8) < left
    return shares.T


@cache
def load_model() -> PolarityModel:
    """Read the model that comes with Vigie."""
    return PolarityModel(Tables.from_bytes(files(__package__ or __name__).joinpath("model.npz").read_bytes()))
