"""The judgement of a trial: what was sent, stored, missing, and said to be missing; and the table of all trials."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from pipeline.ingest.coverage import Missing
from tests import tables
from tests.brokers.client import Record

__all__ = ["Note", "Outcome", "Stored", "Sum", "gaps_of", "read_topic", "sum_up", "table", "unconnected"]

_COLUMNS = ("trial", "sent", "stored", "twice", "missing", "in gaps", "gaps", "gap seconds", "down seconds", "sum")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One row of the table. Counts are of lines: posts, and lines that are none."""

    trial: str
    sent: int
    """Ever published."""
    stored: int
    """In Kafka, each counted once."""
    twice: int
    """In Kafka once more, which enrich drops by the post's ID."""
    missing: int
    """Sent and not stored."""
    in_gaps: int
    """Missing, and from a time of which a gap says that it is incomplete."""
    gaps: int
    """Gaps, pieces that touch being one."""
    gap_s: float
    """Seconds in them."""
    down_s: float
    """Seconds during which nobody was connected, by the server."""

    def row(self) -> tuple[str, ...]:
        """The cells, in the order of the columns."""
        counts = (self.sent, self.stored, self.twice, self.missing, self.in_gaps, self.gaps)
        exact = self.sent == self.stored + self.missing and self.missing == self.in_gaps
        seconds = (f"{self.gap_s:,.1f}", f"{self.down_s:,.1f}")
        return (self.trial, *(f"{count:,}" for count in counts), *seconds, "exact" if exact else "WRONG")


Note: TypeAlias = Callable[[Outcome], None]
"""Takes an outcome for the table."""


@dataclass(slots=True)
class Stored:
    """What a raw topic holds."""

    lines: Counter[bytes] = field(default_factory=Counter)
    """Values that are no gap records, and how often."""
    places: dict[bytes, set[tuple[int, bytes | None]]] = field(default_factory=dict)
    """Partitions and keys of each."""
    gaps: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    """Gap records by partition, in order."""


@dataclass(slots=True)
class Sum:
    """A trial's sum."""

    missing: list[Mapping[str, Any]]
    """Published and not stored."""
    in_gaps: int
    foreign: list[bytes]
    """Stored, and never published."""
    twice: int
    stored: int


def read_topic(records: Iterable[Record], partitions: int) -> Stored:
    """Sort out the records of a raw topic."""
    found = Stored(gaps={partition: [] for partition in range(partitions)})
    for record in records:
        value = record.value or b""
        assert record.partition is not None
        if record.key is None and value.startswith(b'{"type":"gap"'):
            found.gaps[record.partition].append(json.loads(value))
        else:
            found.lines[value] += 1
            found.places.setdefault(value, set()).add((record.partition, record.key))
    return found


def sum_up(published: Sequence[Mapping[str, Any]], stored: Stored, gaps: Sequence[Missing]) -> Sum:
    """Hold what is stored against all that was published, line by line.

    Lines that are no posts may be equal to one another; then as many must be stored as were sent.
    """
    sent = Counter(each["line"] for each in published)
    posts = {each["line"] for each in published if each["id"] is not None}
    missing: list[Mapping[str, Any]] = []
    left = Counter(stored.lines)
    for each in published:
        if left[each["line"]] > 0:
            left[each["line"]] -= 1
        else:
            missing.append(each)
    in_gaps = sum(any(gap.start_ms <= each["time_ms"] < gap.end_ms for gap in gaps) for each in missing)
    foreign = [line for line in stored.lines if line not in sent]
    twice = sum(count for line, count in left.items() if line in posts or line in sent)
    return Sum(
        missing=missing,
        in_gaps=in_gaps,
        foreign=foreign,
        twice=twice,
        stored=stored.lines.total() - twice - sum(stored.lines[line] for line in foreign),
    )


def unconnected(spans: Iterable[tuple[str, int, int | None]], topic: str, until_ms: int) -> list[tuple[int, int]]:
    """Return when no connection to a stream was open, between the first one and a time."""
    times = sorted((opened, closed or until_ms) for name, opened, closed in spans if name == topic)
    down: list[tuple[int, int]] = []
    covered_ms = times[0][1] if times else until_ms
    for opened, closed in times[1:]:
        if opened > covered_ms:
            down.append((covered_ms, opened))
        covered_ms = max(covered_ms, closed)
    if covered_ms < until_ms:
        down.append((covered_ms, until_ms))
    return down


def gaps_of(records: Iterable[Mapping[str, Any]]) -> list[Missing]:
    """Return what gap records say, those joined that touch."""
    found: list[Missing] = []
    for start_ms, end_ms in sorted((each["start_ms"], each["end_ms"]) for each in records):
        if found and start_ms <= found[-1].end_ms:
            found[-1] = Missing(found[-1].start_ms, max(found[-1].end_ms, end_ms))
        else:
            found.append(Missing(start_ms, end_ms))
    return found


def table(outcomes: Sequence[Outcome]) -> str:
    """The table of all trials, as text."""
    return tables.table([_COLUMNS, *(outcome.row() for outcome in outcomes)])
