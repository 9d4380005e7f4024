"""Reading our own topics: bytes in, a checked event out. For consumers, and for track.

ADR: Structs are read by msgspec, dataclasses by pydantic; `schemas.codec` says which are which. Both ignore what they
do not know, so that a newer producer can speak to an older reader; msgspec makes nothing of it, either: it need only
have the form of JSON. Of a Struct nothing is coerced ("1", 1.0 and true are no integers).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from typing import Annotated, Any

import msgspec
from pydantic import Discriminator, Tag, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from schemas.crisis import CrisisEvent
from schemas.feedback import Feedback
from schemas.mention import BRAND_PATTERN, Gap, Mention, MentionRecord
from schemas.situation import CommunicationOverdue, CrisisRecord, Situation
from schemas.window import WindowClosed

__all__ = [
    "SchemaError",
    "read_crisis",
    "read_crisis_record",
    "read_feedback",
    "read_mention_record",
    "read_mention_records",
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
_decode_mention_record: Callable[[Any], MentionRecord] = msgspec.json.Decoder(MentionRecord).decode
_BRAND = re.compile(BRAND_PATTERN)
_BEFORE_QUOTATION = re.compile("[^'\"]*")
_REMEMBERED_BRANDS = 1 << 14


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
    return f"{'.'.join(map(str, problem['loc'])) or 'record'}: {problem['msg']}"


def _said_of_struct(problem: str) -> str:
    """Say the same of a message of msgspec's, which names the field last and may quote the value before it."""
    what, _, path = problem.rpartition(" - at `$")
    where = path.strip(".`")
    if where == "type":
        return "record: of no known type"
    said = _BEFORE_QUOTATION.match(what)
    return f"{where}: {said[0].rstrip()}" if what and said else f"record: {problem}"


@lru_cache(_REMEMBERED_BRANDS)  # it keeps no name that is refused
def _require_brand(name: str) -> None:
    """Refuse what cannot be a brand's key. Asked here, once for each: msgspec would ask `re` for every record."""
    if not _BRAND.fullmatch(name):
        raise SchemaError("brand: not the key of a brand")


def read_mention_records(values: Iterable[bytes | None]) -> list[MentionRecord]:
    """Read records of ``vigie.mentions``, all or none.

    Raises
    ------
    SchemaError
        One of them is not JSON, or not a mention, watermark, gap or erasure.
    """
    try:
        records = list(map(_decode_mention_record, values))
    except TypeError as exc:
        raise SchemaError("no value") from exc
    except (msgspec.DecodeError, RecursionError) as exc:
        raise SchemaError(_said_of_struct(str(exc))) from exc
    brands = {record.brand for record in records if type(record) is Mention}
    brands.update(*[record.brands for record in records if type(record) is Gap])
    for brand in brands:
        _require_brand(brand)
    return records


def read_mention_record(value: bytes | None) -> MentionRecord:
    """Read a record of ``vigie.mentions``; raises :class:`SchemaError`."""
    return read_mention_records((value,))[0]


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
