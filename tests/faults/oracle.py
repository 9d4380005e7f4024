"""The oracle: the pure engine over the same log, with as many raw partitions as it has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from agents.settings import Settings
from pipeline.enrich import Enriched, Enricher, SourceClock
from pipeline.records import Record
from pipeline.text import StandardAnalyzer
from pipeline.tracker import Tracker
from pipeline.watchlist import Watchlist
from schemas.codec import encode
from schemas.mention import Gap, Mention, Watermark
from schemas.window import WindowClosed
from tests.faults.logs import Log, Raw, by_partition
from tests.live.vigie import Published, now_ms


@dataclass
class Truth:
    """What is to be published, in order within each brand, and which records are to become dead letters."""

    windows: Published = field(default_factory=dict)
    crises: Published = field(default_factory=dict)
    letters: set[tuple[int, int]] = field(default_factory=set)
    """(raw partition, offset)."""
    counted: int = 0
    """Mentions that are in a bucket."""

    @property
    def events(self) -> int:
        """How many windows and crisis events there are."""
        return sum(map(len, self.windows.values())) + sum(map(len, self.crises.values()))


class OracleRun:
    """An engine that can be fed a log in parts, with another watchlist for each if need be."""

    def __init__(self, settings: Settings, partitions: int) -> None:
        self._settings = settings.engine()
        self._watchlist = settings.watchlist
        self._enricher = Enricher(self._settings, Watchlist.load(settings.watchlist), StandardAnalyzer())
        self._clocks = [self._enricher.new_clock(partition) for partition in range(partitions)]
        self._tracker = Tracker(self._settings, 0)
        self.truth = Truth()

    def reload_watchlist(self) -> None:
        """From here on, the watchlist as the file is now."""
        self._enricher.watchlist = Watchlist.load(self._watchlist)

    def run(self, log: Log) -> Truth:
        """Go on with a log: each partition's records as they are, the partitions side by side."""
        said: list[Mention | Watermark | Gap] = []
        for clock, records in zip(self._clocks, by_partition(log), strict=True):
            enriched = self._enrich(clock, records)
            self.truth.letters |= {(clock.partition, rejected.record.offset) for rejected in enriched.rejected}
            said += [*enriched.gaps, *enriched.mentions]
        said += [self._enricher.watermark(clock, len(self._clocks)) for clock in self._clocks]
        self._track(said)
        return self.truth

    def idle(self, *partitions: int) -> Truth:
        """Say of raw partitions that they are idle."""
        self._track([self._enricher.watermark(self._clocks[p], len(self._clocks), idle=True) for p in partitions])
        return self.truth

    def _enrich(self, clock: SourceClock, records: Sequence[Raw]) -> Enriched:
        stamp, first = now_ms(), clock.next_offset
        return self._enricher.enrich(
            clock, [Record(first + at, stamp, record.key, record.value) for at, record in enumerate(records)]
        )

    def _track(self, said: list[Mention | Watermark | Gap]) -> None:
        step = self._tracker.step(said)
        self.truth.counted += step.counted
        for event in step.events:
            kind = self.truth.windows if isinstance(event, WindowClosed) else self.truth.crises
            kind.setdefault(event.brand, []).append(encode(event))


def truth_of(settings: Settings, log: Log) -> Truth:
    """What is to be published for a whole log."""
    return OracleRun(settings, log.partitions).run(log)
