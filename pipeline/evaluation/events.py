"""Known events: what happened to which brand, and when, in the two formats it is written down in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pipeline.watchlist import Watchlist, fold
from schemas.codec import JSONDecodeError, decode
from schemas.times import from_rfc3339

__all__ = ["EventKind", "EventsError", "KnownEvent", "read_events"]

_DAY_MS = 24 * 3_600_000
_FIRST_WORDS = re.compile(r"\s*([A-Za-z][A-Za-z -]*[A-Za-z])")


class EventsError(ValueError):
    """A file of known events cannot be used. The message names the event, the field, and what was expected."""


class EventKind(StrEnum):
    """What is to be made of an event."""

    CRISIS = "crisis"
    """To be found."""
    IN_PROGRESS = "crisis-in-progress"
    """A crisis that the data begins in, or whose start is not known: neither to be found nor to be left alone."""
    MINOR = "minor"
    """Something did happen: an alarm is neither right nor wrong."""
    CONTROL = "negative control"
    """To be left alone."""


_KINDS = {
    "crisis": EventKind.CRISIS,
    "crisis-in-progress": EventKind.IN_PROGRESS,
    "minor": EventKind.MINOR,
    "negative control": EventKind.CONTROL,
    "harmless": EventKind.CONTROL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEvent:
    """One thing that is known to have happened."""

    id: str
    brand: str
    """Key in the watchlist."""
    kind: EventKind
    start_ms: int | None
    """Epoch milliseconds; none when it is not known, as is then the case with a crisis in progress, or minor."""
    end_ms: int | None
    """When it was over: as the file says, else the end of its peak, else a day after its start; none when there is no
    start either."""

    @property
    def is_open_to_judgement(self) -> bool:
        """Whether an alarm during the event is right or wrong, and not neither."""
        return self.kind in (EventKind.CRISIS, EventKind.CONTROL)

    def overlaps(self, start_ms: int, end_ms: int | None, *, early_ms: int = 0) -> bool:
        """Whether something from one time to another (none: it is not over) has to do with the event.

        Parameters
        ----------
        start_ms, end_ms : int
            Epoch milliseconds.
        early_ms : int, optional
            By how much the event is taken to start earlier.
        """
        begun = self.start_ms is None or end_ms is None or end_ms >= self.start_ms - early_ms
        return begun and (self.end_ms is None or start_ms <= self.end_ms)


def read_events(data: bytes, watchlist: Watchlist) -> list[KnownEvent]:
    """Read a file of known events, in the order of the file.

    Either a list of objects with ``id``, ``kind``, ``start_utc`` (or null), optionally ``end_utc`` and ``peak_utc``
    (a time, or ``start/end``), and the brand as ``brand``, ``handle`` or ``entity``; or the ``truth.json`` of
    ``vigie simulate``. Brands are found by key, or by the handles, names and aliases of the watchlist. A kind may go on
    in words of its own in parentheses.

    Raises
    ------
    EventsError
        It is something else, or names a brand that the watchlist does not know.
    """
    try:
        document = decode(data)
    except JSONDecodeError as error:
        raise EventsError(f"not JSON: {error}") from error
    items = document.get("events") if isinstance(document, dict) else document
    if not isinstance(items, list):
        raise EventsError("expected a list of events, or the truth.json of `vigie simulate`")
    names = _Names(watchlist)
    events = [_event(item, number, names) for number, item in enumerate(items, 1)]
    known: set[str] = set()
    for event in events:
        if event.id in known:
            raise EventsError(f"event {event.id}: there are two of this id")
        known.add(event.id)
    return events


def _event(item: Any, number: int, names: _Names) -> KnownEvent:
    if not isinstance(item, dict):
        raise EventsError(f"event {number}: expected an object, got {item!r}")
    identity = item.get("id")
    if not isinstance(identity, str) or not identity:
        raise EventsError(f"event {number}: id: expected a string, got {identity!r}")
    where = f"event {identity}"
    brand = names.brand(item, where)
    kind = _kind(item.get("kind"), where)
    start, end = _times(item, where)
    if start is None and kind is EventKind.CONTROL:
        raise EventsError(f"{where}: a {kind} needs a start")
    if start is None and kind is EventKind.CRISIS:
        kind = EventKind.IN_PROGRESS
    simulated = "shape" in item  # the ids of a simulation's truth are unique within their brand
    return KnownEvent(
        id=f"{brand}/{identity}" if simulated else identity, brand=brand, kind=kind, start_ms=start, end_ms=end
    )


def _kind(value: Any, where: str) -> EventKind:
    words = _FIRST_WORDS.match(value) if isinstance(value, str) else None
    kind = _KINDS.get(words[1].lower()) if words else None
    if kind is None:
        raise EventsError(f"{where}: kind: expected one of {', '.join(_KINDS)}, got {value!r}")
    return kind


def _times(item: Mapping[str, Any], where: str) -> tuple[int | None, int | None]:
    start = _time(item, ("start_utc", "start"), where)
    end = _time(item, ("end_utc", "end"), where)
    if end is None and start is not None:
        peak = _time(item, ("peak_utc",), where)
        end = start + _DAY_MS if peak is None else peak
    if start is not None and end is not None and end < start:
        raise EventsError(f"{where}: it ends before it starts")
    return start, end


def _time(item: Mapping[str, Any], fields: tuple[str, ...], where: str) -> int | None:
    """Read the first field that is there; of an interval its end."""
    field = next((field for field in fields if item.get(field) is not None), None)
    if field is None:
        return None
    value = item[field]
    try:
        if isinstance(value, str):
            return max(from_rfc3339(part) for part in value.split("/"))
    except ValueError:
        pass
    raise EventsError(f"{where}: {field}: expected a time with its offset, such as 2015-02-22T02:00:00Z, got {value!r}")


class _Names:
    """Everything that a brand of the watchlist may be called in a file of events."""

    def __init__(self, watchlist: Watchlist) -> None:
        self._keys = tuple(watchlist.brands)
        self._handles: dict[str, set[str]] = {}
        self._names: dict[str, set[str]] = {}
        for key, brand in watchlist.brands.items():
            for handle in (*brand.handles, *brand.official):
                self._handles.setdefault(fold(handle), set()).add(key)
            for name in (key, brand.name, *(alias.text for alias in brand.aliases)):
                self._names.setdefault(fold(name), set()).add(key)

    def brand(self, item: Mapping[str, Any], where: str) -> str:
        """Return the key of the brand of an event: its key decides, else its handle, else its name."""
        tried = []
        for field in ("brand", "handle", "entity"):
            value = item.get(field)
            if value is None:
                continue
            if not isinstance(value, str):
                raise EventsError(f"{where}: {field}: expected a string, got {value!r}")
            if field == "brand" and value in self._keys:
                return value
            found = self._found(value, by_handle=field == "handle")
            if len(found) > 1:
                raise EventsError(f"{where}: {field}: {value!r} is several brands: {', '.join(sorted(found))}")
            if found:
                return next(iter(found))
            tried.append(repr(value))
        if not tried:
            raise EventsError(f"{where}: expected a brand: one of the fields brand, handle, entity")
        raise EventsError(f"{where}: {', '.join(tried)}: no brand of the watchlist; it has {', '.join(self._keys)}")

    def _found(self, value: str, *, by_handle: bool) -> set[str]:
        folded = fold(value.strip().removeprefix("@"))
        if by_handle:
            return self._handles.get(folded, set())
        return self._names.get(folded) or self._handles.get(folded, set())
