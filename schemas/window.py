"""What track writes to ``vigie.windows``: one record for each closed one-minute bucket of a brand."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from pydantic import ConfigDict

__all__ = ["WINDOW_NAMES", "WINDOW_SECONDS", "Detection", "Level", "WindowClosed", "WindowCounts"]

WINDOW_SECONDS: dict[str, int] = {
    "1m": 60,
    "5m": 300,
    "15m": 900,
    "1h": 3_600,
    "6h": 21_600,
    "24h": 86_400,
}
"""Name and length of each rolling window, shortest first."""

WINDOW_NAMES: tuple[str, ...] = tuple(WINDOW_SECONDS)


class Level(IntEnum):
    """How bad it is."""

    CALM = 0
    """Ordinary talk."""
    WATCH = 1
    """Something is unusual; look, do not act."""
    ALERT = 2
    """A crisis may be starting; a person should look now."""
    CRISIS = 3
    """A crisis: the crisis team acts."""
    SEVERE = 4
    """Everything at once: many people, very negative, lasting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowCounts:
    """Counts over one rolling window. The brand's own posts and late tweets are in none of them."""

    __pydantic_config__ = ConfigDict(use_attribute_docstrings=True)

    volume: int
    """Mentions, retweets included."""
    negative: int
    """Mentions whose sentiment label is negative."""
    neutral: int
    """Mentions whose sentiment label is neutral."""
    positive: int
    """Mentions whose sentiment label is positive."""
    authors: int
    """Distinct authors, a HyperLogLog estimate."""
    negative_authors: int | None = None
    """Of these, who wrote something negative that is no retweet; none in records of before this was counted."""
    reach: int
    """Sum of the authors' followers, an author counted once a mention."""
    questions: int
    """Mentions that ask something."""
    retweets: int
    """Mentions that are retweets."""
    negative_retweets: int
    """Of these, those whose sentiment label is negative."""
    repeats: int
    """Mentions (retweets aside) beyond the distinct texts: copies. An estimate."""
    languages: dict[str, int]
    """Mentions by language, most frequent first, at most five; the rest under `other`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """What the model said of this bucket, before it learnt from it."""

    __pydantic_config__ = ConfigDict(use_attribute_docstrings=True)

    level: Level
    """Level after hysteresis."""
    score: float
    """Surprise of the combined signals, in bans: -log10 of a tail probability."""
    expected_1h: float
    """Mentions expected in the last hour."""
    low_1h: float
    """Lower end of the 98 % interval of mentions in the last hour."""
    high_1h: float
    """Upper end of the 98 % interval of mentions in the last hour."""
    negative_share_expected: float
    """The brand's usual negative share, 0 to 1."""
    learning: float
    """How far the baseline has been learnt, 0 to 1; below 1 no level above watch is raised."""
    planned: str | None = None
    """The planned event that the bucket lies in: it may have raised what was expected, and it teaches nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowClosed:
    """The brand's rolling windows at the end of a closed one-minute bucket."""

    __pydantic_config__ = ConfigDict(use_attribute_docstrings=True)

    id: str
    """Deterministic ID of (brand, bucket end)."""
    brand: str
    """Key of the brand; also the record key."""
    window_end: str
    """End of the bucket and of every window in the record, RFC 3339 UTC."""
    observed: bool
    """False when input is known to be missing in the bucket: it raised nothing and taught nothing."""
    windows: dict[str, WindowCounts]
    """Counts by window name: 1m, 5m, 15m, 1h, 6h, 24h."""
    own_posts_24h: int
    """Posts of the brand's own accounts in the last 24 hours."""
    detection: Detection
    """What the model said."""
    unobserved: dict[str, int] = field(default_factory=dict)
    """Minutes in which input is known to be missing, by window name; windows without any are left out. What such a
    window counts is too low, and no silence."""
