"""Settings of the pure engine: the part of the configuration that results depend on.

Replay and live processing give the same bytes only under equal settings, so they are one object, and
its hash is part of every crisis event.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from hashlib import blake2b

from pipeline.playbook import Playbook
from schemas.codec import encode

__all__ = ["DetectionSettings", "EngineSettings"]

_MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectionSettings:
    """When a brand leaves calm, and when it returns. Chosen as odds, the same for every brand.

    A score of s is what ordinary times show once in 10**s hours: surprise (-log10 p) at one look an hour.
    """

    watch_score: float = 3.0
    """Score at which the level is watch: once in a thousand hours, six weeks."""
    watch_days: float = 2.0
    """Bound on the days in which so many mentions in a quarter of an hour come once, at which the level is watch, too.
    It holds whatever the law; what comes is about four times rarer (`pipeline.detection.peaks`)."""
    alert_score: float = 4.0
    """Score at which the level is alert: once in ten thousand hours. Volume alone never counts this far."""
    crisis_score: float = 6.0
    """Score at which the level is crisis: once in a century."""
    severe_score: float = 9.0
    """Score at which the level is severe."""
    update_interval_ms: int = 60 * _MINUTE_MS
    """A crisis at alert or above publishes ``updated`` when it has published nothing for this long."""
    resolve_after_ms: int = 6 * 60 * _MINUTE_MS
    """A crisis is resolved after this long well below watch, in observed minutes: as long as the longest window that is
    tested, so that what is left of a crisis in it does not open the next one."""

    def fingerprint(self) -> str:
        """Return a short hash of the settings, equal for equal settings on every machine."""
        return blake2b(encode(asdict(self)), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """Everything results depend on, apart from the watchlist and its calendars."""

    allowed_lateness_ms: int = 30_000
    """How far behind the newest tweet of its raw partition a tweet may be and still count."""
    future_tolerance_ms: int = 300_000
    """How far a tweet's time may be ahead of its record's own timestamp."""
    max_record_bytes: int = 1_048_576
    """A larger raw record is a dead letter."""
    duplicate_memory: int = 20_000
    """Tweet IDs remembered for each raw partition: those of its last so many records."""
    keep_text: bool = False
    """Carry the tweet's text in mentions."""
    author_key: bytes = b"vigie"
    """Key of the authors' hash; a secret of your own makes the hashes useless to others."""
    detection: DetectionSettings = field(default_factory=DetectionSettings)
    """When a brand leaves calm, and when it returns."""
    playbook: Playbook = field(default_factory=Playbook.default)
    """What is to be done in a crisis, and how often to speak; no level depends on it."""
