"""One thing to tell one channel."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.crisis import CrisisEvent
from schemas.situation import CommunicationOverdue

__all__ = ["Notification"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """A step in the life of a crisis, or a reminder in one, for one channel."""

    id: str
    """Idempotency key, deterministic: the same for every attempt and after every crash."""
    event: CrisisEvent | CommunicationOverdue
    """What happened."""
    payload: bytes
    """The event as it was published, byte for byte."""
    repeat: bool = False
    """The channel has been told; a receiver that forgets open alerts is told again."""
