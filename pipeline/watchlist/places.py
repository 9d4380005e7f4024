"""From places in a folded text back to places in the text as it was written, to show what matched.

Slow and exact; nothing on the way of a stream needs it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from pipeline.watchlist.folding import fold

__all__ = ["folded_places", "kept_places"]

Place = tuple[int, int]
"""Where a piece of text begins and ends."""


def folded_places(text: str) -> list[Place]:
    """Return, for each character of ``fold(text)``, the place in the text of what became it.

    >>> fold("É  “ß”"), folded_places("É  “ß”")
    ('e “ss”', [(0, 1), (1, 2), (3, 4), (4, 5), (4, 5), (5, 6)])
    """
    folded: list[tuple[str, Place]] = [
        (character, (start, end)) for start, end in _clusters(text) for character in fold(text[start:end])
    ]
    if "  " in "".join(character for character, _ in folded):
        folded = [each for i, each in enumerate(folded) if each[0] != " " or (i > 0 and folded[i - 1][0] != " ")]
        if folded and folded[-1][0] == " ":
            del folded[-1]
    return [place for _, place in folded]


def kept_places(text: str, kept: str) -> list[int]:
    """Return, for each character of a text without its URLs and for its end, the index in the text.

    ``kept`` is the text with each URL, which runs to the next white space, replaced by a space.
    """
    places: list[int] = []
    at = 0
    for character in kept:
        places.append(at)
        if at < len(text) and text[at] == character:
            at += 1
            continue
        while at < len(text) and not text[at].isspace():
            at += 1
    places.append(at)
    return places


def _clusters(text: str) -> Iterator[Place]:
    """Split a text where composition cannot reach across: before what stays apart from all before it."""
    start = 0
    for end in range(1, len(text) + 1):
        if end == len(text) or _stays_apart(text[start:end], text[end]):
            yield start, end
            start = end


def _stays_apart(before: str, character: str) -> bool:
    if character.isascii():
        return True
    if unicodedata.combining(character):
        return False
    composed = unicodedata.normalize("NFC", before + character)
    return composed == unicodedata.normalize("NFC", before) + unicodedata.normalize("NFC", character)
