"""Reading our own topics: bytes in, a checked event out. For consumers, and for track."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from schemas.crisis import CrisisEvent
from schemas.feedback import Feedback
from schemas.mention import Gap, Mention, Watermark
from schemas.situation import CommunicationOverdue, CrisisRecord, Situation
from schemas.window import WindowClosed

__all__ = [
    "SchemaError",
    "read_crisis",
    "read_crisis_record",
    "read_feedback",
    "read_mention_record",
    "read_window",
]


class SchemaError(ValueError):
    """The bytes are not such an event. The message names the fields, and quotes nothing of the value."""


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


_TAGGED = ("situation", "communication_overdue")


def _crisis_tag(record: Any) -> str:
    """Return which kind of record of ``vigie.crises`` it is; the steps of a crisis have types of their own."""
    kind = record.get("type") if isinstance(record, dict) else getattr(record, "type", None)
    return kind if kind in _TAGGED else "step"


_CRISIS_RECORD_TAGGED = Annotated[
    Annotated[CrisisEvent, Tag("step")]
    | Annotated[Situation, Tag("situation")]
    | Annotated[CommunicationOverdue, Tag("communication_overdue")],
    Discriminator(_crisis_tag),
]
_MENTION_RECORD = Annotated[Mention | Watermark | Gap, Field(discriminator="type")]


def _read(kind: Any, value: bytes | None) -> Any:
    if value is None:
        raise SchemaError("no value")
    try:
        # Parsing and checking in one pass of native code is faster than orjson + our own constructors.
        return _adapter(kind).validate_json(value)
    except ValidationError as exc:
        problems = exc.errors(include_url=False, include_context=False, include_input=False)
        raise SchemaError("; ".join(map(_said, problems[:3]))) from exc


def _said(problem: ErrorDetails) -> str:
    """Say what is wrong and where. Of a record of no known type pydantic would quote the type it names."""
    where = ".".join(map(str, problem["loc"])) or "record"
    what = "of no known type" if problem["type"] == "union_tag_invalid" else problem["msg"]
    return f"{where}: {what}"


def read_mention_record(value: bytes | None) -> Mention | Watermark | Gap:
    """Read a record of ``vigie.mentions``.

    Raises
    ------
    SchemaError
        Not JSON, or not a mention, watermark or gap.
    """
    record: Mention | Watermark | Gap = _read(_MENTION_RECORD, value)
    return record


def read_window(value: bytes | None) -> WindowClosed:
    """Read a record of ``vigie.windows``; raises :class:`SchemaError`."""
    window: WindowClosed = _read(WindowClosed, value)
    return window


def read_crisis(value: bytes | None) -> CrisisEvent:
    """Read a record of ``vigie.crises`` that is a step in the life of a crisis; raises :class:`SchemaError`."""
    crisis: CrisisEvent = _read(CrisisEvent, value)
    return crisis


def read_crisis_record(value: bytes | None) -> CrisisRecord:
    """Read any record of ``vigie.crises``; raises :class:`SchemaError`."""
    record: CrisisRecord = _read(_CRISIS_RECORD_TAGGED, value)
    return record


def read_feedback(value: bytes | None) -> Feedback:
    """Read a record of ``vigie.feedback``; raises :class:`SchemaError`."""
    feedback: Feedback = _read(Feedback, value)
    return feedback
