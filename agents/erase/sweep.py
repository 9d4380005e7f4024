"""One reading of ``vigie.crises``, from its beginning to its end, for what must be named no more."""

from __future__ import annotations

import re
from typing import NamedTuple

from aiokafka import ConsumerRecord

from agents.transport import OutRecord
from pipeline.erasure import Wanted, named_ids, redacted
from schemas.cloudevents import REDACTED_HEADER, crisis_headers
from schemas.codec import encode
from schemas.reading import SchemaError, read_crisis_record
from schemas.situation import CommunicationOverdue, CrisisRecord

__all__ = ["Sweep"]

_NUMBER = re.compile(rb"[0-9]+")
_MOST_EVENTS = 2_000
"""Events that are held in memory; those beyond have their turn in the next sweep."""


class _Newest(NamedTuple):
    """The newest version of an event of which some version names what is wanted."""

    record: ConsumerRecord[bytes, bytes]
    event: CrisisRecord | None
    """None when this version names nothing of it."""


class Sweep:
    """What was found so far.

    Parameters
    ----------
    wanted : Wanted
        What must be named no more.
    compacts : bool
        Whether the broker removes older versions in time; then they count, as long as they are there.
    most_events : int
        Bound on the events held.
    """

    def __init__(self, wanted: Wanted, *, compacts: bool, most_events: int = _MOST_EVENTS) -> None:
        self._wanted = wanted
        self._numbers = frozenset(str(name).encode() for names in wanted for name in names)
        self._compacts = compacts
        self._most_events = most_events
        self._newest: dict[tuple[int, bytes | None], _Newest] = {}
        self._older: set[str | int] = set()
        self._unreadable: set[str | int] = set()
        self.unreadable = 0
        """Records that hold a number that is wanted, and are no events that can be read."""
        self.cut = False
        """Not all of the events could be held: another sweep is due at once."""

    def see(self, record: ConsumerRecord[bytes, bytes]) -> None:
        """Take in the next record of its partition."""
        place = (record.partition, record.key)
        event = self._naming(record)
        if event is not None:
            self._older |= self._names_in(event)
            if place not in self._newest and len(self._newest) >= self._most_events:
                self.cut = True
                return
        elif place not in self._newest:
            return
        self._newest[place] = _Newest(record, event)

    def _naming(self, record: ConsumerRecord[bytes, bytes]) -> CrisisRecord | None:
        """Return the event when it names something that is wanted."""
        hits = self._numbers.intersection(_NUMBER.findall(record.value or b""))
        if not hits:
            return None
        try:
            event = read_crisis_record(record.value)
        except SchemaError:
            self.unreadable += 1
            self._unreadable |= {int(hit) for hit in hits} | {hit.decode() for hit in hits}
            return None
        return event if self._names_in(event) else None

    def _names_in(self, event: CrisisRecord) -> set[str | int]:
        authors = {} if isinstance(event, CommunicationOverdue) else event.authors
        named = self._wanted.among(dict.fromkeys(named_ids(event), -1) | authors)
        return {*named, *(authors[tweet_id] for tweet_id in named if tweet_id in authors)}

    def holds(self, wanted: Wanted) -> bool:
        """Whether the topic still held something of this when it was read."""
        found = self._older if self._compacts else self._current()
        return any(not found.isdisjoint(names) or not self._unreadable.isdisjoint(names) for names in wanted)

    def _current(self) -> set[str | int]:
        if self.cut:
            return self._older
        return {name for newest in self._newest.values() if newest.event for name in self._names_in(newest.event)}

    def redactions(self) -> list[OutRecord]:
        """Return the events whose newest version names what is wanted, without it."""
        return [
            _version(newest.record, redacted(newest.event, *self._wanted))
            for newest in self._newest.values()
            if newest.event is not None
        ]

    def nudges(self) -> list[OutRecord]:
        """Return an event, as it is, for each partition where compaction has still to remove versions before.

        Not for those that `redactions` writes to anyway.
        """
        if not self._compacts:
            return []
        nudges: dict[int, OutRecord] = {}
        for (partition, key), newest in self._newest.items():
            if newest.event is None:
                headers = [(name, value or b"") for name, value in newest.record.headers]
                nudges.setdefault(partition, OutRecord(key, newest.record.value, headers, partition))
        written = {partition for (partition, _), newest in self._newest.items() if newest.event is not None}
        return [record for partition, record in nudges.items() if partition not in written]


def _version(record: ConsumerRecord[bytes, bytes], event: CrisisRecord) -> OutRecord:
    headers = [*crisis_headers(event), (REDACTED_HEADER, b"1")]
    return OutRecord(record.key, encode(event), headers, record.partition)
