"""What was said of a brand over time, whoever said it: the levels of an incident, and when it was over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pipeline.evaluation.contender import Contender
from pipeline.report.episodes import episodes
from schemas.crisis import CrisisEvent
from schemas.times import from_rfc3339
from schemas.window import Level

__all__ = ["QUIET_MS", "Incident", "incidents", "rule_incidents"]

QUIET_MS = 6 * 3_600_000
"""A rule that has been quiet for this long has ended its alarm: as long as Vigie's own take to be resolved. Until then
it may come and go as often as it likes, and it is one alarm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One crisis, or one alarm of a rule."""

    brand: str
    """Key of the brand."""
    changes: tuple[tuple[int, Level], ...]
    """Each time at which the level changed, epoch milliseconds, and the level from then on. At least one; the first is
    above calm, and only the last may be calm. No two neighbours have one level."""

    @property
    def peak(self) -> Level:
        """The highest level."""
        return max(level for _, level in self.changes)

    def level_at(self, time_ms: int) -> Level:
        """Return the level in force at a time; calm outside of the incident."""
        now = Level.CALM
        for at, level in self.changes:
            if at > time_ms:
                break
            now = level
        return now

    def rises(self, level: Level) -> Iterator[tuple[int, Level]]:
        """Yield when a level was reached from below, in order, and which level that was: the same or a higher one."""
        before = Level.CALM
        for at, now in self.changes:
            if before < level <= now:
                yield at, now
            before = now

    def span(self, level: Level) -> tuple[int, int | None] | None:
        """Return when a level was first reached and when it was given up for good, epoch milliseconds.

        None when it was never reached; the second is none while it still is.
        """
        rises = [at for at, _ in self.rises(level)]
        if not rises:
            return None
        falls = [at for at, now in self.changes if now < level and at > rises[-1]]
        return rises[0], falls[0] if falls else None

    def highest(self, start_ms: int, end_ms: int) -> Level:
        """Return the highest level in force from one time to another, both included."""
        inside = [level for at, level in self.changes if start_ms < at <= end_ms]
        return max([self.level_at(start_ms), *inside])


def incidents(events: Iterable[CrisisEvent]) -> list[Incident]:
    """Return the crises that events tell of, in order of opening."""
    return [
        Incident(brand=episode.brand, changes=_changes((from_rfc3339(e.time), e.level) for e in episode.events))
        for episode in episodes(events)
    ]


def rule_incidents(contender: Contender, brand: str, buckets: Iterable[tuple[int, float]]) -> list[Incident]:
    """Return the alarms of a rule, all of them at level alert.

    An alarm begins when the score reaches the threshold and is over when it has stayed below for `QUIET_MS`.

    Parameters
    ----------
    contender : Contender
        The rule.
    brand : str
        Whose series it is.
    buckets : iterable of (int, float)
        Epoch minute of the end of each bucket of five minutes, and its count; in order of time.
    """
    series = list(buckets)
    found: list[Incident] = []
    first = last = None
    for (end_minute, _), score in zip(series, contender.scores(series), strict=True):
        now = end_minute * 60_000
        if first is not None and last is not None and now >= last + QUIET_MS:
            found.append(_alarm(brand, first, last + QUIET_MS))
            first = None
        if score >= contender.threshold:
            first, last = (now if first is None else first), now
    if first is not None:
        found.append(_alarm(brand, first, None))
    return found


def _alarm(brand: str, first_ms: int, end_ms: int | None) -> Incident:
    over = () if end_ms is None else ((end_ms, Level.CALM),)
    return Incident(brand=brand, changes=((first_ms, Level.ALERT), *over))


def _changes(levels: Iterable[tuple[int, Level]]) -> tuple[tuple[int, Level], ...]:
    kept: list[tuple[int, Level]] = []
    for at, level in levels:
        if not kept or kept[-1][1] is not level:
            kept.append((at, level))
    return tuple(kept)
