"""What is known of each brand now: its newest window, the last hour, and its newest crises. Any order of arrival.

But for the versions of an event: an event that names posts which were withdrawn is published again without them, and
its last version counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from schemas.crisis import CrisisEvent, CrisisEventType
from schemas.situation import CommunicationOverdue, CrisisRecord, Situation
from schemas.times import from_rfc3339, to_rfc3339
from schemas.window import Level, WindowClosed

__all__ = ["HOUR_MINUTES", "MAX_CRISES", "BrandPresent", "CrisisNow", "Presents", "height_order"]

MINUTE_MS = 60_000
HOUR_MINUTES = 60
"""Minutes of the past that are kept of a brand."""
MAX_CRISES = 50
"""Crises that are kept of a brand: those opened last."""


@dataclass(slots=True, kw_only=True)
class CrisisNow:
    """The newest records of one crisis."""

    crisis_id: str
    event: CrisisEvent | None = None
    """The newest step seen."""
    height: CrisisEvent | None = None
    """Of the steps seen the most surprising one at the highest level; of equals the first."""
    level_since: str | None = None
    """When the level last changed, as far as the steps that were read say."""
    situation: Situation | None = None
    """The newest situation."""
    overdue: CommunicationOverdue | None = None
    """The newest word that an update is overdue."""

    @property
    def opened_at(self) -> str:
        """When it was opened, RFC 3339; empty when neither a step nor a situation has been read."""
        known = self.event or self.situation
        return known.opened_at if known is not None else ""

    @property
    def is_open(self) -> bool:
        """Whether it goes on, by what has been read."""
        if self.situation is not None and self.situation.final:
            return False
        return self.event is None or self.event.type is not CrisisEventType.RESOLVED

    @property
    def time_ms(self) -> int:
        """Time of the newest of its records, epoch milliseconds."""
        records = (self.event, self.situation, self.overdue)
        return max((from_rfc3339(record.time) for record in records if record is not None), default=0)

    @property
    def silence(self) -> CommunicationOverdue | None:
        """The newest word that an update is overdue, if it still holds: no later situation says otherwise."""
        if self.overdue is None or not self.is_open:
            return None
        told = self.situation
        later = told is not None and from_rfc3339(told.time) > from_rfc3339(self.overdue.time)
        return None if later and told is not None and not told.voice.overdue else self.overdue

    def see(self, record: CrisisRecord) -> None:
        """Take in a record of this crisis; one that is older than what is known changes nothing.

        The same one once more is another version, and takes the place of the one before.
        """
        match record:
            case CrisisEvent():
                self._step(record)
            case Situation():
                if self.situation is None or record.sequence >= self.situation.sequence:
                    self.situation = record
            case CommunicationOverdue():
                if self.overdue is None or (record.time, record.id) >= (self.overdue.time, self.overdue.id):
                    self.overdue = record

    def _step(self, event: CrisisEvent) -> None:
        if event.level != event.previous_level and (self.level_since is None or event.time > self.level_since):
            self.level_since = event.time
        if self.event is None or event.sequence >= self.event.sequence:
            self.event = event
        if self.height is None or height_order(event) >= height_order(self.height):
            self.height = event


def height_order(event: CrisisEvent) -> tuple[int, float, int]:
    """Return the order whose greatest is the height of a crisis: its level, how surprising, of equals the first."""
    return event.level, event.evidence.score, -event.sequence


@dataclass(slots=True, kw_only=True)
class BrandPresent:
    """One brand."""

    brand: str
    window: WindowClosed | None = None
    """The newest window; none has been read."""
    minutes: dict[str, int] = field(default_factory=dict)
    """Mentions of each of the last 60 minutes read, by their end, RFC 3339."""
    missing: set[str] = field(default_factory=set)
    """Ends of those in which input is known to be missing, RFC 3339."""
    crises: dict[str, CrisisNow] = field(default_factory=dict)
    """By crisis ID."""

    @property
    def as_of_ms(self) -> int:
        """How far what is known reaches, epoch milliseconds; 0 when nothing is."""
        seen = [crisis.time_ms for crisis in self.crises.values()]
        if self.window is not None:
            seen.append(from_rfc3339(self.window.window_end))
        return max(seen, default=0)

    @property
    def missing_since_ms(self) -> int | None:
        """Since when input has been missing without a break up to the newest window, epoch milliseconds.

        None when the newest window was observed. Of more than an hour only the last is known, and it began earlier.
        """
        if self.window is None or self.window.observed:
            return None
        since_ms = from_rfc3339(self.window.window_end) - MINUTE_MS
        while to_rfc3339(since_ms) in self.missing:
            since_ms -= MINUTE_MS
        return since_ms

    def missing_minutes(self, window: str) -> int:
        """Return for how many minutes of a rolling window input is known to be missing."""
        return 0 if self.window is None else self.window.unobserved.get(window, 0)

    @property
    def newest(self) -> CrisisNow | None:
        """The crisis opened last, open or not."""
        return max(self.crises.values(), key=lambda crisis: (crisis.opened_at, crisis.crisis_id), default=None)

    @property
    def current(self) -> CrisisNow | None:
        """The crisis that is open now."""
        newest = self.newest
        return newest if newest is not None and newest.is_open else None

    @property
    def level(self) -> Level:
        """The level now, by whichever record is newest."""
        current = self.current
        event = current.event if current is not None else None
        if self.window is None:
            return event.level if event is not None else Level.CALM
        if event is not None and event.time > self.window.window_end:
            return event.level
        return self.window.detection.level

    def see_window(self, window: WindowClosed) -> None:
        """Take in a closed window."""
        self.minutes[window.window_end] = window.windows["1m"].volume if "1m" in window.windows else 0
        if not window.observed:
            self.missing.add(window.window_end)
        while len(self.minutes) > HOUR_MINUTES:
            oldest = min(self.minutes)
            del self.minutes[oldest]
            self.missing.discard(oldest)
        if self.window is None or window.window_end > self.window.window_end:
            self.window = window

    def see_crisis(self, record: CrisisRecord) -> None:
        """Take in a record of ``vigie.crises``."""
        known = self.crises.get(record.crisis_id)
        if known is None:
            known = self.crises[record.crisis_id] = CrisisNow(crisis_id=record.crisis_id)
        known.see(record)
        while len(self.crises) > MAX_CRISES:
            oldest = min(self.crises.values(), key=lambda crisis: (crisis.opened_at, crisis.crisis_id))
            del self.crises[oldest.crisis_id]

    def pace(self, parts: int) -> list[int | None]:
        """Return the mentions of the last hour in equal parts, oldest first; none where most of one is missing."""
        if self.window is None:
            return []
        end_ms = from_rfc3339(self.window.window_end)
        sums, missing = [0] * parts, [0] * parts
        for time, volume in self.minutes.items():
            ago = (end_ms - from_rfc3339(time)) // MINUTE_MS
            if 0 <= ago < HOUR_MINUTES:
                part = parts - 1 - ago * parts // HOUR_MINUTES
                sums[part] += volume
                missing[part] += time in self.missing
        return [None if 2 * parts * lost > HOUR_MINUTES else total for total, lost in zip(sums, missing, strict=True)]


class Presents:
    """All brands. Memory grows with the brands, and is bounded for each."""

    def __init__(self, brands: Iterable[str] = ()) -> None:
        self._brands = {brand: BrandPresent(brand=brand) for brand in brands}

    @property
    def brands(self) -> Mapping[str, BrandPresent]:
        """By key."""
        return self._brands

    def see_window(self, window: WindowClosed) -> None:
        """Take in a closed window."""
        self._of(window.brand).see_window(window)

    def see_crisis(self, record: CrisisRecord) -> None:
        """Take in a record of ``vigie.crises``."""
        self._of(record.brand).see_crisis(record)

    def _of(self, brand: str) -> BrandPresent:
        known = self._brands.get(brand)
        if known is None:
            known = self._brands[brand] = BrandPresent(brand=brand)
        return known
