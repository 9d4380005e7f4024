"""Entities of a tweet: hashtags, handles, cashtags, URLs, emoji.

The payload's own lists are used where it has them (they hold expanded URLs); else the text is read.
Handles are ``[A-Za-z0-9_]{1,15}``, hashtags any letters, digits and ``_`` with a letter among them, as X has them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

import regex

from pipeline.text.tokens import Kind, pieces_of, token_of
from pipeline.text.vocabulary import TokenBatch, Vocabulary
from schemas.tweet import Tweet

__all__ = ["Entities", "EntityReader", "without_urls"]

MAX_TAGS = 20
"""Hashtags, handles, cashtags and emoji kept."""
MAX_URLS = 10
MAX_TAG_CHARS = 100
MAX_URL_CHARS = 2_048
"""Longer ones are left out: they are no entity of X."""

_TAG = regex.compile(
    r"[\p{L}\p{M}\p{Nd}_\u200c\u200d\ua67e\u05be\u05f3\u05f4\uff5e\u301c\u309b\u309c\u30a0\u30fb\u3003\u0f0b\u0f0c\u00b7]+"
)
"""What X takes for the body of a hashtag (https://github.com/twitter/twitter-text, ``hashtagAlphaNumeric``)."""
_URL = re.compile(r"(?:https?://|www\.|pic\.twitter\.com/|t\.co/)\S+", re.IGNORECASE)


class Entities(NamedTuple):
    """Entities as `schemas.mention.Mention` bounds and spells them."""

    hashtags: tuple[str, ...]
    """Lower case, without ``#``, distinct, in order, at most 20; what holds a space or a sign is none."""
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


class EntityReader:
    """Reads entities."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._kept = vocabulary.flag(_KEPT)
        self._named = vocabulary.flag([Kind.HANDLE])
        self._linked = vocabulary.flag([Kind.URL])

    def read(self, batch: TokenBatch, texts: Sequence[str], tweets: Sequence[Tweet]) -> list[Entities]:
        """Return the entities of tweets whose cleaned texts and tokens are given."""
        places, bounds = batch.select(batch.flags & self._kept)
        kept = self._vocabulary.texts_of(batch.rows[places])
        named, linked = self._named, self._linked
        return [
            _entities(
                tweet,
                kept[start:end] if end > start else (),
                tweet.mentions or (_named(text, "@", Kind.HANDLE) if holds & named else ()),
                tweet.urls or (_named(text, ".", Kind.URL) if holds & linked else ()),
            )
            for tweet, text, holds, start, end in zip(
                tweets, texts, batch.held.tolist(), bounds, bounds[1:], strict=False
            )
        ]


_KEPT = (Kind.HASHTAG, Kind.CASHTAG, Kind.EMOJI)
_NONE = Entities((), (), (), (), ())


def _entities(tweet: Tweet, kept: Sequence[str], handles: Sequence[str], urls: Sequence[str]) -> Entities:
    """Return the entities of a tweet whose tags and emoji in the text, handles and links are given."""
    hashtags: Sequence[str] = tweet.hashtags
    cashtags: Sequence[str] = tweet.cashtags
    emoji: tuple[str, ...] = ()
    if kept:
        hashtags = hashtags or [tag[1:] for tag in kept if _is_hashtag(tag)]
        cashtags = cashtags or [tag[1:] for tag in kept if tag[0] == "$"]
        emoji = tuple([tag for tag in kept if tag[0] != "$" and not _is_hashtag(tag)][:MAX_TAGS])
    elif not (hashtags or handles or cashtags or urls):
        return _NONE
    return Entities(
        _distinct(list(filter(_is_tag, hashtags)), str.lower) if hashtags else (),
        _distinct(handles, str.lower) if handles else (),
        _distinct(cashtags, str.upper) if cashtags else (),
        _bounded_urls(urls) if urls else (),
        emoji,
    )


def _is_tag(tag: str) -> bool:
    """Say whether a payload's hashtag is one: they are shown to people, and anything may call itself one."""
    return tag.isalnum() or _TAG.fullmatch(tag) is not None


def _is_hashtag(text: str) -> bool:
    return text[0] == "#" and text[1:2] not in _KEYCAP


_KEYCAP = ("\ufe0f", "\u20e3")
"""What makes an emoji of a ``#``."""


def _named(text: str, sign: str, kind: Kind) -> list[str]:
    """Return the handles (without ``@``) or links of a text, which have no rows of their own; each holds the sign."""
    pieces = (piece for chunk in text.split(" ") if sign in chunk for piece in pieces_of(chunk) if sign in piece)
    return [token.text.removeprefix("@") for token in map(token_of, pieces) if token.kind is kind]


def _distinct(tags: Sequence[str], spelling: Callable[[str], str]) -> tuple[str, ...]:
    if len(tags) == 1:  # as a rule
        (tag,) = tags
        return (spelling(_encodable(tag)),) if 0 < len(tag) <= MAX_TAG_CHARS else ()
    spelled = [spelling(_encodable(tag)) for tag in tags if 0 < len(tag) <= MAX_TAG_CHARS]
    return tuple(dict.fromkeys(spelled))[:MAX_TAGS]


def _bounded_urls(urls: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([_encodable(url) for url in urls if 0 < len(url) <= MAX_URL_CHARS]))[:MAX_URLS]


def _encodable(text: str) -> str:
    """Return the text without lone surrogates, which JSON has no form for."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
