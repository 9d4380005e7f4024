"""What a record costs us: CPU from its bytes to the state that it leaves, measured on the pure functions."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count

from pipeline.enrich import Enriched, Enricher
from pipeline.records import Record
from pipeline.settings import EngineSettings
from pipeline.simulate import demo_watchlist
from pipeline.text import StandardAnalyzer
from pipeline.tracker import Step, Tracker
from pipeline.watchlist import Watchlist
from schemas.codec import encode
from schemas.reading import read_mention_record
from tests.trust.hostile import POST_MS, Made

__all__ = ["Chain", "Cost", "growth"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Of one record, on average."""

    cpu_us: float
    bytes_in: float
    bytes_out: float

    @property
    def cpu_us_per_kib(self) -> float:
        """CPU of ours for a KiB of the attacker's."""
        return self.cpu_us / self.bytes_in * 1024


class Chain:
    """Enrich and track, as the workers call them."""

    def __init__(self, watchlist: str | None = None) -> None:
        self.enricher = Enricher(EngineSettings(), Watchlist.parse(watchlist or demo_watchlist()), StandardAnalyzer())
        self._numbers = count()

    def run(self, values: Sequence[bytes]) -> tuple[Enriched, list[bytes], Step, float]:
        """Process records of a new partition; return what came of them, and the CPU that it took, in seconds."""
        records = [Record(offset, POST_MS + 1000, None, value) for offset, value in enumerate(values)]
        tracker, clock = Tracker(EngineSettings(), 0), self.enricher.new_clock(0)
        with _without_collector():
            began = time.thread_time()
            enriched = self.enricher.enrich(clock, records)
            out = [encode(event) for event in (*enriched.mentions, *enriched.gaps)]
            step = tracker.step([read_mention_record(value) for value in out])
            took = time.thread_time() - began
        return enriched, out, step, took

    def cost(self, made: Made, size: int, *, records: int = 8, times: int = 3) -> Cost:
        """Return the cost of records that were never seen before, the least of several times."""
        found = []
        for _ in range(times):
            values = [made(next(self._numbers), size) for _ in range(records)]
            _, out, _, took = self.run(values)
            found.append(
                Cost(
                    cpu_us=took / records * 1e6,
                    bytes_in=sum(map(len, values)) / records,
                    bytes_out=sum(map(len, out)) / records,
                )
            )
        return min(found, key=lambda cost: cost.cpu_us)


def growth(work: Callable[[int], float], small: int, large: int, *, at_most: float, times: int = 4) -> float:
    """Return how many times as long the large work takes as the small one.

    What else the machine does can only lengthen either, so it is asked again while the answer is above ``at_most``.
    """
    least_small = least_large = float("inf")
    for _ in range(times):
        least_small, least_large = min(least_small, work(small)), min(least_large, work(large))
        if least_large <= at_most * least_small:
            break
    return least_large / least_small


@contextmanager
def _without_collector() -> Iterator[None]:
    """Keep the collector, which may come at any time for what others have left, out of what is measured."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
