"""Made-up variants of tweets, for a teacher to label: what a fast model would otherwise never see enough of."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from pipeline.text.tokens import clean

__all__ = ["SHARES", "plain", "variants"]

SHARES = {"fr": 40.0, "es": 2.0, "it": 2.0, "pt": 2.0, "de": 2.0, "ar": 1.0, "hi": 1.0, "en": 0.25}
"""Variants made of each tweet, by language: most where labelled tweets are few and readers many."""

_URL = re.compile(r"(?:https?://|www\.|pic\.twitter\.com/|t\.co/)\S+|\bhttp\b")
_HANDLE = re.compile(r"(?<![\w@])@\w{1,20}")


def plain(text: str) -> str:
    """Return a tweet as the encoder reads it: cleaned, links and handles made generic."""
    return _HANDLE.sub("@user", _URL.sub("http", clean(text))).strip()


def variants(texts: Sequence[str], count: int, seed: int) -> list[str]:
    """Return variants of tweets of one language.

    A tweet with a third of its words left out, one with words replaced by frequent ones, a piece of a tweet, or the
    beginning of one and the end of another; equally often each.
    """
    random = np.random.default_rng(seed)
    pool = [words for words in (plain(text).split() for text in texts) if words]
    frequent = [word for word, _ in Counter(word.lower() for words in pool for word in words).most_common(6_000)]
    made: dict[str, None] = {}
    for way in random.integers(4, size=count if pool else 0).tolist():
        words = pool[random.integers(len(pool))]
        match way:
            case 0:
                words = [word for word in words if random.random() > 0.35]
            case 1:
                draw = random.random(len(words)) ** 2 * len(frequent)
                replaced = random.random(len(words)) < 0.3
                words = [
                    frequent[int(place)] if new else word
                    for word, place, new in zip(words, draw, replaced, strict=True)
                ]
            case 2:
                start = int(random.integers(max(1, len(words) - 4)))
                words = words[start : start + int(random.integers(2, 9))]
            case _:
                other = pool[random.integers(len(pool))]
                words = words[: int(random.integers(2, 10))] + other[-int(random.integers(2, 10)) :]
        if len(words) > 1:
            made[" ".join(words)] = None
    return list(made)
