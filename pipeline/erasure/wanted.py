"""The posts and authors that several erasures ask for, together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from schemas.mention import Erasure

__all__ = ["Wanted"]


class Wanted(NamedTuple):
    """Posts that are to be named no more."""

    tweet_ids: Collection[str] = frozenset()
    """By their own IDs."""
    authors: Collection[int] = frozenset()
    """By the keyed hashes of their authors."""

    @classmethod
    def by(cls, erasures: Iterable[Erasure]) -> Wanted:
        """Return what erasures ask for."""
        every = list(erasures)
        return cls(
            frozenset(tweet_id for erasure in every for tweet_id in erasure.tweet_ids),
            frozenset(author for erasure in every for author in erasure.authors),
        )

    def among(self, named: Mapping[str, int]) -> set[str]:
        """Return which of these posts are meant, given the keyed hash of each one's author (0 when not known)."""
        gone = named.keys() & self.tweet_ids
        if self.authors:
            gone |= {tweet_id for tweet_id, author in named.items() if author in self.authors}
        return gone
