"""When it may have begun: the last minute before an alert that looked ordinary."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from pipeline.report.episodes import Episode
from pipeline.report.missing import is_seen
from schemas.window import WindowClosed

__all__ = ["Onsets"]

_ORDINARY_BELOW = 1.0
"""Bans. Chance alone gives more once in ten minutes that are looked at."""


class Onsets:
    """Shown windows in any order, finds the last ordinary minute before each alert of the brand.

    An estimate: what had begun may have looked ordinary for a while.
    """

    def __init__(self, crises: Sequence[Episode]) -> None:
        alerts: dict[str, list[int]] = {}
        for episode in crises:
            alerts.setdefault(episode.brand, []).append(episode.time_ms(episode.alarm))
        self._alerts = {brand: sorted(set(times)) for brand, times in alerts.items()}
        self._ordinary: dict[tuple[str, int], int] = {}

    def see(self, window: WindowClosed, end_ms: int) -> None:
        """Take note of a minute. It says nothing when input is missing, or when there is nothing to compare it with."""
        said = window.detection
        alerts = self._alerts.get(window.brand)
        if alerts is None or not is_seen(window) or said.learning < 1 or said.score >= _ORDINARY_BELOW:
            return
        at = bisect_right(alerts, end_ms)
        if at < len(alerts):
            key = window.brand, alerts[at]
            self._ordinary[key] = max(self._ordinary.get(key, end_ms), end_ms)

    def of(self, episode: Episode) -> int | None:
        """Return the last ordinary minute before the alert of a crisis, epoch milliseconds; none when none was seen."""
        alerts = self._alerts.get(episode.brand, [])
        at = bisect_right(alerts, episode.time_ms(episode.alarm))
        seen = (self._ordinary.get((episode.brand, alert)) for alert in reversed(alerts[:at]))
        return next((end_ms for end_ms in seen if end_ms is not None), None)
