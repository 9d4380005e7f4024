"""Key phrases: the words and word pairs that concerns are made of, to be contrasted with a brand's ordinary talk."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.text.lexicon import stop_words
from pipeline.text.tokens import BoundedTable, Kind, Token

__all__ = ["MAX_PHRASES", "PhraseReader"]

MAX_PHRASES = 24
_MIN_CHARS = 3
_MAX_CHARS = 40


class PhraseReader:
    """Reads phrases with the stop words of one language (any other name takes those of all)."""

    def __init__(self, lang: str) -> None:
        stops = stop_words(lang)

        def content(word: str) -> str:
            fits = _MIN_CHARS <= len(word) <= _MAX_CHARS and word not in stops
            return word if fits and any(c.isalpha() for c in word) else ""

        self._content: BoundedTable[str] = BoundedTable(content)

    def read(self, tokens: Sequence[Token]) -> tuple[str, ...]:
        """Return distinct 1- and 2-grams in order of first appearance, lower case, accents kept, at most 24.

        Pairs are neighbours in the text: no stop word, number or punctuation between them. Hashtags, handles
        and URLs are no part of phrases.
        """
        phrases: dict[str, None] = {}
        previous = ""
        for token in tokens:
            word = self._content[token.stem] if token.kind is Kind.WORD else ""
            if word:
                if previous and previous != word:
                    phrases[f"{previous} {word}"] = None
                phrases[word] = None
                if len(phrases) >= MAX_PHRASES:
                    break
            previous = word
        return tuple(phrases)[:MAX_PHRASES]
