"""Dead letters: the original record untouched, and why it could not be used, in headers.

Key, value and headers of the original are kept as they were. Ours are added under the prefix
``vigie.deadletter.`` with the suffixes Kafka Connect uses, so that existing tools read them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pydantic import ConfigDict

__all__ = ["HEADER_PREFIX", "DeadLetter", "DeadLetterReason"]

HEADER_PREFIX = "vigie.deadletter."


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
    INTERNAL = "internal"
    """Our own code failed on it: a bug, please report it with the record."""


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
    """Where it failed: `parse`, `enrich` or `track`."""
    reason: DeadLetterReason
    """Why, from a closed list."""
    exception_class_name: str
    """Class of the error."""
    exception_message: str
    """What was wrong, without any text of the tweet."""

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
        )
        return [(HEADER_PREFIX + name, text.encode("utf-8", "replace")) for name, text in pairs]
