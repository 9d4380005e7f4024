"""Several streams of X followed together, as one source: their account, their marks, their end."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from agents.ingest.contract import Outlet, SourceRefused
from agents.ingest.sources.x.clock import XClock
from agents.ingest.sources.x.connection import Patience
from agents.ingest.sources.x.follow import Follower, Shared, Stream
from agents.ingest.sources.x.token import TokenFile

__all__ = ["follow_all", "session", "share"]


@asynccontextmanager
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """Give the HTTP client of a source: no cookies, and as many connections as are asked for."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as client:
        yield client


def share(outlet: Outlet, client: aiohttp.ClientSession, *, api: str, token: TokenFile, patience: Patience) -> Shared:
    """Return what streams share."""
    spread = random.Random()  # noqa: S311 - it spreads tries over time, and nothing depends on it
    return Shared(
        api=api,
        token=token,
        session=client,
        outlet=outlet,
        jitter=spread.random,
        clock=XClock(),
        patience=patience,
    )


async def follow_all(
    streams: Sequence[Stream], shared: Shared, beside: Sequence[Coroutine[Any, Any, None]] = ()
) -> None:
    """Follow streams until cancelled, from where the last run has come to.

    Parameters
    ----------
    streams, shared
        What to follow, and with what.
    beside : sequence of coroutines
        What has to run meanwhile. It may raise `SourceRefused`.

    Raises
    ------
    SourceRefused
        X does not let us, and never has.
    """
    following = _Following(streams, shared)
    try:
        async with asyncio.TaskGroup() as group:
            for each in (*following.work(), *beside):
                group.create_task(each)
    except BaseExceptionGroup as several:
        raise _first(several) from None
    finally:
        following.end()


class _Following:
    """The streams of one source."""

    def __init__(self, streams: Sequence[Stream], shared: Shared) -> None:
        self._shared = shared
        self._followers = [Follower(stream, shared, shared.outlet.resumed.until_ms) for stream in streams]
        shared.mark = self._mark
        shared.count(0)

    def work(self) -> list[Coroutine[Any, Any, None]]:
        """Return what has to run."""
        return [self._keep_account(), *(each for follower in self._followers for each in follower.follow())]

    def end(self) -> None:
        """Mark how far it has come; no connection is open any more."""
        self._mark()
        self._shared.count(-self._shared.open)

    async def _keep_account(self) -> None:
        shared = self._shared
        lapsed_s = shared.clock.monotonic()
        while True:
            await shared.sleep(shared.patience.mark_s)
            now_s = shared.clock.monotonic()
            if now_s - lapsed_s >= shared.patience.piece_s:
                lapsed_s = now_s
                for follower in self._followers:
                    await follower.lapse()
            if shared.clock.known:
                shared.outlet.metrics.clock_offset.set(shared.clock.offset_s())
            self._mark()

    def _mark(self) -> None:
        """Mark up to when all of them have been heard; nothing as long as one never was."""
        settled = [follower.account.settled_ms for follower in self._followers]
        known = [until_ms for until_ms in settled if until_ms is not None]
        if known and len(known) == len(settled):
            self._shared.outlet.mark(min(known))
            self._shared.outlet.metrics.covered.set(min(known) / 1000)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return what matters of errors that came together: a refusal, else the first."""
    refused = group.subgroup(SourceRefused)
    found: BaseException = group if refused is None else refused
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    return found
