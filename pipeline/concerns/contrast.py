"""Which phrases have risen: log-odds with an informative prior, recent documents against ordinary ones.

ADR: what complains is heard first
----------------------------------
Contrasting everything said of late with everything said before names what is new, greetings and fillers included
when a brand is spoken to by more people than usual; and a brand that nobody knew before has nothing to be contrasted
with. What a crisis team has to know is what the complaints are about. So a document counts for what is talked
about now when it is negative, and as ordinary talk when it is not: fillers stand in both alike and fall out, and where
there is no baseline yet, the patient are the baseline of the angry. That is right as far as the talk is
complaint: where half of it or more is negative, the rest counts wholly as ordinary; where nothing is (a language whose
mood is not read, a joke that everybody tells), everything counts as talked about now.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from math import log, sqrt
from typing import NamedTuple

__all__ = ["Contrast", "Risen", "log_odds_z"]

_PRIOR_DOCUMENTS = 20.0
"""How many documents of what is usual in both are put on either side before they are compared."""
_LEAST_DOCUMENTS = 3
"""A phrase needs so many documents: two may be one person's."""
_ALL_COMPLAINT = 0.5
"""Negative share from which only negative documents count as talked about now."""


class Risen(NamedTuple):
    """A phrase and how surely it has risen."""

    term: str
    z: float
    """Standard score of its log-odds ratio."""
    documents: int
    """Bit set of the recent documents that it stands in."""


class Contrast:
    """Recent documents against ordinary talk.

    Parameters
    ----------
    recent : sequence of (terms, negative)
        The distinct terms of each recent document, and whether it is negative; the same order as the bits of
        `Risen.documents`.
    usual : callable
        In how many documents of ordinary talk a term stood.
    ordinary : int
        How many documents of ordinary talk there were.
    by_mood : bool
        Whether what complains is heard first; else everything counts as talked about now.
    """

    def __init__(
        self,
        recent: Sequence[tuple[Iterable[str], bool]],
        usual: Callable[[str], int],
        ordinary: int,
        *,
        by_mood: bool = True,
    ) -> None:
        self._usual = usual
        negative = sum(is_negative for _, is_negative in recent)
        others = len(recent) - negative
        self._weight = max(0.0, 1.0 - negative / (_ALL_COMPLAINT * len(recent))) if by_mood and recent else 1.0
        """For how much a document that is not negative counts as talked about now."""
        self._now = negative + self._weight * others
        self._then = ordinary + (1.0 - self._weight) * others
        self._bits: Counter[str] = Counter()
        self._negative = 0
        for place, (terms, is_negative) in enumerate(recent):
            bit = 1 << place
            for term in terms:
                self._bits[term] |= bit
            if is_negative:
                self._negative |= bit

    def risen(self, least: float) -> list[Risen]:
        """Return the terms whose standard score is ``least`` or more, most surely risen first."""
        found = []
        for term, bits in self._bits.items():
            if bits.bit_count() >= _LEAST_DOCUMENTS and (z := self._z(term, bits)) >= least:
                found.append(Risen(term, z, bits))
        found.sort(key=lambda one: (-one.z, one.term))
        return found

    def _z(self, term: str, bits: int) -> float:
        negative = (bits & self._negative).bit_count()
        others = bits.bit_count() - negative
        now = negative + self._weight * others
        return log_odds_z(now, self._now, self._usual(term) + (1.0 - self._weight) * others, self._then)


def log_odds_z(now: float, recent: float, then: float, ordinary: float) -> float:
    """Return the standard score of the log-odds ratio of a term, with an informative prior.

    Monroe, Colaresi and Quinn, "Fightin' Words", Political Analysis 16, 2008, section 3.5.1: the prior is what both
    sides together say, of `_PRIOR_DOCUMENTS` documents.

    >>> log_odds_z(20, 40, 10, 1000) > 5 > 1 > log_odds_z(4, 40, 100, 1000) > -1
    True
    """
    prior = _PRIOR_DOCUMENTS * (now + then + 0.5) / (recent + ordinary + 1.0)
    of_now, of_then = now + prior, then + prior
    rise = log(of_now / max(recent + _PRIOR_DOCUMENTS - of_now, 0.5)) - log(
        of_then / max(ordinary + _PRIOR_DOCUMENTS - of_then, 0.5)
    )
    return rise / sqrt(1.0 / of_now + 1.0 / of_then)
