"""A closed one-minute bucket of a brand: what the windows hand to detection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.concerns.document import Document
from pipeline.planned import NOTHING_PLANNED, Calendar, PlannedEvent
from schemas.crisis import Exemplar
from schemas.window import WindowCounts

__all__ = ["BUCKET_MS", "ClosedBucket"]

BUCKET_MS = 60_000
"""Length of a bucket: one minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedBucket:
    """One closed minute of one brand, with the rolling windows that end with it."""

    brand: str
    end_ms: int
    """End of the bucket, epoch milliseconds, a multiple of `BUCKET_MS`."""
    observed: bool
    """False when input is known to be missing in it."""
    windows: Mapping[str, WindowCounts]
    """By name (`schemas.WINDOW_NAMES`); ``windows["1m"]`` is the bucket itself."""
    own_posts_24h: int
    """Posts of the brand's own accounts in the last 24 hours."""
    unobserved_minutes: int
    """Minutes of the last 24 hours in which input is known to be missing."""
    unobserved: Mapping[str, int] = field(default_factory=dict)
    """The same by window; windows without any are left out."""
    documents: tuple[Document, ...] = ()
    """What was said in the bucket: a sample, bounded by a rule that does not depend on arrival."""
    exemplars: tuple[Exemplar, ...] = ()
    """Tweets of the bucket with the most engagement, at most 3, by (engagement, ID)."""
    calendar: Calendar = NOTHING_PLANNED
    """The brand's planned events, past and future ones."""
    heard: bool = True
    """Whether an account of the brand's own is known, so that it is seen what the brand says."""

    @property
    def planned(self) -> PlannedEvent | None:
        """The event that this minute lies in, if one is planned; `calendar.factor` says the same as a number."""
        return self.calendar.at(self.end_ms // BUCKET_MS - 1) if self.calendar else None
