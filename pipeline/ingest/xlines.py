"""What the lines of a stream of X are: posts and notices with their keys, X's words about the stream itself, the rest.

ADR: a line is looked at no further than its key needs, and passed on as it came. What is no JSON, or names nothing, is
passed on as well, without a key: enrich makes a dead letter of it, that can be looked at. Only what X says of the
stream itself (``errors``, or a problem, and no ``data``) is not: it is the end of the connection
(https://docs.x.com/x-api/fundamentals/handling-disconnections, 2026). Errors beside data are about parts of a post, and
new kinds of messages may come at any time, says X: neither ends anything.

ADR: the key is the ID of the post, or of what a notice is about, so that duplicates of a post, and its deletion after
it, meet in one partition.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import msgspec

from pipeline.formats import compliance
from pipeline.formats.fields import platform_id
from pipeline.formats.outcome import ComplianceKind, FormError
from pipeline.formats.times import snowflake_ms

__all__ = ["Lines", "Problem", "ProblemKind", "notices", "posts", "problem"]

Keyed = tuple[bytes | None, bytes]
"""A line and its key."""

_LONGEST_ID: Final = 64
_LONGEST_WORDS: Final = 300


class ProblemKind(StrEnum):
    """What X says is wrong, as far as it matters what one does."""

    OPERATIONAL = "operational"
    """It ends the connection for reasons of its own; come back."""
    TOO_MANY_CONNECTIONS = "too_many_connections"
    """As many connections as the plan allows are open."""
    USAGE_CAP = "usage_cap"
    """All that is paid for has been sent."""
    RATE_LIMIT = "rate_limit"
    """Too many requests."""
    OTHER = "other"
    """Anything else."""


_KINDS: Final = {
    "operational-disconnect": ProblemKind.OPERATIONAL,
    "streaming-connection": ProblemKind.TOO_MANY_CONNECTIONS,
    "usage-capped": ProblemKind.USAGE_CAP,
    "credits-depleted": ProblemKind.USAGE_CAP,
    "rate-limit-exceeded": ProblemKind.RATE_LIMIT,
}
"""By the last part of a problem's ``type`` (https://docs.x.com/x-api/fundamentals/response-codes-and-errors)."""
_TITLES: Final = {
    "operational-disconnect": ProblemKind.OPERATIONAL,
    "UsageCapExceeded": ProblemKind.USAGE_CAP,
    "CreditsDepleted": ProblemKind.USAGE_CAP,
}


@dataclass(frozen=True, slots=True)
class Problem:
    """An error of X, in its own words."""

    kind: ProblemKind
    title: str = ""
    detail: str = ""

    def __str__(self) -> str:
        """Return its words, as far as there are any."""
        parts = [part for part in (self.title, self.detail) if part]
        return ": ".join(dict.fromkeys(parts)) or "no reason given"


@dataclass(slots=True)
class Lines:
    """What some lines of a stream hold."""

    keyed: list[Keyed]
    """What is to be stored, in order, each with its key."""
    newest_ms: int | None = None
    """The time of the last of them that has one: of a post by its ID, of a notice its event's. Epoch milliseconds;
    it is what the line says, and may be anything."""
    problem: Problem | None = None
    """What X said of the stream itself, at last."""
    problems: int = 0
    """In how many lines it did."""


class _Data(msgspec.Struct, gc=False):
    id: str


class _Post(msgspec.Struct, gc=False):
    data: _Data


_post = msgspec.json.Decoder(_Post)
_any = msgspec.json.Decoder()


def posts(lines: Sequence[bytes]) -> Lines:
    r"""Say what lines of the filtered stream are.

    >>> posts([b'{"data":{"id":"569318041890627585","text":"late"}}', b'{"data":', b'{"errors":[{"title":"gone"}]}'])
    ... # doctest: +NORMALIZE_WHITESPACE
    Lines(keyed=[(b'569318041890627585', b'{"data":{"id":"569318041890627585","text":"late"}}'), (None, b'{"data":')],
          newest_ms=1424570973261, problem=Problem(kind=<ProblemKind.OTHER: 'other'>, title='gone', detail=''),
          problems=1)
    """
    keyed: list[Keyed] = []
    found = Lines(keyed)
    read, newest = _post.decode, None
    for line in lines:
        try:
            newest = read(line).data.id
            key: bytes | None = newest.encode() if 0 < len(newest) <= _LONGEST_ID else None
        except (msgspec.MsgspecError, ValueError, RecursionError):
            document = _document(line)
            if _is_problem(found, document):
                continue
            key = _odd_key(document)
        keyed.append((key, line))
    if newest is not None:
        found.newest_ms = snowflake_ms(newest)
    return found


def notices(lines: Sequence[bytes]) -> Lines:
    """Say what lines of a compliance stream are; the key is the post's ID, or that of the account it is about.

    >>> notices([b'{"data":{"delete":{"tweet":{"id":"5","author_id":"7"}}}}']).keyed
    [(b'5', b'{"data":{"delete":{"tweet":{"id":"5","author_id":"7"}}}}')]
    """
    found = Lines([])
    for line in lines:
        document = _document(line)
        if _is_problem(found, document):
            continue
        key, time_ms = _notice(document)
        if time_ms is not None:
            found.newest_ms = time_ms
        found.keyed.append((key, line))
    return found


def problem(value: object) -> Problem:
    """Read an error of X, from an answer's body or a line; anything gives one.

    >>> print(problem({"title": "ConnectionException", "connection_issue": "TooManyConnections"}))
    ConnectionException
    """
    payload = value if type(value) is dict else {}
    errors = payload.get("errors")
    inner = errors[0] if type(errors) is list and errors and type(errors[0]) is dict else {}
    title, detail = (_words(payload.get(name)) or _words(inner.get(name)) for name in ("title", "detail"))
    if not detail or detail == title:
        detail = _words(inner.get("message")) or detail
    kinds = [_kind(each) for each in (payload, inner)]
    return Problem(next((kind for kind in kinds if kind is not ProblemKind.OTHER), ProblemKind.OTHER), title, detail)


def _kind(payload: Mapping[str, Any]) -> ProblemKind:
    if payload.get("connection_issue") == "TooManyConnections":
        return ProblemKind.TOO_MANY_CONNECTIONS
    if "disconnect_type" in payload:
        return ProblemKind.OPERATIONAL
    named, title = payload.get("type"), payload.get("title")
    kind = _KINDS.get(named.rpartition("/")[2]) if type(named) is str else None
    return kind or (_TITLES.get(title) if type(title) is str else None) or ProblemKind.OTHER


def _words(value: object) -> str:
    """Return a text of X's as one line of bounded length."""
    if type(value) is not str:
        return ""
    return "".join(char if char.isprintable() else " " for char in value[:_LONGEST_WORDS]).strip()


def _document(line: bytes) -> object:
    """Return a line's JSON value; none of what is no JSON."""
    try:
        return _any.decode(line)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def _is_problem(found: Lines, document: object) -> bool:
    """Note what X says of the stream itself. Returns whether that is what it is."""
    if type(document) is not dict or document.get("data"):
        return False
    if not ("errors" in document or "connection_issue" in document or ("title" in document and "type" in document)):
        return False
    found.problem = problem(document)
    found.problems += 1
    return True


def _odd_key(document: object) -> bytes | None:
    data = document.get("data") if type(document) is dict else None
    known = platform_id(data.get("id")) if type(data) is dict else None
    return known.encode() if known else None


def _notice(document: object) -> tuple[bytes | None, int | None]:
    data = document.get("data", document) if type(document) is dict else None
    if type(data) is not dict:
        return None, None
    named = compliance.name_of(data)
    if named is None:
        return _account(data), None
    try:
        notice = compliance.notice(data, named)
    except FormError:
        return None, None
    of_account = notice.kind is ComplianceKind.SCRUB_GEO or named.startswith("user_")
    ids = (notice.user_id, notice.tweet_id) if of_account else (notice.tweet_id, notice.user_id)
    key = next((known for known in ids if known), None)
    return key.encode() if key else None, notice.time_ms


def _account(data: Mapping[str, Any]) -> bytes | None:
    """Return the account of a message that asks nothing of us (`user_profile_modification`)."""
    for message in data.values():
        if type(message) is dict and type(user := message.get("user")) is dict:
            known = platform_id(user.get("id"))
            return known.encode() if known else None
    return None
