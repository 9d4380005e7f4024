"""Finding brands in tweets: one Aho-Corasick automaton over the folded text, then rules on its hits.

All overlapping hits are taken, those that do not stand at word boundaries dropped, then those whose
rules fail, then those inside a longer hit. The order matters: taking the longest first would lose "united"
in "united airlinesx". Aho and Corasick, Efficient string matching, CACM 18(6), 1975.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation

from pipeline.text.entities import without_urls
from pipeline.watchlist.folding import fold, fold_both, is_word
from pipeline.watchlist.loading import parse_brands
from pipeline.watchlist.model import Alias, Brand, WatchlistError, joined
from schemas.codec import encode
from schemas.tweet import Tweet

__all__ = ["MAX_TEXT_CHARS", "BrandMatch", "Watchlist"]

MAX_TEXT_CHARS = 25_000
"""Names are looked for in this many characters of a text: the longest post X allows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandMatch:
    """A brand that a tweet speaks of, and why we think so."""

    brand: str
    """Key of the brand."""
    matched: tuple[str, ...]
    """What matched, folded, sorted: ``@handle``, ``#hashtag``, ``an alias``; the author's or answered handle too."""
    official: bool
    """The author is one of the brand's own accounts."""


class _Use(NamedTuple):
    """What a pattern means when it is found: a name of a brand, under the rules of one alias or none."""

    brand: str
    label: str
    alias: Alias | None = None
    exact: str = ""
    """Case-kept folding the hit must equal; empty asks for nothing."""
    requires: frozenset[int] = frozenset()
    excludes: frozenset[int] = frozenset()


@dataclass(slots=True)
class _Pattern:
    """A string of the automaton, where it may stand, and what it means."""

    text: str
    bounded_left: bool
    bounded_right: bool
    uses: list[_Use]


class _Reading:
    """One folded text, and what the rules of aliases need to know of it."""

    __slots__ = ("_folded", "_kept", "_lang", "_present", "_text")

    def __init__(self, folded: str, text: str, present: frozenset[int], lang: str | None) -> None:
        self._folded = folded
        self._text = text
        self._present = present
        self._lang = lang.partition("-")[0].lower() if lang else None
        self._kept: str | None = None

    def allows(self, use: _Use, alias: Alias, start: int, end: int) -> bool:
        """Say whether the rules of an alias let a hit mean its brand."""
        if start and self._folded[start - 1] in "@#":
            return False  # "delta" in "@delta" is part of a token of its own, which has a pattern of its own
        if not self._present.isdisjoint(use.excludes):
            return False
        if use.requires and self._present.isdisjoint(use.requires):
            return False
        if use.exact:
            if self._kept is None:
                self._kept = fold_both(self._text)[1]
            if self._kept[start:end] != use.exact:
                return False
        return not (alias.languages and self._lang and self._lang not in alias.languages)


class Watchlist:
    """Brands, and the automaton that finds them. Immutable: reloading makes another one.

    Two brands may share an alias, a handle or a hashtag (a group and its subsidiary): both match.
    """

    def __init__(self, brands: Mapping[str, Brand]) -> None:
        self.brands: Mapping[str, Brand] = MappingProxyType(dict(sorted(brands.items())))
        """By key, in key order."""
        content = [_content(brand) for brand in self.brands.values()]
        self.fingerprint: str = blake2b(encode(content), digest_size=8).hexdigest()
        """Short hash of the content, equal for equal watchlists on every machine."""
        self._patterns: list[_Pattern] = []
        self._index: dict[str, int] = {}
        self._official: dict[str, list[str]] = {}
        for brand in self.brands.values():
            self._add(brand)
        self._automaton = AhoCorasick(
            [pattern.text for pattern in self._patterns], implementation=Implementation.ContiguousNFA
        )

    @classmethod
    def load(cls, path: Path | str) -> Watchlist:
        """Read a watchlist file.

        Raises
        ------
        WatchlistError
            The file cannot be read, is not UTF-8, not TOML, or not a watchlist.
        """
        source = str(path)
        try:
            content = Path(path).read_bytes()
        except OSError as error:
            raise WatchlistError(f"{source}: cannot be read: {error.strerror or error}") from error
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            raise WatchlistError(f"{source}: line {line}: not UTF-8: {error.reason}") from error
        return cls.parse(text, source)

    @classmethod
    def parse(cls, text: str, source: str = "watchlist.toml") -> Watchlist:
        """Read a watchlist from the text of its file; ``source`` names it in errors.

        Raises
        ------
        WatchlistError
            Not TOML, or not a watchlist.
        """
        return cls(parse_brands(text, source))

    def match_many(self, tweets: Sequence[Tweet]) -> list[tuple[BrandMatch, ...]]:
        """Match each tweet: as `match`, in the order given."""
        return [self.match(tweet) for tweet in tweets]

    def match(self, tweet: Tweet) -> tuple[BrandMatch, ...]:
        """Return the brands the tweet speaks of, by brand key. Never raises.

        A brand is spoken of when its alias stands in the text; when its handle or hashtag does, or is among
        the payload's entities; when one of its accounts is answered; and in whatever its own accounts write.
        """
        found: dict[str, set[str]] = {}
        self._match_text(tweet, found)
        for prefix, tags in (("@", tweet.mentions), ("#", tweet.hashtags)):
            for tag in tags:
                self._match_tag(prefix + fold(tag), found)
        if tweet.in_reply_to_handle:
            self._match_tag("@" + fold(tweet.in_reply_to_handle), found)
        owners: Sequence[str] = ()
        if tweet.author_handle:
            author = fold(tweet.author_handle)
            owners = self._official.get(author, ())
            for brand in owners:
                found.setdefault(brand, set()).add("@" + author)
        return tuple(
            BrandMatch(brand=brand, matched=tuple(sorted(labels)), official=brand in owners)
            for brand, labels in sorted(found.items())
        )

    def _match_tag(self, tag: str, found: dict[str, set[str]]) -> None:
        """Match a whole token of the payload. A hashtag that spells an alias with rules must be in the text."""
        index = self._index.get(tag)
        if index is None:
            return
        for use in self._patterns[index].uses:
            if use.alias is None:
                found.setdefault(use.brand, set()).add(use.label)

    def _match_text(self, tweet: Tweet, found: dict[str, set[str]]) -> None:
        text = without_urls(tweet.text[:MAX_TEXT_CHARS])
        folded = fold(text)
        raw = self._automaton.find_matches_as_indexes(folded, overlapping=True)
        if not raw:
            return
        patterns = self._patterns
        standing = [hit for hit in raw if _stands_alone(patterns[hit[0]], folded, hit[1], hit[2])]
        # By place, the longest first of those that start together.
        named = sorted((start, -end, index) for index, start, end in standing if patterns[index].uses)
        if not named:
            return
        reading = _Reading(folded, text, frozenset(hit[0] for hit in standing), tweet.lang)
        covered_to, last = 0, (-1, 0)
        for start, negative_end, index in named:
            span = (start, negative_end)
            if span != last and -negative_end <= covered_to:
                continue  # inside a longer name
            for use in patterns[index].uses:
                if use.alias is None or reading.allows(use, use.alias, start, -negative_end):
                    last, covered_to = span, -negative_end
                    found.setdefault(use.brand, set()).add(use.label)

    def _add(self, brand: Brand) -> None:
        for handle in dict.fromkeys(fold(h) for h in (*brand.handles, *brand.official)):
            self._pattern("@" + handle).append(_Use(brand.key, "@" + handle))
        for tag in dict.fromkeys(fold(h) for h in brand.hashtags):
            self._pattern("#" + tag).append(_Use(brand.key, "#" + tag))
        for handle in dict.fromkeys(fold(h) for h in brand.official):
            self._official.setdefault(handle, []).append(brand.key)
        for alias in brand.aliases:
            self._add_alias(brand, alias)

    def _add_alias(self, brand: Brand, alias: Alias) -> None:
        folded, kept = (text.strip() for text in fold_both(alias.text))
        requires = frozenset(self._word(word) for word in alias.requires)
        excludes = frozenset(self._word(word) for word in (*brand.excludes, *alias.excludes))
        for label, exact in ((folded, kept), ("#" + joined(folded), "#" + joined(kept))):
            if label[0] == "#" and alias == Alias(text=alias.text) and not excludes:
                use = _Use(brand.key, label)
            else:
                use = _Use(brand.key, label, alias, exact if alias.case_sensitive else "", requires, excludes)
            self._pattern(label).append(use)

    def _word(self, word: str) -> int:
        """Return the pattern index of a word of a rule."""
        folded = fold(word).strip()
        self._pattern(folded)
        return self._index[folded]

    def _pattern(self, text: str) -> list[_Use]:
        """Return the uses of a pattern, made if new."""
        index = self._index.setdefault(text, len(self._patterns))
        if index == len(self._patterns):
            self._patterns.append(
                _Pattern(
                    text=text,
                    bounded_left=text[0] in "@#" or _needs_boundary(text[0]),
                    bounded_right=_needs_boundary(text[-1]),
                    uses=[],
                )
            )
        return self._patterns[index].uses


def _content(brand: Brand) -> list[object]:
    """Return what a brand's matches depend on, lists in an order of their own."""
    aliases = sorted(encode(asdict(alias)).decode() for alias in brand.aliases)
    lists = (brand.handles, brand.hashtags, brand.official, brand.excludes)
    return [brand.key, brand.name, aliases, *(sorted(names) for names in lists)]


def _needs_boundary(edge: str) -> bool:
    """Say whether a name's edge must be a word boundary.

    Not for punctuation ("C++"), and not in scripts that are written without spaces or that attach
    particles to names: Thai to Khmer, kana, Han, Hangul.
    """
    if not is_word(edge):
        return False
    return not (
        "\u0e00" <= edge <= "\u109f"
        or "\u1780" <= edge <= "\u17ff"
        or "\u3040" <= edge <= "\u9fff"
        or "\uac00" <= edge <= "\ud7a3"
        or "\U00020000" <= edge <= "\U0003ffff"
    )


def _stands_alone(pattern: _Pattern, folded: str, start: int, end: int) -> bool:
    """Say whether a hit begins and ends where words do."""
    if pattern.bounded_left and start and is_word(folded[start - 1]):
        return False
    return not (pattern.bounded_right and end < len(folded) and is_word(folded[end]))
