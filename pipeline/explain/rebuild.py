"""The pure engine over a log of any number of partitions, for what it says of crises."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pipeline.enrich import Enriched, Enricher
from pipeline.records import LogRecord
from pipeline.settings import EngineSettings
from pipeline.text import TextAnalyzer
from pipeline.tracker import Tracker
from pipeline.watchlist import Watchlist
from schemas.codec import encode
from schemas.crisis import CrisisEvent
from schemas.feedback import Feedback
from schemas.times import to_rfc3339

__all__ = ["Log", "Rebuild"]


@dataclass(slots=True, kw_only=True)
class Log:
    """What has been read of a log."""

    records: int = 0
    tweets: int = 0
    notices: int = 0
    """Compliance messages."""
    begins_ms: int | None = None
    """Event time of the oldest mention, epoch milliseconds."""
    removed: dict[int, int] = field(default_factory=dict)
    """Records that are no longer there at the beginning, by raw partition; none where all are."""

    @property
    def begins(self) -> str | None:
        """Event time of the oldest mention, RFC 3339 UTC."""
        return None if self.begins_ms is None else to_rfc3339(self.begins_ms)


class Rebuild:
    """Reads a log and keeps the events of crises as they would be published.

    Each raw partition has a clock of its own, and a bucket closes when every partition has passed it: as live, what
    comes out does not depend on how the partitions are interleaved.

    Parameters
    ----------
    settings : EngineSettings
        Those under which the log was read.
    watchlist : Watchlist
        Likewise.
    analyzer : TextAnalyzer
        Likewise.
    partitions : int
        Raw partitions.
    feedback : iterable of Feedback
        What people said of crises, dated as it took effect (`pipeline.feedback.feedback_of`).
    """

    def __init__(
        self,
        settings: EngineSettings,
        watchlist: Watchlist,
        analyzer: TextAnalyzer,
        *,
        partitions: int = 1,
        feedback: Iterable[Feedback] = (),
    ) -> None:
        self._enricher = Enricher(settings, watchlist, analyzer)
        self._tracker = Tracker(settings, partition=0, calendars=watchlist.calendars, unheard=watchlist.unheard)
        self._tracker.expect(feedback)
        self._clocks = [self._enricher.new_clock(partition) for partition in range(partitions)]
        self.log = Log()
        self.events: dict[str, list[CrisisEvent]] = {}
        """By crisis, in order of opening; the events of each in order."""
        self.payloads: dict[str, bytes] = {}
        """What is published of each event, by its ID."""

    def begin(self, partition: int, offset: int) -> None:
        """Say that a raw partition begins at an offset: what was before is gone."""
        if offset:
            self.log.removed[partition] = offset

    def read(self, partition: int, records: Sequence[LogRecord]) -> None:
        """Go on with consecutive records of a raw partition."""
        clock = self._clocks[partition]
        enriched = self._enricher.enrich(clock, records)
        self._count(enriched)
        watermark = self._enricher.watermark(clock, len(self._clocks))
        self._keep(self._tracker.step([*enriched.gaps, *enriched.mentions, watermark]).events)

    def end(self, partition: int) -> None:
        """Say that a raw partition has ended: it holds time back no longer."""
        watermark = self._enricher.watermark(self._clocks[partition], len(self._clocks), idle=True)
        self._keep(self._tracker.step([watermark]).events)

    def _count(self, enriched: Enriched) -> None:
        log = self.log
        log.records += enriched.counts["records"]
        log.tweets += enriched.counts["tweets"]
        log.notices += enriched.counts["compliance"]
        for mention in enriched.mentions:
            if not mention.late and (log.begins_ms is None or mention.time_ms < log.begins_ms):
                log.begins_ms = mention.time_ms

    def _keep(self, events: Sequence[object]) -> None:
        for event in events:
            if isinstance(event, CrisisEvent):
                self.events.setdefault(event.crisis_id, []).append(event)
                self.payloads[event.id] = encode(event)
