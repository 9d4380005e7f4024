"""What track writes to ``vigie.crises``: the life of a crisis, each step with its evidence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pydantic import ConfigDict

from schemas.window import Level, WindowCounts

__all__ = ["Concern", "CrisisEvent", "CrisisEventType", "Evidence", "Exemplar", "Signal"]


class CrisisEventType(StrEnum):
    """The steps of the life of a crisis."""

    OPENED = "opened"
    """A brand left calm. The first event of a crisis, sequence 0."""
    ESCALATED = "escalated"
    """The level rose."""
    UPDATED = "updated"
    """The level stayed; the numbers moved on."""
    DEESCALATED = "deescalated"
    """The level fell, not to calm."""
    RESOLVED = "resolved"
    """Calm again, and for long enough. The last event of a crisis."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One signal's part in the decision."""

    __pydantic_config__ = ConfigDict(use_attribute_docstrings=True)

    name: str
    """What was looked at, such as `volume` or `negative_share`."""
    window: str
    """Over which window, such as `1h`."""
    observed: float
    """What was seen."""
    expected: float
    """What was expected."""
    surprise: float
    """-log10 of the probability of seeing this much or more in ordinary times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """A phrase that people use now and used less before."""

    __pydantic_config__ = ConfigDict(use_attribute_docstrings=True)

    phrase: str
    """The phrase, lower case."""
    count: int
    """Mentions with it during the recent window."""
    share: float
    """Share of the recent mentions that have it, 0 to 1."""
    usual_share: float
    """Share of the brand's ordinary mentions that have it, 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemplar:
    """A tweet worth reading, by ID only."""

    __pydantic_config__ = ConfigDict(use_attribute_docstrings=True)

    tweet_id: str
    """The platform's ID of the post."""
    engagement: int
    """Retweets + replies + likes + quotes when it was seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything needed to check the decision by hand."""

    __pydantic_config__ = ConfigDict(use_attribute_docstrings=True)

    window: str
    """The window that `observed` counts."""
    observed: WindowCounts
    """What was seen in it."""
    expected_volume: float
    """Mentions expected in that window."""
    interval: tuple[float, float]
    """98 % interval of the expected mentions."""
    negative_share: float
    """Negative share seen in the window, 0 to 1."""
    negative_share_expected: float
    """The brand's usual negative share, 0 to 1."""
    score: float
    """The combined surprise that the level was read from."""
    signals: tuple[Signal, ...]
    """Each signal with what it saw, expected and added, strongest first."""
    concerns: tuple[Concern, ...]
    """What people talk about now and did not before, strongest first."""
    hashtags: tuple[str, ...]
    """The hashtags most used in the recent window, without `#`."""
    questions: int
    """Mentions in the window that ask something."""
    exemplars: tuple[Exemplar, ...]
    """Tweets to read, by engagement."""
    own_posts_24h: int
    """Posts of the brand's own accounts in the last 24 hours."""
    learning: float
    """How far the baseline had been learnt, 0 to 1."""
    unobserved_minutes: int
    """Minutes of the last 24 hours in which input is known to be missing."""
    config_hash: str
    """Hash of the detection settings that decided."""
    model: str
    """Name and version of the model that decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrisisEvent:
    """A step in the life of a crisis of one brand."""

    __pydantic_config__ = ConfigDict(use_attribute_docstrings=True)

    id: str
    """Deterministic ID of (crisis, sequence)."""
    crisis_id: str
    """The crisis it belongs to: the same from opened to resolved."""
    brand: str
    """Key of the brand; also the record key."""
    type: CrisisEventType
    """Which step."""
    sequence: int
    """0 for opened, then counting up without holes."""
    level: Level
    """The level now."""
    previous_level: Level
    """The level before this event."""
    peak_level: Level
    """The highest level of the crisis so far."""
    time: str
    """When it was decided in event time, RFC 3339 UTC; the end of the bucket that decided."""
    opened_at: str
    """When the crisis was opened, RFC 3339 UTC."""
    window_start: str
    """Start of the window that `evidence.observed` counts, RFC 3339 UTC."""
    window_end: str
    """End of that window, RFC 3339 UTC."""
    evidence: Evidence
    """Why."""
