"""CloudEvents 1.0, Kafka protocol binding, binary mode: the attributes are record headers.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache

from schemas.crisis import CrisisEvent
from schemas.situation import CommunicationOverdue, CrisisRecord, Situation
from schemas.times import from_rfc3339, to_rfc3339

__all__ = ["REDACTED_HEADER", "EventType", "crisis_headers", "crisis_key", "headers"]

_SPECVERSION = ("ce_specversion", b"1.0")
_CONTENT_TYPE = ("content-type", b"application/json")
SOURCE = "/vigie"
REDACTED_HEADER = "vigie-redacted"
"""Header of a record of ``vigie.crises``, with value ``1``: the same event as before, posts that it named taken out."""


class EventType(StrEnum):
    """`ce_type` of everything we publish. The major version is part of the name."""

    MENTION = "vigie.mention.v1"
    WATERMARK = "vigie.watermark.v1"
    GAP = "vigie.gap.v1"
    ERASURE = "vigie.erasure.v1"
    WINDOW_CLOSED = "vigie.window.closed.v1"
    CRISIS_OPENED = "vigie.crisis.opened.v1"
    CRISIS_ESCALATED = "vigie.crisis.escalated.v1"
    CRISIS_UPDATED = "vigie.crisis.updated.v1"
    CRISIS_DEESCALATED = "vigie.crisis.deescalated.v1"
    CRISIS_RESOLVED = "vigie.crisis.resolved.v1"
    SITUATION = "vigie.situation.v1"
    COMMUNICATION_OVERDUE = "vigie.communication.overdue.v1"
    FEEDBACK = "vigie.feedback.v1"


def headers(  # the attributes' own names, builtins or not
    *,
    id: str,  # noqa: A002
    type: EventType,  # noqa: A002
    subject: str,
    time_ms: int,
    stage: str,
) -> list[tuple[str, bytes]]:
    """Return the headers of one event.

    Parameters
    ----------
    id : str
        Deterministic ID of the event (`schemas.ids`).
    type : EventType
        What happened.
    subject : str
        The brand.
    time_ms : int
        Event time, epoch milliseconds; never the wall clock, so that a re-published event is equal.
    stage : str
        The part of Vigie that says so: `enrich` or `track`; becomes `/vigie/<stage>`.
    """
    source, kind = _constants(type, stage)
    return [
        ("ce_id", id.encode()),
        source,
        kind,
        _SPECVERSION,
        ("ce_time", to_rfc3339(time_ms).encode()),
        ("ce_subject", subject.encode()),
        _CONTENT_TYPE,
    ]


@cache
def _constants(kind: EventType, stage: str) -> tuple[tuple[str, bytes], tuple[str, bytes]]:
    return ("ce_source", f"{SOURCE}/{stage}".encode()), ("ce_type", kind.value.encode())


def crisis_headers(event: CrisisRecord) -> list[tuple[str, bytes]]:
    """Return the headers of a record of ``vigie.crises``, wherever it goes."""
    return headers(
        id=event.id,
        type=_kind(event),
        subject=event.brand,
        time_ms=from_rfc3339(event.time),
        stage="track",
    )


def crisis_key(event: CrisisRecord) -> bytes:
    """Return the key of a record of ``vigie.crises``: the event's ID, so that compaction keeps its last version.

    The key does not choose the partition. The brand does, as its events must stay in order.
    """
    return event.id.encode()


def _kind(event: CrisisRecord) -> EventType:
    match event:
        case Situation():
            return EventType.SITUATION
        case CommunicationOverdue():
            return EventType.COMMUNICATION_OVERDUE
        case CrisisEvent():
            return EventType[f"CRISIS_{event.type.name}"]
