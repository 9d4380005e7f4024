"""Key phrases: the words and word pairs that concerns are made of, to be contrasted with a brand's ordinary talk."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from pipeline.text.lexicon import stop_words
from pipeline.text.tokens import Kind, Token
from pipeline.text.vocabulary import TokenBatch, Vocabulary

__all__ = ["MAX_PHRASES", "PhraseReader"]

MAX_PHRASES = 24
_MIN_CHARS = 3
_MAX_CHARS = 40

_LISTS = ("en", "fr", "")
"""Languages with stop words of their own; any other takes those of all."""
_ALL_LISTS = (1 << len(_LISTS)) - 1


class PhraseReader:
    """Reads phrases with the stop words of each text's language."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._stems = vocabulary.stems_of
        self._stops: dict[str, int] = {}
        for place, lang in enumerate(_LISTS):
            for word in stop_words(lang):
                self._stops[word] = self._stops.get(word, 0) | 1 << place
        content = vocabulary.flag([Kind.WORD], self._content_under, bits=len(_LISTS))
        self._flags = {lang: content << place for place, lang in enumerate(_LISTS)}

    def read(self, batch: TokenBatch, langs: Sequence[str]) -> list[tuple[str, ...]]:
        """Return distinct 1- and 2-grams in order of first appearance, lower case, accents kept, at most 24.

        Pairs are neighbours in the text: no stop word, number or punctuation between them. Hashtags, handles
        and URLs are no part of phrases.
        """
        flags, other = self._flags, self._flags[""]
        of_text = np.array([flags.get(lang, other) for lang in langs], np.uint16)
        places, bounds = batch.select(batch.flags & batch.spread(of_text))
        words = self._stems(batch.rows[places])
        joined = (places[1:] - places[:-1] == 1).nonzero()[0] + 1  # never over the break between two texts
        pairs = [_pair(words[place - 1], words[place]) for place in joined.tolist()]
        said = [*words, *pairs]
        order = np.concatenate([2 * np.arange(len(words)) + 1, 2 * joined]).argsort(
            kind="stable"
        )  # pairs before seconds
        ordered = [said[place] for place in order.tolist()]
        starts = (np.array(bounds) + joined.searchsorted(bounds)).tolist()
        return [tuple(dict.fromkeys(ordered[start:end]))[:MAX_PHRASES] for start, end in pairwise(starts)]

    def _content_under(self, token: Token) -> int:
        """Return of a word one bit for each list of stop words that it is a word of content under."""
        word = token.stem
        if not _MIN_CHARS <= len(word) <= _MAX_CHARS or not (word.isalpha() or any(map(str.isalpha, word))):
            return 0
        return _ALL_LISTS & ~self._stops.get(word, 0)


def _pair(first: str, second: str) -> str:
    return f"{first} {second}" if first != second else second
