"""The tone of a brand's own posts: whether they sound calm and professional and, if not, why.

Rules that can be explained, and no score: each finding is a count of capitals or exclamation marks, an emoji, or words
that stand in `pipeline.text.tonewords`. A clean post is one in which nothing was found, in English, French or no known
language; in others only capitals, marks and emoji are looked at. It is meant for official posts alone, which on a busy
support account are one in twenty of the stream: phrases are found by their first words, not one after the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from pipeline.text import tonewords as words
from pipeline.text.tokens import Kind, Token, clean, pieces_of, token_of
from schemas.tone import ToneIssue

__all__ = ["forget", "tone_of"]

_LEXICONS: Final = {"en": ("any", "en"), "fr": ("any", "fr"), "und": ("any", "en", "fr")}
"""Which words are looked for by language; a text in none that could be read is mostly a word or two of either."""

_LOUD_WORDS, _LOUD_LETTERS, _LOUD_SHARE, _LOUD_RUN = 3, 4, 0.5, 4
"""Capitals shout when so many words of so many letters are, and this share of all letters, or so many words in a row.
Codes and acronyms are shorter, and a heading of two or three words ("TRAVEL ADVISORY") leaves the rest in small
letters."""
_MARKS = 3
"""So many sentences that end in an exclamation mark are several; one mark is as good as two when they touch."""
_SHORT = 3
"""A greeting or thanks of up to so many words may have its exclamation mark."""
_COURTESIES: Final = frozenset(
    ("hi", "hello", "hey", "thanks", "thank", "good", "welcome", "bonjour", "bonsoir", "salut", "merci", "bonne")
)
_DENIED_WITHIN = 3
_OFFER_SIGNS: Final = ("%", "$", "£", "€")
_OFFER = re.compile(r"\d ?% (?:off|de réduction)\b|\bfrom (?:only |just )?[$£€]\d|(?:\bdès|à partir de) \d[\d.,]* ?€")
_LAUGHED: Final = ("hah", "heh", "héh", "hih")
"""Every laugh holds one of these."""
_LAUGH = re.compile(r"\b(?:(?:ha){2,}h?|a?(?:hah)+a*|(?:he){2,}|(?:hé){2,}|(?:hi){2,})\b")

_token = lru_cache(maxsize=4_096)(token_of)


class _Phrase(NamedTuple):
    """A phrase of `pipeline.text.tonewords`, to be looked for where its first word is said."""

    issue: ToneIssue
    said: list[str]
    """Its words, and ``|`` where a clause begins or ends."""
    first: int
    """Which of them is the first word."""
    guard: str
    """``~`` or ``^``, or anything else where it counts always."""

    def is_said(self, spoken: list[str], place: int) -> bool:
        """Say whether it is said with its first word here and, if that matters, neither denied nor of the brand."""
        start = place - self.first
        end = start + len(self.said)
        if spoken[start:end] != self.said:
            return False
        if self.guard == "~":
            return words.DENIALS.isdisjoint(_clause_before(spoken, start)[-_DENIED_WITHIN:])
        if self.guard == "^":
            return words.ABOUT_US.isdisjoint(_clause_before(spoken, start) + _clause_after(spoken, end))
        return True


def _by_first_word(lexicons: Sequence[str]) -> Mapping[str, Sequence[_Phrase]]:
    found: dict[str, list[_Phrase]] = {}
    for issue, by_lang in words.PHRASES.items():
        for phrase in (phrase for name in lexicons for phrase in by_lang.get(name, ())):
            said = phrase.lstrip("~^ ").split()
            first = next(place for place, word in enumerate(said) if word != "|")
            found.setdefault(said[first], []).append(_Phrase(issue, said, first, phrase[0]))
    return found


_PHRASES: Final = {lang: _by_first_word(lexicons) for lang, lexicons in _LEXICONS.items()}


def forget() -> None:
    """Drop the words that are remembered. Results do not depend on it."""
    _token.cache_clear()


def tone_of(text: str, lang: str) -> tuple[ToneIssue, ...]:
    """Say what is wrong with the tone of a post.

    Parameters
    ----------
    text : str
        The post; its first 1,000 characters are read.
    lang : str
        Its language, as `schemas.mention.Mention.lang`.

    Returns
    -------
    tuple of ToneIssue
        In the order of the enum, each once; none when nothing was found.

    Examples
    --------
    >>> tone_of("We are sorry for the delay and will write again at noon.", "en")
    ()
    >>> [issue.value for issue in tone_of("Calm down!! It's not our fault 🙄", "en")]
    ['shouting', 'blame', 'sarcasm']
    """
    plain = clean(text)
    tokens = [_token(piece) for chunk in plain.split(" ") for piece in pieces_of(chunk)]
    found = set(_by_words(tokens, plain.lower(), _PHRASES[lang])) if lang in _PHRASES else set()
    if not plain.isascii():
        found |= {issue for token in tokens if token.kind is Kind.EMOJI and (issue := words.EMOJI.get(token.text[0]))}
    if _is_loud(tokens) or ("!" in plain and _exclaims(tokens)):
        found.add(ToneIssue.SHOUTING)
    return tuple([issue for issue in ToneIssue if issue in found]) if found else ()


def _by_words(tokens: Sequence[Token], text: str, phrases: Mapping[str, Sequence[_Phrase]]) -> Iterator[ToneIssue]:
    spoken = _spoken(tokens)
    for place, word in enumerate(spoken):
        if word in phrases:
            for phrase in phrases[word]:
                if phrase.is_said(spoken, place):
                    yield from _unless_no_offer(phrase.issue, spoken)
    if any(laughed in text for laughed in _LAUGHED) and _LAUGH.search(text):
        yield ToneIssue.FLIPPANT
    if any(sign in text for sign in _OFFER_SIGNS) and _OFFER.search(text):
        yield from _unless_no_offer(ToneIssue.PROMOTION, spoken)


def _spoken(tokens: Sequence[Token]) -> list[str]:
    """Return the words, and ``|`` where a clause begins, openers after it left out."""
    said = ["|"]
    for kind, _, lower, _ in tokens:
        if kind is Kind.MARK:
            if said[-1] != "|":
                said.append("|")
        elif kind is Kind.WORD and not (said[-1] == "|" and lower in words.OPENERS):
            said.append(lower)
    return said


def _clause_before(spoken: list[str], end: int) -> list[str]:
    start = end
    while start and spoken[start - 1] != "|":
        start -= 1
    return spoken[start:end]


def _clause_after(spoken: list[str], start: int) -> list[str]:
    end = start
    while end < len(spoken) and spoken[end] != "|":
        end += 1
    return spoken[start:end]


def _unless_no_offer(issue: ToneIssue, spoken: list[str]) -> Iterator[ToneIssue]:
    if issue is not ToneIssue.PROMOTION or words.NOT_AN_OFFER.isdisjoint(spoken):
        yield issue


def _is_loud(tokens: Sequence[Token]) -> bool:
    """Say whether capitals are most of what is said, or many words in a row."""
    said = [token.text for token in tokens if token.kind is Kind.WORD]
    loud = [word for word in said if len(word) >= _LOUD_LETTERS and word.isupper()]
    if len(loud) < _LOUD_WORDS:
        return False
    if sum(len(word) for word in said if word.isupper()) >= _LOUD_SHARE * sum(map(len, said)):
        return True
    run = longest = 0
    for token in tokens:
        is_loud = token.kind is Kind.WORD and len(token.text) > 1 and token.text.isupper()
        run = run + 1 if is_loud else 0
        longest = max(longest, run)
    return longest >= _LOUD_RUN


def _exclaims(tokens: Sequence[Token]) -> bool:
    """Say whether exclamation marks touch, or end several sentences that are more than a courtesy."""
    marks, sentence = 0, list[str]()
    for token in tokens:
        if token.kind is not Kind.MARK:
            sentence += [token.lower] if token.kind is Kind.WORD else []
        elif "!" in token.text:
            if token.text.count("!") > 1:
                return True
            marks += not (len(sentence) <= _SHORT and not _COURTESIES.isdisjoint(sentence[:1]))
            sentence = []
        elif token.text not in (",", ";", ":"):
            sentence = []
    return marks >= _MARKS
