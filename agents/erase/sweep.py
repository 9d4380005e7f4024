"""One reading of ``vigie.crises``, from its beginning to its end, for what must be named no more."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from itertools import islice
from types import MappingProxyType
from typing import Any, TypeAlias

from agents.transport import OutRecord
from pipeline.erasure import Wanted, named_ids, redacted
from schemas.cloudevents import REDACTED_HEADER, crisis_headers
from schemas.codec import encode
from schemas.reading import SchemaError, read_crisis_record
from schemas.situation import CommunicationOverdue, CrisisRecord

__all__ = ["Sweep"]

_NUMBER = re.compile(rb"[0-9]+")
_STRING = re.compile(rb'"((?:[^"\\]|\\.)*+)"')
"""Of JSON, as our codec writes it: IDs that are no numbers, such as those of Bluesky, are whole strings."""
_MOST_EVENTS = 2_000
"""Events that one sweep publishes again; those beyond have their turn in the next one."""

Record: TypeAlias = Any
"""An aiokafka ``ConsumerRecord[bytes, bytes]`` (which ships no types)."""
_Place = tuple[int, bytes | None]
"""Partition and key: one event, whatever its version."""


class Sweep:
    """What was found so far. The topic is read once for what is where (`see`), and again for what is due (`take`).

    So an event takes a few words of memory, however many there are, and versions of before that are still to be
    compacted away take none of the room for those that have a turn.

    Parameters
    ----------
    wanted : Wanted
        What must be named no more.
    compacts : bool
        Whether the broker removes older versions in time; then they count, as long as they are there.
    until : mapping of int to mapping of int to int
        By author hash, then partition, the offset from which on an event names no post of before the notice: track had
        forgotten them. Hashes that are not in it have none.
    most_events : int
        Bound on the events published again.
    """

    def __init__(
        self,
        wanted: Wanted,
        *,
        compacts: bool,
        until: Mapping[int, Mapping[int, int]] = MappingProxyType({}),
        most_events: int = _MOST_EVENTS,
    ) -> None:
        self._wanted = wanted
        named = [str(name) for names in wanted for name in names]
        self._numbers = frozenset(name.encode() for name in named if _NUMBER.fullmatch(name.encode()))
        self._strings = {encode(name)[1:-1]: name for name in named if name.encode() not in self._numbers}
        """The other IDs, by what they are written as."""
        self._compacts = compacts
        self._until = until
        self._most_events = most_events
        self._dirty: dict[_Place, tuple[int, frozenset[str | int]]] = {}
        """Of events whose newest version names what is wanted, its offset and what it names of it."""
        self._clean: set[_Place] = set()
        """Events of which an older version did, and the newest does not."""
        self._nudges: dict[int, Record] = {}
        """The newest version of one of the latter, by partition."""
        self._older: set[str | int] = set()
        self._unreadable: set[str | int] = set()
        self._redactions: list[OutRecord] = []
        self.ends: dict[int, int] = {}
        """The offset after the last record seen, by partition."""
        self.unreadable = 0
        """Records that hold an ID or a number that is wanted, and are no events that can be read."""

    # -- the first reading ---------------------------------------------------------------------------

    def see(self, record: Record) -> None:
        """Take in the next record of its partition."""
        place = (record.partition, record.key)
        self.ends[record.partition] = record.offset + 1
        names = self._named(record)
        if names:
            self._older |= names
            self._dirty[place] = (record.offset, names)
            self._clean.discard(place)
            nudge = self._nudges.get(record.partition)
            if nudge is not None and nudge.key == record.key:
                del self._nudges[record.partition]
        elif place in self._dirty or place in self._clean:
            self._dirty.pop(place, None)
            self._clean.add(place)
            self._nudges[record.partition] = record

    def _named(self, record: Record) -> frozenset[str | int]:
        """Return what a record names of what is wanted."""
        value = record.value or b""
        hits = {hit.decode() for hit in self._numbers.intersection(_NUMBER.findall(value))}
        if self._strings:
            hits |= {self._strings[hit] for hit in self._strings.keys() & _STRING.findall(value)}
        if not hits:
            return frozenset()
        try:
            event = read_crisis_record(record.value)
        except SchemaError:
            self.unreadable += 1
            self._unreadable |= hits | {int(hit) for hit in hits if _NUMBER.fullmatch(hit.encode())}
            return frozenset()
        posts = self._posts(event, record)
        return posts | {author for post, author in _authors(event).items() if post in posts}

    def _posts(self, event: CrisisRecord, record: Record) -> frozenset[str]:
        """Return the posts that must go from an event."""
        known = {
            post: author
            for post, author in _authors(event).items()
            if record.offset < self._until.get(author, {}).get(record.partition, record.offset + 1)
        }
        return frozenset(self._wanted.among(dict.fromkeys(named_ids(event), -1) | known))

    @property
    def is_due(self) -> bool:
        """Whether an event's newest version names what is wanted: then the topic is to be read again."""
        return bool(self._dirty)

    @property
    def cut(self) -> bool:
        """Whether there are more of those than one sweep publishes again: another one is due at once."""
        return len(self._dirty) > self._most_events

    # -- the second ----------------------------------------------------------------------------------

    def take(self, record: Record) -> None:
        """Take in the next record of its partition once more."""
        if self._has_its_turn(record):
            event = read_crisis_record(record.value)
            self._redactions.append(_version(record, redacted(event, self._posts(event, record), ())))

    def _has_its_turn(self, record: Record) -> bool:
        return record.offset in self._turns.get(record.partition, ())

    @cached_property
    def _turns(self) -> dict[int, set[int]]:
        """Offsets of the events that are published again, by partition."""
        turns: dict[int, set[int]] = {}
        for (partition, _), (offset, _) in islice(self._dirty.items(), self._most_events):
            turns.setdefault(partition, set()).add(offset)
        return turns

    # -- what comes of it ----------------------------------------------------------------------------

    def holds(self, wanted: Wanted) -> bool:
        """Whether the topic still held something of this when it was read."""
        found = self._older if self._compacts else self._current()
        return any(not found.isdisjoint(names) or not self._unreadable.isdisjoint(names) for names in wanted)

    def _current(self) -> set[str | int]:
        return {name for _, names in self._dirty.values() for name in names}

    def redactions(self) -> list[OutRecord]:
        """Return the events that were taken, without what is wanted."""
        return self._redactions

    def nudges(self) -> list[OutRecord]:
        """Return an event, as it is, for each partition where compaction has still to remove versions before.

        Not for those that `redactions` writes to anyway.
        """
        if not self._compacts:
            return []
        written = {record.partition for record in self._redactions}
        return [
            OutRecord(record.key, record.value, _marked(record), partition)
            for partition, record in self._nudges.items()
            if partition not in written
        ]


def _authors(event: CrisisRecord) -> Mapping[str, int]:
    return {} if isinstance(event, CommunicationOverdue) else event.authors


def _version(record: Record, event: CrisisRecord) -> OutRecord:
    headers = [*crisis_headers(event), (REDACTED_HEADER, b"1")]
    return OutRecord(record.key, encode(event), headers, record.partition)


def _marked(record: Record) -> list[tuple[str, bytes]]:
    """Return the headers of a record that is appended again as it is: nothing that anybody is told anew."""
    kept = [(name, value or b"") for name, value in record.headers if name != REDACTED_HEADER]
    return [*kept, (REDACTED_HEADER, b"1")]
