"""The canonical post, whatever form it arrived in."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

__all__ = ["SourceForm", "Tweet", "TweetKind"]


class SourceForm(StrEnum):
    """The wire form a post was read from."""

    V2_STREAM = "v2_stream"
    """API v2, one line of the filtered stream: ``{"data": {...}, "includes": {...}}``."""
    V2_RESPONSE = "v2_response"
    """API v2, a look-up or search response with a list under ``data``."""
    V1_STATUS = "v1_status"
    """API v1.1 status: ``text`` or ``full_text``, ``extended_tweet``, ``retweeted_status``."""
    ENTERPRISE_ORIGINAL = "enterprise_original"
    """Gnip / enterprise "original format": v1.1 with ``matching_rules`` and string IDs."""
    JETSTREAM = "jetstream"
    """Bluesky, one event of Jetstream: ``{"did": .., "time_us": .., "kind": "commit", "commit": {...}}``."""
    ARCHIVE = "archive"
    """A row of a CSV or JSONL archive, through a column mapping."""
    CANONICAL = "canonical"
    """This very schema, as Vigie writes it."""


class TweetKind(StrEnum):
    """What sort of post it is."""

    POST = "post"
    REPLY = "reply"
    RETWEET = "retweet"
    QUOTE = "quote"


class Tweet(Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True):
    """One public post, in the only form the pipeline knows."""

    id: str
    """The platform's ID of the post: a number of X's, the `at://` address of a post of Bluesky."""
    created_at_ms: int
    """When it was posted (event time), epoch milliseconds."""
    text: str
    """The full text, HTML entities decoded. For a retweet, the text of the original."""
    platform: str = "x"
    """Where it was posted: `x` unless a source says otherwise, such as `bluesky`."""
    kind: TweetKind = TweetKind.POST
    """Post, reply, retweet or quote."""
    author_id: str | None = None
    """The platform's ID of the author, when the payload names one."""
    author_handle: str | None = None
    """The author's handle without `@`, when known."""
    author_followers: int = 0
    """Followers of the author when the payload was made; 0 when unknown."""
    lang: str | None = None
    """BCP 47 language as the platform guessed it; `und` and absent are the same: none."""
    conversation_id: str | None = None
    """ID of the post that began the thread."""
    in_reply_to_id: str | None = None
    """ID of the post this one answers."""
    in_reply_to_handle: str | None = None
    """Handle (without `@`) of the account this one answers; of Bluesky its DID."""
    referenced_id: str | None = None
    """ID of the post that this one retweets or quotes."""
    engagement: int = 0
    """Retweets + replies + likes + quotes as counted in the payload."""
    hashtags: tuple[str, ...] = ()
    """Hashtags without `#`, as written, from the payload's entities; empty when it had none."""
    mentions: tuple[str, ...] = ()
    """Handles without `@`, as written, from the payload's entities; of Bluesky the DIDs of their accounts as well."""
    cashtags: tuple[str, ...] = ()
    """Cashtags without `$`, as written, from the payload's entities."""
    urls: tuple[str, ...] = ()
    """Expanded URLs where the payload has them, else as written."""
    truncated: bool = False
    """The payload holds only the beginning of the text."""
    source_form: SourceForm = SourceForm.CANONICAL
    """The wire form it was read from."""
