"""The whole pipeline over one log, without Kafka: what ``vigie replay`` runs and the tests call the oracle."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pipeline.enrich import Enriched, Enricher
from pipeline.records import LogRecord
from pipeline.settings import EngineSettings
from pipeline.text import TextAnalyzer
from pipeline.tracker import Tracker
from pipeline.watchlist import Watchlist
from schemas.feedback import Feedback
from schemas.situation import CrisisRecord
from schemas.window import WindowClosed

__all__ = ["Engine", "EngineStep"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineStep:
    """What a run of records became."""

    enriched: Enriched
    events: list[WindowClosed | CrisisRecord] = field(default_factory=list)
    """By brand, then time; within a brand in the order in which the live pipeline publishes them."""


class Engine:
    """Enrich and track in one process, for a log of one partition.

    Parameters
    ----------
    settings, watchlist, analyzer
        What results depend on.
    feedback : iterable of Feedback
        What people will have said of crises; each takes effect in the first minute after its time, and says nothing
        when no such crisis is open then.
    """

    def __init__(
        self,
        settings: EngineSettings,
        watchlist: Watchlist,
        analyzer: TextAnalyzer,
        feedback: Iterable[Feedback] = (),
    ) -> None:
        self.enricher = Enricher(settings, watchlist, analyzer)
        self.tracker = Tracker(settings, partition=0, calendars=watchlist.calendars, unheard=watchlist.unheard)
        self.tracker.expect(feedback)
        self._clock = self.enricher.new_clock(0)

    def process(self, records: Sequence[LogRecord]) -> EngineStep:
        """Process consecutive records of the log."""
        enriched = self.enricher.enrich(self._clock, records)
        watermark = self.enricher.watermark(self._clock, 1)
        step = self.tracker.step([*enriched.gaps, *enriched.mentions, watermark])
        return EngineStep(enriched=enriched, events=step.events)

    def finish(self) -> EngineStep:
        """Say that the log has ended: time goes on to the newest watermark, as for an idle partition."""
        step = self.tracker.step([self.enricher.watermark(self._clock, 1, idle=True)])
        return EngineStep(enriched=Enriched(), events=step.events)
