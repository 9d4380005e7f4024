"""What to do in a crisis, who does it, and by when: what a playbook file says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from schemas.situation import Practice
from schemas.window import Level

__all__ = ["Action", "Check", "Playbook", "Rhythm"]


class Check(StrEnum):
    """How it is seen that an action was done."""

    ACKNOWLEDGED = "acknowledged"
    """An update by the brand since the level was first reached."""
    UPDATED = "updated"
    """The last update is no older than the interval of the level."""
    ANSWERED = "answered"
    """No question to the brand has waited for longer than `within_minutes`."""
    TONE = "tone"
    """No post of the brand since the opening is off tone."""
    VERIFIED = "verified"
    """Somebody has confirmed, dismissed or snoozed the crisis."""
    BY_HAND = "by_hand"
    """It is not seen: people tick it off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """How often something is to be said at a level."""

    update_every_minutes: int | None = None
    """The brand posts an update at least this often; none asks for none."""
    report_every_minutes: int = 60
    """A situation is published this often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing to do."""

    id: str
    """Its name: small letters, digits and `-`."""
    practice: Practice
    """Which of the five practices it serves."""
    level: Level
    """Asked for at this level and above."""
    what: Mapping[str, str]
    """What to do, by language code; the first language stands in for one that is missing."""
    who: Mapping[str, str]
    """Who does it, likewise."""
    within_minutes: int | None = None
    """By when, counted from when the crisis first reached `level`; none has no time."""
    check: Check = Check.BY_HAND
    """How it is seen that it was done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Playbook:
    """Rhythms by level, and actions in the order of the file."""

    rhythms: Mapping[Level, Rhythm]
    """For alert, crisis and severe."""
    actions: tuple[Action, ...]
    """At most 30."""
    fingerprint: str
    """Short hash of the content, equal for equal playbooks on every machine."""
