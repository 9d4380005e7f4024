"""All state of one mentions partition: records in, closed windows, crisis events and state out.

One `Tracker.step` is one atomic batch: fold every record, close every due bucket; the caller publishes the
events, writes the states in the order given, then acknowledges the batch. Decision, and why it is enough:

*The clock is written last.* The states of a step reach the changelog one after the other, and a crash may
leave any prefix of them. Every brand carries in one value what it has counted (`applied`) and what it has
closed, so a brand that was written does not count or close again when the batch is delivered again, and a
brand that was not written does both from its old state. The one thing they share is the partition's clock
(with the gaps). A clock that was ahead of a brand would call that brand's redelivered mentions too old for
buckets that the brand still has to close: lost counts. A clock that is behind brings nothing wrong: the
redelivered watermarks move it to the same places again. So it must come last, and then every prefix is a
state from which the same log gives the same results. Events are published before any of it is written, so
a crash publishes some again, equal to the byte and with equal IDs, and loses none.

*Feedback comes by a partition of its own* (`hear`), which nothing orders against the mentions. So the minute that it
takes effect in is decided when it is taken in, and is in the brand's state before that minute closes: however often
either partition is delivered again, it takes effect there. What is published says which minute that was, and a replay
that is told so beforehand (`expect`) does the same.

*Lateness is judged in log order.* Buckets are closed once, at the end of a step, but whether a mention is
too old for its bucket is judged by the clock as of its place in the log. Where a batch is cut shows nowhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from pipeline.brandstate import (
    BrandState,
    DetectorFactory,
    Folded,
)
from pipeline.bucket import BUCKET_MS
from pipeline.detection import Detector
from pipeline.feedback import Intake
from pipeline.gaps import Gaps
from pipeline.planned import NOTHING_PLANNED, Calendar
from pipeline.settings import EngineSettings
from pipeline.stateupgrade import StoredState, sections
from pipeline.statevalue import DAMAGE, StateProblem, UnusableState, unwrap, wrap
from pipeline.watermark import Clock
from schemas.codec import decode, encode
from schemas.deadletter import DeadLetterReason
from schemas.feedback import Feedback
from schemas.mention import Gap, Mention, Watermark
from schemas.situation import CrisisRecord
from schemas.window import Level, WindowClosed

__all__ = ["BrandView", "Heard", "Step", "Tracker", "clock_key"]

_CLOCK_KEY = "|clock|"
_LONGEST_GAP = 7 * 24 * 60
"""Minutes. A longer gap is cut: a wrong end must not blind detection for good."""
_LAST_MINUTE = 253_402_300_800_000 // BUCKET_MS
_NO_CALENDARS: Mapping[str, Calendar] = MappingProxyType({})


def clock_key(partition: int) -> str:
    """Key of a mentions partition's clock in the state table; no brand has such a key.

    >>> clock_key(3)
    '|clock|3'
    """
    return f"{_CLOCK_KEY}{partition}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandView:
    """What there is to say of a brand outside of its events."""

    level: Level
    """Level as of the bucket closed last."""
    closed_ms: int | None
    """End of the bucket closed last, epoch milliseconds; none before the first."""
    state_bytes: int
    """Size of its state as stored last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one batch came to."""

    events: list[WindowClosed | CrisisRecord] = field(default_factory=list)
    """By brand, then time; a bucket's window before its crisis events."""
    states: dict[str, bytes] = field(default_factory=dict)
    """What to write to the state table, in this order: each touched brand, then the partition's clock."""
    counted: int = 0
    """Mentions that were counted."""
    dropped: Counter[str] = field(default_factory=Counter)
    """Mentions that were not, by reason (`pipeline.brandstate.Folded`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a batch of feedback came to."""

    intakes: list[Intake] = field(default_factory=list)
    """What became of each record, in their order."""
    states: dict[str, bytes] = field(default_factory=dict)
    """What to write to the state table before any record of mentions is processed."""


class Tracker:
    """The state of one mentions partition.

    Parameters
    ----------
    settings : EngineSettings
        What results depend on.
    partition : int
        The mentions partition.
    detector_factory : DetectorFactory
        Makes the detector of each brand.
    calendars : mapping, optional
        Planned events by brand (`Watchlist.calendars`).
    unheard : collection of str, optional
        Brands of which no own account is known (`Watchlist.unheard`).
    """

    def __init__(
        self,
        settings: EngineSettings,
        partition: int,
        detector_factory: DetectorFactory = Detector,
        calendars: Mapping[str, Calendar] = _NO_CALENDARS,
        unheard: Collection[str] = (),
    ) -> None:
        self.partition = partition
        self.calendars = calendars
        """May be replaced between steps; the next one uses it (`pipeline.planned` says what that means)."""
        self.unheard = unheard
        """May be replaced likewise."""
        self.problems: Counter[str] = Counter()
        """Values that could not be restored as they were, by reason (`StateProblem`)."""
        self._settings = settings
        self._detector_factory = detector_factory
        self._brands: dict[str, BrandState] = {}
        self._views: dict[str, BrandView] = {}
        self._clock = Clock()
        self._gaps = Gaps()
        self._expected: dict[str, list[Feedback]] = {}
        self._swept = -1
        """Buckets of minutes before this one are closed for every brand."""

    @property
    def time_ms(self) -> int | None:
        """Event time: every bucket that ends at or before it is closed. None before the first watermark."""
        return self._clock.time_ms

    def brands(self) -> Mapping[str, BrandView]:
        """Return what there is to say of each brand that has state (a view, read-only)."""
        return MappingProxyType(self._views)

    # -- state ---------------------------------------------------------------------------------------

    def restore(self, key: str, value: bytes) -> None:
        """Take over an entry of the state table, before the first `step`.

        Entries of other partitions are passed over. One that cannot be used is counted in `problems` and
        left out: the brand begins anew at its next mention, after the time the clock has reached; or the
        clock waits until it has heard of every raw partition again.
        """
        try:
            partition, state = unwrap(value)
            if partition != self.partition:
                return
            if key.startswith(_CLOCK_KEY):
                self._restore_clock(state)
            else:
                self._restore_brand(key, state, len(value))
        except UnusableState as error:
            self.problems[error.problem.value] += 1

    def _restore_clock(self, stored: StoredState) -> None:
        try:
            (section,) = sections(stored)
            state = decode(section)
            clock, gaps = Clock.restore(state["clock"]), Gaps.restore(state["gaps"])
        except DAMAGE as error:
            raise UnusableState(StateProblem.CORRUPT) from error
        self._clock, self._gaps = clock, gaps

    def _restore_brand(self, name: str, stored: StoredState, size: int) -> None:
        brand = BrandState.decode(name, stored, self._settings, self._detector_factory, self._calendar(name))
        self.problems.update(problem.value for problem in brand.problems)
        self._brands[name] = brand
        self._look(brand, size)

    def _calendar(self, name: str) -> Calendar:
        return self.calendars.get(name, NOTHING_PLANNED)

    def _look(self, brand: BrandState, size: int) -> None:
        self._views[brand.brand] = BrandView(level=brand.level, closed_ms=brand.closed_ms, state_bytes=size)

    def _states(self, touched: Iterable[str]) -> dict[str, bytes]:
        states: dict[str, bytes] = {}
        for name in sorted(touched):
            brand = self._brands[name]
            states[name] = brand.encode(self.partition)
            self._look(brand, len(states[name]))
        if self._clock.changed:
            self._clock.changed = False
            state = {"clock": self._clock.state(), "gaps": self._gaps.state()}
            states[clock_key(self.partition)] = wrap(self.partition, encode(state))
        return states

    # -- feedback ------------------------------------------------------------------------------------

    def hear(self, records: Iterable[tuple[int, Feedback]]) -> Heard:
        """Take in feedback, with the offset of each record, in the order of its partition."""
        intakes: list[Intake] = []
        touched: set[str] = set()
        for offset, feedback in records:
            brand = self._brands.get(feedback.brand)
            if brand is None:
                intakes.append(
                    Intake(reason=DeadLetterReason.UNKNOWN_CRISIS, message="nothing is known of the brand here")
                )
                continue
            intakes.append(brand.hear(offset, feedback))
            touched.add(feedback.brand)
        return Heard(intakes=intakes, states=self._states(touched))

    def expect(self, feedback: Iterable[Feedback]) -> None:
        """Know all feedback before the first `step`, as a replay does; records without a problem (`problem_of`)."""
        for each in feedback:
            self._expected.setdefault(each.brand, []).append(each)

    # -- one batch -----------------------------------------------------------------------------------

    def step(self, records: Iterable[Mention | Watermark | Gap]) -> Step:
        """Fold records, in the order of the mentions partition, then close every due bucket."""
        touched: set[str] = set()
        folded: Counter[Folded] = Counter()
        for record in records:
            if isinstance(record, Mention):
                folded[self._fold(record, touched)] += 1
            elif isinstance(record, Watermark):
                self._clock.advance(
                    record.source_partition,
                    offset=record.offset,
                    watermark_ms=record.watermark_ms,
                    idle=record.idle,
                    source_partitions=record.source_partitions,
                )
            else:
                self._mark(record)
        events = self._sweep(touched)
        counted = folded.pop(Folded.COUNTED, 0)
        dropped = Counter({reason.value: count for reason, count in folded.items()})
        return Step(events=events, states=self._states(touched), counted=counted, dropped=dropped)

    def _fold(self, mention: Mention, touched: set[str]) -> Folded:
        clock, origin, name = self._clock, mention.origin, mention.brand
        clock.heard(origin.partition, origin.offset)
        brand = self._brands.get(name)
        if brand is not None:
            folded = brand.fold(mention, clock.time_ms or 0)
            if folded is not Folded.DUPLICATE:
                touched.add(name)
            return folded
        brand = BrandState(name, self._settings, self._detector_factory)
        brand.expect(self._expected.get(name, ()))
        folded = brand.fold(mention, clock.time_ms or 0)
        if folded is Folded.COUNTED:
            self._brands[name] = brand
            touched.add(name)
        return folded

    def _mark(self, gap: Gap) -> None:
        """Mark what is missing and still open.

        Enrich has cut the gap at the watermark of its own raw partition, which time has not passed unless that
        partition was idle; so what is marked does not depend on how far the other partitions have come.
        """
        self._clock.heard(gap.source_partition, gap.offset)
        start = gap.start_ms // BUCKET_MS
        end = min(-(-gap.end_ms // BUCKET_MS), start + _LONGEST_GAP, _LAST_MINUTE)
        still_open = max(start, (self._clock.time_ms or 0) // BUCKET_MS)
        if still_open < end:
            self._gaps.add(gap.brands, still_open, end)
            self._clock.changed = True

    def _sweep(self, touched: set[str]) -> list[WindowClosed | CrisisRecord]:
        """Close what is due in every brand."""
        events: list[WindowClosed | CrisisRecord] = []
        before = (self._clock.time_ms or 0) // BUCKET_MS
        if before <= self._swept:
            return events
        for name in sorted(self._brands):
            closed, any_closed = self._brands[name].close(
                before, self._gaps, self._calendar(name), heard=name not in self.unheard
            )
            if any_closed:
                events += closed
                touched.add(name)
        self._gaps.forget_before(before)
        self._swept = before
        return events
