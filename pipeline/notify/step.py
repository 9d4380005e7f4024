"""A record of a crisis as it waits to be told: what is asked of it, and the record that it came in."""

from __future__ import annotations

from dataclasses import dataclass, replace

from schemas.crisis import CrisisEvent, CrisisEventType
from schemas.situation import CommunicationOverdue
from schemas.times import from_rfc3339
from schemas.window import Level

__all__ = ["NOWHERE", "Origin", "Position", "Step"]


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Where a step is in the life of a brand. Its crises follow one another, so this is an order of all steps."""

    opened_at_ms: int
    """When its crisis was opened, epoch milliseconds."""
    sequence: int
    """Its place in the crisis."""


NOWHERE = Position(-1, -1)
"""Before the first step of all; also of what is no step in the life of a crisis."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The record, but for its value: what a dead letter keeps untouched. Bytes as text, each a character (Latin-1)."""

    topic: str
    """Where it was read."""
    partition: int
    """Where in it."""
    offset: int
    """Where in that."""
    key: str | None
    """Its key."""
    headers: tuple[tuple[str, str], ...]
    """Its headers."""
    appended_ms: int
    """When the broker got it, epoch milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step in the life of a crisis, or a reminder that the brand is silent in one."""

    event_id: str
    """ID of the event."""
    crisis_id: str
    """The crisis."""
    position: Position
    """Its place among all steps of the brand."""
    type: CrisisEventType
    """Which step."""
    level: Level
    """The level since."""
    payload: str
    """The event as it was published."""
    origin: Origin
    """The record that it came in."""
    reminds: bool = False
    """It is a reminder: it tells nothing new of the crisis, and has no place in its life."""

    @classmethod
    def of(cls, event: CrisisEvent, payload: bytes, origin: Origin) -> Step:
        """Take a step from an event.

        Raises
        ------
        ValueError
            Its time of opening is none.
        """
        return cls(
            event_id=event.id,
            crisis_id=event.crisis_id,
            position=Position(from_rfc3339(event.opened_at), event.sequence),
            type=event.type,
            level=event.level,
            payload=payload.decode(),
            origin=origin,
        )

    @classmethod
    def reminder(cls, overdue: CommunicationOverdue, payload: bytes, origin: Origin) -> Step:
        """Take a reminder from the word that an update is overdue."""
        return cls(
            event_id=overdue.id,
            crisis_id=overdue.crisis_id,
            position=NOWHERE,
            type=CrisisEventType.UPDATED,
            level=overdue.level,
            payload=payload.decode(),
            origin=origin,
            reminds=True,
        )

    def rewritten(self, version: Step) -> Step:
        """Return the step with the content of another version of its event; when it was first published stays."""
        origin = replace(version.origin, appended_ms=self.origin.appended_ms)
        return replace(self, payload=version.payload, origin=origin)

    @property
    def name(self) -> str:
        """What it is, for logs."""
        return "communication_overdue" if self.reminds else self.type.value

    @property
    def ends(self) -> bool:
        """Whether it is the last of its crisis."""
        return self.type is CrisisEventType.RESOLVED

    @property
    def alarms(self) -> bool:
        """Whether it is one by which somebody may hear of the crisis for the first time."""
        return self.type in (CrisisEventType.OPENED, CrisisEventType.ESCALATED)
