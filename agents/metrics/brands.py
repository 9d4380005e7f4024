"""Gauges of the brands, asked for at every scrape; a bounded number of them by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from schemas.window import WINDOW_SECONDS, WindowClosed

__all__ = ["OTHER", "BrandNumbers", "Brands"]

OTHER = "other"
"""Label of the brands without one of their own. A brand of this very name is one of them."""


class BrandNumbers(NamedTuple):
    """What the last closed minute said of a brand, or of several as if they were one."""

    level: int
    """0 calm to 4 severe; of several, the highest."""
    mentions: int
    """In the last hour of event time."""
    expected: float
    """Mentions expected in that hour."""
    negative: int
    """Negative ones among the mentions."""
    usual_share: float
    """The usual negative share, 0 to 1; of several, weighted by their mentions, as the observed one is."""
    waiting: int = 0
    """Questions that wait for an answer, in an open crisis."""
    missed: int = 0
    """Updates of its own that the brand has missed in a row, in an open crisis; of several, the most."""
    unobserved: float = 0.0
    """Share of the last hour of event time in which input is known to be missing, 0 to 1; of several, the largest."""

    @classmethod
    def of(cls, window: WindowClosed, waiting: int = 0, missed: int = 0) -> BrandNumbers:
        """Take them from a closed window, and from what was said of the open crisis."""
        hour, detection = window.windows["1h"], window.detection
        return cls(
            int(detection.level),
            hour.volume,
            detection.expected_1h,
            hour.negative,
            detection.negative_share_expected,
            waiting,
            missed,
            window.unobserved.get("1h", 0) * 60 / WINDOW_SECONDS["1h"],
        )

    @property
    def negative_share(self) -> float:
        """The negative share observed; 0 of nothing."""
        return self.negative / self.mentions if self.mentions else 0.0

    def joined(self, other: BrandNumbers) -> BrandNumbers:
        """Return the two as one brand."""
        mentions = self.mentions + other.mentions
        usual = self.usual_share * self.mentions + other.usual_share * other.mentions
        return BrandNumbers(
            max(self.level, other.level),
            mentions,
            self.expected + other.expected,
            self.negative + other.negative,
            usual / mentions if mentions else self.usual_share,
            self.waiting + other.waiting,
            max(self.missed, other.missed),
            max(self.unobserved, other.unobserved),
        )


class Brands(Collector):
    """Reads live state at every scrape, in the event loop.

    Which brands have a label does not depend on when they were first spoken of: they are the first of the watchlist,
    in its order, so it is the same brands after a restart and in every worker. A brand that has left the watchlist, or
    whose partition another worker has, is gone; one that has closed no minute since the assignment is not there yet.

    Parameters
    ----------
    gauges : mapping
        Name and help text of each gauge, by what it shows: `level`, `mentions`, `expected`, `negative_share`,
        `usual_share`, `waiting`, `missed`, `unobserved`.
    limit : int
        How many brands have a label of their own; the rest are joined under `other`.
    """

    def __init__(self, gauges: Mapping[str, tuple[str, str]], limit: int) -> None:
        self._gauges = gauges
        self._limit = limit
        self._watchlist: Callable[[], Iterable[str]] = tuple
        self._numbers: Callable[[], Mapping[str, BrandNumbers]] = dict

    def ask(self, watchlist: Callable[[], Iterable[str]], numbers: Callable[[], Mapping[str, BrandNumbers]]) -> None:
        """Ask at every scrape from now on. Neither callable may raise.

        Parameters
        ----------
        watchlist : callable
            Returns the keys of the brands to show, in order.
        numbers : callable
            Returns what is known of the brands whose partitions are assigned now.
        """
        self._watchlist, self._numbers = watchlist, numbers

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Return the gauges without values: nothing is assigned when the registry asks."""
        return self._families().values()

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Return the gauges of the brands of this worker."""
        families = self._families()
        for label, numbers in self._labelled().items():
            for what, family in families.items():
                family.add_metric([label], getattr(numbers, what))
        return families.values()

    def _families(self) -> dict[str, GaugeMetricFamily]:
        return {
            what: GaugeMetricFamily(name, documentation, labels=("brand",))
            for what, (name, documentation) in self._gauges.items()
        }

    def _labelled(self) -> dict[str, BrandNumbers]:
        known, labelled = self._numbers(), dict[str, BrandNumbers]()
        for place, brand in enumerate(self._watchlist()):
            if (numbers := known.get(brand)) is None:
                continue
            label = brand if place < self._limit else OTHER
            joined = labelled.get(label)
            labelled[label] = numbers if joined is None else joined.joined(numbers)
        return labelled
