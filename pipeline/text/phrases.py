"""Key phrases: the words and word pairs that concerns are made of, to be contrasted with a brand's ordinary talk."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice, pairwise

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
        joins = [False, *(places[1:] - places[:-1] == 1).tolist()]
        return [_phrases(words[start:end], joins[start:end]) for start, end in pairwise(bounds)]

    def _content_under(self, token: Token) -> int:
        """Return of a word one bit for each list of stop words that it is a word of content under."""
        word = token.stem
        if not _MIN_CHARS <= len(word) <= _MAX_CHARS or not (word.isalpha() or any(map(str.isalpha, word))):
            return 0
        return _ALL_LISTS & ~self._stops.get(word, 0)


def _phrases(words: Sequence[str], joins: Sequence[bool]) -> tuple[str, ...]:
    """Return the phrases of one text, of its words of content and whether each follows the one before."""
    phrases: dict[str, None] = {}
    previous = ""
    for word, joined in zip(words, joins, strict=True):
        if joined and previous != word:
            phrases[f"{previous} {word}"] = None
        phrases[word] = None
        previous = word
    return tuple(phrases) if len(phrases) <= MAX_PHRASES else tuple(islice(phrases, MAX_PHRASES))
