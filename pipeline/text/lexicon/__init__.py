"""Word lists of Vigie's own making: sentiment of words and emoji in English and French, stop words.

``en.txt`` and ``fr.txt`` hold lines ``key: entry, entry, …``. The key is a weight (-3 to 3) or a role (see
`Role`). An entry is a word, or a word with a flag that stands for its inflections:

    en  /v  verb: cancel/v is cancel, cancels, cancelled, canceled, cancelling, canceling
        /n  plural: liar/n is liar, liars
        /a  adjective: rude/a is rude, ruder, rudest, rudely
    fr  /v  verb in -er, -ir (as finir) or -re: annuler/v is annuler, annulé, annulées, annule, annulait …
        /n  plural: panne/n is panne, pannes
        /a  adjective: nul/a has feminine and plurals, as have déçu/a, honteux/a, agressif/a, cher/a
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from pipeline.text.lexicon.inflection import english, french

__all__ = ["Lexicon", "Role", "load", "load_emoji", "stop_words", "without_accents"]


class Role(StrEnum):
    """What a word does to others. The values are the keys of the lists."""

    NEGATOR = "negators"
    """Turns the words after it: "not", "sans"."""
    HALF_NEGATOR = "half_negators"
    """The same, but says nothing by itself: French "ne", to which "pas" belongs."""
    LATE_NEGATOR = "late_negators"
    """Turns the word before it, or those after it: French "pas"."""
    INTENSIFIER = "intensifiers"
    """Makes the next word count for more: "very"."""
    DIMINISHER = "diminishers"
    """Makes the next word count for less: "slightly"."""
    CONTRAST = "contrasts"
    """What follows counts for more than what came before: "but"."""


_INFLECT = {"en": english, "fr": french}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """What is known of the words of one language, lower case."""

    weights: dict[str, float]
    """Single words, -3 (outrage) to 3 (delight)."""
    roles: dict[str, Role]
    """Role by word."""
    entries: int
    """Entries as written in the file, before inflection."""


@cache
def load(language: str) -> Lexicon:
    """Read the lexicon of ``en`` or ``fr``.

    Raises
    ------
    ValueError
        The file is broken: an unknown key or flag.
    """
    inflect = _INFLECT[language]
    weights: dict[str, float] = {}
    roles: dict[str, Role] = {}
    inflected: list[tuple[str, float]] = []
    entries = 0
    for key, entry in _entries(f"{language}.txt"):
        entries += 1
        word, _, flag = entry.partition("/")
        if key.isalpha() or "_" in key:
            roles[word] = Role(key)
        else:
            weights[word] = float(key)
            inflected.extend((form, float(key)) for form in inflect(word, flag))
    for form, weight in inflected:  # after all that is written out, which is surer than a rule
        weights.setdefault(form, weight)
    for word, weight in list(weights.items()):
        weights.setdefault(without_accents(word), weight)
    return Lexicon(weights=weights, roles=roles, entries=entries)


@cache
def load_emoji() -> dict[str, float]:
    """Weights of emoji (without variation selectors and skin tones) and of emoticons."""
    return {entry: float(key) for key, entry in _entries("emoji.txt")}


@cache
def stop_words(language: str) -> frozenset[str]:
    """Words without content of one language: ``en``, ``fr``, or (any other name) of all we have."""
    lists = dict(_lines("stop.txt"))
    chosen = [lists[language]] if language in ("en", "fr") else lists.values()
    return frozenset(word for line in chosen for word in line.split())


def without_accents(word: str) -> str:
    """Return a word as people type it in a hurry.

    >>> without_accents("déçu")
    'decu'
    """
    if word.isascii():
        return word
    return "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))


def _lines(name: str) -> Iterator[tuple[str, str]]:
    """Yield key and rest of each line of a list, comments and blank lines left out."""
    for line in files(__name__).joinpath(name).read_text(encoding="utf-8").splitlines():
        key, colon, rest = line.partition(": ")
        if colon and not line.startswith("//"):
            yield key, rest


def _entries(name: str) -> Iterable[tuple[str, str]]:
    for key, line in _lines(name):
        for entry in line.split(", "):
            yield key, entry.strip()
