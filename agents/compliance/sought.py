"""What is looked for, and whether it is in a piece of text.

ADR: two looks. The first is quick and lets nothing through: the digits of a record in one pass, and of a text its
longest inner word, in whatever the record holds as text, with its JSON escapes undone as often as there are any. What
it stops at is taken apart (`agents.compliance.leaves`), to tell as what something is there. So a record that cannot be
taken apart hides nothing, and a thousand posts cost hardly more to look for than one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from pipeline.formats.fields import decode_entities
from pipeline.text.normal import nfc

__all__ = ["Search", "Sought", "SoughtKind", "is_no_chance", "is_telling", "levels", "plain_text"]

_WORD = re.compile(r"\w+")
_ESCAPE = re.compile(
    r"\\(?:u(?P<high>[dD][89abAB][0-9a-fA-F]{2})\\u(?P<low>[dD][c-fC-F][0-9a-fA-F]{2})|u(?P<unit>[0-9a-fA-F]{4})"
    r'|(?P<short>[bfnrt"\\/]))'
)
_SHORT = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_LEVELS = 4
"""JSON in the strings of JSON: a tweet in an envelope in an event that waits to be told is three deep."""
_TELLING_DIGITS = 10
"""A shorter number may be anything: a count, an offset, a time."""


class SoughtKind(StrEnum):
    """What may be looked for."""

    ID = "id"
    """The ID of a post."""
    USER = "user"
    """The ID of an account: itself in what X sent, its author hashes in what we made of it."""
    TEXT = "text"
    """A text, or a part of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """One thing that is looked for."""

    kind: SoughtKind
    value: str
    """The ID as X writes it; the text as it was asked for."""
    hashes: frozenset[int] = field(default=frozenset(), repr=False)
    """Of an account: its keyed hashes of all weeks (`pipeline.authorhash`)."""


class Search:
    """All that is looked for at once.

    Parameters
    ----------
    sought : iterable of Sought
        In the order in which it is to be told.
    """

    def __init__(self, sought: Iterable[Sought]) -> None:
        self.sought = tuple(dict.fromkeys(sought))
        self._numbers: dict[str, list[Sought]] = {}
        self._literals: list[tuple[str, Sought]] = []
        self._anchored: dict[str, list[tuple[str, Sought]]] = {}
        self._loose: list[tuple[str, Sought]] = []
        for one in self.sought:
            self._index(one)
        self._has_texts = bool(self._anchored or self._loose)
        shortest = min(map(len, self._numbers), default=1)
        self._digits = re.compile(f"[0-9]{{{shortest},}}")

    def _index(self, one: Sought) -> None:
        if one.kind is SoughtKind.TEXT:
            wanted = plain_text(one.value)
            anchor = _anchor(wanted)
            if anchor is None:
                self._loose.append((wanted, one))
            else:
                self._anchored.setdefault(anchor, []).append((wanted, one))
            return
        for name in (one.value, *map(str, sorted(one.hashes))):
            if name.isascii() and name.isdigit():
                self._numbers.setdefault(name, []).append(one)
            else:
                self._literals.append((name, one))

    def within(self, pieces: Iterable[str]) -> set[Sought]:
        """Return what may be in pieces of text, and nothing less than what is."""
        found: set[Sought] = set()
        for piece in pieces:
            for level in levels(piece):
                found |= self.numbers(level)
                if self._has_texts:
                    found |= self.texts(level)
        return found

    def numbers(self, text: str) -> set[Sought]:
        """Return what has an ID, or a hash, that is in a text; a short ID may be any number."""
        found = {one for number in self._numbers.keys() & self._digits.findall(text) for one in self._numbers[number]}
        found.update(one for name, one in self._literals if name in text)
        return found

    def texts(self, text: str) -> set[Sought]:
        """Return the texts that are in a decoded text."""
        there = plain_text(text)
        found = {one for wanted, one in self._loose if wanted in there}
        if self._anchored:
            for word in self._anchored.keys() & _WORD.findall(there):
                found.update(one for wanted, one in self._anchored[word] if wanted in there)
        return found


def is_telling(identity: str) -> bool:
    """Whether an ID is long enough to be no count or offset by chance."""
    return len(identity) >= _TELLING_DIGITS or not identity.isdigit()


def is_no_chance(one: Sought, pieces: Iterable[str]) -> bool:
    """Whether what looks like it in pieces of text is it: a text, a long ID, or an account's hash."""
    if one.kind is SoughtKind.TEXT or is_telling(one.value):
        return True
    hashes = list(map(str, one.hashes))
    return any(name in piece for piece in pieces for name in hashes)


def levels(text: str) -> Iterator[str]:
    r"""Yield a text, and what it is with its JSON escapes undone, once for each time that there are any.

    It need not be JSON: a record that was cut in two is read as well.

    >>> list(levels(r'{"text":"ol\u00e9"}'))
    ['{"text":"ol\\u00e9"}', '{"text":"olé"}']
    """
    yield text
    for _ in range(_LEVELS):
        if "\\" not in text:
            return
        undone = _ESCAPE.sub(_undone, text)
        if undone == text:
            return
        text = undone
        yield text


def _undone(escape: re.Match[str]) -> str:
    if high := escape["high"]:
        return chr(0x10000 + ((int(high, 16) & 0x3FF) << 10) + (int(escape["low"], 16) & 0x3FF))
    if unit := escape["unit"]:
        return chr(int(unit, 16))
    return _SHORT.get(escape["short"], escape["short"])


def plain_text(text: str) -> str:
    """Return a text as texts are compared: HTML entities decoded, composed (NFC), white space as single spaces.

    >>> plain_text("caf&eacute; &amp;  bar ")
    'café & bar'
    """
    decoded = decode_entities(text) if "&" in text else text
    return " ".join((decoded if decoded.isascii() else nfc(decoded)).split())


def _anchor(wanted: str) -> str | None:
    """Return the longest word that is whole wherever the text is: neither its first nor its last; none of two words."""
    found = [match for match in _WORD.finditer(wanted) if match.start() > 0 and match.end() < len(wanted)]
    return max((match.group() for match in found), key=len, default=None)
