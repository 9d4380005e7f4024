"""From phrases that have risen to a handful of concerns: phrases that stand in the same documents are one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pipeline.concerns.contrast import Risen

__all__ = ["MOST_CONCERNS", "MOST_PHRASES", "Cluster", "cluster"]

MOST_CONCERNS = 6
MOST_PHRASES = 6
_CONSIDERED = 48
"""The surest phrases; the rest could only join."""
_MOSTLY = 0.6
"""Of the documents of a phrase, how many must be a concern's for the phrase to be part of it."""
_LIFT = 2.0
"""And how many times more than chance has it."""
_SAYS_MOST = 0.5
"""How many documents its label must have, as a share of those of its surest phrase. Not of its most frequent one: that
is the brand's trade as a rule ("flight"), and says little."""
_SURE = 2.0
"""Standard score that makes a concern; a lower one makes part of one."""


@dataclass(slots=True)
class Cluster:
    """A concern in the making."""

    terms: list[Risen] = field(default_factory=list)
    """Surest first; the first began it."""
    documents: int = 0
    """Bit set of the documents that one of them stands in."""

    @property
    def label(self) -> str:
        """The phrase that says it best: of those that stand in many of the surest's documents, a pair before a word."""
        least = _SAYS_MOST * self.terms[0].documents.bit_count()
        fit = [one for one in self.terms if one.documents.bit_count() >= least]
        return min(fit, key=lambda one: (" " not in one.term, -one.z, one.term)).term

    def add(self, one: Risen) -> None:
        """Add a phrase."""
        self.terms.append(one)
        self.documents |= one.documents

    def holds(self, one: Risen, documents: int) -> bool:
        """Whether a phrase is part of it, of so many recent documents."""
        seed = self.terms[0].documents
        mine, size = one.documents.bit_count(), seed.bit_count()
        both = (one.documents & seed).bit_count()
        if both < _MOSTLY * min(mine, size):
            return False
        if _share_a_word(one.term, self.terms):
            return True
        return both * documents >= _LIFT * mine * size and both >= _MOSTLY * mine


def cluster(risen: Iterable[Risen], documents: int) -> list[Cluster]:
    """Return at most six concerns, surest first.

    Greedily: the surest phrase that belongs to none begins one. What stands in the documents of one that began
    earlier, mostly and more than by chance, is part of it.

    Parameters
    ----------
    risen : iterable of Risen
        Surest first.
    documents : int
        How many recent documents there are.
    """
    clusters: list[Cluster] = []
    for one in list(risen)[:_CONSIDERED]:
        home = next((known for known in clusters if known.holds(one, documents)), None)
        if home is None:
            if one.z >= _SURE:
                clusters.append(home := Cluster())
        elif len(home.terms) == MOST_PHRASES:
            continue
        if home is not None:
            home.add(one)
    return clusters[:MOST_CONCERNS]


def _share_a_word(term: str, terms: Iterable[Risen]) -> bool:
    words = set(term.split())
    return any(not words.isdisjoint(other.term.split()) for other in terms)
