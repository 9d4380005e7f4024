"""What a playbook is made of: rhythms, actions, and how it is seen that an action was done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from schemas.situation import Practice
from schemas.window import Level

__all__ = ["Action", "Check", "PlaybookError", "Rhythm", "in_language"]


class PlaybookError(ValueError):
    """A playbook cannot be used. The message names the file, the action and the field, and what was expected."""


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


def in_language(texts: Mapping[str, str], language: str) -> str:
    """Return a text in a language, or in the first that there is.

    >>> in_language({"en": "Verify", "fr": "Vérifier"}, "fr"), in_language({"en": "Verify"}, "fr")
    ('Vérifier', 'Verify')
    """
    return texts.get(language) or next(iter(texts.values()), "")
