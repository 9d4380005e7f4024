"""Enrich: raw records of one partition in, mentions and time out.

Stateless apart from the partition's :class:`SourceClock`, which is a function of the partition's log
alone. Everything that depends on order (duplicates, lateness, the clock) is decided here, record by
record, so results do not depend on how a log is cut into batches.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from pipeline.authorhash import AuthorHasher
from pipeline.drafts import draft_of
from pipeline.duplicates import RecentIds
from pipeline.formats import GapNotice, Parsed, parse
from pipeline.records import LogRecord
from pipeline.settings import EngineSettings
from pipeline.sourceclock import SourceClock
from pipeline.text import TextAnalysis, TextAnalyzer
from pipeline.text.tone import tone_of
from pipeline.watchlist import Brand, BrandMatch, Watchlist
from schemas.deadletter import REDRIVEN_ORIGIN_HEADER, DeadLetterReason, read_place
from schemas.ids import mention_id
from schemas.mention import Gap, Mention, Origin, Watermark
from schemas.tone import ToneIssue
from schemas.tweet import Tweet, TweetKind

__all__ = ["Enriched", "Enricher", "Rejected", "SourceClock"]

_RETWEET = TweetKind.RETWEET
_MentionDraft = draft_of(Mention)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A raw record for the dead-letter topic. One record may be rejected for several of its tweets."""

    record: LogRecord
    reason: DeadLetterReason
    message: str
    exception: str


@dataclass(slots=True, kw_only=True)
class Enriched:
    """What one run of records became.

    Nothing is lost without a count:

    - every record given is one of ``skipped`` and ``records``, and every one of the latter has given at least
      one of what follows;
    - every post of a record is one of ``tweets`` or a reject;
    - every one of ``tweets`` is a duplicate, unmatched, a reject, or has mentions of its (offset, index);
    - every gap of a record is in ``gaps`` or is a reject, one of ``gaps_too_late`` or of ``compliance_gaps``.
    """

    mentions: list[Mention] = field(default_factory=list)
    """In (offset, index, brand) order."""
    gaps: list[Gap] = field(default_factory=list)
    """In offset order."""
    missed: list[GapNotice] = field(default_factory=list)
    """Of gaps, what had been counted as observed before they were known: the part that was cut off, or all of it."""
    rejected: list[Rejected] = field(default_factory=list)
    """In offset order."""
    notices: list[tuple[LogRecord, Parsed]] = field(default_factory=list)
    """Records with compliance messages, and all that is in them, in offset order."""
    counts: Counter[str] = field(default_factory=Counter)
    """How many of each: ``records`` read, and ``skipped`` because they had been; ``tweets`` whose date is no reason
    to reject them, and of these ``duplicates``, ``unmatched`` and, with mentions all the same, ``late``;
    ``gaps`` passed on, and of these ``gaps_cut``; ``gaps_too_late``, ``compliance_gaps``; ``compliance`` messages;
    records that were ``ignored`` as the stream's housekeeping."""


class _Candidate(NamedTuple):
    """A tweet that speaks of a brand, before it is read."""

    record: LogRecord
    tweet: Tweet
    origin: Origin
    late: bool
    matches: tuple[BrandMatch, ...]


class Enricher:
    """Turns raw records into mentions, with one watchlist and one analyzer.

    Parameters
    ----------
    settings : EngineSettings
        Lateness, bounds, the key of author hashes.
    watchlist : Watchlist
        Whom to look for. May be replaced at any time (:attr:`watchlist`); the next run uses it.
    analyzer : TextAnalyzer
        Language, sentiment and what else is read from the text.
    """

    def __init__(self, settings: EngineSettings, watchlist: Watchlist, analyzer: TextAnalyzer) -> None:
        self.settings = settings
        self.watchlist = watchlist
        self.analyzer = analyzer
        self._author_hash = AuthorHasher(settings.author_key).of

    def new_clock(self, partition: int) -> SourceClock:
        """Return the clock of a partition of which nothing has been read."""
        return SourceClock(partition=partition, recent=RecentIds(self.settings.duplicate_memory))

    def remember(self, clock: SourceClock, records: Iterable[LogRecord]) -> None:
        """Rebuild the memory for duplicates from records before the clock, in offset order.

        Given the last ``duplicate_memory`` records it is as :meth:`enrich` had left it.
        """
        for record in records:
            for tweet in self._parse(record).tweets:
                if self._ahead_ms(record, tweet) <= 0:
                    clock.recent.is_duplicate(tweet.id, record.offset)
            clock.recent.unsure_before = record.offset + 1

    def enrich(self, clock: SourceClock, records: Sequence[LogRecord]) -> Enriched:
        """Enrich consecutive records of the clock's partition and move the clock over them.

        Records below ``clock.next_offset`` have been enriched before (the worker stopped between writing
        their mentions and committing) and are skipped. Never raises: what our own code fails on is rejected.
        """
        out = Enriched()
        candidates: list[_Candidate] = []
        unread = self._unread(clock, records, out)
        # All are parsed before any is matched, so that the code of either stays in the processor's caches.
        found = [self._parse(record) for record in unread]
        out.counts["tweets"] += sum([len(parsed.tweets) for parsed in found])
        for record, parsed in zip(unread, found, strict=True):
            if parsed.rejects or parsed.gaps or parsed.compliance or parsed.ignored is not None:
                self._note(clock, record, parsed, out)
            for index, tweet in enumerate(parsed.tweets):
                self._admit(clock, record, index, tweet, candidates, out)
        if unread:
            clock.next_offset, stamp_ms = unread[-1].offset + 1, unread[-1].timestamp
            clock.stamp_ms = stamp_ms if stamp_ms is not None and stamp_ms >= 0 else None
        try:
            self._mention(candidates, out)
        except Exception:  # noqa: BLE001 - as in `parse`; which tweet it is shows when they are read one by one
            self._mention_each(candidates, out)
        return out

    def watermark(self, clock: SourceClock, source_partitions: int, *, idle: bool = False) -> Watermark:
        """Return the clock as the record that carries it to the trackers."""
        newest = clock.newest_ms
        return Watermark(
            source_partition=clock.partition,
            source_partitions=source_partitions,
            offset=clock.next_offset - 1,
            watermark_ms=None if newest is None else newest - self.settings.allowed_lateness_ms,
            idle=idle,
        )

    # -- one record ----------------------------------------------------------------------------------

    def _unread(self, clock: SourceClock, records: Sequence[LogRecord], out: Enriched) -> list[LogRecord]:
        """Count the records and return those that the clock has not read."""
        next_offset = clock.next_offset
        unread: list[LogRecord] = []
        for record in records:
            if record.offset >= next_offset:
                unread.append(record)
                next_offset = record.offset + 1
        out.counts["records"] += len(unread)
        out.counts["skipped"] += len(records) - len(unread)
        return unread

    def _note(self, clock: SourceClock, record: LogRecord, parsed: Parsed, out: Enriched) -> None:
        """Take over what is in a record besides tweets."""
        out.rejected += [
            Rejected(record=record, reason=reject.reason, message=reject.message, exception=reject.exception)
            for reject in parsed.rejects
        ]
        for notice in parsed.gaps:
            self._admit_gap(clock, record, notice, out)
        if parsed.compliance:
            out.notices.append((record, parsed))
            out.counts["compliance"] += len(parsed.compliance)
        out.counts["ignored"] += parsed.ignored is not None

    def _parse(self, record: LogRecord) -> Parsed:
        return parse(record.value, max_bytes=self.settings.max_record_bytes)

    def _admit_gap(self, clock: SourceClock, record: LogRecord, notice: GapNotice, out: Enriched) -> None:
        """Pass a gap on, cut to what cannot have been closed yet when its record was written, and move the clock.

        Without the cut, whether a bucket before the watermark counts as observed would depend on how the
        log is cut into batches. Nor is anything missing yet of the time after the record: a wrong end must not
        blind detection. (The clock: `pipeline.sourceclock` says why.)
        """
        if notice.compliance:
            out.counts["compliance_gaps"] += 1
            return
        end_ms, reach_ms, stamp_ms = notice.end_ms, notice.end_ms, record.timestamp
        if stamp_ms is not None and stamp_ms >= 0:
            latest_ms = stamp_ms + self.settings.future_tolerance_ms
            if notice.start_ms >= latest_ms:
                out.rejected.append(_gap_from_the_future(record, notice.start_ms - stamp_ms))
                return
            end_ms, reach_ms = min(end_ms, latest_ms), min(end_ms, stamp_ms)
        start_ms = notice.start_ms
        if clock.newest_ms is not None:
            start_ms = max(start_ms, clock.newest_ms - self.settings.allowed_lateness_ms)
        if start_ms > notice.start_ms:
            out.missed.append(replace(notice, end_ms=min(start_ms, end_ms)))
        if start_ms >= end_ms:
            out.counts["gaps_too_late"] += 1
            return
        out.counts["gaps"] += 1
        out.counts["gaps_cut"] += start_ms > notice.start_ms
        out.gaps.append(
            Gap(
                source_partition=clock.partition,
                offset=record.offset,
                start_ms=start_ms,
                end_ms=end_ms,
                reason=notice.reason,
                source=notice.source,
                posts=notice.posts,
                late_from_ms=notice.start_ms if start_ms > notice.start_ms else None,
            )
        )
        if clock.newest_ms is None or reach_ms > clock.newest_ms:
            clock.newest_ms = reach_ms

    def _ahead_ms(self, record: LogRecord, tweet: Tweet) -> int:
        """Return by how much more than is tolerated a tweet is dated after its record; above 0 it is rejected.

        A record without a timestamp (Kafka: -1) says nothing of its tweets' dates.
        """
        if record.timestamp is None or record.timestamp < 0:
            return 0
        return tweet.created_at_ms - record.timestamp - self.settings.future_tolerance_ms

    def _admit(
        self,
        clock: SourceClock,
        record: LogRecord,
        index: int,
        tweet: Tweet,
        candidates: list[_Candidate],
        out: Enriched,
    ) -> None:
        settings = self.settings
        if (ahead_ms := self._ahead_ms(record, tweet)) > 0:
            out.counts["tweets"] -= 1
            out.rejected.append(_from_the_future(record, index, ahead_ms + settings.future_tolerance_ms))
            return
        redriven_from = _redriven_from(clock, record) if record.headers else None
        if clock.recent.is_duplicate(tweet.id, record.offset, redriven_from):
            out.counts["duplicates"] += 1
            return
        time_ms, newest = tweet.created_at_ms, clock.newest_ms
        late = newest is not None and time_ms < newest - settings.allowed_lateness_ms
        stamp_ms = record.timestamp
        if stamp_ms is not None and 0 <= stamp_ms < time_ms:
            time_ms = stamp_ms  # the clock follows no date from the future: what comes after it would be late
        if newest is None or time_ms > newest:
            clock.newest_ms = time_ms
        try:
            matches = self.watchlist.match(tweet)
        except Exception as error:  # noqa: BLE001 - as in `parse`
            out.rejected.append(_bug(record, index, error))
            return
        if not matches:
            out.counts["unmatched"] += 1
            return
        if late:
            out.counts["late"] += 1
        origin = Origin(partition=clock.partition, offset=record.offset, index=index)
        candidates.append(_Candidate(record, tweet, origin, late, matches))

    # -- mentions ------------------------------------------------------------------------------------

    def _mention(self, candidates: Sequence[_Candidate], out: Enriched) -> None:
        """Read tweets and add their mentions; those of all or of none."""
        analyses = self.analyzer.analyze([candidate.tweet for candidate in candidates])
        mentions: list[Mention] = []
        for candidate, analysis in zip(candidates, analyses, strict=True):
            tweet = candidate.tweet
            author = self._author_hash(tweet.platform, _author_of(tweet), tweet.created_at_ms)
            for match in candidate.matches:
                mentions.append(self._mention_of(candidate, match, analysis, author))  # noqa: PERF401 - the hot path
        out.mentions += mentions

    def _mention_each(self, candidates: Sequence[_Candidate], out: Enriched) -> None:
        """Read tweets one by one and reject those that cannot be read: the same whatever is around them."""
        for candidate in candidates:
            try:
                self._mention([candidate], out)
            except Exception as error:  # noqa: BLE001 - as in `parse`
                out.counts["late"] -= candidate.late
                out.rejected.append(_bug(candidate.record, candidate.origin.index, error))
        out.rejected.sort(key=lambda rejected: rejected.record.offset)

    def _mention_of(self, candidate: _Candidate, match: BrandMatch, analysis: TextAnalysis, author: int) -> Mention:
        tweet, brand, official = candidate.tweet, match.brand, match.official
        hashtags, handles, cashtags, urls, emoji = analysis.entities
        made = _MentionDraft(
            mention_id(brand, tweet.platform, tweet.id),
            brand,
            tweet.id,
            tweet.platform,
            tweet.created_at_ms,
            candidate.origin,
            candidate.late,
            tweet.kind,
            author,
            tweet.author_followers,
            tweet.engagement,
            official,
            analysis.lang,
            analysis.sentiment,
            analysis.question,
            analysis.repeat_key,
            analysis.cluster_key,
            match.matched,
            hashtags,
            cashtags,
            handles,
            urls,
            emoji,
            _without_own_names(analysis.phrases, self.watchlist.brands[brand]),
            _tone(tweet, analysis.lang) if official else (),
            tweet.conversation_id,
            tweet.in_reply_to_id,
            tweet.text if self.settings.keep_text else None,
        )
        made.__class__ = Mention
        return made  # type: ignore[no-any-return]


def _author_of(tweet: Tweet) -> str:
    """Return what tells the author apart; a tweet without one counts as an author of its own."""
    return tweet.author_id or (tweet.author_handle or "").lower() or f"tweet:{tweet.id}"


def _tone(tweet: Tweet, lang: str) -> tuple[ToneIssue, ...]:
    """Say what is wrong with the tone of an official post; a retweet is in somebody else's words."""
    return () if tweet.kind is _RETWEET else tone_of(tweet.text, lang)


def _redriven_from(clock: SourceClock, record: LogRecord) -> int | None:
    """Return the offset in this partition at which a redriven record was a dead letter."""
    for name, value in record.headers:
        if name == REDRIVEN_ORIGIN_HEADER and (place := read_place(value or b"")) and place[0] == clock.partition:
            return place[1]
    return None


def _without_own_names(phrases: tuple[str, ...], brand: Brand) -> tuple[str, ...]:
    own = brand.own_terms
    if own.isdisjoint(phrases) and own.isdisjoint(phrases[-1].split() if phrases else ()):
        return phrases  # each word of a pair is a phrase, too; only the second of a last pair may have been cut off
    return tuple([phrase for phrase in phrases if own.isdisjoint(phrase.split())])


def _from_the_future(record: LogRecord, index: int, ahead_ms: int) -> Rejected:
    return Rejected(
        record=record,
        reason=DeadLetterReason.IN_THE_FUTURE,
        message=f"tweet {index} of the record is dated {ahead_ms / 1000:.0f} s after the record itself",
        exception="FutureTweet",
    )


def _gap_from_the_future(record: LogRecord, ahead_ms: int) -> Rejected:
    return Rejected(
        record=record,
        reason=DeadLetterReason.IN_THE_FUTURE,
        message=f"a gap of the record begins {ahead_ms / 1000:.0f} s after the record itself",
        exception="FutureGap",
    )


def _bug(record: LogRecord, index: int, error: Exception) -> Rejected:
    """Reject what we failed on. The error's text may hold text of the tweet, so only its class is told."""
    return Rejected(
        record=record,
        reason=DeadLetterReason.INTERNAL,
        message=f"a bug in reading tweet {index} of the record; please report it with the record",
        exception=type(error).__name__,
    )
