"""How old what is shown is, by the clock on the wall."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["STALE_MS", "Freshness"]

STALE_MS = 5 * 60_000
"""Older than this is not the present: a minute is closed within about two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """When somebody looks, and at what."""

    now_ms: int | None = None
    """The clock on the wall, epoch milliseconds; none when what is shown is a file, which has no now."""

    def age_ms(self, as_of_ms: int) -> int | None:
        """Return how old something is; none when it comes from a file."""
        return None if self.now_ms is None else max(0, self.now_ms - as_of_ms)

    def stale(self, as_of_ms: int) -> bool:
        """Say whether it is too old to be called the present."""
        age_ms = self.age_ms(as_of_ms)
        return age_ms is not None and age_ms > STALE_MS
