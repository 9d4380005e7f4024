"""Brands and the rules of their names."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pipeline.planned import NOTHING_PLANNED, Calendar
from pipeline.watchlist.folding import fold

__all__ = ["Alias", "Brand", "WatchlistError", "joined"]

_NO_WORD = re.compile(r"\W+")
"""What `folding.is_word` is false of."""


class WatchlistError(ValueError):
    """A watchlist cannot be used. The message names the file, the brand and the field, and what was expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """One name of a brand, with the conditions under which it means the brand."""

    text: str
    """The name as written in the watchlist. Also found as one word after ``#``."""
    requires: tuple[str, ...] = ()
    """Words of which the text must hold at least one; empty asks for none."""
    excludes: tuple[str, ...] = ()
    """Words of which the text must hold none."""
    not_in: tuple[str, ...] = ()
    """Longer phrases that hold the name and mean something else ("orange juice"): the name inside one does not
    count, elsewhere in the same text it does."""
    case_sensitive: bool = False
    """Only in this very case (accents still do not matter)."""
    languages: tuple[str, ...] = ()
    """Only in tweets of these languages; a tweet whose language is unknown is given the benefit of the doubt."""

    @property
    def is_plain(self) -> bool:
        """Whether the name means the brand wherever it stands."""
        return not (self.requires or self.excludes or self.not_in or self.case_sensitive or self.languages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """What to look for on behalf of one brand. Handles and hashtags are kept without ``@`` and ``#``."""

    key: str
    """Key in the watchlist: also the record key on every topic."""
    name: str
    """Name for people."""
    aliases: tuple[Alias, ...] = ()
    """Names in the running text."""
    handles: tuple[str, ...] = ()
    """Accounts that are the brand's when mentioned."""
    hashtags: tuple[str, ...] = ()
    """Hashtags that are the brand's."""
    official: tuple[str, ...] = ()
    """The brand's own accounts: mentioning or answering one is speaking of the brand, too."""
    excludes: tuple[str, ...] = ()
    """Words that silence every alias of the brand in a text that holds one; handles and hashtags still match."""
    calendar: Calendar = NOTHING_PLANNED
    """Planned events: more mentions than usual are expected then. Finds nothing."""
    own_terms: frozenset[str] = field(init=False, compare=False, repr=False)
    """Words of its names, handles and hashtags, folded and as written in lower case: what keeps the brand's own
    names out of its key phrases. For membership tests only, the order means nothing."""

    def __post_init__(self) -> None:
        names = (self.name, *(alias.text for alias in self.aliases))
        words = {word for name in names for word in (*_words(name), *name.lower().split())}
        words |= {joined(fold(name)) for name in names}
        words |= {fold(tag) for tag in (*self.handles, *self.hashtags, *self.official)}
        object.__setattr__(self, "own_terms", frozenset(words - {""}))


def joined(folded: str) -> str:
    """Return a folded name as a hashtag would write it: letters, digits and ``_`` only.

    >>> joined("us airways"), joined("mcdonald's")
    ('usairways', 'mcdonalds')
    """
    return folded if folded.isalnum() else _NO_WORD.sub("", folded)


def _words(name: str) -> list[str]:
    return _NO_WORD.sub(" ", fold(name)).split()
