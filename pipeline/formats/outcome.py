"""What parsing one raw record gives."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from msgspec import Struct

from schemas.deadletter import DeadLetterReason
from schemas.tweet import Tweet

__all__ = ["ComplianceKind", "ComplianceNotice", "FormError", "GapNotice", "Parsed", "Reject"]


class FormError(Exception):
    """Something in a payload cannot be used. Never leaves this package: it becomes a `Reject`."""

    def __init__(self, reason: DeadLetterReason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """Something in the record that could not be used."""

    reason: DeadLetterReason
    """Why, from a closed list."""
    message: str
    """What was wrong and where. Holds no text of the tweet."""
    exception: str
    """Name of the error's class."""


class ComplianceKind(StrEnum):
    """What a platform asks of those who hold its posts.

    The names are X's own: https://docs.x.com/x-api/compliance/streams/introduction
    """

    DELETE = "delete"
    """A post was deleted."""
    UNDELETE = "undelete"
    """A deleted post is back."""
    DROP = "drop"
    """A post is to be taken from public view."""
    UNDROP = "undrop"
    """A dropped post may be shown again."""
    STATUS_WITHHELD = "status_withheld"
    """A post is withheld in some countries (`withheld` in API v2)."""
    TWEET_EDIT = "tweet_edit"
    """A post was edited: a new ID takes the place of earlier ones."""
    USER_DELETE = "user_delete"
    """An account was deleted."""
    USER_UNDELETE = "user_undelete"
    """A deleted account is back."""
    USER_PROTECT = "user_protect"
    """An account became private."""
    USER_UNPROTECT = "user_unprotect"
    """An account became public."""
    USER_SUSPEND = "user_suspend"
    """An account was suspended."""
    USER_UNSUSPEND = "user_unsuspend"
    """A suspended account is back."""
    USER_WITHHELD = "user_withheld"
    """An account is withheld in some countries."""
    SCRUB_GEO = "scrub_geo"
    """An account's locations are to be forgotten, up to a post."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplianceNotice:
    """One compliance message. At least one of the two IDs is there."""

    kind: ComplianceKind
    """What is asked."""
    tweet_id: str | None = None
    """The post; for `scrub_geo` the last post concerned, for `tweet_edit` the newest version."""
    user_id: str | None = None
    """The account, or the post's author."""
    time_ms: int | None = None
    """When it happened, epoch milliseconds, where the message says so."""
    earlier_ids: tuple[str, ...] = ()
    """For `tweet_edit`, the versions that the new one replaces, oldest first."""
    platform: str = "x"
    """Where it is a post or an account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GapNotice:
    """The ingester says that input is missing between two times."""

    start_ms: int
    """First missing instant, epoch milliseconds."""
    end_ms: int
    """First instant that is observed again, epoch milliseconds; after `start_ms`."""
    reason: str = ""
    """Why, in the ingester's words, at most 200 characters."""
    source: str = ""
    """Which source misses it, at most 64 characters."""
    posts: int | None = None
    """How many posts are missing, where that is known."""
    compliance: bool = False
    """Compliance notices are missing, not posts: nothing is unobserved by that."""


class Parsed(Struct, frozen=True, kw_only=True, gc=False):
    """What one raw record holds. At least one field is not empty."""

    tweets: tuple[Tweet, ...] = ()
    """The posts, oldest first: responses list the newest first, and order decides what is late."""
    rejects: tuple[Reject, ...] = ()
    """What could not be used, at most 21 a record: past 20 the last one says how many more."""
    compliance: tuple[ComplianceNotice, ...] = ()
    """Compliance messages, in order."""
    gaps: tuple[GapNotice, ...] = ()
    """Gaps in the input, in order."""
    ignored: str | None = None
    """Name of the stream's housekeeping that it is: neither a post nor an error, such as `limit`."""
