"""The engine over a log, for what an evaluation needs of it: crises, five-minute counts, and how long it watched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from pipeline.archive import ArchiveRecord
from pipeline.bucket import BUCKET_MS
from pipeline.engine import Engine, EngineStep
from pipeline.evaluation.onset import Days
from pipeline.records import Record
from schemas.crisis import CrisisEvent
from schemas.times import from_rfc3339
from schemas.window import WindowClosed

__all__ = ["Watched", "watch"]

_CHUNK = 1000
_FIVE = 5


@dataclass(slots=True, kw_only=True)
class Watched:
    """What the engine said of a log."""

    records: int = 0
    events: list[CrisisEvent] = field(default_factory=list)
    """By brand, in order of time."""
    days: dict[str, Days] = field(default_factory=dict)
    """By brand."""
    _five_minutes: dict[str, dict[int, int]] = field(default_factory=dict)
    """By brand: end (epoch minutes) and count; without those in which nothing is known."""
    _unobserved: dict[str, set[int]] = field(default_factory=dict)

    def take(self, step: EngineStep) -> None:
        """Take note of what a step of the engine came to."""
        for event in step.events:
            if isinstance(event, CrisisEvent):
                self.events.append(event)
            elif isinstance(event, WindowClosed):
                self._see(event)

    def _see(self, window: WindowClosed) -> None:
        end_ms = from_rfc3339(window.window_end)
        minute = end_ms // BUCKET_MS
        if not window.observed:
            self._unobserved.setdefault(window.brand, set()).add(-(-minute // _FIVE) * _FIVE)
            return
        known = self.days.get(window.brand)
        learnt = known.learnt_ms if known else None
        if learnt is None and window.detection.learning >= 1.0:
            learnt = end_ms
        first = known.first_ms if known else end_ms - BUCKET_MS
        self.days[window.brand] = Days(first_ms=first, last_ms=end_ms, learnt_ms=learnt)
        if minute % _FIVE == 0:
            self._five_minutes.setdefault(window.brand, {})[minute] = window.windows["5m"].volume

    def counts(self, brand: str) -> list[tuple[int, float]]:
        """Return the five-minute counts of a brand: epoch minute of the end, and count, in order of time.

        Silence counts as 0; what holds unobserved minutes is left out.
        """
        seen = self._five_minutes.get(brand)
        if not seen:
            return []
        unobserved = self._unobserved.get(brand, set())
        ends = range(min(seen), max(seen) + 1, _FIVE)
        return [(end, float(seen.get(end, 0))) for end in ends if end not in unobserved]


def watch(engine: Engine, archive: Iterable[ArchiveRecord], *, read_at_ms: int) -> Iterator[Watched]:
    """Run the engine over an archive in memory, exactly as `pipeline.replay.replay` does.

    A generator, so that the caller can draw progress: it yields what was seen so far (always the same object) after
    each chunk, and a last time when the log has ended.

    Parameters
    ----------
    engine : Engine
        Fresh.
    archive : iterable of ArchiveRecord
        In the order of the log.
    read_at_ms : int
        The records' timestamp, epoch milliseconds. Tweets dated beyond it are in the future.
    """
    watched = Watched()
    records = (Record(offset, read_at_ms, item.key, item.value) for offset, item in enumerate(archive))
    while chunk := list(islice(records, _CHUNK)):
        watched.take(engine.process(chunk))
        watched.records += len(chunk)
        yield watched
    watched.take(engine.finish())
    yield watched
