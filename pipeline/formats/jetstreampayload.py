"""What is read of an event of Jetstream. Every field may be absent, and the rest of the event is passed over.

https://github.com/bluesky-social/jetstream, https://atproto.com/lexicons/app-bsky-feed
"""

from __future__ import annotations

from msgspec import Struct

from pipeline.formats.times import MAX_TIME_MS
from pipeline.formats.typed import Count

__all__ = ["Account", "Commit", "Embed", "Event", "Facet", "Feature", "Quoted", "Record", "Reference", "Reply", "Slice"]


class Slice(Struct, gc=False, rename="camel"):
    """A part of a text, in bytes of its UTF-8."""

    byte_start: Count = None
    byte_end: Count = None


class Feature(Struct, gc=False):
    """What a part of a text is: a mention has a DID, a link an address, a hashtag a tag."""

    did: str | None = None
    uri: str | None = None
    tag: str | None = None


class Facet(Struct, gc=False):
    """A part of a text that is more than text."""

    index: Slice | None = None
    features: list[Feature] | None = None


class Reference(Struct, gc=False):
    """A record that another one refers to."""

    uri: str | None = None


class Reply(Struct, gc=False):
    """What a post answers."""

    root: Reference | None = None
    parent: Reference | None = None


class Quoted(Struct, gc=False):
    """A record that is shown in a post: itself, or in a record of its own when there are pictures as well."""

    uri: str | None = None
    record: Reference | None = None


class Media(Struct, gc=False):
    """What is shown beside a quoted record."""

    external: Reference | None = None


class Embed(Struct, gc=False):
    """What is shown with a post."""

    record: Quoted | None = None
    external: Reference | None = None
    media: Media | None = None


class Record(Struct, gc=False, rename="camel"):
    """A post."""

    text: str | None = None
    created_at: str | None = None
    langs: list[str] | None = None
    tags: list[str] | None = None
    facets: list[Facet] | None = None
    reply: Reply | None = None
    embed: Embed | None = None


class Commit(Struct, gc=False):
    """A change of a record."""

    operation: str | None = None
    collection: str | None = None
    rkey: str | None = None
    record: Record | None = None


class Account(Struct, gc=False):
    """How an account stands."""

    active: bool | None = None
    status: str | None = None


class Event(Struct, gc=False):
    """An event."""

    did: str | None = None
    time_us: Count = None
    kind: str | None = None
    commit: Commit | None = None
    account: Account | None = None

    @property
    def seen_ms(self) -> int | None:
        """When the server saw it, epoch milliseconds; none when it does not say, or nothing that can be."""
        if self.time_us is None or not 0 <= self.time_us // 1000 <= MAX_TIME_MS:
            return None
        return self.time_us // 1000
