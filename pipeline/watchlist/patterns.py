"""The strings a watchlist looks for, what each means, and where they stand in a text: one automaton for all.

All overlapping hits are taken, those that do not stand at word boundaries dropped, then those whose
rules fail, then those inside a longer hit. The order matters: taking the longest first would lose "united"
in "united airlinesx". Aho and Corasick, Efficient string matching, CACM 18(6), 1975.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation

from pipeline.watchlist.folding import fold, fold_both, is_word
from pipeline.watchlist.model import Alias, Brand, joined

__all__ = ["Hit", "Name", "Patterns"]

Name = tuple[str, str]
"""Key of a brand, and what it is called: ``@handle``, ``#hashtag`` or ``an alias``, folded."""

_Found = tuple[int, int, int]
"""Number of a pattern, where it starts and where it ends."""

_BOUNDED_LEFT, _BOUNDED_RIGHT, _NAMED = 1, 2, 4
"""What is known of each pattern, as bits: its edges must stand at word boundaries; it is no mere word of a rule."""

_DFA_CHARS = 50_000
"""Up to so many characters of patterns the automaton is a DFA: faster by a third, and larger."""


class _Rules(NamedTuple):
    """The conditions of an alias, its words as numbers of patterns."""

    exact: str
    """Case-kept folding the hit must equal; empty asks for nothing."""
    requires: frozenset[int]
    excludes: frozenset[int]
    not_in: frozenset[int]
    longest: int
    """Characters of the longest phrase of `not_in`."""
    languages: tuple[str, ...]


class _Use(NamedTuple):
    """What a pattern means when it is found."""

    name: Name
    whole: bool
    """A whole ``@handle`` or ``#hashtag`` that means its brand wherever it is, in the payload's entities too."""
    rules: _Rules | None = None


Hit = tuple[Name, int, int]
"""A name of a brand in a folded text, and where it starts and ends."""


class _Reading:
    """One text, and what the rules of aliases need to know of it."""

    __slots__ = ("_kept", "_lang", "_present", "_standing", "_text")

    def __init__(self, text: str, standing: Sequence[_Found], lang: str | None) -> None:
        self._text = text
        self._standing = standing
        self._present = frozenset([index for index, _, _ in standing])
        self._lang = lang
        self._kept: str | None = None

    def allows(self, rules: _Rules, start: int, end: int) -> bool:
        """Say whether the rules of an alias let a hit mean its brand."""
        if not self._present.isdisjoint(rules.excludes):
            return False
        if rules.requires and self._present.isdisjoint(rules.requires):
            return False
        if rules.languages and self._lang and self._lang.partition("-")[0].lower() not in rules.languages:
            return False
        if rules.exact:
            if self._kept is None:
                self._kept = fold_both(self._text)[1]
            if self._kept[start:end] != rules.exact:
                return False
        return not rules.not_in or not self._is_inside(rules, start, end)

    def _is_inside(self, rules: _Rules, start: int, end: int) -> bool:
        """Say whether a phrase of another meaning covers a hit. What stands in a text is in the order of its ends."""
        for at in range(bisect_left(self._standing, end, key=_end), len(self._standing)):
            index, first, last = self._standing[at]
            if last > start + rules.longest:
                return False
            if first <= start and index in rules.not_in:
                return True
        return False


_end = itemgetter(2)


class Patterns:
    """The patterns of some brands."""

    def __init__(self, brands: Iterable[Brand]) -> None:
        self._index: dict[str, int] = {}
        self._edges = bytearray()
        self._uses: list[list[_Use]] = []
        for brand in brands:
            self._add(brand)
        self.tags: dict[str, tuple[Name, ...]] = {
            text: tuple(use.name for use in self._uses[index] if use.whole)
            for text, index in self._index.items()
            if text[0] in "@#"
        }
        """Whole ``@handle`` or ``#hashtag``, folded -> its names. A hashtag with rules must be in the text."""
        small = sum(map(len, self._index)) <= _DFA_CHARS
        self._automaton = AhoCorasick(
            self._index, implementation=Implementation.DFA if small else Implementation.ContiguousNFA
        )

    def hits(self, text: str, folded: str, lang: str | None) -> list[Hit]:
        """Return the names in a text, by place.

        Parameters
        ----------
        text, folded : str
            The text and its folding (`fold`); the hits' places are those of the folding.
        lang : str, optional
            BCP 47 language of the text, when known.
        """
        found = self._automaton.find_matches_as_indexes(folded, overlapping=True)
        if not found:
            return []  # as most texts of a firehose
        standing = self._standing(found, folded)
        edges, uses = self._edges, self._uses
        named = [(start, -end, index) for index, start, end in standing if edges[index] & _NAMED]
        if len(named) > 1:
            named.sort()  # by place, the longest first of those that start together
        hits: list[Hit] = []
        reading: _Reading | None = None
        covered_to = 0
        for start, negative_end, index in named:
            end = -negative_end
            if end <= covered_to:
                continue  # inside a longer name
            for name, whole, rules in uses[index]:
                if not whole and start and folded[start - 1] in "@#":
                    continue  # "delta" in "@delta" is part of a token that has a pattern of its own
                if rules is not None:
                    reading = reading or _Reading(text, standing, lang)
                    if not reading.allows(rules, start, end):
                        continue
                covered_to = end
                hits.append((name, start, end))
        return hits

    def _standing(self, found: Sequence[_Found], folded: str) -> list[_Found]:
        """Return what begins and ends where words do."""
        edges, size = self._edges, len(folded)
        standing: list[_Found] = []
        for each in found:
            index, start, end = each
            edge = edges[index]
            if edge & _BOUNDED_LEFT and start and ((before := folded[start - 1]).isalnum() or before == "_"):
                continue
            if edge & _BOUNDED_RIGHT and end < size and ((after := folded[end]).isalnum() or after == "_"):
                continue
            standing.append(each)
        return standing

    def _add(self, brand: Brand) -> None:
        for handle in dict.fromkeys(fold(h) for h in (*brand.handles, *brand.official)):
            self._name("@" + handle, _Use((brand.key, "@" + handle), whole=True))
        for tag in dict.fromkeys(fold(h) for h in brand.hashtags):
            self._name("#" + tag, _Use((brand.key, "#" + tag), whole=True))
        for alias in brand.aliases:
            self._add_alias(brand, alias)

    def _add_alias(self, brand: Brand, alias: Alias) -> None:
        folded = fold(alias.text).strip()
        free = not brand.excludes and alias.is_plain
        for label in (folded, "#" + joined(folded)):
            rules = None if free else self._rules(brand, alias, hashtag=label[0] == "#")
            self._name(label, _Use((brand.key, label), whole=free and label[0] == "#", rules=rules))

    def _rules(self, brand: Brand, alias: Alias, *, hashtag: bool) -> _Rules:
        exact = fold_both(alias.text)[1].strip() if alias.case_sensitive else ""
        return _Rules(
            exact="#" + joined(exact) if exact and hashtag else exact,
            requires=self._words(alias.requires),
            excludes=self._words((*brand.excludes, *alias.excludes)),
            not_in=self._words(alias.not_in),
            longest=max((len(fold(phrase).strip()) for phrase in alias.not_in), default=0),
            languages=alias.languages,
        )

    def _words(self, words: Iterable[str]) -> frozenset[int]:
        """Return the patterns of the words of a rule."""
        return frozenset(self._pattern(fold(word).strip()) for word in words)

    def _name(self, text: str, use: _Use) -> None:
        index = self._pattern(text)
        self._edges[index] |= _NAMED
        self._uses[index].append(use)

    def _pattern(self, text: str) -> int:
        """Return the number of a pattern, made if new."""
        index = self._index.setdefault(text, len(self._index))
        if index == len(self._uses):
            left = _BOUNDED_LEFT if text[0] in "@#" or _needs_boundary(text[0]) else 0
            self._edges.append(left | (_BOUNDED_RIGHT if _needs_boundary(text[-1]) else 0))
            self._uses.append([])
        return index


@lru_cache(maxsize=1024)
def _needs_boundary(edge: str) -> bool:
    """Say whether a name's edge must be a word boundary.

    Not for punctuation ("C++"), and not in scripts that are written without spaces or that attach
    particles to names: Thai to Khmer, kana, Han, Hangul.
    """
    return is_word(edge) and not (
        "\u0e00" <= edge <= "\u109f"
        or "\u1780" <= edge <= "\u17ff"
        or "\u3040" <= edge <= "\u9fff"
        or "\uac00" <= edge <= "\ud7a3"
        or "\U00020000" <= edge <= "\U0003ffff"
    )
