"""One connection to a stream of X, from the request to its end, and what its end means.

ADR: aiohttp unpacks what comes. Doing that ourselves would save 2 to 4 of the about 10 microseconds that receiving,
unpacking and cutting into lines take a post; it reads in pieces of a megabyte instead of 64 KiB, which saves as much.

ADR: X sends at least an empty line every 20 seconds. A connection that is silent for a little longer is dead, whatever
TCP says; so is one on which bytes trickle that end no line.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Protocol

import aiohttp
import orjson

from agents.ingest.sources.x.clock import XClock
from agents.ingest.telling import network_trouble
from pipeline.ingest.backoff import Failure
from pipeline.ingest.coverage import GapReason
from pipeline.ingest.framing import LineBuffer
from pipeline.ingest.xlines import Problem, ProblemKind, problem

__all__ = ["READ_BYTES", "Ended", "Hearer", "Patience", "Request", "listen", "refused"]

READ_BYTES = 1 << 20
"""How much of what was unpacked waits to be read before nothing more is received; twice that at most."""
_MOST_OF_AN_ERROR = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long what may take."""

    stall_s: float = 22.0
    """Silence of a connection after which it is dead. X sends something every 20 seconds at least, as a rule on the
    dot: https://docs.x.com/x-api/fundamentals/consuming-streaming-data (2026)."""
    answer_s: float = 30.0
    """From the request to the beginning of an answer."""
    connect_s: float = 10.0
    """For a connection, without TLS."""
    piece_s: float = 5.0
    """How often what cannot be sent again any more is recorded, while there is no connection."""
    mark_s: float = 1.0
    """How often it is marked how far the stream was heard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked for."""

    url: str
    headers: Mapping[str, str]
    query: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a connection ended, or why there was none."""

    failure: Failure
    """By which one waits before the next."""
    reason: GapReason
    """Why posts are missing, should any be."""
    label: str
    """The same as one of a few words, for a metric."""
    words: str
    """The same for people."""
    reset_s: float | None = None
    """In how many seconds X takes requests again, when it says so."""
    status: int | None = None
    """Of an answer that was an error."""


class Hearer(Protocol):
    """What a connection is heard with."""

    async def connected(self) -> None:
        """X has answered, and the stream begins."""

    async def said(self, lines: Sequence[bytes], beats: int) -> Problem | None:
        """Take lines and a number of empty ones, at least one of either. Returns what makes this the end."""

    def halved(self) -> None:
        """Note that the connection ended in the middle of a line, which is never passed on."""


async def listen(
    session: aiohttp.ClientSession, request: Request, hearer: Hearer, clock: XClock, patience: Patience
) -> Ended:
    """Connect, and have a stream heard until it ends. Raises nothing but what the hearer raises."""
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=patience.connect_s, sock_read=patience.stall_s)
    connected = False
    try:
        async with (
            asyncio.timeout(patience.answer_s) as limit,
            session.get(
                request.url,
                params=request.query,
                headers=request.headers,
                timeout=timeout,
                allow_redirects=False,
                read_bufsize=READ_BYTES,
            ) as response,
        ):
            clock.answered(response.headers.get("Date"), is_error=response.status != HTTPStatus.OK)
            if response.status != HTTPStatus.OK:
                return refused(response, await _error_of(response), clock)
            limit.reschedule(None)
            connected = True
            await hearer.connected()
            return await _read(response, hearer, clock, patience)
    except (aiohttp.ClientError, OSError) as exc:
        if connected and isinstance(exc, TimeoutError):
            return _stalled(patience.stall_s)
        return _broken(network_trouble(exc))


async def _read(response: aiohttp.ClientResponse, hearer: Hearer, clock: XClock, patience: Patience) -> Ended:
    buffer = LineBuffer()
    heard_s = clock.monotonic()
    try:
        async for chunk in response.content.iter_any():
            before = buffer.keepalives
            lines = buffer.feed(chunk)
            beats = buffer.keepalives - before
            now_s = clock.monotonic()
            if lines or beats:
                heard_s = now_s
                said = await hearer.said(lines, beats)
                if said is not None:
                    return _disconnected(said)
            elif now_s - heard_s > patience.stall_s:
                return _stalled(patience.stall_s)
    finally:
        if buffer.rest():
            hearer.halved()
    return Ended(
        failure=Failure.NETWORK,
        reason=GapReason.DISCONNECTED,
        label="closed",
        words="X has ended the connection",
    )


def _stalled(stall_s: float) -> Ended:
    return Ended(
        failure=Failure.NETWORK,
        reason=GapReason.STALLED,
        label="stalled",
        words=f"nothing came for {stall_s:g} s, not even a keep-alive",
    )


def _broken(words: str) -> Ended:
    return Ended(failure=Failure.NETWORK, reason=GapReason.DISCONNECTED, label="network", words=words)


def _disconnected(said: Problem) -> Ended:
    """Return what X's word on a stream means. As with an answer, too much of anything is waited out."""
    if said.kind in (ProblemKind.OPERATIONAL, ProblemKind.OTHER):
        label = "operational" if said.kind is ProblemKind.OPERATIONAL else "problem"
        return Ended(
            failure=Failure.NETWORK,
            reason=GapReason.DISCONNECTED,
            label=label,
            words=f"X ends the connection: {said}",
        )
    return Ended(
        failure=Failure.RATE_LIMIT,
        reason=GapReason.RATE_LIMITED,
        label=_label_of_limit(said),
        words=f"X ends the connection: {said}{_advice(said)}",
    )


def refused(response: aiohttp.ClientResponse, said: Problem, clock: XClock) -> Ended:
    """Return what an answer means that is no stream."""
    status = response.status
    words = f"X answers {status}{_phrase(status)}: {said}{_advice(said)}"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Ended(
            failure=Failure.RATE_LIMIT,
            reason=GapReason.RATE_LIMITED,
            label=_label_of_limit(said),
            words=words,
            reset_s=_reset_s(response.headers, said, clock),
            status=status,
        )
    refused = status < HTTPStatus.INTERNAL_SERVER_ERROR
    return Ended(
        failure=Failure.HTTP,
        reason=GapReason.REFUSED if refused else GapReason.DISCONNECTED,
        label="refused" if refused else "server_error",
        words=words,
        status=status,
    )


def _label_of_limit(said: Problem) -> str:
    known = (ProblemKind.TOO_MANY_CONNECTIONS, ProblemKind.USAGE_CAP)
    return said.kind.value if said.kind in known else "rate_limited"


def _advice(said: Problem) -> str:
    if said.kind is ProblemKind.TOO_MANY_CONNECTIONS:
        return " (another process is connected with this app, or X has not noticed yet that it has gone)"
    if said.kind is ProblemKind.USAGE_CAP:
        return " (X sends nothing more until the next period, or until you have agreed on more)"
    return ""


def _reset_s(headers: Mapping[str, str], said: Problem, clock: XClock) -> float | None:
    """Read when requests are taken again, where it is these that there were too many of.

    Too many connections, or posts, are a 429 as well, with headers that tell of requests all the same.
    """
    if said.kind in (ProblemKind.TOO_MANY_CONNECTIONS, ProblemKind.USAGE_CAP):
        return None
    if headers.get("x-rate-limit-remaining", "0").strip() != "0":
        return None
    reset = headers.get("x-rate-limit-reset", "").strip()
    if not (reset.isascii() and reset.isdigit() and len(reset) <= 12):
        return None
    return int(reset) - clock.now_ms() / 1000


async def _error_of(response: aiohttp.ClientResponse) -> Problem:
    body: Any = None
    try:
        read = bytearray()
        while len(read) < _MOST_OF_AN_ERROR and (part := await response.content.read(_MOST_OF_AN_ERROR - len(read))):
            read += part
        body = orjson.loads(bytes(read))
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
        pass  # the status says enough
    return problem(body)


def _phrase(status: int) -> str:
    try:
        return f" ({HTTPStatus(status).phrase})"
    except ValueError:
        return ""
