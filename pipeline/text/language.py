"""Language of a tweet, among the six Vigie reads best, or the one its platform names.

ADR: eldc, word by word
-----------------------
eldc (https://github.com/nitotm/eldc, Apache-2.0) scores a text by adding up what it knows of each word's
beginning, middle and end. A score is hidden in its result as ``1 - exp(-score / 10,000 / n)``, n being the pieces
the words were cut into; taken out again, scores of words can be added up by us, once a distinct word instead of
once a tweet. They are kept as what a language loses against the best of twenty, so that three things can be read
from six sums: which language loses least, by how much, and whether even that one loses too much. The last tells
mixed texts, and texts in the fourteen languages that are scored but not told apart, from those in one of the six.

A text that is mixed is ``und`` as one that says nothing: X itself does so, what reads the text next treats both
alike (it reads all it can), and ``mul`` would be one more value for everyone who reads mentions.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import repeat
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pipeline.text.tokens import Kind, Token
from pipeline.text.vocabulary import TokenBatch, Vocabulary

__all__ = ["LANGUAGES", "UNDECIDED", "LanguageModel", "VocabularyLanguage", "platform_language"]

LANGUAGES = ("de", "en", "es", "fr", "it", "pt")
"""Languages told apart by reading; any other is believed when the platform names it."""
UNDECIDED = "und"

_NEIGHBOURS = ("nl", "ca", "sv", "da", "no", "fi", "pl", "ro", "tr", "ms", "tl", "hu", "cs", "hr")
"""Scored so that their texts are not taken for one of the six. eldc names 20 languages of a text at most."""

Numbers: TypeAlias = NDArray[np.integer[Any]]

# In points: 100 are 2,500 of eldc's. A letter of ordinary text takes its language 150 ahead of the next.
_POINT = 25.0
_ENOUGH_LETTERS = 24
"""From so many letters on reading is surer than the platform's guess among the six."""
_FEW_LETTERS = 8
_LEAD = 50
"""Undecided when the best language leads the next by less."""
_LEAD_OF_FEW = 400
"""The same below `_FEW_LETTERS`: "merci" and "danke" are told, "ok", "super" and most names are not."""
_MIXED = 60
"""A text is mixed that loses more than this a letter, and more than twice of what it leads by."""
_FOREIGN = 200
"""A text is in none of the six that loses more than this a letter."""
_SURE_LETTERS = 12
_SURE_LEAD, _SURE_LOSS = 60, 30
"""From this lead a letter, and up to this loss a letter, a platform that names any other language is mistaken: X
takes English with odd words for Tagalog or Indonesian. Texts in languages unknown here lead by 20 at most."""

_MAX_WORD_CHARS = 40
_PART = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
_ONE = 1.00001
"""Taken for 1, because eldc's results are rounded and may be 1 themselves."""

_MISSED = {
    "de": "a da im in ist ja na ne so um zu",
    "en": "a at for he i im is may me my no november on september so to u",
    "es": "a de en ha he la le me mi no ni o os se si so su te tu va vi y",
    "fr": "a ai de en et la le me ne ni on sa se si ta te tu va y",
    "it": "a ai da de e ha i in la le me mi ne no o sa se si so su te tu va vi",
    "pt": "a ai as da de e ha hj me na no o os q se so te tu vi",
}
"""Common words that eldc's data rates low or not at all in these languages, "en" in French and "i" in English."""
_SAYS_NOTHING = frozenset({"amp", "gt", "http", "https", "lt", "rt", "tv", "via"})

_CODE = re.compile(r"[a-z]{2,3}(?![a-z])", re.ASCII)
_NO_LANGUAGE = frozenset({"und", "zxx", "mul", "mis", "art", "qam", "qct", "qht", "qme", "qst"})
_OLD_CODES = {"in": "id", "iw": "he", "ji": "yi", "jw": "jv", "msa": "ms"}
_LONG_CODES = {"deu": "de", "ger": "de", "eng": "en", "spa": "es", "fra": "fr", "fre": "fr", "ita": "it", "por": "pt"}
_OTHER_CODES = _OLD_CODES | _LONG_CODES


def platform_language(lang: str | None) -> str | None:
    """Return the primary language of a platform's tag, none when it names none.

    >>> platform_language("pt-BR"), platform_language("iw"), platform_language("qme")
    ('pt', 'he', None)
    """
    match = _CODE.match(lang.lower()) if lang else None
    if match is None or match[0] in _NO_LANGUAGE:
        return None
    return _OTHER_CODES.get(match[0], match[0])


_named = lru_cache(maxsize=1_024)(platform_language)


class LanguageModel:
    """Says the language of tokenised tweets: integers a token, sums a tweet, one decision. Loads at first use."""

    width = len(LANGUAGES) + 1
    """Numbers in an entry of `columns`."""

    def columns(self, tokens: Sequence[Token]) -> NDArray[np.int32]:
        """Return what each of `LANGUAGES` loses by a token against the best of twenty, and its letters: shape (n, 7).

        Six numbers of points, 0 at most, and the amount of evidence. A pure function of the token's kind and lower
        case; zeros for all that is no word, and no losses for words nobody knows.
        """
        columns = np.zeros((len(tokens), self.width), np.int32)
        places: list[int] = []
        words: list[str] = []
        for place, (kind, _, lower, _) in enumerate(tokens):
            if kind is Kind.WORD:
                parts = [lower[:_MAX_WORD_CHARS]] if lower.isalpha() else _PART.findall(lower[:_MAX_WORD_CHARS])
                words += parts
                places += [place] * len(parts)
        if words:
            np.add.at(columns, places, _entries(words))
        return columns

    def decide(self, sums: Numbers, hints: Sequence[str | None]) -> list[str]:
        """Return a language code a tweet, ``und`` for those that are undecided or mixed.

        Parameters
        ----------
        sums : array of shape (n, 7)
            Sums of `columns` over the tokens of each tweet.
        hints : sequence of str or None
            What the platform says: preferred for short texts, for undecided ones, and for languages outside
            `LANGUAGES` unless the text is clearly in one of them.
        """
        if len(hints) < _FEW_TEXTS:
            return [_decided(row, hint) for row, hint in zip(sums.tolist(), hints, strict=True)]
        return _all_decided(sums[:, :-1], sums[:, -1], hints)


class VocabularyLanguage:
    """`LanguageModel` over the rows of a vocabulary."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._model = LanguageModel()
        self._column = vocabulary.column(self._model.columns, width=self._model.width)

    def read(self, batch: TokenBatch, hints: Sequence[str | None]) -> list[str]:
        """Return the language code of each text, ``und`` for those that are undecided or mixed."""
        return self._model.decide(batch.sums(self._column), hints)


_NOTHING = (0.0,) * (1 + len(LANGUAGES))
_LOST = -(1 << 40)
_CODES = (*LANGUAGES, UNDECIDED)
_FEW_TEXTS = 16
"""Fewer are decided one by one: thirty operations on arrays cost as much as deciding a dozen."""
_COMMON = {
    word: [place for place, lang in enumerate(LANGUAGES) if word in _MISSED[lang].split()]
    for word in " ".join(_MISSED.values()).split()
}


def _decided(sums: list[int], hint: str | None) -> str:
    """Decide from what each language has lost and how many letters there were."""
    *losses, letters = sums
    best = max(losses)
    place = losses.index(best)
    losses[place] = _LOST
    loss, lead = -best, best - max(losses)
    undecided = lead < (_LEAD_OF_FEW if letters < _FEW_LETTERS else _LEAD)
    mixed = letters >= _ENOUGH_LETTERS and loss > _MIXED * letters and loss > 2 * lead
    read = UNDECIDED if undecided or mixed or loss > _FOREIGN * letters else LANGUAGES[place]
    if hint is None or (named := _named(hint)) is None:
        return read
    if read == UNDECIDED:
        return named
    if named in LANGUAGES:
        return read if letters >= _ENOUGH_LETTERS else named
    sure = letters >= _SURE_LETTERS and lead >= _SURE_LEAD * letters and loss <= _SURE_LOSS * letters
    return read if sure else named


def _all_decided(losses: Numbers, letters: Numbers, hints: Sequence[str | None]) -> list[str]:
    """Decide as `_decided` does, for many texts."""
    ordered = np.sort(losses, axis=1)
    loss = -ordered[:, -1]
    lead = ordered[:, -1] - ordered[:, -2]
    undecided = lead < np.where(letters < _FEW_LETTERS, _LEAD_OF_FEW, _LEAD)
    mixed = (letters >= _ENOUGH_LETTERS) & (loss > _MIXED * letters) & (loss > 2 * lead)
    unread = undecided | mixed | (loss > _FOREIGN * letters)
    sure = ~unread & (letters >= _SURE_LETTERS)
    sure &= (lead >= _SURE_LEAD * letters) & (loss <= _SURE_LOSS * letters)
    enough = ~unread & (letters >= _ENOUGH_LETTERS)
    best = np.where(unread, len(LANGUAGES), losses.argmax(axis=1)).tolist()
    read = [_CODES[place] for place in best]
    return [
        code if hint is None else _weighed(code, _named(hint), is_enough, is_sure)
        for code, hint, is_enough, is_sure in zip(read, hints, enough.tolist(), sure.tolist(), strict=True)
    ]


def _weighed(read: str, named: str | None, is_enough: bool, is_sure: bool) -> str:  # noqa: FBT001 - columns of a batch
    """Weigh what was read against what the platform names."""
    if named is None:
        return read
    return read if (is_enough if named in LANGUAGES else is_sure) else named


def _entries(words: Sequence[str]) -> NDArray[np.int32]:
    """Return the losses of words, lower-case letters and apostrophes, and their letters: shape (n, 7)."""
    detect = _load().detect_details
    found: list[float] = []
    for word in words:
        scores = detect(word).scores
        if scores and (len(word) > 5 or _says_something(word)):
            found.append(next(iter(scores.values())))
            found += map(scores.get, LANGUAGES, repeat(0.0))
        else:
            found += _NOTHING
    scores = np.array(found).reshape(-1, 1 + len(LANGUAGES))
    scale = np.array([[-10_000 / _POINT * _pieces(word)] for word in words])
    points = np.rint(scale * np.log(_ONE - scores)).astype(np.int32)
    entries = np.empty((len(words), LanguageModel.width), np.int32)
    np.subtract(points[:, 1:], points[:, :1], out=entries[:, :-1])
    entries[:, -1] = [len(word) - word.count("'") for word in words]
    for place, word in enumerate(words):
        if word in _COMMON:
            entries[place, _COMMON[word]] = 0
    return entries


def _says_something(word: str) -> bool:
    return word not in _SAYS_NOTHING and (word in _COMMON or len(word) > 1 or not word.isascii())


def _pieces(word: str) -> int:
    """Return into how many different pieces eldc cuts a word (`detect_ex` in its eld_core.c)."""
    data = word.encode()
    if len(data) <= 12:
        return 1 + (len(data) > 6)
    return 2 + len({data[at : at + 6] for at in range(6, len(data) - 6, 6)})


@cache
def _load() -> Any:
    """Return a detector of our own: `eldc.set_languages` would change every user of eldc in the process."""
    import eldc  # noqa: PLC0415 - 50 MB of model, only once it is needed

    eldc.init()
    model = eldc.instance()
    model.set_languages([*LANGUAGES, *_NEIGHBOURS])
    model.set_scores(len(LANGUAGES) + len(_NEIGHBOURS))
    return model
