"""Bluesky: an event of Jetstream, as its server sends them, one JSON object each.

``{"did": "did:plc:…", "time_us": 1725911162329308, "kind": "commit", "commit": {"operation": "create", "collection":
"app.bsky.feed.post", "rkey": "3l3…", "record": {"text": …, "createdAt": …, …}}}``, and the kinds ``account`` and
``identity``. https://github.com/bluesky-social/jetstream, https://atproto.com/lexicons/app-bsky-feed

ADR: what is read, and what is not
----------------------------------
A post is a record of the collection `app.bsky.feed.post`; its ID is its address, ``at://<account>/<collection>/<key>``.
Accounts are named by DID: who answers whom is a DID, too, and in a mention the text has the handle and the facet the
DID, so both are kept. A repost is a record of another collection that holds no text, nothing but an address, and so
nothing by which a brand could be found: reposts, likes and all other collections are passed over. Nor does an event
say how many followers or likes there are.

ADR: when a post was made
-------------------------
``createdAt`` is what the author's program claims: it may be years off in either direction. ``time_us`` is when the
server saw the post, and so when others could. So the latter is the event time; it never goes back, and nothing of a
stream is late. But a post that claims to be more than a day older than that, which no wrong clock or time zone makes
it, is one of before that somebody brings along from elsewhere: it keeps its own date, so it counts as late and
is no talk of today. Whoever backdates a post so as not to be noticed here is at the bottom of every other list by date
as well: Bluesky sorts by the earlier of the two.

ADR: what is taken back
-----------------------
==============================  =======================================================================================
deleted post                    `delete`
changed post                    the post, for it may be the first that is heard of it (else it is a duplicate, by its
                                ID), and `drop`: what stood there before is taken back, and has the same ID. So a post
                                that is changed is counted, once, and named no more
account deleted                 `user_delete`
taken down, suspended           `user_suspend`
deactivated, or not active for  `user_protect`: it is not to be shown while that lasts
a reason that nobody knows yet
desynchronized, throttled       nothing: servers that cannot keep up with each other, not people
active again                    nothing: what it posts from now on is named again by itself
==============================  =======================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from msgspec.json import Decoder

from pipeline.formats import fields, typed
from pipeline.formats.jetstreampayload import Account, Commit, Embed, Event, Record, Reference, Slice
from pipeline.formats.outcome import ComplianceKind, ComplianceNotice, FormError
from pipeline.formats.times import time_ms
from pipeline.postid import BLUESKY, POSTS_OF_BLUESKY, bluesky_uri, is_did, parts_of_bluesky
from schemas.deadletter import DeadLetterReason
from schemas.tweet import SourceForm, Tweet, TweetKind

__all__ = ["Event", "Found", "event_of", "line", "looks_like", "read"]

_DAY_MS = 24 * 3_600_000
_GONE = {
    "deleted": ComplianceKind.USER_DELETE,
    "takendown": ComplianceKind.USER_SUSPEND,
    "suspended": ComplianceKind.USER_SUSPEND,
}
_OF_SERVERS = ("desynchronized", "throttled")


class Found(NamedTuple):
    """What an event holds. At least one of these is there."""

    tweet: Tweet | None = None
    notice: ComplianceNotice | None = None
    ignored: str | None = None
    """Why it asks nothing of us, in a word."""


_decode = Decoder(Event).decode


def looks_like(payload: Mapping[str, Any]) -> bool:
    """Say whether an object is an event."""
    return "kind" in payload and "did" in payload and "time_us" in payload


def line(value: bytes) -> Event | None:
    """Return an event straight from its bytes; none says only that it has to be looked at as JSON."""
    try:
        return _decode(value)
    except Exception:  # noqa: BLE001 - what is wrong with it is told on the other way
        return None


def event_of(payload: Mapping[str, Any]) -> Event:
    """Return an event from a JSON object; what is of a wrong type is absent."""
    return typed.of(Event, payload)


def read(event: Event) -> Found:
    """Read an event.

    Raises
    ------
    FormError
        It is of no known kind, or does not name a post or an account (`bad_field`), or a post has no text
        (`missing_field`) or no time (`no_time`).
    """
    match event.kind:
        case "commit":
            return _commit(event, event.commit or Commit())
        case "account":
            return _account(event, event.account or Account())
        case "identity":
            return Found(ignored="identity")
        case _:
            raise FormError(DeadLetterReason.UNKNOWN_FORM, "a Jetstream event of no known kind")


def _commit(event: Event, commit: Commit) -> Found:
    if commit.collection != POSTS_OF_BLUESKY:
        return Found(ignored="collection")
    uri = bluesky_uri(event.did, commit.rkey)
    if uri is None or len(uri) > fields.MAX_NAME:
        raise FormError(DeadLetterReason.BAD_FIELD, "did and rkey are not those of a post")
    match commit.operation:
        case "create":
            return Found(_tweet(event, commit.record or Record(), uri))
        case "update":
            changed = _notice(event, ComplianceKind.DROP, uri)
            return Found(_tweet(event, commit.record or Record(), uri), changed)
        case "delete":
            return Found(notice=_notice(event, ComplianceKind.DELETE, uri))
        case _:
            raise FormError(DeadLetterReason.BAD_FIELD, "operation is none of create, update, delete")


def _account(event: Event, account: Account) -> Found:
    if not is_did(event.did):
        raise FormError(DeadLetterReason.BAD_FIELD, "did is not that of an account")
    if account.active is not False or account.status in _OF_SERVERS:
        return Found(ignored="account")
    return Found(notice=_notice(event, _GONE.get(account.status or "", ComplianceKind.USER_PROTECT)))


def _notice(event: Event, kind: ComplianceKind, tweet_id: str | None = None) -> ComplianceNotice:
    return ComplianceNotice(kind=kind, tweet_id=tweet_id, user_id=event.did, time_ms=event.seen_ms, platform=BLUESKY)


def _tweet(event: Event, record: Record, uri: str) -> Tweet:
    text, cut = fields.bounded_text(fields.required_text(record.text, "text"))
    created_at_ms = _created_at_ms(event, record)
    reply, quoted = record.reply, _quoted(record.embed)
    parent = _post_uri(reply.parent) if reply is not None else None
    root = _post_uri(reply.root) if reply is not None else None
    handles, hashtags, links = _facets(record, text)
    answered = parts_of_bluesky(parent) if parent is not None else None
    return Tweet(
        id=uri,
        created_at_ms=created_at_ms,
        text=text,
        platform=BLUESKY,
        kind=TweetKind.QUOTE if quoted is not None else TweetKind.POST if reply is None else TweetKind.REPLY,
        author_id=event.did,
        lang=fields.language(record.langs[0]) if record.langs else None,
        conversation_id=root or parent or (uri if reply is None else None),
        in_reply_to_id=parent,
        in_reply_to_handle=answered[0] if answered is not None else None,
        referenced_id=quoted,
        hashtags=hashtags,
        mentions=handles,
        urls=links,
        truncated=cut,
        source_form=SourceForm.JETSTREAM,
    )


def _created_at_ms(event: Event, record: Record) -> int:
    seen_ms, said_ms = event.seen_ms, time_ms(record.created_at)
    if seen_ms is None:
        if said_ms is None:
            raise FormError(DeadLetterReason.NO_TIME, "no readable time_us or createdAt")
        return said_ms
    return seen_ms if said_ms is None or said_ms > seen_ms - _DAY_MS else said_ms


def _post_uri(reference: Reference | None) -> str | None:
    """Return the ID of a post that is referred to, if it is one: lists, feeds and accounts are shown in posts, too."""
    uri = reference.uri if reference is not None else None
    return uri if uri is not None and len(uri) <= fields.MAX_NAME and parts_of_bluesky(uri) is not None else None


def _quoted(embed: Embed | None) -> str | None:
    shown = embed.record if embed is not None else None
    if shown is None:
        return None
    return _post_uri(shown.record) or _post_uri(Reference(shown.uri))


def _facets(record: Record, text: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return handles with the DIDs of their accounts, hashtags, and links."""
    dids: list[str | None] = []
    handles: list[str | None] = []
    hashtags: list[str | None] = []
    links: list[tuple[str | None, ...]] = []
    written = text.encode("utf-8", "replace") if record.facets else b""
    for facet in (record.facets or ())[: fields.MAX_ENTITIES]:
        for feature in (facet.features or ())[:4]:
            if feature.did is not None and is_did(feature.did):
                dids.append(feature.did)
                handles.append(_handle(written, facet.index))
            if feature.tag is not None:
                hashtags.append(feature.tag.removeprefix("#"))
            if feature.uri is not None:
                links.append((feature.uri,))
    links += [(card.uri,) for card in _cards(record.embed)]
    tags = [tag.removeprefix("#") for tag in (record.tags or ())[: fields.MAX_ENTITIES]]
    return (
        fields.merged(fields.names(handles), fields.names(dids)),
        fields.merged(fields.names(hashtags), fields.names(tags)),
        fields.urls(links),
    )


def _cards(embed: Embed | None) -> list[Reference]:
    """Return the pages that are shown with a post."""
    if embed is None:
        return []
    found = (embed.external, embed.media.external if embed.media is not None else None)
    return [card for card in found if card is not None]


def _handle(written: bytes, index: Slice | None) -> str | None:
    """Return the handle that a text has at a place, which is told in bytes and may be anywhere."""
    if index is None or index.byte_start is None or index.byte_end is None:
        return None
    if not 0 <= index.byte_start < index.byte_end <= len(written):
        return None
    part = written[index.byte_start : index.byte_end]
    return fields.handle(part.decode()) if part.startswith(b"@") and part.isascii() else None
