"""Gauges of the partitions that are assigned to a worker, asked for at every scrape."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

__all__ = ["PartitionFacts", "PartitionGauge", "Partitions"]


class PartitionGauge(NamedTuple):
    """Name, help text and labels of one gauge: `stage` and `partition`, or one of them."""

    name: str
    help: str
    labels: tuple[str, ...] = ("stage", "partition")


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionFacts:
    """What a stage knows of one of its partitions; what it does not know, or does not have, is none."""

    watermark_ms: int | None = None
    """Event time up to which the partition is complete, epoch milliseconds."""
    newest_ms: int | None = None
    """Newest event time processed, epoch milliseconds."""
    state_bytes: int | None = None
    """Size of its entries in the state table."""
    state_brands: int | None = None
    """Brands with state; for notify, brands with something pending."""
    learning_brands: int | None = None
    """Of these, those whose baseline has not been learnt."""
    unproven_since_ms: int | None = None
    """When the oldest compliance notice was appended that is not proven, epoch milliseconds; 0 when all are."""


class Partitions(Collector):
    """Reads live state at every scrape, in the event loop, so nothing moves meanwhile but aiokafka's thread.

    A partition that is not assigned has no gauges. What is not known yet has none either: the lag before the first
    answer to a fetch, and what a stage learns from its first batch after an assignment.

    Parameters
    ----------
    gauges : mapping
        The gauge of each value: `lag_records`, `lag_seconds` and the fields of :class:`PartitionFacts`.
    clock : callable
        Seconds since the epoch.
    """

    def __init__(self, gauges: Mapping[str, PartitionGauge], clock: Callable[[], float] = time.time) -> None:
        self._gauges = gauges
        self._clock = clock
        self._asked: dict[
            str, tuple[Callable[[], Mapping[int, int | None]], Callable[[int], PartitionFacts | None]]
        ] = {}

    def ask(
        self,
        stage: str,
        assigned: Callable[[], Mapping[int, int | None]],
        facts: Callable[[int], PartitionFacts | None],
    ) -> None:
        """Ask a stage at every scrape from now on. Neither callable may raise.

        Parameters
        ----------
        stage : str
            Its name.
        assigned : callable
            Returns the partitions of its input that are assigned now, and how many records of each wait.
        facts : callable
            Returns what the stage knows of one of them.
        """
        self._asked[stage] = (assigned, facts)

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Return the gauges without values: nothing is assigned when the registry asks."""
        return self._families().values()

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Return the gauges of what is assigned now."""
        families = self._families()
        for stage, (assigned, facts) in self._asked.items():
            for partition, lag in sorted(assigned().items()):
                labels = {"stage": stage, "partition": str(partition)}
                for what, value in self._values(lag, facts(partition) or PartitionFacts()):
                    if value is not None:
                        families[what].add_metric([labels[name] for name in self._gauges[what].labels], value)
        return families.values()

    def _families(self) -> dict[str, GaugeMetricFamily]:
        return {
            what: GaugeMetricFamily(gauge.name, gauge.help, labels=gauge.labels) for what, gauge in self._gauges.items()
        }

    def _values(self, lag: int | None, facts: PartitionFacts) -> Iterator[tuple[str, float | None]]:
        yield "lag_records", lag
        yield "lag_seconds", self._lag_seconds(lag, facts.newest_ms)
        yield "watermark_ms", _seconds(facts.watermark_ms)
        yield "newest_ms", _seconds(facts.newest_ms)
        yield "state_bytes", facts.state_bytes
        yield "state_brands", facts.state_brands
        yield "learning_brands", facts.learning_brands
        yield "unproven_s", self._since(facts.unproven_since_ms)

    def _since(self, time_ms: int | None) -> float | None:
        """Return the seconds since a time; none when there is no such thing, 0 when nothing waits since then."""
        return max(0.0, self._clock() - time_ms / 1000) if time_ms else time_ms

    def _lag_seconds(self, lag: int | None, newest_ms: int | None) -> float | None:
        """Return how far behind the clock the newest time processed is, while records wait."""
        if not lag:
            return lag
        return None if newest_ms is None else max(0.0, self._clock() - newest_ms / 1000)


def _seconds(time_ms: int | None) -> float | None:
    return None if time_ms is None else time_ms / 1000
