"""The tone of a brand's own posts: whether they sound calm and professional and, if not, why.

Rules that can be explained, and no score: each finding is a count of capitals or exclamation marks, an emoji, or words
that stand in `pipeline.text.tonewords`. A clean post is one in which nothing was found, in English, French or no known
language; in others only capitals, marks and emoji are looked at. It is meant for official posts alone, some a day, and
costs some hundred microseconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from pipeline.text import tonewords as words
from pipeline.text.tokens import Kind, Token, clean, tokenize
from schemas.tone import ToneIssue

__all__ = ["tone_of"]

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
_OFFER = re.compile(r"\d ?% (?:off|de réduction)\b|\bfrom (?:only |just )?[$£€]\d|(?:\bdès|à partir de) \d[\d.,]* ?€")
_LAUGH = re.compile(r"\b(?:(?:ha){2,}h?|a?(?:hah)+a*|(?:he){2,}|(?:hé){2,}|(?:hi){2,})\b")


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
    tokens = tokenize(plain)
    found = set(_by_words(tokens, plain.lower(), _LEXICONS.get(lang, ())))
    found |= {issue for token in tokens if token.kind is Kind.EMOJI and (issue := words.EMOJI.get(token.text[0]))}
    if _shouts(tokens):
        found.add(ToneIssue.SHOUTING)
    return tuple(issue for issue in ToneIssue if issue in found)


def _by_words(tokens: Sequence[Token], text: str, lexicons: Sequence[str]) -> Iterator[ToneIssue]:
    spoken = _spoken(tokens)
    for issue, by_lang in words.PHRASES.items():
        if any(_has(spoken, phrase) for name in lexicons for phrase in by_lang.get(name, ())):
            yield from _unless_no_offer(issue, spoken)
    if lexicons and _LAUGH.search(text):
        yield ToneIssue.FLIPPANT
    if lexicons and _OFFER.search(text):
        yield from _unless_no_offer(ToneIssue.PROMOTION, spoken)


def _spoken(tokens: Sequence[Token]) -> str:
    """Return the words with a space around each and ``|`` where a clause begins, openers after it left out."""
    said = ["|"]
    for token in tokens:
        if token.kind is Kind.MARK:
            if said[-1] != "|":
                said.append("|")
        elif token.kind is Kind.WORD and not (said[-1] == "|" and token.lower in words.OPENERS):
            said.append(token.lower)
    return f" {' '.join(said)} "


def _has(spoken: str, phrase: str) -> bool:
    """Say whether a phrase is said and, if that matters, neither denied nor said of the brand."""
    wanted = f" {phrase.lstrip('~^ ')} "
    at = spoken.find(wanted)
    while at >= 0:
        before = spoken[:at].rpartition("|")[2].split()
        after = spoken[at + len(wanted) :].partition("|")[0].split()
        denied = phrase[0] == "~" and not words.DENIALS.isdisjoint(before[-_DENIED_WITHIN:])
        ours = phrase[0] == "^" and not words.ABOUT_US.isdisjoint(before + after)
        if not denied and not ours:
            return True
        at = spoken.find(wanted, at + 1)
    return False


def _unless_no_offer(issue: ToneIssue, spoken: str) -> Iterator[ToneIssue]:
    if issue is not ToneIssue.PROMOTION or words.NOT_AN_OFFER.isdisjoint(spoken.split()):
        yield issue


def _shouts(tokens: Sequence[Token]) -> bool:
    return _is_loud(tokens) or _exclaims(tokens)


def _is_loud(tokens: Sequence[Token]) -> bool:
    """Say whether capitals are most of what is said, or many words in a row."""
    said = [token.text for token in tokens if token.kind is Kind.WORD]
    loud = [word for word in said if len(word) >= _LOUD_LETTERS and word.isupper()]
    letters = sum(map(len, said))
    if len(loud) >= _LOUD_WORDS and sum(len(word) for word in said if word.isupper()) >= _LOUD_SHARE * letters:
        return True
    run = longest = 0
    for token in tokens:
        is_loud = token.kind is Kind.WORD and len(token.text) > 1 and token.text.isupper()
        run = run + 1 if is_loud else 0
        longest = max(longest, run)
    return longest >= _LOUD_RUN and len(loud) >= _LOUD_WORDS


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
