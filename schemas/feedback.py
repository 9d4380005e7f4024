"""What people say of a crisis on ``vigie.feedback``: it is true, it is none, or not now."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

__all__ = ["DismissReason", "Feedback", "FeedbackHeld", "FeedbackVerdict"]

_Short = Annotated[str, Field(max_length=64)]
_Brand = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9-]{0,63}$")]


class FeedbackVerdict(StrEnum):
    """What somebody made of a crisis."""

    CONFIRM = "confirm"
    """It is one."""
    DISMISS = "dismiss"
    """It is none; the reason says why it looked like one."""
    SNOOZE = "snooze"
    """Known and in hand: nothing more about it until a time, unless it gets worse."""


class DismissReason(StrEnum):
    """Why an alarm was none. Short on purpose: precision is counted by reason."""

    NOT_ABOUT_US = "not_about_us"
    """The mentions mean something else of the same name."""
    MISREAD = "misread"
    """The mentions were not negative: irony, a joke, another language."""
    PLANNED = "planned"
    """Caused by something known beforehand: a campaign, a launch, a match."""
    COPIES = "copies"
    """Few people, many copies: spam, bots, a coordinated action."""
    OLD_NEWS = "old_news"
    """A known matter that came up again."""
    TOO_SMALL = "too_small"
    """True, but nothing that a crisis team is for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What somebody said of a crisis. Key of the record: the brand."""

    __pydantic_config__ = ConfigDict(use_attribute_docstrings=True)

    type: Literal["feedback"] = "feedback"
    """Tells records apart."""
    id: _Short
    """Chosen by whoever says it; the same again is the same."""
    brand: _Brand
    """Key of the brand; also the record key."""
    crisis_id: _Short
    """The crisis."""
    verdict: FeedbackVerdict
    """What was made of it."""
    reason: DismissReason | None = None
    """Of a dismissal, why; none of anything else."""
    until: str | None = None
    """Of a snooze, when it ends in event time, RFC 3339 UTC; none of anything else."""
    time: str
    """When it was said in event time, RFC 3339 UTC: it holds from the first minute after."""
    by: _Short = ""
    """Who said so, in words of their own choice: a role rather than a name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackHeld:
    """Feedback as it took effect. Replay with it at `held_from` gives the same events."""

    __pydantic_config__ = ConfigDict(use_attribute_docstrings=True)

    id: str
    """ID of the feedback."""
    verdict: FeedbackVerdict
    """What was made of the crisis."""
    reason: DismissReason | None = None
    """Of a dismissal, why."""
    until: str | None = None
    """Of a snooze, when it ends, RFC 3339 UTC."""
    by: str = ""
    """Who said so."""
    held_from: str
    """End of the first minute that it held for, RFC 3339 UTC; later than it was said when that minute had closed."""
