"""A stream of X, followed for good: connections are made, and made again, as X asks for it.

ADR: if X does not take ``backfill_minutes`` (400), the plan has none, and it is left out from then on. What that costs
in gaps is less than a stream that never comes back.

ADR: an answer that means "set up wrong" ends the process only as long as nothing has ever worked. Later it may be X's
mistake, or a token that is about to be replaced, and whoever is gone records no gaps; so it is told, and tried again.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from importlib.metadata import version

import aiohttp

from agents.ingest.contract import Outlet, SourceRefused
from agents.ingest.sources.x.account import MINUTE_MS, Account
from agents.ingest.sources.x.clock import XClock
from agents.ingest.sources.x.connection import Ended, Patience, Request, listen
from agents.ingest.sources.x.hearing import Hearing
from agents.ingest.sources.x.token import TOKEN_SETTING, TokenFile
from agents.ingest.telling import News
from pipeline.ingest.backoff import Backoff, Failure
from pipeline.ingest.coverage import GapReason
from pipeline.ingest.recorded import Recorded
from pipeline.ingest.xlines import Lines

__all__ = ["USER_AGENT", "Follower", "Shared", "Stream"]

logger = logging.getLogger(__name__)

USER_AGENT = f"vigie/{version('vigie')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """What is followed."""

    name: str
    """For people."""
    path: str
    read: Callable[[Sequence[bytes]], Lines]
    """Says what its lines are."""
    query: Mapping[str, str] = field(default_factory=dict)
    of: str = "posts"
    """What is missing in its gaps."""
    connections: int = 1
    """How many at the same time, each with all of it."""
    backfill_minutes: int = 0
    """How far back a connection may begin."""
    advice: str = ""
    """What to look at when X does not allow it (403)."""


@dataclass(slots=True, kw_only=True)
class Shared:
    """What the streams of one source share."""

    api: str
    """Address of X's API."""
    token: TokenFile
    session: aiohttp.ClientSession
    outlet: Outlet
    jitter: Callable[[], float]
    """Returns a number from 0 to 1, which spreads tries."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    clock: XClock = field(default_factory=XClock)
    patience: Patience = field(default_factory=Patience)
    recorded: Recorded = field(default_factory=Recorded)
    told: Recorded = field(default_factory=Recorded)
    """What was told by this machine's clock, and is recorded again once X's is known."""
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the streams may be opened."""
    mark: Callable[[], None] = lambda: None
    """Marks how far all streams have been heard; called when one has been connected."""
    open: int = 0
    """Connections that have said something."""

    def count(self, by: int) -> None:
        """Count a connection that has said something, or has ended."""
        self.open += by
        self.outlet.metrics.connections.set(self.open)


class Follower:
    """Follows one stream. Mutable.

    Parameters
    ----------
    stream : Stream
        What to follow.
    shared : Shared
        With what.
    resumed_ms : int, optional
        Up to when it had been heard when the last run ended; none at the first.
    """

    def __init__(self, stream: Stream, shared: Shared, resumed_ms: int | None) -> None:
        self._stream = stream
        self._shared = shared
        self.account = Account(
            shared.outlet,
            shared.clock,
            of=stream.of,
            recorded=shared.recorded,
            told=shared.told,
            resumed_ms=resumed_ms,
        )
        self._worked = resumed_ms is not None
        self._has_backfill = stream.backfill_minutes > 0
        self._first_speaks = asyncio.Event()
        self._news = News(shared.clock.monotonic)

    def follow(self) -> list[Coroutine[None, None, None]]:
        """Return a coroutine for each connection. They run until cancelled, or raise `SourceRefused`."""
        return [self._keep_open(number) for number in range(self._stream.connections)]

    async def lapse(self) -> None:
        """Record what is lost by now, if there is no connection."""
        await self.account.lapse(self._back_ms)

    @property
    def _back_ms(self) -> int:
        return self._stream.backfill_minutes * MINUTE_MS if self._has_backfill else 0

    def _minutes(self) -> int:
        """Return how far back the next connection has to begin."""
        until_ms, clock = self.account.until_ms, self._shared.clock
        if until_ms is None or not self._has_backfill:
            return 0
        if not clock.known:
            return self._stream.backfill_minutes
        behind = math.ceil((clock.latest_ms() - until_ms) / MINUTE_MS)
        return min(self._stream.backfill_minutes, max(1, behind))

    async def _keep_open(self, number: int) -> None:
        await (self._first_speaks if number else self._shared.ready).wait()
        backoff = Backoff(clock=self._shared.clock.monotonic, jitter=self._shared.jitter)
        while True:
            ended = await self._attempt(backoff)
            if ended is not None:
                wait_s = backoff.after(ended.failure, reset_s=ended.reset_s)
                self._tell(ended, wait_s)
                await self._shared.sleep(wait_s)

    async def _attempt(self, backoff: Backoff) -> Ended | None:
        """Hold one connection until it ends. Returns none when another one should be made at once."""
        shared, minutes = self._shared, self._minutes()
        try:
            token = shared.token.read()
        except ValueError as exc:
            ended = Ended(failure=Failure.HTTP, reason=GapReason.REFUSED, label="refused", words=str(exc))
            return await self._over(None, ended)
        request = Request(
            url=f"{shared.api}{self._stream.path}",
            headers={"Authorization": f"Bearer {token}", "Accept-Encoding": "gzip", "User-Agent": USER_AGENT},
            query={**self._stream.query, **({"backfill_minutes": str(minutes)} if minutes else {})},
        )
        hearing = Hearing(
            self.account,
            shared.outlet,
            shared.clock,
            self._stream.read,
            minutes=minutes,
            on_open=partial(self._opened, minutes),
            on_first=partial(self._spoke, backoff),
        )
        ended = await listen(shared.session, request, hearing, shared.clock, shared.patience)
        await self._over(hearing, ended)
        return None if self._is_mended(ended, token, minutes) else ended

    def _opened(self, minutes: int) -> None:
        self._worked = True
        self._news.over()
        again = f", which sends the last {minutes} minutes again" if minutes else ""
        logger.info("%s: connected to X%s", self._stream.name, again)
        if self._stream.backfill_minutes and not self._has_backfill:
            logger.warning(
                "%s: X takes no backfill_minutes from this app, so what is posted while there is no connection is "
                "missing. Give --backfill 0 if your plan has none",
                self._stream.name,
            )
        self._shared.mark()

    def _spoke(self, backoff: Backoff) -> None:
        backoff.succeeded()
        self._first_speaks.set()
        self._shared.count(1)

    async def _over(self, hearing: Hearing | None, ended: Ended) -> Ended:
        """Keep the account of a connection that has ended, or was not made."""
        self._shared.outlet.metrics.disconnected(ended.label)
        if hearing is None or hearing.held is None:
            await self.account.failed(ended.reason, self._back_ms)
            return ended
        if hearing.has_spoken:
            self._shared.count(-1)
        await self.account.closed(hearing.held, ended.reason)
        return ended

    def _is_mended(self, ended: Ended, token: str, minutes: int) -> bool:
        """Change what X did not like, as far as it is ours to change.

        Raises
        ------
        SourceRefused
            It is not, and nothing has ever worked.
        """
        match ended.status:
            case HTTPStatus.BAD_REQUEST:
                # Once without. If that is refused as well, it was not the parameter.
                self._has_backfill = not minutes and self._stream.backfill_minutes > 0
                if minutes:
                    return True
            case HTTPStatus.UNAUTHORIZED:
                if self._is_rotated(token):
                    return True
            case HTTPStatus.FORBIDDEN | HTTPStatus.NOT_FOUND:
                pass
            case _:
                return False
        if not self._worked:
            raise SourceRefused(self._refusal(ended))
        return False

    def _is_rotated(self, token: str) -> bool:
        try:
            return self._shared.token.read() != token
        except ValueError:
            return False

    def _refusal(self, ended: Ended) -> str:
        match ended.status:
            case HTTPStatus.UNAUTHORIZED:
                hint = f"{TOKEN_SETTING}: put the Bearer token of your app into {self._shared.token.path}"
            case HTTPStatus.FORBIDDEN:
                hint = self._stream.advice
            case HTTPStatus.NOT_FOUND:
                hint = f"x_api (VIGIE_X_API): is {self._shared.api} the address of X's API?"
            case _:
                hint = "see --connections and --backfill of `vigie ingest`, and x_access (VIGIE_X_ACCESS)"
        return f"{self._stream.name}: {ended.words}\n{hint}"

    def _tell(self, ended: Ended, wait_s: float) -> None:
        """Say what is wrong: at once when it is news, then each minute."""
        if self._news.is_due(ended.words):
            logger.warning("%s: %s; next try in %.1f s", self._stream.name, ended.words, wait_s)
