"""What track tells of the windows and crises of a mentions partition."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from agents.metrics.brands import BrandNumbers
from schemas.crisis import CrisisEvent, CrisisEventType
from schemas.situation import CommunicationOverdue, CrisisRecord, Situation
from schemas.times import from_rfc3339
from schemas.window import Level, WindowClosed

if TYPE_CHECKING:
    from prometheus_client import Histogram

    from agents.metrics.names import Metrics

__all__ = ["BrandsSeen", "DetectionMeter"]


class BrandsSeen:
    """What one mentions partition has published of its brands since it was assigned to this worker."""

    def __init__(self) -> None:
        self.numbers: dict[str, BrandNumbers] = {}
        """As of the newest window of each."""
        self.learning: set[str] = set()
        """Brands whose newest window says that the baseline has not been learnt."""
        self.peaks: dict[str, tuple[str, int]] = {}
        """The newest crisis of each, and its peak."""
        self.spoken: dict[str, tuple[int, int]] = {}
        """Questions that wait and updates missed, of those with an open crisis."""


class DetectionMeter:
    """Counts and times what track has published, once the broker has acked it."""

    def __init__(self, metrics: Metrics) -> None:
        self._windows = metrics.windows_closed
        self._score = metrics.score
        self._window_delay = {since: metrics.window_delay.labels(since) for since in ("event", "append")}
        self._crisis_delay = {since: metrics.crisis_delay.labels(since) for since in ("event", "append")}
        self._alarms = {level: metrics.alarms.labels(str(level)) for level in range(Level.ALERT, Level.SEVERE + 1)}
        self._situations = metrics.situations
        self._overdue = metrics.communication_overdue
        for level in range(Level.ALERT, Level.SEVERE + 1):
            self._overdue.labels(str(level))
        self._crises = {
            (kind, level): metrics.crisis_events.labels(kind.value, str(int(level)))
            for kind in CrisisEventType
            for level in Level
            if (kind is CrisisEventType.RESOLVED) == (level is Level.CALM)
        }

    def published(
        self, events: Iterable[WindowClosed | CrisisRecord], seen: BrandsSeen, appended_ms: int | None
    ) -> None:
        """Note events that were acked just now.

        Parameters
        ----------
        events : iterable
            By brand, then time.
        seen : BrandsSeen
            Of their partition; is brought up to date.
        appended_ms : int or None
            When the first raw record of which the batch knows was appended, epoch milliseconds.
        """
        now_s = time.time()
        since_append = None if appended_ms is None else max(0.0, now_s - appended_ms / 1000)
        newest: dict[str, WindowClosed] = {}
        windows: Counter[str] = Counter()
        for event in events:
            if isinstance(event, WindowClosed):
                newest[event.brand] = event
                windows[event.window_end] += 1
                self._score.observe(event.detection.score)
            elif isinstance(event, CrisisEvent):
                self._crises[event.type, event.level].inc()
                self._note_alarms(event, seen)
                _observe(self._crisis_delay, now_s - from_rfc3339(event.time) / 1000, since_append)
            else:
                self._note_spoken(event, seen)
        self._windows.inc(windows.total())
        for end, count in windows.items():
            since_event = now_s - from_rfc3339(end) / 1000
            for _ in range(count):
                _observe(self._window_delay, since_event, since_append)
        for brand, window in newest.items():
            seen.numbers[brand] = BrandNumbers.of(window, *seen.spoken.get(brand, (0, 0)))
            (seen.learning.add if window.detection.learning < 1 else seen.learning.discard)(brand)

    def _note_spoken(self, event: Situation | CommunicationOverdue, seen: BrandsSeen) -> None:
        if isinstance(event, CommunicationOverdue):
            self._overdue.labels(str(int(event.level))).inc()
            seen.spoken[event.brand] = (event.waiting, event.missed)
            return
        self._situations.inc()
        if event.final:
            seen.spoken.pop(event.brand, None)
        else:
            _waiting, missed = seen.spoken.get(event.brand, (0, 0))
            seen.spoken[event.brand] = (event.questions.waiting, missed if event.voice.overdue else 0)

    def _note_alarms(self, event: CrisisEvent, seen: BrandsSeen) -> None:
        """Count the levels that a crisis has reached for the first time.

        What its peak was before is known from its last event, or, when that came before the partition was assigned
        to this worker, taken to be the level before: a crisis that rose to its peak again may then count twice.
        """
        crisis, peak = seen.peaks.get(event.brand, ("", 0))
        if crisis != event.crisis_id:
            rises = event.type in (CrisisEventType.OPENED, CrisisEventType.ESCALATED)
            peak = int(event.previous_level if rises and event.level == event.peak_level else event.peak_level)
        for level in range(max(peak + 1, Level.ALERT), event.peak_level + 1):
            self._alarms[level].inc()
        seen.peaks[event.brand] = (event.crisis_id, max(peak, int(event.peak_level)))


def _observe(delays: dict[str, Histogram], since_event: float, since_append: float | None) -> None:
    delays["event"].observe(max(0.0, since_event))
    if since_append is not None:
        delays["append"].observe(since_append)
