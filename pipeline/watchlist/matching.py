"""Finding brands in tweets: by the names in the text (`patterns`), and by what the payload says besides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from types import MappingProxyType

from msgspec import Struct

from pipeline.planned import Calendar
from pipeline.text.entities import without_urls
from pipeline.watchlist.folding import fold, fold_name
from pipeline.watchlist.loading import parse_brands
from pipeline.watchlist.model import Alias, Brand, WatchlistError
from pipeline.watchlist.patterns import Name, Patterns
from pipeline.watchlist.places import folded_places, kept_places
from schemas.codec import encode
from schemas.tweet import Tweet

__all__ = ["MAX_NAMES", "MAX_TEXT_CHARS", "BrandMatch", "MatchSpan", "Watchlist"]

MAX_TEXT_CHARS = 25_000
"""Names are looked for in this many characters of a text: the longest post X allows."""
MAX_NAMES = 20
"""Different names that count in one tweet, the first ones; those of its author besides. Each brand is a mention, with
the tweet's phrases and entities in it: without a bound, one post that lists the watchlist is written thousands of times
over. Names are counted, not brands, because how many brands share a name is the watchlist's own doing."""


class BrandMatch(Struct, frozen=True, kw_only=True, gc=False):
    """A brand that a tweet speaks of, and why we think so."""

    brand: str
    """Key of the brand."""
    matched: tuple[str, ...]
    """What matched, folded, sorted: ``@handle``, ``#hashtag``, ``an alias``; the author's or answered handle too."""
    official: bool
    """The author is one of the brand's own accounts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchSpan:
    """Where in a tweet's text a name of a brand stands."""

    brand: str
    """Key of the brand."""
    matched: str
    """What matched, as in :attr:`BrandMatch.matched`."""
    start: int
    """Index of its first character in the text as it was written."""
    end: int
    """Index after its last character."""


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
        self._patterns = Patterns(self.brands.values())
        official: dict[str, list[str]] = {}
        for brand in self.brands.values():
            for handle in dict.fromkeys(fold(h) for h in brand.official):
                official.setdefault(handle, []).append(brand.key)
        self._official = {handle: tuple(keys) for handle, keys in official.items()}
        self.calendars: Mapping[str, Calendar] = MappingProxyType(
            {brand.key: brand.calendar for brand in self.brands.values() if brand.calendar}
        )
        """By key, of the brands that have one."""
        self.unheard = frozenset(brand.key for brand in self.brands.values() if not brand.official)
        """Keys of the brands of which no own account is known: what they say is not seen."""

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
        """Match each tweet as :meth:`match` does, in the order given.

        One by one: folding and scanning all texts joined was measured, and is no faster than scanning each.
        """
        return [self.match(tweet) for tweet in tweets]

    def match(self, tweet: Tweet) -> tuple[BrandMatch, ...]:
        """Return the brands the tweet speaks of, by brand key. Never raises.

        A brand is spoken of when its alias stands in the text; when its handle or hashtag does, or is among
        the payload's entities; when one of its accounts is answered; and in whatever its own accounts write. Of many
        names the first `MAX_NAMES` count, those in the text before those that the payload adds.
        """
        text = _readable(tweet.text)
        names = [name for name, _, _ in self._patterns.hits(text, fold(text), tweet.lang)]
        tags = self._patterns.tags
        for handle in tweet.mentions:
            names += tags.get("@" + fold_name(handle), ())
        for tag in tweet.hashtags:
            names += tags.get("#" + fold_name(tag), ())
        if tweet.in_reply_to_handle is not None:
            names += tags.get("@" + fold_name(tweet.in_reply_to_handle), ())
        if len(names) > MAX_NAMES:
            names = _first(names)
        owners: tuple[str, ...] = ()
        name = tweet.author_handle
        if name is None and tweet.author_id is not None and tweet.author_id.startswith("did:"):
            name = tweet.author_id  # Bluesky names accounts by this alone
        if name and (owners := self._official.get(author := fold_name(name), ())):
            names += [(brand, "@" + author) for brand in owners]
        return _matches(names, owners) if names else ()

    def spans(self, tweet: Tweet) -> tuple[MatchSpan, ...]:
        """Return where in the text the names that :meth:`match` finds there stand, by place, then brand.

        For showing why a tweet was taken; a tenth as fast as matching. What is known from the payload alone (its
        entities, the answered account, the author) has no place.
        """
        text = _readable(tweet.text)
        hits = self._patterns.hits(text, fold(text), tweet.lang)
        if not hits:
            return ()
        folded, kept = folded_places(text), kept_places(tweet.text, text)
        spans = []
        for (brand, label), start, end in hits:
            first, last = folded[start][0], folded[end - 1][1] - 1
            spans.append(MatchSpan(brand=brand, matched=label, start=kept[first], end=kept[last] + 1))
        return tuple(sorted(spans, key=lambda span: (span.start, span.end, span.brand)))


def _readable(text: str) -> str:
    """Return the part of a text in which names are looked for: bounded, each URL a space."""
    if len(text) > MAX_TEXT_CHARS:
        text = text[:MAX_TEXT_CHARS]
    # What has neither a slash nor a "www." holds no URL, and is most texts; the test is a fifth of the search.
    return without_urls(text) if "/" in text or ("." in text and "www." in text.lower()) else text


def _first(names: list[Name]) -> list[Name]:
    """Return what the first `MAX_NAMES` different names mean; repeats stay."""
    first = set(islice(dict.fromkeys([label for _, label in names]), MAX_NAMES))
    return [name for name in names if name[1] in first]


def _matches(names: list[Name], owners: tuple[str, ...]) -> tuple[BrandMatch, ...]:
    """Return names, which may be repeated, as matches."""
    if len(names) == 1:
        ((brand, label),) = names
        return (BrandMatch(brand=brand, matched=(label,), official=brand in owners),)
    labels: dict[str, list[str]] = {}
    for brand, label in sorted(set(names)):
        labels.setdefault(brand, []).append(label)
    return tuple(
        [BrandMatch(brand=brand, matched=tuple(found), official=brand in owners) for brand, found in labels.items()]
    )


def _alias_content(alias: Alias) -> str:
    content = encode(alias).decode()
    # Added later; without it the watchlists of before keep their fingerprints.
    return content if alias.not_in else content.replace('"not_in":[],', "", 1)


def _content(brand: Brand) -> list[object]:
    """Return what a brand's matches and its expectations depend on, lists in an order of their own."""
    aliases = sorted(_alias_content(alias) for alias in brand.aliases)
    lists = (brand.handles, brand.hashtags, brand.official, brand.excludes)
    content: list[object] = [brand.key, brand.name, aliases, *(sorted(names) for names in lists)]
    if brand.calendar:  # added later, too
        content.append(sorted(encode(event).decode() for event in brand.calendar.events))
    return content
