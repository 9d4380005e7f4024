"""All state of one brand: what it has counted, its open buckets, its windows, its detector and its situation.

`applied` travels in the same value as the counts, so a value that was written holds exactly the mentions up to
its `applied`, and mentions delivered again are known as such.

What has been said of a brand (`pipeline.detection.alarm`: its level, the crisis that is open) is part of the
brand, the model that said it is a section of its own: when that cannot be used, another learns in its place, and
the crisis goes on. Questions, own posts and the course of the crisis (`pipeline.situation`) are another: they decide
nothing.

Posts are named by ID in some of these: as exemplars, as documents, as questions, as posts of the brand's own. Beside
them is kept who wrote each, as a hash, so that an account's posts are found when they must be forgotten; for nothing
else, and for no longer than the post is named.

A brand whose last mention is a week old falls asleep: it closes no more buckets until it is mentioned again,
and then goes on at that mention's bucket. By then all its windows are empty, so nothing is lost but the
silence itself, and a log with a month of silence is not a month of work. `applied` and the detector stay; posts are
named no more, for nobody knows when it wakes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from enum import StrEnum
from itertools import chain
from typing import Any, Protocol

from pipeline.bucket import BUCKET_MS, ClosedBucket
from pipeline.compression import deflate, inflate
from pipeline.detection import Alarm, Detector, Outcome, UnknownDetectorState
from pipeline.detection.brief import Brief
from pipeline.erasure import named_ids
from pipeline.feedback import Intake
from pipeline.gaps import Gaps
from pipeline.openbucket import OpenBucket
from pipeline.planned import NOTHING_PLANNED, Calendar
from pipeline.posters import NOBODY, Poster, dump_posters, load_posters
from pipeline.settings import DetectionSettings, EngineSettings
from pipeline.situation.keeper import SituationKeeper
from pipeline.statecore import pack_core, unpack_core
from pipeline.stateupgrade import StoredState, sections
from pipeline.statevalue import DAMAGE, StateProblem, UnusableState, wrap
from pipeline.windows import Windows
from schemas.codec import decode, encode
from schemas.feedback import Feedback
from schemas.ids import window_id
from schemas.mention import Mention
from schemas.situation import CommunicationOverdue, CrisisRecord
from schemas.times import to_rfc3339
from schemas.window import Level, WindowClosed, WindowCounts

__all__ = [
    "BrandDetector",
    "BrandState",
    "DetectorFactory",
    "Folded",
]

_ASLEEP_AFTER = 7 * 24 * 60
"""Minutes without a mention or a post of the brand's own."""
_NO_BUCKET = OpenBucket()
_LAST_MINUTE = (1 << 31) - 2 * _ASLEEP_AFTER
"""In the year 6053: the sketches keep minutes in 31 bits, and a brand closes buckets for a week after this one."""
_MOST_DETECTOR = 1 << 16
"""Far more than a detector's state has."""


class BrandDetector(Protocol):
    """What a brand needs of its detector; `pipeline.detection.Detector` is one."""

    def observe(self, bucket: ClosedBucket) -> Outcome:
        """Score a closed minute, then learn from it."""

    def brief(self) -> Brief:
        """Return what it knows at the minute observed last, for reports; asking changes nothing."""

    def learn(self, bucket: ClosedBucket) -> None:
        """Learn from a closed minute that was judged before, by another model."""

    def named(self) -> Iterable[str]:
        """Return the IDs of the posts that its state and what it says may name."""

    def forget(self, gone: Collection[str]) -> None:
        """Name these posts no more. No level, score or count changes."""

    def state(self) -> dict[str, Any]:
        """Return the state as JSON has it, without the alarm's."""


class DetectorFactory(Protocol):
    """Makes detectors; the class `pipeline.detection.Detector` is one."""

    def __call__(self, brand: str, settings: DetectionSettings, alarm: Alarm) -> BrandDetector:
        """Return a detector that has learnt nothing and goes on with an alarm."""

    def restore(self, brand: str, settings: DetectionSettings, state: Mapping[str, Any], alarm: Alarm) -> BrandDetector:
        """Return the detector that gave a state, under its alarm, or raise `UnknownDetectorState`."""


class Folded(StrEnum):
    """What became of a mention."""

    COUNTED = "counted"
    DUPLICATE = "duplicate"
    """Counted before: it was delivered again."""
    LATE = "late"
    """Flagged by enrich: behind the watermark of its raw partition."""
    CLOSED = "closed"
    """Its bucket has closed, which happens only when its raw partition had been idle."""
    MISDATED = "misdated"
    """After the year 6052."""


_COUNTED, _DUPLICATE = Folded.COUNTED, Folded.DUPLICATE  # looking a member up costs as much as a count


class BrandState:
    """One brand of one mentions partition.

    Parameters
    ----------
    brand : str
        Its key.
    settings : EngineSettings
        For its detector and its situations.
    detector_factory : DetectorFactory
        Makes the detector.
    """

    __slots__ = (
        "_active",
        "_alarm",
        "_applied",
        "_detector",
        "_learnt",
        "_next",
        "_open",
        "_posters",
        "_since",
        "_situation",
        "_windows",
        "_written",
        "brand",
        "level",
        "problems",
    )

    def __init__(self, brand: str, settings: EngineSettings, detector_factory: DetectorFactory = Detector) -> None:
        self.brand = brand
        self.level = Level.CALM
        """Level as of the bucket closed last."""
        self.problems: list[StateProblem] = []
        """What was wrong with the value it was read from."""
        self._applied: dict[int, tuple[int, int]] = {}
        """Raw partition to the highest (offset, index) folded."""
        self._open: dict[int, OpenBucket] = {}
        """By epoch minute."""
        self._windows = Windows()
        self._next: int | None = None
        """The minute that is closed next, once the brand has closed one."""
        self._since = 0
        """The minute it began with, or woke up at."""
        self._active = 0
        """The minute closed last that had a mention or a post of the brand's own."""
        self._alarm = Alarm(brand, settings.detection)
        self._detector: BrandDetector = detector_factory(brand, settings.detection, self._alarm)
        self._learnt: bytes | None = None
        """The detector's state as it is stored, while it has not changed."""
        self._situation = SituationKeeper(settings)
        self._posters: dict[str, Poster] = {}
        """Who wrote each post that the detector and the situation name, and some that they named."""
        self._written = b""
        """The same as it is stored, while the detector's state is."""

    @property
    def closed_ms(self) -> int | None:
        """End of the bucket closed last, epoch milliseconds."""
        return None if self._next is None else self._next * BUCKET_MS

    # -- folding -------------------------------------------------------------------------------------

    def fold(self, mention: Mention, time_ms: int) -> Folded:
        """Count a mention, once.

        Parameters
        ----------
        mention : Mention
            A mention of this brand. Per raw partition they come in (offset, index) order, or again.
        time_ms : int
            Event time where the mention stands in its partition; 0 while there is none.
        """
        origin = mention.origin
        partition, place = origin.partition, (origin.offset, origin.index)
        applied = self._applied.get(partition)
        if applied is not None and place <= applied:
            return _DUPLICATE
        self._applied[partition] = place
        if mention.late:
            return Folded.LATE
        minute = mention.time_ms // BUCKET_MS
        if (minute + 1) * BUCKET_MS <= time_ms or (self._next is not None and minute < self._next):
            return Folded.CLOSED
        bucket = self._open.get(minute)
        if bucket is None:
            if minute >= _LAST_MINUTE:
                return Folded.MISDATED
            bucket = self._open[minute] = OpenBucket()
        bucket.fold(mention)
        return _COUNTED

    def hear(self, offset: int, feedback: Feedback) -> Intake:
        """Take in feedback, once; it takes effect in a minute that is still to be closed (`Alarm.hear`)."""
        return self._alarm.hear(offset, feedback, None if self._next is None else (self._next + 1) * BUCKET_MS)

    def expect(self, feedback: Iterable[Feedback]) -> None:
        """Know all feedback beforehand, as a replay does."""
        for each in feedback:
            self._alarm.expect(each)

    # -- forgetting ----------------------------------------------------------------------------------

    def forget(self, tweet_ids: frozenset[str], authors: Mapping[int, int]) -> bool:
        """Name posts no more; return whether that changed anything. What they counted for stays counted.

        It takes effect between two minutes, so whoever calls it has closed all that were due.

        Parameters
        ----------
        tweet_ids : frozenset of str
            Posts.
        authors : mapping
            Hashes of authors, and up to when all of their posts are meant (epoch minutes, exclusive).
        """
        changed = False
        for minute, bucket in self._open.items():
            gone = bucket.posters.keys() & tweet_ids
            if authors:
                gone |= {one for one, by in bucket.posters.items() if minute < authors.get(by, 0)}
            if gone:
                bucket.forget(gone)
                changed = True
        gone = self._posters.keys() & tweet_ids
        if authors:
            gone |= {one for one, by in self._posters.items() if by.minute < authors.get(by.author, 0)}
        if gone:
            self._forget_closed(gone)
        return changed or bool(gone)

    def _forget_closed(self, gone: Collection[str]) -> None:
        """Name posts of closed buckets no more."""
        self._detector.forget(gone)
        self._situation.forget(gone)
        self._learnt = None
        self._posters = {tweet_id: by for tweet_id, by in self._posters.items() if tweet_id not in gone}

    def withdraw(self, mention: Mention) -> None:
        """Do not name a post that was just counted."""
        self._open[mention.time_ms // BUCKET_MS].forget((mention.tweet_id,))

    def _signed(self, record: CrisisRecord) -> CrisisRecord:
        """Return a record with the authors of the posts that it names."""
        if isinstance(record, CommunicationOverdue):
            return record
        known = ((tweet_id, self._posters.get(tweet_id, NOBODY)) for tweet_id in sorted(named_ids(record)))
        return replace(record, authors={tweet_id: by.author for tweet_id, by in known if by.author})

    def _trim(self) -> None:
        """Know the authors of the posts that are named and of no other, in the order of the IDs."""
        named = {*self._detector.named(), *self._situation.named()}
        self._posters = {tweet_id: self._posters.get(tweet_id, NOBODY) for tweet_id in sorted(named)}

    # -- closing -------------------------------------------------------------------------------------

    def close(
        self, before: int, gaps: Gaps, calendar: Calendar = NOTHING_PLANNED, *, heard: bool = True
    ) -> tuple[list[WindowClosed | CrisisRecord], bool]:
        """Close every bucket of a minute before ``before`` (epoch minutes), under the brand's planned events.

        ``heard`` says whether an account of its own is known.

        Returns
        -------
        list of WindowClosed and CrisisRecord
            By time, a bucket's window before its crisis events, those before its situation and what is overdue. A
            bucket after which the last 24 hours hold nothing at all has no window.
        bool
            Whether any bucket was closed.
        """
        events: list[WindowClosed | CrisisRecord] = []
        begun = self._next
        for minute in self._due(before):
            events += self._close(minute, gaps, calendar, heard=heard)
        return events, self._next != begun

    def _due(self, before: int) -> Iterator[int]:
        """Yield the minutes to close, `_next` being moved past each by whoever closes it."""
        while True:
            if self._next is None or self._next > self._active + _ASLEEP_AFTER:
                if not self._open or min(self._open) >= before:
                    return
                self._wake(min(self._open))
            if self._next is None or self._next >= before:
                return
            yield self._next

    def _wake(self, minute: int) -> None:
        """Go on at a minute with a mention, after nothing for so long that every window is empty."""
        self._next = self._since = self._active = minute
        self._windows = Windows()

    def _close(self, minute: int, gaps: Gaps, calendar: Calendar, *, heard: bool) -> list[WindowClosed | CrisisRecord]:
        bucket = self._open.pop(minute, _NO_BUCKET)
        observed = not gaps.cover(self.brand, minute)
        windows = self._windows.close(minute, bucket, observed=observed)
        self._next = minute + 1
        self._posters.update({name: Poster(bucket.posters.get(name, 0), minute) for name in bucket.named()})
        if bucket.volume or bucket.own_posts:
            self._active = minute
        closed = self._closed(minute, bucket, windows, calendar, observed=observed, heard=heard)
        outcome = self._detector.observe(closed)
        self.level, self._learnt = outcome.detection.level, None
        told = self._situation.observe(closed, bucket, outcome, self._alarm.standing, self._detector.brief)
        events: list[WindowClosed | CrisisRecord] = [self._signed(record) for record in chain(outcome.events, told)]
        if minute == self._active + _ASLEEP_AFTER:
            self._forget_closed(frozenset(self._posters))
        if not windows["24h"].volume and not closed.own_posts_24h:
            return events
        window = WindowClosed(
            id=window_id(self.brand, closed.end_ms),
            brand=self.brand,
            window_end=to_rfc3339(closed.end_ms),
            observed=observed,
            windows=windows,
            own_posts_24h=closed.own_posts_24h,
            detection=outcome.detection,
            unobserved=dict(closed.unobserved),
        )
        return [window, *events]

    def _closed(
        self,
        minute: int,
        bucket: OpenBucket,
        windows: Mapping[str, WindowCounts],
        calendar: Calendar,
        *,
        observed: bool,
        heard: bool,
    ) -> ClosedBucket:
        return ClosedBucket(
            brand=self.brand,
            end_ms=(minute + 1) * BUCKET_MS,
            observed=observed,
            windows=windows,
            own_posts_24h=self._windows.own_posts_24h,
            unobserved_minutes=self._windows.unobserved_minutes,
            unobserved=self._windows.unobserved,
            documents=bucket.documents.documents(),
            exemplars=bucket.exemplar_tweets(),
            calendar=calendar,
            heard=heard,
        )

    # -- state ---------------------------------------------------------------------------------------

    def encode(self, partition: int) -> bytes:
        """Return the value for the state table, as of a mentions partition.

        Its sections are the core (`pipeline.statecore`), the detector (compressed JSON), the windows (`Windows.dump`),
        the situation (`SituationKeeper.state`) and who wrote the posts that are named (`pipeline.posters`): in the open
        buckets, then in detector and situation. But for the first, and the open buckets', they are kept until the next
        bucket closes.
        """
        if self._learnt is None:
            self._learnt = deflate(encode(self._detector.state()))
            self._trim()
            self._written = dump_posters(self._posters.values())
        core = pack_core(
            {
                "applied": [[p, *applied] for p, applied in sorted(self._applied.items())],
                "level": self.level,
                "at": [self._next, self._since, self._active],
                "alarm": self._alarm.state(),
                "open": [[minute, bucket.state()] for minute, bucket in sorted(self._open.items())],
            }
        )
        windows = b"" if self._next is None else self._windows.dump(self._next - 1)
        authors = b"".join([*(bucket.hashes for _minute, bucket in sorted(self._open.items())), self._written])
        return wrap(partition, core, self._learnt, windows, self._situation.state(), authors)

    @classmethod
    def decode(
        cls,
        brand: str,
        stored: StoredState,
        settings: EngineSettings,
        detector_factory: DetectorFactory = Detector,
        calendar: Calendar = NOTHING_PLANNED,
    ) -> BrandState:
        """Return the brand that gave the state in a value (`pipeline.statevalue.unwrap`).

        A detector's state of an unknown version, or a damaged one, is no obstacle: another detector learns from
        what the windows still know of the last day, an open crisis goes on (`Alarm.carry`), and `problems` says so.
        A damaged situation is none either: it is told anew.

        Raises
        ------
        UnusableState
            It is not what `encode` writes.
        """
        self = cls(brand, settings, detector_factory)
        try:
            core, learnt, windows, situation, authors = sections(stored)
            self._restore(unpack_core(core), windows, settings.detection)
        except DAMAGE as error:
            raise UnusableState(StateProblem.CORRUPT) from error
        try:
            state = decode(inflate(learnt, _MOST_DETECTOR))
            self._detector = detector_factory.restore(brand, settings.detection, state, self._alarm)
        except (UnknownDetectorState, *DAMAGE):
            self.problems.append(StateProblem.UNKNOWN_DETECTOR)
            self._detector = self._learn_anew(detector_factory, settings.detection, calendar)
        try:
            self._situation = SituationKeeper.restore(settings, situation)
        except DAMAGE:
            self.problems.append(StateProblem.UNKNOWN_SITUATION)
            self._situation.resume(self._alarm.standing, self.closed_ms or 0)
        self._trim()
        buckets = [bucket for _minute, bucket in sorted(self._open.items())]
        opened, self._posters = load_posters(authors, [bucket.posters for bucket in buckets], self._posters)
        for bucket, posters in zip(buckets, opened, strict=True):
            bucket.posters = posters
        return self

    def _restore(self, state: Mapping[str, Any], windows: bytes, settings: DetectionSettings) -> None:
        self._applied = {_int(p): (_int(offset), _int(index)) for p, offset, index in state["applied"]}
        self.level = Level(state["level"])
        next_minute, since, active = state["at"]
        self._next = None if next_minute is None else _minute(next_minute)
        self._since, self._active = _minute(since), _minute(active)
        if self._next is not None and not self._next - _ASLEEP_AFTER - 1 <= self._active < self._next:
            raise ValueError("the last mention is out of place")
        self._alarm = Alarm.restore(self.brand, settings, state["alarm"])
        self._open = {_minute(minute): OpenBucket.restore(bucket) for minute, bucket in state["open"]}
        if self._next is not None:
            self._windows = Windows.load(windows, self._next - 1)
            if min(self._open, default=self._next) < self._next:
                raise ValueError("open, though it was closed")

    def _learn_anew(
        self, detector_factory: DetectorFactory, settings: DetectionSettings, calendar: Calendar
    ) -> BrandDetector:
        """Return a detector that has seen the last day, under the brand's alarm."""
        self._alarm.carry()
        detector = detector_factory(self.brand, settings, self._alarm)
        if self._next is None:
            return detector
        for minute, observed, again, windows in self._windows.history(self._since, self._next - 1):
            detector.learn(
                ClosedBucket(
                    brand=self.brand,
                    end_ms=(minute + 1) * BUCKET_MS,
                    observed=observed,
                    windows=windows,
                    own_posts_24h=again.own_posts_24h,
                    unobserved_minutes=again.unobserved_minutes,
                    unobserved=again.unobserved,
                    calendar=calendar,
                )
            )
        return detector


def _minute(value: object) -> int:
    minute = _int(value)
    if 0 <= minute < _LAST_MINUTE + _ASLEEP_AFTER + 2:
        return minute
    raise ValueError("not a minute")


def _int(value: object) -> int:
    if type(value) is int:
        return value
    raise TypeError("not a whole number")
