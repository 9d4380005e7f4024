"""Language of a tweet, among the six Vigie reads best, or the one its platform names.

eldc (https://github.com/nitotm/eldc, Apache-2.0) decides over the words alone. It is kept behind one class.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from pipeline.text.tokens import Kind, Token

__all__ = ["LANGUAGES", "UNDECIDED", "LanguageDetector", "platform_language"]

LANGUAGES = ("de", "en", "es", "fr", "it", "pt")
"""Languages told apart by reading; any other is believed when the platform names it."""
UNDECIDED = "und"

_ENOUGH_LETTERS = 24
"""From so many letters on reading is surer than the platform's guess."""
_FEW_LETTERS = 8
"""Below, a text says nothing of its language: "ok", "lol", names."""
_MIN_MARGIN = 0.01
"""Undecided when two languages score as close as this."""

_CODE = re.compile(r"[a-z]{2,3}(?![a-z])", re.ASCII)
_NO_LANGUAGE = frozenset({"und", "zxx", "mul", "mis", "art", "qam", "qct", "qht", "qme", "qst"})
_OLD_CODES = {"in": "id", "iw": "he", "ji": "yi", "jw": "jv", "msa": "ms"}


def platform_language(lang: str | None) -> str | None:
    """Return the primary language of a platform's tag, none when it names none.

    >>> platform_language("pt-BR"), platform_language("iw"), platform_language("qme")
    ('pt', 'he', None)
    """
    match = _CODE.match(lang.lower()) if lang else None
    if match is None or match[0] in _NO_LANGUAGE:
        return None
    return _OLD_CODES.get(match[0], match[0])


class LanguageDetector:
    """Says the language of tokenised tweets. The model is loaded at first use."""

    def __init__(self) -> None:
        self._model: Any = None

    def detect(self, tokens: Sequence[Token], lang: str | None) -> str:
        """Return a language code, or ``und``.

        Parameters
        ----------
        tokens : sequence of Token
            Of the whole tweet; only its words are read.
        lang : str or None
            The platform's guess: preferred for short texts, and for languages outside `LANGUAGES`.
        """
        named = platform_language(lang)
        if named is not None and named not in LANGUAGES:
            return named
        text = " ".join([token.lower for token in tokens if token.kind is Kind.WORD])
        if len(text) < _FEW_LETTERS:
            return named or UNDECIDED
        if named is not None and len(text) < _ENOUGH_LETTERS:
            return named
        return self._read(text) or named or UNDECIDED

    def _read(self, text: str) -> str | None:
        if self._model is None:
            self._model = _load()
        scores = self._model.detect_details(text).scores
        if not scores:
            return None
        best, *rest = scores.items()
        if rest and best[1] - rest[0][1] < _MIN_MARGIN:
            return None
        return str(best[0])


def _load() -> Any:
    """Return a detector of its own: `eldc.set_languages` would change every user of eldc in the process."""
    import eldc  # noqa: PLC0415 - 50 MB of model, only once it is needed

    eldc.init()
    model = eldc.instance()
    model.set_languages(list(LANGUAGES))
    model.set_scores(2)
    return model
