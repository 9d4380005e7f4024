"""What a detector knows at the minute observed last, beyond its events: for reports, not for decisions."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.crisis import Concern, Exemplar
from schemas.situation import RisingHashtag

__all__ = ["Brief"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """What is talked about, what is usual, and how far calm is."""

    concerns: tuple[Concern, ...] = ()
    """Strongest first."""
    hashtags: tuple[RisingHashtag, ...] = ()
    """Hashtags that rise, strongest first."""
    exemplars: tuple[Exemplar, ...] = ()
    """Most engaging first."""
    usual_question_share: float | None = None
    """Share of mentions that ask something, in ordinary times, 0 to 1."""
    usual_reach: float | None = None
    """Reach of an hour, in ordinary times."""
    calm_below: float = 0.0
    """Score below which a minute counts as calm, in bans."""
    calm_minutes: int = 0
    """Minutes in a row that have been calm."""
    calm_minutes_needed: int = 0
    """So many in a row end a crisis."""
    learning: float = 0.0
    """How far the baseline has been learnt, 0 to 1."""
