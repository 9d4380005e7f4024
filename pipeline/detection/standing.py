"""The open crisis of a brand, as the rest of the brand's state sees it."""

from __future__ import annotations

from typing import NamedTuple

from schemas.window import Level

__all__ = ["Standing"]


class Standing(NamedTuple):
    """A crisis that is open. Times are epoch milliseconds."""

    crisis_id: str
    level: Level
    peak_level: Level
    opened_ms: int
    alert_ms: int
    """When it first reached alert; 0 before."""
    confirmed: bool = False
    """Whether somebody has confirmed it."""
    snoozed_until_ms: int = 0
    """Until when somebody has put it off; 0 for not."""
