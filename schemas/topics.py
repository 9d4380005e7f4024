"""The one place that names topics."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Topics"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Topics:
    """Names of the topics Vigie reads and writes; the keys of records are named beside each."""

    raw: str = "tweets.raw"
    """Input: tweets in any JSON form. Key: the tweet ID, by convention of the ingester."""
    compliance: str = "tweets.compliance"
    """Input: compliance messages in X's own forms; enrich adds those that it finds among the tweets. Key: any."""
    mentions: str = "vigie.mentions"
    """Enriched (tweet, brand) pairs, and watermarks, gaps, erasures on every partition. Key: brand (of a mention)."""
    windows: str = "vigie.windows"
    """Rolling counts of each closed bucket. Key: brand."""
    crises: str = "vigie.crises"
    """The life of crises, situations, and overdue communication. Key: the event's ID; partition: the brand's."""
    feedback: str = "vigie.feedback"
    """What people say of crises. Key: brand."""
    deadletters: str = "vigie.deadletters"
    """Records that could not be used, untouched, with the reason in headers. Key: the original's."""

    @classmethod
    def with_prefix(cls, prefix: str) -> Topics:
        """Return the names with ``prefix`` before each (for tests, or several instances on one broker)."""
        return cls(**{name: prefix + getattr(cls(), name) for name in cls.__dataclass_fields__})
