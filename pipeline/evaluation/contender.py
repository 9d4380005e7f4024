"""A detector under evaluation: how it is called, how one is made, and from which score on it raises an alarm."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from math import isnan
from typing import Any

from river import base

__all__ = ["Contender", "Misbehaves"]


class Misbehaves(Exception):
    """A detector gave a score that is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """A detector under evaluation.

    What `make` returns keeps river's contract: ``score_one(x)``, then ``learn_one(x)``, one call of each a bucket
    of five minutes, in order of time. ``x`` is ``{"end_minute": int, "volume": float}``: the epoch minute at which
    the bucket ended, and what was counted in it.
    """

    name: str
    """A word for file names and JSON: letters, digits and hyphens."""
    rule: str
    """What it does, in a sentence."""
    make: Callable[[], base.AnomalyDetector]
    """Returns a new one, which has learnt nothing."""
    threshold: float
    """It raises an alarm at this score and above. Positive."""

    def __post_init__(self) -> None:
        if not self.threshold > 0.0:
            raise ValueError(f"{self.name}: the threshold is {self.threshold}, and must be above 0")

    def scores(self, buckets: Iterable[tuple[int, float]]) -> Iterator[float]:
        """Score a series from its beginning, each bucket before it is learnt.

        Parameters
        ----------
        buckets : iterable of (int, float)
            Epoch minute of the end, and count; in order of time.

        Yields
        ------
        float
            The detector's own score; at least 0.

        Raises
        ------
        Misbehaves
            A score is not a number.
        """
        model = self.make()
        for number, (end_minute, volume) in enumerate(buckets, start=1):
            x: dict[Any, Any] = {"end_minute": end_minute, "volume": volume}
            score = model.score_one(x)
            if isnan(score):
                raise Misbehaves(f"{self.name}: its score of bucket {number} (volume {volume}) is not a number")
            yield max(0.0, score)
            model.learn_one(x)
