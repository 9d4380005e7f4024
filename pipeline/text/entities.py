"""Entities of a tweet: hashtags, handles, cashtags, URLs, emoji.

The payload's own lists are used where it has them (they hold expanded URLs); else the text is read.
Handles are ``[A-Za-z0-9_]{1,15}``, hashtags any letters, digits and ``_`` with a letter among them, as X has them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

import regex

from pipeline.text.tokens import Kind, Token
from schemas.tweet import Tweet

__all__ = ["Entities", "emoji_of", "entities_of", "without_urls"]

MAX_TAGS = 20
"""Hashtags, handles, cashtags and emoji kept."""
MAX_URLS = 10
MAX_TAG_CHARS = 100
MAX_URL_CHARS = 2_048
"""Longer ones are left out: they are no entity of X."""

_URL = re.compile(r"(?:https?://|www\.|pic\.twitter\.com/|t\.co/)\S+", re.IGNORECASE)

_EMOJI = regex.compile(
    r"\p{RI}\p{RI}"  # flags
    r"|[0-9#*]\uFE0F?\u20E3"  # keycaps
    r"|(?:[©®™]\uFE0F|(?![©®™])\p{Extended_Pictographic})"
    r"\uFE0F?\p{EMod}?(?:[\U000E0020-\U000E007E]{1,8}\U000E007F)?"
    r"(?:\u200D\p{Extended_Pictographic}\uFE0F?\p{EMod}?){0,8}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entities:
    """Entities as `schemas.mention.Mention` bounds and spells them."""

    hashtags: tuple[str, ...]
    """Lower case, without ``#``, distinct, in order, at most 20."""
    handles: tuple[str, ...]
    """Lower case, without ``@``, distinct, in order, at most 20."""
    cashtags: tuple[str, ...]
    """Upper case, without ``$``, distinct, in order, at most 20."""
    urls: tuple[str, ...]
    """Distinct, in order, at most 10."""
    emoji: tuple[str, ...]
    """In order of appearance, repeats kept, at most 20."""


def without_urls(text: str) -> str:
    """Return the text with each URL replaced by a space.

    >>> without_urls("late again https://t.co/x @us")
    'late again   @us'
    """
    if "/" not in text and "." not in text:
        return text
    return _URL.sub(" ", text)


def entities_of(tweet: Tweet, text: str, tokens: Sequence[Token]) -> Entities:
    """Return the entities of a tweet whose cleaned text and tokens are given."""
    tokens = [token for token in tokens if token.entity]
    return Entities(
        hashtags=_distinct(tweet.hashtags or _of(tokens, Kind.HASHTAG), str.lower),
        handles=_distinct(tweet.mentions or _of(tokens, Kind.HANDLE), str.lower),
        cashtags=_distinct(tweet.cashtags or _of(tokens, Kind.CASHTAG), str.upper),
        urls=_bounded_urls(tweet.urls or [t.text for t in tokens if t.kind is Kind.URL]),
        emoji=emoji_of(text),
    )


def emoji_of(text: str) -> tuple[str, ...]:
    """Return the emoji of a text, joined sequences and flags as one, at most 20.

    >>> emoji_of("so late 😡😡 ✈️ ©")
    ('😡', '😡', '✈️')
    """
    if text.isascii():
        return ()
    return tuple(match[0] for match in islice(_EMOJI.finditer(text), MAX_TAGS))


def _of(tokens: Sequence[Token], kind: Kind) -> list[str]:
    return [token.text[1:] for token in tokens if token.kind is kind]


def _distinct(tags: Iterable[str], spelling: Callable[[str], str]) -> tuple[str, ...]:
    if not tags:
        return ()
    spelled = (spelling(_encodable(tag)) for tag in tags if 0 < len(tag) <= MAX_TAG_CHARS)
    return tuple(islice(dict.fromkeys(spelled), MAX_TAGS))


def _bounded_urls(urls: Iterable[str]) -> tuple[str, ...]:
    if not urls:
        return ()
    kept = (_encodable(url) for url in urls if 0 < len(url) <= MAX_URL_CHARS)
    return tuple(islice(dict.fromkeys(kept), MAX_URLS))


def _encodable(text: str) -> str:
    """Return the text without lone surrogates, which JSON has no form for."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
