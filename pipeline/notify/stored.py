"""Values of the notify agent's state table: one JSON object a brand, with its version; a step that several lines speak
of is there once.

Reading one checks every field, and raises nothing but `UnusableState`. A brand whose value cannot be used begins anew:
what was pending is lost, what happens next is told.
"""  # noqa: D205 - one thought

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from pydantic import TypeAdapter, ValidationError

from pipeline.notify.line import Item, Line
from pipeline.notify.outbox import Outbox
from pipeline.notify.step import Position, Step
from pipeline.statevalue import DAMAGE, StateProblem, UnusableState
from schemas.codec import decode, encode

__all__ = ["dump_outbox", "load_outbox"]

_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _StoredItem:
    step: int
    since_ms: int
    held_until_ms: int
    opens: bool
    first: bool
    newest_only: bool
    redriven: bool
    attempts: int
    not_before_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _StoredLine:
    told: int | None
    owed: str
    alarms_ms: list[int]
    pending: list[_StoredItem]


@dataclass(frozen=True, slots=True, kw_only=True)
class _StoredOutbox:
    v: int
    seen: Position
    goes_on: str
    steps: list[Step]
    lines: dict[str, _StoredLine]
    reminded_ms: int = -1
    """Values of before there were reminders have none."""


@cache
def _adapter() -> TypeAdapter[_StoredOutbox]:
    return TypeAdapter(_StoredOutbox)


def dump_outbox(outbox: Outbox) -> bytes:
    """Return the value of the state table."""
    places: dict[Step, int] = {}

    def place(step: Step) -> int:
        return places.setdefault(step, len(places))

    lines = {
        channel: _StoredLine(
            told=None if line.told is None else place(line.told),
            owed=line.owed,
            alarms_ms=line.alarms_ms,
            pending=[_stored_item(item, place(item.step)) for item in line.pending],
        )
        for channel, line in sorted(outbox.lines.items())
        if line.told or line.owed or line.alarms_ms or line.pending
    }
    return encode(
        _StoredOutbox(
            v=_VERSION,
            seen=outbox.seen,
            goes_on=outbox.goes_on,
            steps=list(places),
            lines=lines,
            reminded_ms=outbox.reminded_ms,
        )
    )


def _stored_item(item: Item, place: int) -> _StoredItem:
    return _StoredItem(
        step=place,
        since_ms=item.since_ms,
        held_until_ms=item.held_until_ms,
        opens=item.opens,
        first=item.first,
        newest_only=item.newest_only,
        redriven=item.redriven,
        attempts=item.attempts,
        not_before_ms=item.not_before_ms,
    )


def load_outbox(value: bytes) -> Outbox:
    """Return the outbox that a value of the state table holds.

    Raises
    ------
    UnusableState
        It is not what `dump_outbox` writes.
    """
    try:
        version = decode(value)["v"]
    except DAMAGE as error:
        raise UnusableState(StateProblem.CORRUPT) from error
    if version != _VERSION:
        raise UnusableState(StateProblem.UNKNOWN_VERSION)
    try:
        stored = _adapter().validate_json(value)
        return Outbox(
            seen=stored.seen,
            goes_on=stored.goes_on,
            reminded_ms=stored.reminded_ms,
            lines={channel: _line(line, stored.steps) for channel, line in stored.lines.items()},
        )
    except (ValidationError, IndexError) as error:
        raise UnusableState(StateProblem.CORRUPT) from error


def _line(stored: _StoredLine, steps: list[Step]) -> Line:
    return Line(
        told=None if stored.told is None else steps[stored.told],
        owed=stored.owed,
        alarms_ms=stored.alarms_ms,
        pending=[
            Item(
                step=steps[item.step],
                since_ms=item.since_ms,
                held_until_ms=item.held_until_ms,
                opens=item.opens,
                first=item.first,
                newest_only=item.newest_only,
                redriven=item.redriven,
                attempts=item.attempts,
                not_before_ms=item.not_before_ms,
            )
            for item in stored.pending
        ],
    )
