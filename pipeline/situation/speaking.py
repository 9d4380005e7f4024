"""Whether what the brand says speaks to what people talk about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from schemas.crisis import Concern

__all__ = ["TOP", "silent_on", "spoken_to"]

TOP = 5
"""Concerns that an update should speak to."""
_SHORT = 4
_ALIKE = 0.75


def spoken_to(words: Iterable[str], concerns: Sequence[Concern]) -> tuple[str, ...]:
    """Return the labels of the top five concerns of which the words have at least one phrase, word for word.

    A word counts in another form, too: the brand says `delays` where people say `delayed`.
    """
    said = dict.fromkeys(words)
    return tuple(concern.phrase for concern in concerns[:TOP] if _speaks_to(said, concern))


def silent_on(spoken: Iterable[str], concerns: Sequence[Concern]) -> tuple[str, ...]:
    """Return the labels of the other top concerns."""
    known = set(spoken)
    return tuple(concern.phrase for concern in concerns[:TOP] if concern.phrase not in known)


def _speaks_to(said: Iterable[str], concern: Concern) -> bool:
    phrases = (phrase.split() for phrase in concern.phrases or (concern.phrase,))
    return any(phrase and all(any(_is_akin(word, other) for other in said) for word in phrase) for phrase in phrases)


def _is_akin(word: str, other: str) -> bool:
    """Whether two words are forms of one: equal but for a plural, or long ones with a long beginning in common.

    >>> _is_akin("delayed", "delays"), _is_akin("cancellations", "cancelled"), _is_akin("hold", "holding")
    (True, True, False)
    """
    if word.removesuffix("s") == other.removesuffix("s"):
        return True
    shorter = min(len(word), len(other))
    same = round(shorter * _ALIKE)
    return shorter > _SHORT and word[:same] == other[:same]
