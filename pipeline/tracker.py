"""All state of one mentions partition: records in, closed windows, crisis events and state out.

One `Tracker.step` is one atomic batch: fold every record, close every due bucket; the caller publishes the
events, writes the states in the order given, then acknowledges what is complete. Decision, and why it is enough:

*The clock is written last.* The states of a step reach the changelog one after the other, and a crash may
leave any prefix of them. Every brand carries in one value what it has counted (`applied`) and what it has
closed, so a brand that was written does not count or close again when the batch is delivered again, and a
brand that was not written does both from its old state. How many of them a step writes is bounded, and which batches
are complete by that is in `pipeline.checkpoint`. The one thing they share is the partition's clock
(with the gaps). A clock that was ahead of a brand would call that brand's redelivered mentions too old for
buckets that the brand still has to close: lost counts. A clock that is behind brings nothing wrong: the
redelivered watermarks move it to the same places again. So it must come last, and then every prefix is a
state from which the same log gives the same results. Events are published before any of it is written, so
a crash publishes some again, equal to the byte and with equal IDs, and loses none.

*Feedback comes by a partition of its own* (`hear`), which nothing orders against the mentions. So the minute that it
takes effect in is decided when it is taken in, and is in the brand's state before that minute closes: however often
either partition is delivered again, it takes effect there. What is published says which minute that was, and a replay
that is told so beforehand (`expect`) does the same.

*What must be forgotten* (`Erasure`) is forgotten in log order, too: the buckets that are due at its place in the log
are closed first, wherever the batch is cut. It may come before the post that it is about, whose raw partition lags
behind; such a post is counted and named nowhere (`pipeline.erasure.early`).

*Lateness is judged in log order.* Buckets are closed once, at the end of a step, but whether a mention is
too old for its bucket is judged by the clock as of its place in the log. Where a batch is cut shows nowhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from pipeline.brandstate import (
    BrandState,
    DetectorFactory,
    Folded,
)
from pipeline.bucket import BUCKET_MS
from pipeline.checkpoint import Checkpoint
from pipeline.detection import Detector
from pipeline.erasure.early import Early, until_ms
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
from schemas.mention import Erasure, Gap, Mention, MentionRecord, Watermark
from schemas.situation import CrisisRecord
from schemas.window import Level, WindowClosed

__all__ = ["BrandView", "GapMark", "Heard", "Step", "Tracker", "clock_key"]

_CLOCK_KEY = "|clock|"
_LONGEST_GAP = 7 * 24 * 60
"""Minutes. A longer gap is cut: a wrong end must not blind detection for good."""
_BRANDS_AT_ONCE = 100
"""Closing a minute of so many takes some 50 ms."""
_LAST_MINUTE = 253_402_300_800_000 // BUCKET_MS
_COUNTED, _DUPLICATE = Folded.COUNTED, Folded.DUPLICATE  # looking a member up costs as much as a count
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
    """By brand, then time, those before an erasure first; a bucket's window before its crisis events."""
    states: dict[str, bytes] = field(default_factory=dict)
    """What to write to the state table, in this order: the brands whose turn it is, then the partition's clock."""
    complete: int = 0
    """How many steps, the oldest that were not, are complete once that is written."""
    counted: int = 0
    """Mentions that were counted."""
    dropped: Counter[str] = field(default_factory=Counter)
    """Mentions that were not, by reason (`pipeline.brandstate.Folded`)."""
    gaps: Counter[str] = field(default_factory=Counter)
    """Gap records by what became of them (`GapMark`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a batch of feedback came to."""

    intakes: list[Intake] = field(default_factory=list)
    """What became of each record, in their order."""
    states: dict[str, bytes] = field(default_factory=dict)
    """What to write to the state table before any record of mentions is processed."""


class GapMark(StrEnum):
    """What became of a gap record."""

    MARKED = "marked"
    """What it names is unobserved."""
    CUT = "cut"
    """Not all of it: some had been closed before it was known, or it is longer than a week."""
    CLOSED = "closed"
    """Nothing of it: all had been closed, which happens only when its raw partition had been idle."""


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
    most_states : int, optional
        How many brands' states a step writes; all that it touched unless told.
    """

    def __init__(
        self,
        settings: EngineSettings,
        partition: int,
        detector_factory: DetectorFactory = Detector,
        calendars: Mapping[str, Calendar] = _NO_CALENDARS,
        unheard: Collection[str] = (),
        most_states: int | None = None,
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
        self._sizes: dict[str, int] = {}
        """Bytes of each brand's state as stored last."""
        self._clock = Clock()
        self._gaps = Gaps()
        self._early = Early()
        self._checkpoint = Checkpoint(most_states)
        self._expected: dict[str, list[Feedback]] = {}
        self._swept = -1
        """Buckets of minutes before this one are closed for every brand."""

    @property
    def missing(self) -> list[tuple[int, int]]:
        """Where input is known to be missing of time that is still to be closed, for all brands; epoch milliseconds."""
        return [(start * BUCKET_MS, end * BUCKET_MS) for start, end in self._gaps.of_all()]

    @property
    def time_ms(self) -> int | None:
        """Event time: every bucket that ends at or before it is closed. None before the first watermark."""
        return self._clock.time_ms

    def brands(self) -> Mapping[str, BrandView]:
        """Return what there is to say of each brand that has state."""
        return {
            name: BrandView(level=brand.level, closed_ms=brand.closed_ms, state_bytes=self._sizes.get(name, 0))
            for name, brand in self._brands.items()
        }

    @property
    def brand_count(self) -> int:
        """How many brands have state."""
        return len(self._brands)

    @property
    def pending(self) -> int:
        """How many steps are not complete: brands that they changed are still to be written."""
        return self._checkpoint.pending

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
            section, erased = sections(stored)
            state = decode(section)
            clock, gaps, early = Clock.restore(state["clock"]), Gaps.restore(state["gaps"]), Early.restore(erased)
        except DAMAGE as error:
            raise UnusableState(StateProblem.CORRUPT) from error
        self._clock, self._gaps, self._early = clock, gaps, early

    def _restore_brand(self, name: str, stored: StoredState, size: int) -> None:
        brand = BrandState.decode(name, stored, self._settings, self._detector_factory, self._calendar(name))
        self.problems.update(problem.value for problem in brand.problems)
        self._brands[name], self._sizes[name] = brand, size

    def _calendar(self, name: str) -> Calendar:
        return self.calendars.get(name, NOTHING_PLANNED)

    def _states(self, names: Iterable[str]) -> dict[str, bytes]:
        states = {name: self._brands[name].encode(self.partition) for name in names}
        self._sizes.update(zip(states, map(len, states.values()), strict=True))
        return states

    def _clock_state(self) -> bytes | None:
        """Return the clock as it is stored; none when it has not moved since it was asked for last."""
        if not self._clock.changed:
            return None
        self._clock.changed = False
        clock = encode({"clock": self._clock.state(), "gaps": self._gaps.state()})
        return wrap(self.partition, clock, self._early.state())

    def settle(self) -> Step:
        """Write on without a batch: the next brands whose turn it is, until no step is `pending`."""
        states = self._states(self._checkpoint.take())
        complete, clock = self._checkpoint.complete()
        if clock is not None:
            states[clock_key(self.partition)] = clock
        return Step(states=states, complete=complete)

    # -- feedback ------------------------------------------------------------------------------------

    def hear(self, records: Iterable[tuple[int, Feedback]]) -> Heard:
        """Take in feedback, with the offset of each record, in the order of its partition.

        Its brands are written at once, with all that they have counted; no clock is.
        """
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
        return Heard(intakes=intakes, states=self._states(sorted(touched)))

    def expect(self, feedback: Iterable[Feedback]) -> None:
        """Know all feedback before the first `step`, as a replay does; records without a problem (`problem_of`)."""
        for each in feedback:
            self._expected.setdefault(each.brand, []).append(each)

    # -- one batch -----------------------------------------------------------------------------------

    def step(self, records: Iterable[MentionRecord]) -> Step:
        """Fold records, in the order of the mentions partition, then close every due bucket."""
        work = self.work(records)
        while True:
            try:
                next(work)
            except StopIteration as done:
                step: Step = done.value
                return step

    def work(self, records: Iterable[MentionRecord]) -> Generator[None, None, Step]:
        """Do what `step` does, and yield now and then: closing the minute of ten thousand brands takes seconds.

        Meanwhile nothing else may be asked of the tracker that changes it.
        """
        touched: set[str] = set()
        heard: dict[int, int] = {}
        dropped, gaps = Counter[str](), Counter[str]()
        counted, time_ms = 0, self._clock.time_ms or 0
        early, erasures, events = self._early, list[Erasure](), list[WindowClosed | CrisisRecord]()
        remembers = early.until > 0  # asking a local name costs next to nothing, an attribute as much as a count
        for record in records:
            if erasures and not isinstance(record, Erasure):
                events += yield from self._forget(erasures, touched)
                remembers = early.until > 0
            if isinstance(record, Mention):
                origin = record.origin
                if origin.offset > heard.get(origin.partition, -1):
                    heard[origin.partition] = origin.offset
                folded = self._fold(record, time_ms, touched)
                if folded is _COUNTED:
                    counted += 1
                    if remembers and early.covers(record):
                        self._brands[record.brand].withdraw(record)
                else:
                    dropped[folded.value] += 1
                continue
            self._hear_sources(heard)
            if isinstance(record, Watermark):
                self._advance(record)
                time_ms, remembers = self._clock.time_ms or 0, early.until > 0
            elif isinstance(record, Erasure):
                erasures.append(record)
            else:
                gaps[self._mark(record).value] += 1
        self._hear_sources(heard)
        events += yield from self._forget(erasures, touched)
        self._checkpoint.add(touched, self._clock_state())
        settled = self.settle()
        return Step(
            events=events,
            states=settled.states,
            complete=settled.complete,
            counted=counted,
            dropped=dropped,
            gaps=gaps,
        )

    def _fold(self, mention: Mention, time_ms: int, touched: set[str]) -> Folded:
        name = mention.brand
        brand = self._brands.get(name)
        if brand is not None:
            folded = brand.fold(mention, time_ms)
            if folded is not _DUPLICATE:
                touched.add(name)
            return folded
        brand = BrandState(name, self._settings, self._detector_factory)
        brand.expect(self._expected.get(name, ()))
        folded = brand.fold(mention, time_ms)
        if folded is _COUNTED:
            self._brands[name] = brand
            touched.add(name)
        return folded

    def _forget(
        self, erasures: list[Erasure], touched: set[str]
    ) -> Generator[None, None, list[WindowClosed | CrisisRecord]]:
        """Close what is due, then obey erasures that follow each other; their list is emptied."""
        events = yield from self._sweep(touched)
        if not erasures:
            return events
        ids = frozenset(tweet_id for erasure in erasures for tweet_id in erasure.tweet_ids)
        authors: dict[int, int] = {}
        for erasure in erasures:
            until = until_ms(erasure) // BUCKET_MS
            authors |= {author: max(until, authors.get(author, 0)) for author in erasure.authors}
        for number, (name, brand) in enumerate(self._brands.items(), 1):
            if brand.forget(ids, authors):
                touched.add(name)
            if number % _BRANDS_AT_ONCE == 0:
                yield
        for erasure in erasures:
            self._early.remember(erasure, self._clock.time_ms)
        self._clock.changed = True
        erasures.clear()
        return events

    def _hear_sources(self, heard: dict[int, int]) -> None:
        """Take notice of the raw partitions that have spoken, up to these offsets; it moves no time by itself."""
        for partition, offset in heard.items():
            self._clock.heard(partition, offset)
        heard.clear()

    def _advance(self, watermark: Watermark) -> None:
        self._clock.advance(
            watermark.source_partition,
            offset=watermark.offset,
            watermark_ms=watermark.watermark_ms,
            idle=watermark.idle,
            source_partitions=watermark.source_partitions,
        )
        self._early.expire(self._clock.time_ms)

    def _mark(self, gap: Gap) -> GapMark:
        """Mark what is missing and still open.

        Enrich has cut the gap at the watermark of its own raw partition, which time has not passed unless that
        partition was idle; so what is marked does not depend on how far the other partitions have come.
        """
        self._clock.heard(gap.source_partition, gap.offset)
        start, last = gap.start_ms // BUCKET_MS, -(-gap.end_ms // BUCKET_MS)
        end = min(last, start + _LONGEST_GAP, _LAST_MINUTE)
        still_open = max(start, (self._clock.time_ms or 0) // BUCKET_MS)
        if still_open >= end:
            return GapMark.CLOSED
        self._gaps.add(gap.brands, still_open, end)
        self._clock.changed = True
        is_whole = still_open == start and end == last and gap.late_from_ms is None
        return GapMark.MARKED if is_whole else GapMark.CUT

    def _sweep(self, touched: set[str]) -> Generator[None, None, list[WindowClosed | CrisisRecord]]:
        """Close what is due in every brand; yield after so many that had something due."""
        events: list[WindowClosed | CrisisRecord] = []
        before = (self._clock.time_ms or 0) // BUCKET_MS
        if before <= self._swept:
            return events
        due = 0
        for name in sorted(self._brands):
            closed, any_closed = self._brands[name].close(
                before, self._gaps, self._calendar(name), heard=name not in self.unheard
            )
            if any_closed:
                events += closed
                touched.add(name)
                due += 1
                if due % _BRANDS_AT_ONCE == 0:
                    yield
        self._gaps.forget_before(before)
        self._swept = before
        return events
