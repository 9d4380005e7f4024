"""What enrich writes to ``vigie.mentions``: one record for each (tweet, brand) pair, and time itself.

ADR: thousands of these are alive at once, and none can hold a cycle: the garbage collector does not follow them
(``gc=False``).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar, TypeAlias

from msgspec import Meta, Struct

from schemas.tone import ToneIssue
from schemas.tweet import TweetKind

__all__ = [
    "BRAND_PATTERN",
    "MOST_ERASED",
    "Erasure",
    "Gap",
    "Mention",
    "MentionRecord",
    "Origin",
    "Sentiment",
    "SentimentLabel",
    "Watermark",
]

BRAND_PATTERN = "^[a-z0-9][a-z0-9-]{0,63}$"
"""What the key of a brand looks like."""
MOST_ERASED = 1000
"""Posts, and author hashes, that one `Erasure` names at most."""

# Bounds that only reading checks: a number that state could not hold, or a name that is no brand's, would
# stop a tracker where it is written, long after the record was accepted.
_Partition = Annotated[int, Meta(ge=0, lt=1 << 31)]
_Offset = Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]
_Index = Annotated[int, Meta(ge=0, lt=1 << 31)]
_Moment = Annotated[int, Meta(ge=0, le=253_402_300_799_999)]
_PostId = Annotated[str, Meta(min_length=1, max_length=280)]
_Author = Annotated[int, Meta(ge=0, lt=1 << 53)]
_Brand = Annotated[str, Meta(extra_json_schema={"pattern": BRAND_PATTERN})]  # checked in `schemas.reading`


class SentimentLabel(StrEnum):
    """Three classes, as SemEval and TweetEval have them."""

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"


class Sentiment(Struct, frozen=True, kw_only=True, gc=False):
    """Probabilities in thousandths: integers, so that sums over a window do not depend on order."""

    label: SentimentLabel
    """The most probable class."""
    negative: int
    """P(negative) in thousandths; the three sum to 1000."""
    neutral: int
    """P(neutral) in thousandths."""
    positive: int
    """P(positive) in thousandths."""


class Origin(Struct, frozen=True, kw_only=True, gc=False):
    """The raw record a mention was made from."""

    partition: _Partition
    """Partition of the raw topic."""
    offset: _Offset
    """Offset in that partition. Per partition, mentions of a brand come in increasing (offset, index) order."""
    index: _Index = 0
    """Place of the tweet in a raw record that holds several (a search response), from 0."""


class Mention(Struct, frozen=True, kw_only=True, gc=False, tag_field="type", tag="mention"):
    """A tweet that speaks of a brand, enriched. Carries no text unless `keep_text` is switched on.

    Every list and name is bounded, whatever the tweet holds: as JSON at most 256 KiB, and 384 KiB with the text.
    """

    type: ClassVar[str] = "mention"
    """Tells the records of this topic apart."""
    id: str
    """Deterministic ID of the (tweet, brand) pair."""
    brand: _Brand
    """Key of the brand in the watchlist; also the record key."""
    tweet_id: str
    """The platform's ID of the post."""
    platform: str = "x"
    """Where it was posted."""
    time_ms: int
    """Event time, epoch milliseconds."""
    origin: Origin
    """The raw record it was made from."""
    late: bool = False
    """Older than the watermark of its raw partition: counted as late, in no bucket."""
    kind: TweetKind = TweetKind.POST
    """Post, reply, retweet or quote."""
    author: _Author
    """Keyed 53-bit hash of the author, another every week (Monday 00:00 UTC); for counting distinct authors only."""
    reach: int = 0
    """Followers of the author, 0 when unknown."""
    engagement: int = 0
    """Retweets + replies + likes + quotes at the time of the payload."""
    official: bool = False
    """Written by one of the brand's own accounts: kept out of the public's counts."""
    lang: str = "und"
    """Language, `und` when undecided."""
    sentiment: Sentiment
    """Three probabilities and the label."""
    question: bool = False
    """It asks something, of the brand or of anybody, and its author could expect an answer: requests that are put as
    questions count, what is asked for show ("are you kidding?") does not. By form in English and French; in other
    languages, by a question mark."""
    repeat_key: int = 0
    """53-bit hash of the normalised text: equal for exact repeats."""
    cluster_key: int = 0
    """53-bit hash that exact repeats and most near ones have in common."""
    matched: tuple[str, ...] = ()
    """The aliases, handles and hashtags of the watchlist that matched, sorted."""
    hashtags: tuple[str, ...] = ()
    """Hashtags, lower case, without `#`, in order of appearance, at most 20."""
    cashtags: tuple[str, ...] = ()
    """Cashtags, upper case, without `$`."""
    handles: tuple[str, ...] = ()
    """Handles named in the text, lower case, without `@`, at most 20."""
    urls: tuple[str, ...] = ()
    """URLs, expanded where the payload had them, at most 10."""
    emoji: tuple[str, ...] = ()
    """Emoji in order of appearance, at most 20."""
    phrases: tuple[str, ...] = ()
    """Key phrases (1- and 2-grams), lower case, the brand's own names left out, at most 24."""
    tone: tuple[ToneIssue, ...] = ()
    """Of a post of the brand's own, why it does not sound calm and professional."""
    conversation_id: str | None = None
    """ID of the post that began the thread."""
    in_reply_to_id: str | None = None
    """ID of the post this one answers."""
    text: str | None = None
    """The text, only when `keep_text` is on."""


class Watermark(Struct, frozen=True, kw_only=True, gc=False, tag_field="type", tag="watermark"):
    """In-band time: enrich writes one to every mentions partition when a raw partition's clock moved."""

    type: ClassVar[str] = "watermark"
    """Tells the records of this topic apart."""
    source_partition: _Partition
    """The raw partition whose clock this is."""
    source_partitions: Annotated[int, Meta(ge=1, le=1 << 31)]
    """How many partitions the raw topic has: time waits for all of them."""
    offset: Annotated[int, Meta(ge=-1, le=(1 << 63) - 1)]
    """The raw offset up to which (inclusive) this clock has read; -1 before the first record."""
    watermark_ms: int | None
    """Highest event time seen minus the allowed lateness; none before the first tweet."""
    idle: bool = False
    """The partition is at its end and silent: it holds time back no more until it speaks again."""


class Gap(Struct, frozen=True, kw_only=True, gc=False, tag_field="type", tag="gap"):
    """Input is missing between two times: the buckets inside are unobserved, not calm."""

    type: ClassVar[str] = "gap"
    """Tells the records of this topic apart."""
    source_partition: _Partition
    """The raw partition that recorded the gap."""
    offset: _Offset
    """The raw offset of the gap record."""
    start_ms: int
    """First missing instant, epoch milliseconds."""
    end_ms: int
    """First instant that is observed again, epoch milliseconds."""
    reason: str = ""
    """Why, in the source's words."""
    brands: tuple[_Brand, ...] = ()
    """The brands concerned; empty means all."""
    source: str = ""
    """Which source misses it, by its name."""
    posts: Annotated[int, Meta(ge=0)] | None = None
    """How many posts are missing, where that is known."""
    late_from_ms: int | None = None
    """First missing instant, when it is before `start_ms`: what lies between had been closed before the gap was
    known, and counts as if it had been observed."""


class Erasure(Struct, frozen=True, kw_only=True, gc=False, tag_field="type", tag="erasure"):
    """Posts to be named no more, because X said so: on every partition, as posts of any brand may be meant.

    What was counted stays counted. It may come before the posts that it is about, and as often as it likes.
    """

    type: ClassVar[str] = "erasure"
    """Tells the records of this topic apart."""
    time_ms: _Moment
    """When the notice was given, epoch milliseconds: posts are older, as a rule."""
    tweet_ids: Annotated[tuple[_PostId, ...], Meta(max_length=MOST_ERASED)] = ()
    """The platform's IDs of the posts, at most 1000."""
    authors: Annotated[tuple[_Author, ...], Meta(max_length=MOST_ERASED)] = ()
    """Authors whose posts are meant, all of them, as `Mention.author` has them in each week; at most 1000."""
    coming: Annotated[tuple[_Author, ...], Meta(max_length=MOST_ERASED)] = ()
    """Of these, the hashes that posts which are still on their way can have: of the weeks about the notice."""
    platform: str = "x"
    """Where they were posted."""


MentionRecord: TypeAlias = Mention | Watermark | Gap | Erasure
"""Whatever is on ``vigie.mentions``."""
