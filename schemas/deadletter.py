"""Dead letters: the original record untouched, and why it could not be used, in headers.

Key, value and headers of the original are kept as they were. Ours are added under the prefix
``vigie.deadletter.`` with the suffixes Kafka Connect uses, so that existing tools read them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from pydantic import ConfigDict

__all__ = [
    "CHANNEL_HEADER",
    "HEADER_PREFIX",
    "MARK_HEADER",
    "OMITTED_HEADER",
    "REDRIVEN_CHANNEL_HEADER",
    "REDRIVEN_HEADER",
    "REDRIVEN_ORIGIN_HEADER",
    "DeadLetter",
    "DeadLetterReason",
    "read_place",
]

HEADER_PREFIX = "vigie.deadletter."
CHANNEL_HEADER = HEADER_PREFIX + "channel"
"""On letters of notify: the channel that the crisis event could not be delivered to."""
OMITTED_HEADER = HEADER_PREFIX + "omitted.bytes"
"""The record was too large for the dead-letter topic: its size; only its place was kept."""
MARK_HEADER = HEADER_PREFIX + "redriven"
"""On a record that is no letter but a mark: the letter at `<partition>:<offset>` of this topic was redriven."""
REDRIVEN_HEADER = "vigie.redriven"
"""On a record that was written once more to the topic it came from: the letter, `<partition>:<offset>`."""
REDRIVEN_ORIGIN_HEADER = REDRIVEN_HEADER + ".origin"
"""On the same: where in that topic it was when it failed, `<partition>:<offset>`."""
REDRIVEN_CHANNEL_HEADER = REDRIVEN_HEADER + ".channel"
"""On a redriven crisis event: the only channel that it is for."""

_PLACE = re.compile(rb"([0-9]{1,9}):([0-9]{1,18})")


def read_place(text: bytes) -> tuple[int, int] | None:
    """Read `<partition>:<offset>`; None when it is no such thing."""
    found = _PLACE.fullmatch(text)
    return (int(found[1]), int(found[2])) if found else None


class DeadLetterReason(StrEnum):
    """Why a record could not be used. The value is the metric label, so the set is closed."""

    EMPTY = "empty"
    """No value: a tombstone, or only white space."""
    TOO_LARGE = "too_large"
    """The value is larger than the bound on one record."""
    NOT_JSON = "not_json"
    """Not UTF-8, or not JSON."""
    UNKNOWN_FORM = "unknown_form"
    """JSON, but none of the known tweet forms."""
    MISSING_FIELD = "missing_field"
    """A known form without an ID or without a text."""
    BAD_FIELD = "bad_field"
    """A field of the wrong type or out of bounds."""
    NO_TIME = "no_time"
    """Neither a readable creation time nor an ID that holds one."""
    IN_THE_FUTURE = "in_the_future"
    """Event time beyond the record's own timestamp plus the tolerance."""
    API_ERROR = "api_error"
    """An error object of the API instead of posts."""
    UNKNOWN_CRISIS = "unknown_crisis"
    """Feedback on a crisis that the brand does not have open."""
    INTERNAL = "internal"
    """Our own code failed on it: a bug, please report it with the record."""
    UNDELIVERABLE = "undeliverable"
    """A crisis event that a channel would not take, or could not for too long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """What the added headers say. As header values all are text, UTF-8."""

    __pydantic_config__ = ConfigDict(use_attribute_docstrings=True)

    topic: str
    """Topic the record was read from."""
    partition: int
    """Partition it was read from."""
    offset: int
    """Its offset there."""
    stage: str
    """Where it failed: `parse`, `enrich`, `track` or `notify`."""
    reason: DeadLetterReason
    """Why, from a closed list."""
    exception_class_name: str
    """Class of the error."""
    exception_message: str
    """What was wrong, without any text of the tweet."""
    channel: str | None = None
    """Of a crisis event that could not be delivered: the channel, as the notification file names it."""

    def headers(self) -> list[tuple[str, bytes]]:
        """Return the headers to add, in declaration order."""
        pairs = (
            ("topic", self.topic),
            ("partition", str(self.partition)),
            ("offset", str(self.offset)),
            ("stage", self.stage),
            ("reason", self.reason.value),
            ("exception.class.name", self.exception_class_name),
            ("exception.message", self.exception_message),
            ("channel", self.channel),
        )
        return [(HEADER_PREFIX + name, text.encode("utf-8", "replace")) for name, text in pairs if text is not None]
