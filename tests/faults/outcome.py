"""What a fault did: the comparison of what was published with the oracle, and the table of all faults."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from schemas.codec import decode
from tests import tables
from tests.faults.oracle import Truth
from tests.live.vigie import Published, differences

_COLUMNS = ("fault", "injected", "events in", "lost", "doubled", "repeated IDs", "recovery")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One row of the table. Times are seconds."""

    fault: str
    injected: int
    """Times the fault was injected."""
    records: int
    """Raw records written."""
    lost: int
    """Events and dead letters of the oracle's that were not published."""
    doubled: int | None
    """Events that the oracle does not know: counted twice, or of other content under a known ID."""
    repeated: int | None
    """Events published again, equal to the byte, which a reader drops by their ID."""
    recovery_s: float | None = None
    """From the end of a fault until results are committed again; the longest."""

    def row(self) -> tuple[str, ...]:
        """The cells, in the order of the columns."""
        recovery = "-" if self.recovery_s is None else f"{self.recovery_s:.1f} s"
        counts = (self.injected, self.records, self.lost, self.doubled, self.repeated)
        return (self.fault, *("-" if count is None else f"{count:,}" for count in counts), recovery)


def outcome_of_payloads(fault: str, seen: int, promised: int) -> Outcome:
    """One row for payloads that each went through assertions of their own."""
    lost = max(0, promised - seen)
    return Outcome(fault=fault, injected=seen, records=seen, lost=lost, doubled=None, repeated=None)


Note: TypeAlias = Callable[[Outcome], None]
"""Takes an outcome for the table."""


@dataclass
class Found:
    """All that a topic of events holds."""

    payloads: Published
    """By brand, in order, repeated events left out."""
    repeated: int
    altered: list[str]
    """IDs under which there are different contents."""


def sort_out(values: list[bytes]) -> Found:
    """Tell first events from repeated ones."""
    first: dict[str, bytes] = {}
    found = Found({}, 0, [])
    for value in values:
        event = decode(value)
        known = first.setdefault(event["id"], value)
        if known is value:
            found.payloads.setdefault(event["brand"], []).append(value)
        elif known == value:
            found.repeated += 1
        else:
            found.altered.append(event["id"])
    return found


def compare(expected: Truth, windows: Found, crises: Found, letters: Counter[tuple[int, int]]) -> tuple[int, int, int]:
    """Return how many events were lost, doubled, and repeated."""
    lost = len(expected.letters - letters.keys())
    doubled = len(letters.keys() - expected.letters) + len(windows.altered) + len(crises.altered)
    for found, wanted in ((windows, expected.windows), (crises, expected.crises)):
        for brand in found.payloads.keys() | wanted.keys():
            have, want = set(found.payloads.get(brand, [])), set(wanted.get(brand, []))
            lost += len(want - have)
            doubled += len(have - want)
    repeated = windows.repeated + crises.repeated + letters.total() - len(letters)
    return lost, doubled, repeated


def say_differences(expected: Truth, windows: Found, crises: Found) -> str:
    """Where the first differences are; order within a brand counts."""
    said = differences(windows.payloads, expected.windows) + differences(crises.payloads, expected.crises)
    return "\n".join(said)[:6000]


def table(outcomes: list[Outcome]) -> str:
    """The table of all faults, as text."""
    return tables.table([_COLUMNS, *(outcome.row() for outcome in outcomes)])
