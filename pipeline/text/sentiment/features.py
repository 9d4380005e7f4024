"""What is read in a token for its polarity: words it stands for, how it is written, what it does to its neighbours.

Everything here is a pure function of a token and works on many at once: a token's knowledge is worked out when it
is first met, a thousand at a time in a full stream, and never looked at again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import IntEnum
from functools import cache
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from pipeline.text.lexicon import Role, load, without_accents
from pipeline.text.tokens import Kind, Token

__all__ = [
    "NEGATOR",
    "ORDERS",
    "SAYS",
    "Integers",
    "Reading",
    "Shape",
    "fallbacks",
    "hashes",
    "marks",
    "negated",
    "negated_places",
    "ngrams",
    "pair_buckets",
    "reading",
    "summed",
]

Integers = NDArray[np.integer[Any]]

ORDERS = (3, 4, 5)
"""Lengths of the character n-grams read in a word that nothing is known of."""
SAYS, NEGATOR = 1, 2
"""Flags of a mark: the token lets a negation pass; it is one."""

_NEGATION_REACH = 3
_MAX_CHARS = 40
_NEGATORS_ELSEWHERE = (
    "nicht kein keine keinen nie ohne non mai senza não nao nunca sem nada sin jamás nahi nahin لا ما مش لم لن ليس"
)
_DOUBLE = re.compile(r"(\w)\1")
_RUN = re.compile(r"(\w)\1{2,}")
_MOUTH = re.compile(r"([)(\]\[DPp/\\|3*])\1+")
_CAMEL = re.compile(r"[A-Z]?[a-zà-ÿ]+|[A-Z]+(?![a-zà-ÿ])|\d+")
_ELISION = re.compile(r"^(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu)'(?=\w)")
_PLAIN_EMOJI = dict.fromkeys((0xFE0F, *range(0x1F3FB, 0x1F400)))
_FLAG = range(0x1F1E6, 0x1F200)
_SPEAKING = frozenset({Kind.WORD, Kind.NUMBER, Kind.HANDLE, Kind.HASHTAG, Kind.CASHTAG, Kind.URL})
_FIXED = {Kind.HANDLE: "@", Kind.URL: "http", Kind.CASHTAG: "$", Kind.NUMBER: "0"}


class Shape(IntEnum):
    """How a token is written; each has a row of its own."""

    CAPITALS = 0
    STRETCHED = 1
    HASHTAG = 2


class Reading(NamedTuple):
    """What a token's row is the sum of."""

    words: tuple[str, ...]
    """Spellings to look up; a hashtag may have several, any other token has one."""
    shapes: tuple[Shape, ...]


def reading(token: Token) -> Reading:
    """Return what to look up for a token.

    >>> from pipeline.text.tokens import token_of
    >>> reading(token_of("Sooooo")).words, reading(token_of("#WorstAirlineEver")).words
    (('soo',), ('worst', 'airline', 'ever'))
    """
    kind, text, lower, _ = token
    if kind is Kind.WORD:
        return _word(text, lower)
    fixed = _FIXED.get(kind)
    if fixed is not None:
        return Reading((fixed,), ())
    if kind is Kind.HASHTAG:
        whole = lower[1 : _MAX_CHARS + 1]
        parts = [] if text == lower else [part.lower()[:_MAX_CHARS] for part in _CAMEL.findall(text[1:])]
        return Reading(tuple(parts) if 1 < len(parts) < len(whole) else (whole,), (Shape.HASHTAG,))
    if kind is Kind.MARK:
        return Reading((_mark(text),), ())
    if kind is Kind.EMOJI:
        plain = text.translate(_PLAIN_EMOJI)[:1] or text[:1]
        return Reading((chr(_FLAG[0]) if ord(plain) in _FLAG else plain,), ())
    return Reading((_MOUTH.sub(r"\1", text)[:_MAX_CHARS],), ())


def _word(text: str, lower: str) -> Reading:
    word = lower[:_MAX_CHARS]
    capitals = text != lower and len(text) > 2 and text.isupper()
    if not _RUN.search(word):
        return Reading((word,), _SHAPES[True, False] if capitals else ())
    return Reading((_RUN.sub(r"\1\1", word),), _SHAPES[capitals, True])


_SHAPES = {
    (True, False): (Shape.CAPITALS,),
    (False, True): (Shape.STRETCHED,),
    (True, True): (Shape.CAPITALS, Shape.STRETCHED),
}


def _mark(text: str) -> str:
    bangs, asks = text.count("!") + text.count("！"), text.count("?") + text.count("؟") + text.count("？")
    if bangs and asks:
        return "?!"
    if bangs or asks:
        return ("!" if bangs else "?") * min(bangs + asks, 2)
    return "..." if "…" in text or len(text) > 1 else text if text in ".\n" else ","


def fallbacks(word: str) -> list[str]:
    """Return what else a word may be known as: without elision or ``'s``, without accents, unstretched.

    >>> fallbacks("l'été"), fallbacks("soo"), fallbacks("late")
    (['été', 'ete'], ['so'], [])
    """
    forms: list[str] = []
    if not _DOUBLE.search(word) and "'" not in word and word.isascii():
        return forms  # as most
    stem = word
    if "'" in word:
        stem = _ELISION.sub("", word).removesuffix("'s")
        forms.append(stem)
    if not stem.isascii():
        forms.append(without_accents(stem))
    if _DOUBLE.search(word):
        forms.append(_DOUBLE.sub(r"\1", word))
    return [form for form in forms if form and form != word]


@cache
def _negators() -> frozenset[str]:
    roles = {role for role in Role if role.name.endswith("NEGATOR")}
    listed = (word for language in ("en", "fr") for word, role in load(language).roles.items() if role in roles)
    return frozenset([*listed, *_NEGATORS_ELSEWHERE.split()])


_ODD = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xD6E8FEB86659FD93)
_FOLD = np.uint64(31)
_FIRST, _SECOND = np.uint32(0x9E3779B1), np.uint32(0x85EBCA77)
_NAME = np.uint32(~3 & 0xFFFFFFFF)


def hashes(words: Sequence[str]) -> NDArray[np.uint32]:
    """Return a 32-bit hash of each word."""
    return np.array([crc32(word.encode("utf-8", "surrogatepass")) for word in words], np.uint32)


def ngrams(words: Sequence[str], bits: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the buckets (of ``2 ** bits``) of the n-grams of words, and the word that each belongs to."""
    if not words:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    bounded = [f"<{word}>" for word in words]
    codes = np.frombuffer("".join(bounded).encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    owners = np.arange(len(words)).repeat(np.fromiter(map(len, bounded), np.int64, len(words)))
    rolled, found, belongs = codes * _ODD, [], []
    for order in range(2, ORDERS[-1] + 1):
        rolled = (rolled[:-1] ^ (rolled[:-1] >> _FOLD)) * _MIX + codes[order - 1 :]
        if order in ORDERS:
            inside = owners[order - 1 :] == owners[: len(rolled)]
            found.append(rolled[inside])
            belongs.append(owners[: len(rolled)][inside])
    buckets = (np.concatenate(found) * _ODD) >> np.uint64(64 - bits)
    return buckets.astype(np.int64), np.concatenate(belongs)


def marks(tokens: Sequence[Token], names: NDArray[np.uint32]) -> NDArray[np.int32]:
    """Return what each token does to its neighbours: 30 bits of its name, for pairs, then its flags.

    A zero stands between texts: no negation reaches across it, and pairs with it say that a text begins or ends.
    """
    negators = _negators()
    flags = [
        (SAYS | NEGATOR if lower in negators or lower.endswith("n't") else SAYS) if kind in _SPEAKING else 0
        for kind, _, lower, _ in tokens
    ]
    return (names & _NAME | np.array(flags, np.uint32)).view(np.int32)


def summed(values: NDArray[Any], readings: Sequence[Reading]) -> NDArray[Any]:
    """Sum what is known of each word of `readings`, given in their order, over each reading."""
    if len(values) == len(readings):  # one word each, as most tokens are
        return values
    counts = np.array([len(words) for words, _ in readings], np.intp)
    total: NDArray[Any] = np.add.reduceat(values, counts.cumsum() - counts, axis=0, dtype=values.dtype)
    return total


def negated(mark: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Say which tokens a negation reaches (`negated_places`)."""
    reached = np.zeros(len(mark), np.bool_)
    reached[negated_places(mark)] = True
    return reached


def negated_places(mark: NDArray[np.int32]) -> NDArray[np.intp]:
    """Return the places that a negation reaches: one within the last three tokens, nothing that ends a clause between.

    A place may be named more than once. That French "pas" reaches the word before it, and "n'aime" itself, was tried
    and changed nothing: pairs of words know it.
    """
    reaching: NDArray[np.intp] = (mark & NEGATOR).nonzero()[0]
    reached = [reaching[:0]]
    for _ in range(_NEGATION_REACH if len(reaching) else 0):
        reaching = reaching + 1
        reaching = reaching[reaching < len(mark)]
        reaching = reaching[(mark[reaching] & SAYS) != 0]
        reached.append(reaching)
    return np.concatenate(reached)


def pair_buckets(mark: NDArray[np.int32], bits: int) -> NDArray[np.uint32]:
    """Return the bucket (of ``2 ** bits``) of each token with the one after it; the last has the end after it."""
    names = mark.view(np.uint32)
    pairs: NDArray[np.uint32] = names * _FIRST
    pairs[:-1] += names[1:] * _SECOND
    return pairs >> np.uint32(32 - bits)
