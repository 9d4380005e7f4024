"""As what something is in a record, topic by topic."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from agents.compliance.leaves import Leaf, Path, in_leaf, leaves
from agents.compliance.rules import What
from agents.compliance.sought import Search, Sought, SoughtKind, is_no_chance
from agents.compliance.states import Section, unpacked
from agents.settings import Settings
from agents.topics import BRAND_STATE, NOTIFY_STATE, SOURCE_CLOCK, changelog
from pipeline.formats import Parsed, parse
from pipeline.formats.outcome import FormError
from pipeline.formats.wire import load
from pipeline.tracker import clock_key
from schemas.codec import JSONDecodeError, decode

__all__ = ["Anatomy", "anatomies", "named_in"]

Record: TypeAlias = Any
"""An aiokafka ``ConsumerRecord[bytes, bytes]`` (which ships no types)."""

_PHRASE_WORDS = 2
_EVENT = re.compile(rb"time_us|rkey")
"""What is written in an event of Jetstream, however it is wrapped, its quotation marks perhaps escaped."""
_OF_A_MENTION = ("id", "tweet_id", "author", "brand", "platform")
_TALK = ("concerns", "hashtags")


class _Document(NamedTuple):
    """A JSON value of a record, and as what something at a place in it is there."""

    value: Any
    what: Callable[[Path, Sought], What]


class Anatomy(NamedTuple):
    """How the records of a topic are taken apart."""

    pieces: Callable[[Record], list[str]]
    """All that the value holds, as text."""
    documents: Callable[[Record], Iterable[_Document]]
    """What of it can be read."""
    otherwise: What = What.ELSEWHERE
    """What is in a record and in nothing that can be read of it."""
    accounts: bool = False
    """Whether accounts are named by their own IDs."""


def named_in(record: Record, anatomy: Anatomy, search: Search) -> set[tuple[Sought, What]]:
    """Return what is looked for and in a record, and as what."""
    edges = [_text(record.key), *(text for name, value in record.headers for text in (name, _text(value)))]
    pieces = [*edges, *anatomy.pieces(record)]
    suspects = search.within(pieces)
    if not suspects:
        return set()
    found = {
        (one, _phrase(leaf, one) or document.what(leaf.path, one))
        for document in anatomy.documents(record)
        for leaf in leaves(document.value)
        for one in in_leaf(leaf, search, accounts=anatomy.accounts)
    }
    key = in_leaf(Leaf(("key",), edges[0]), search, accounts=anatomy.accounts)
    unread = {one for one in suspects if is_no_chance(one, pieces)}
    known = {one for one, _ in found}
    return found | {(one, anatomy.otherwise) for one in (key | unread) - known}


def _phrase(leaf: Leaf, one: Sought) -> What | None:
    """Tell a key phrase from a text: it is what mentions are counted by, and names nobody."""
    if one.kind is not SoughtKind.TEXT or isinstance(leaf.value, int) or len(leaf.value.split()) > _PHRASE_WORDS:
        return None
    return What.PHRASE if "text" not in leaf.path else None


def _text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", "replace")


def _plain(record: Record) -> list[str]:
    return [_text(record.value)]


def _json(value: bytes | None) -> Any:
    try:
        return decode(value or b"")
    except JSONDecodeError:
        return None


# -- what X sent -----------------------------------------------------------------------------------------


def _payload(record: Record) -> Iterator[_Document]:
    value = record.value or b""
    try:
        document = load(value, len(value))
    except FormError:
        return
    parsed = parse(value, max_bytes=len(value))
    ids, users = _identities(parsed)
    noticed = {SoughtKind.ID: set[str](), SoughtKind.USER: set[str](), SoughtKind.TEXT: set[str]()}
    for notice in parsed.compliance:
        noticed[SoughtKind.ID].update(notice.earlier_ids, [notice.tweet_id or ""])
        noticed[SoughtKind.USER].add(notice.user_id or "")
    posted = {tweet.id for tweet in parsed.tweets} | {tweet.author_id for tweet in parsed.tweets}

    def what(_path: Path, one: Sought) -> What:
        return What.NOTICE if one.value in noticed[one.kind] - posted else What.POST

    yield _Document(document, what)
    yield _Document({"ids": ids, "user_ids": users}, what)


def _raw(record: Record) -> list[str]:
    """Return a payload, and the IDs in it that it does not write as they are: those of Bluesky are put together."""
    pieces, value = _plain(record), record.value or b""
    if _EVENT.search(value):
        for identities in _identities(parse(value, max_bytes=len(value))):
            pieces += identities
    return pieces


def _identities(parsed: Parsed) -> tuple[list[str], list[str]]:
    """Return the IDs of all posts and accounts that a payload is about or refers to."""
    ids = [
        name
        for tweet in parsed.tweets
        for name in (tweet.id, tweet.conversation_id, tweet.in_reply_to_id, tweet.referenced_id)
    ]
    users = [tweet.author_id for tweet in parsed.tweets]
    for notice in parsed.compliance:
        ids += [notice.tweet_id, *notice.earlier_ids]
        users.append(notice.user_id)
    return [name for name in ids if name], [name for name in users if name]


# -- what we make of it ----------------------------------------------------------------------------------


def _mention(record: Record) -> Iterator[_Document]:
    document = _json(record.value)
    is_erasure = isinstance(document, dict) and document.get("type") == "erasure"

    def what(path: Path, _one: Sought) -> What:
        if is_erasure:
            return What.NOTICE
        if path[:1] == ("text",):
            return What.TEXT
        return What.MENTION if path[:1] and path[0] in _OF_A_MENTION else What.REFERENCE

    yield _Document(document, what)


def _event(record: Record) -> Iterator[_Document]:
    yield _Document(_json(record.value), _in_event)


def _in_event(path: Path, _one: Sought) -> What:
    names = [name for name in path if isinstance(name, str)]
    if "authors" in names:
        return What.AUTHOR
    if "questions" in names:
        return What.QUESTION
    if "voice" in names:
        return What.OWN_POST
    if any(name in names for name in _TALK):
        return What.CONCERN
    return What.EXEMPLAR if "exemplars" in names else What.ELSEWHERE


def _anything(record: Record) -> Iterator[_Document]:
    yield _Document(_json(record.value), lambda _path, _one: What.ELSEWHERE)


# -- state -----------------------------------------------------------------------------------------------


def _unpacked(record: Record) -> list[str]:
    return [_text(section.data) for section in unpacked(record.value or b"")]


def _brand(record: Record) -> Iterator[_Document]:
    if _text(record.key) == clock_key(record.partition):
        yield from (_Document(_json(section.data), _remembered) for section in unpacked(record.value or b""))
        return
    for section in unpacked(record.value or b""):
        yield _Document(_json(section.data), _in_state(section))


def _remembered(_path: Path, _one: Sought) -> What:
    return What.NOTICE


def _in_state(section: Section) -> Callable[[Path, Sought], What]:
    def what(path: Path, _one: Sought) -> What:
        if section.name == "authors":
            return What.AUTHOR
        if section.name == "situation":
            return What.OWN_POST if section.part else What.QUESTION
        if section.name == "detector":
            return What.CONCERN if path[:1] == ("talk",) else What.EXEMPLAR
        match path:
            case ("open", int(), 1, int(place), *_) if section.name == "core":
                return _OPEN.get(place, What.ELSEWHERE)
            case _:
                return What.ELSEWHERE

    return what


_OPEN: Mapping[int, What] = {
    4: What.EXEMPLAR,
    5: What.CONCERN,
    6: What.QUESTION,
    7: What.OWN_POST,
    8: What.AUTHOR,
}
"""Fields of an open bucket (`pipeline.openbucket`)."""


def _untold(record: Record) -> Iterator[_Document]:
    yield _Document(_json(record.value), lambda _path, _one: What.UNTOLD)


def anatomies(settings: Settings) -> Mapping[str, Anatomy]:
    """Return how the records of each of our topics are taken apart."""
    topics = settings.topics
    anything = Anatomy(_plain, _anything)
    payload = Anatomy(_raw, _payload, What.POST, accounts=True)
    return {
        topics.raw: payload,
        topics.compliance: payload,
        topics.deadletters: payload,
        topics.mentions: Anatomy(_plain, _mention),
        topics.windows: anything,
        topics.crises: Anatomy(_plain, _event),
        topics.feedback: anything,
        changelog(settings, "enrich", SOURCE_CLOCK): anything,
        changelog(settings, "track", BRAND_STATE): Anatomy(_unpacked, _brand),
        changelog(settings, "notify", NOTIFY_STATE): Anatomy(_plain, _untold),
    }
