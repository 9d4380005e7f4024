"""The connection to Jetstream, again and again."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, Literal, TypeAlias

import aiohttp
from yarl import URL

from agents.filestamp import file_stamp
from agents.ingest.contract import Outlet, Post, SourceRefused
from agents.ingest.sources.jetstream.knownfile import KnownFile
from agents.ingest.telling import News, network_trouble
from agents.settings import Settings
from agents.settings.security import is_loopback
from pipeline.ingest.backoff import Backoff, Failure
from pipeline.ingest.coverage import Coverage, GapReason
from pipeline.ingest.jetevents import Choice, Picked
from pipeline.ingest.jetplace import JetstreamPlace
from pipeline.postid import POSTS_OF_BLUESKY
from pipeline.watchlist import Watchlist, WatchlistError

__all__ = ["Jetstream"]

logger = logging.getLogger(__name__)

_Socket: TypeAlias = "aiohttp.ClientWebSocketResponse[Literal[False]]"
_CONNECT_S: Final = 20.0
_MARK_S: Final = 1.0
_DOWN_S: Final = 5.0
"""While it is down, so often is looked whether something cannot be had any more."""
_WATCHLIST_S: Final = 2.0
_FLUSH_S: Final = 60.0
_MORE_AT_START_US: Final = 90_000_000
"""What a machine that ends at once may have forgotten of what was passed on (`knownfile`)."""
_MOST_BYTES: Final = 16 * 1024 * 1024
"""Of an event. A record of Bluesky has at most a million."""
_MOST_HELD: Final = 1_000
_NEVER_RIGHT: Final = (200, 400, 401, 404)
"""Answers that say that there is no Jetstream, or none for us, at an address that has never worked."""


class _Ended(Exception):
    """A connection ended, or was not made."""

    def __init__(self, failure: Failure, reason: GapReason, what: str, *, reset_s: float | None = None) -> None:
        super().__init__(what)
        self.failure = failure
        self.reason = reason
        self.reset_s = reset_s


class Jetstream:
    """Bluesky's posts about the brands of the watchlist; a source (`agents.ingest.contract.Source`).

    Parameters
    ----------
    settings : Settings
        Address, watchlist, folder.
    stall_s : float
        The stream is never silent for longer.
    retention_h : float
        For how many hours the server can send again what it saw.
    all_deletions : bool
        Pass on deletions of posts that did not come this way, too.
    """

    name = "jetstream"

    def __init__(
        self,
        settings: Settings,
        *,
        stall_s: float = 30.0,
        retention_h: float = 24.0,
        all_deletions: bool = False,
        backoff: Backoff | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._wall = wall
        self._settings = settings
        self._url = _address(settings)
        self._stall_s = stall_s
        self._retention_us = int(retention_h * 3_600_000_000)
        self._all_deletions = all_deletions
        self._backoff = Backoff(clock=monotonic) if backoff is None else backoff
        self._monotonic = monotonic
        self._watchlist = _WatchlistFile(settings, monotonic)
        self._news = News(monotonic)
        self._worked = self._has_begun = False
        self._reason = GapReason.RESTART
        """Why something would be missing before the next connection."""

    async def run(self, outlet: Outlet) -> None:
        """Listen until cancelled."""
        resumed = outlet.resumed
        self._outlet = outlet
        self._coverage = Coverage(resumed.until_ms)
        newest_us = _newest(resumed.cursor, resumed.until_ms)
        if newest_us is not None:
            newest_us = max(0, newest_us - _MORE_AT_START_US)
        self._place = self._place_from(newest_us)
        self._heard_at_s = self._marked_at_s = self._monotonic()
        known = self._known(fresh=resumed.until_ms is None and resumed.cursor is None)
        self._choice = Choice(
            lambda: self._watchlist.current, known, all_deletions=self._all_deletions or not known.is_whole
        )
        outlet.metrics.connections.set(0)
        async with _beside(_flushing(known)), aiohttp.ClientSession() as session:
            while True:
                try:
                    await self._listen(session)
                except _Ended as ended:
                    await self._wait(ended)

    def _place_from(self, newest_us: int | None) -> JetstreamPlace:
        quiet_us = int(self._stall_s * 1_000_000)
        return JetstreamPlace(newest_us, quiet_us=quiet_us, clock_us=lambda: int(self._wall() * 1_000_000))

    def _known(self, *, fresh: bool) -> KnownFile:
        path = self._settings.ingest_dir / f"{self.name}.known"
        try:
            return KnownFile(path, fresh=fresh)
        except OSError as exc:
            raise SourceRefused(
                f"{path} cannot be used ({exc.strerror or exc}); give VIGIE_INGEST_DIR a folder that can be written, "
                "with 8 MiB of room besides those of the spool"
            ) from exc

    # -- a connection --------------------------------------------------------------------------------

    async def _listen(self, session: aiohttp.ClientSession) -> None:
        """Hear out one connection; raises `_Ended` at its end."""
        cursor_us = self._place.begin()
        query = {"wantedCollections": POSTS_OF_BLUESKY} | ({} if cursor_us is None else {"cursor": str(cursor_us)})
        held: list[Post] = []
        async with self._connected(session, query) as socket:
            try:
                while True:
                    await self._take(await self._next(socket), held)
            finally:
                # What was held is nothing that can be missing: it comes again, or these were the only events.
                await self._put(held)
                self._mark()
                self._outlet.metrics.connections.set(0)

    @asynccontextmanager
    async def _connected(self, session: aiohttp.ClientSession, query: dict[str, str]) -> AsyncIterator[_Socket]:
        try:
            async with asyncio.timeout(_CONNECT_S):
                # Text is left as bytes: what is no UTF-8 is a dead letter, and no reason to hang up.
                socket = await session.ws_connect(
                    self._url.extend_query(query), max_msg_size=_MOST_BYTES, decode_text=False
                )
        except aiohttp.WSServerHandshakeError as exc:
            raise self._answered(exc) from exc
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as exc:
            what = f"{self._url}: {network_trouble(exc)}"
            raise _Ended(Failure.NETWORK, GapReason.DISCONNECTED, what) from exc
        logger.info("connected to %s, from %s", self._url, query.get("cursor", "now"))
        try:
            yield socket
        finally:
            with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
                async with asyncio.timeout(1.0):
                    await socket.close()

    def _answered(self, exc: aiohttp.WSServerHandshakeError) -> Exception:
        what = f"{self._url} answered {exc.status}"
        if exc.status == 429:
            reset_s = _seconds(exc.headers.get("Retry-After")) if exc.headers is not None else None
            return _Ended(Failure.RATE_LIMIT, GapReason.RATE_LIMITED, what, reset_s=reset_s)
        if exc.status in _NEVER_RIGHT and not self._worked:
            return SourceRefused(f"{what}: there is no Jetstream; give VIGIE_JETSTREAM_URL the address of one")
        reason = GapReason.REFUSED if 400 <= exc.status < 500 else GapReason.DISCONNECTED
        return _Ended(Failure.HTTP, reason, what)

    async def _next(self, socket: _Socket) -> bytes:
        """Return the next event; pings are answered meanwhile, and are no sign that events come."""
        try:
            async with asyncio.timeout(self._stall_s):
                message = await socket.receive()
        except TimeoutError as exc:
            what = f"nothing came for {self._stall_s:g} s"
            raise _Ended(Failure.NETWORK, GapReason.STALLED, what) from exc
        except (aiohttp.ClientError, OSError) as exc:  # a ping could not be answered any more
            raise _Ended(Failure.NETWORK, GapReason.DISCONNECTED, f"the connection broke ({exc!r})") from exc
        match message.type:
            case aiohttp.WSMsgType.TEXT | aiohttp.WSMsgType.BINARY:
                return bytes(message.data)
            case _:
                if socket.close_code == aiohttp.WSCloseCode.MESSAGE_TOO_BIG:
                    self._step_over()
                what = f"the connection ended ({message.type.name}, {socket.close_code})"
                raise _Ended(Failure.NETWORK, GapReason.DISCONNECTED, what)

    def _step_over(self) -> None:
        """Go on with what is new: an event that is larger than any may be would come again with every connection."""
        logger.warning("an event of more than %d bytes; going on behind it", _MOST_BYTES)
        self._place = self._place_from(None)

    async def _take(self, value: bytes, held: list[Post]) -> None:
        """Take in an event. The first ones are held until it is known from when on the connection has everything."""
        self._worked = True
        self._heard_at_s = now_s = self._monotonic()
        self._watchlist.reload_if_changed()
        picked = self._choice.pick(value)
        fresh = self._place.since_us is None
        settled = self._place.take(picked.time_us) or len(held) >= _MOST_HELD
        self._pass_on(picked, value, held)
        if not settled:
            return
        if self._place.put_back_us is not None:
            await self._put_back(self._place.put_back_us)
        if fresh:
            await self._begun()
        if held:
            await self._put(held)
            held.clear()
        if fresh or now_s - self._marked_at_s >= _MARK_S:
            self._mark()

    def _pass_on(self, picked: Picked, value: bytes, held: list[Post]) -> None:
        if picked.passed_over is None:
            held.append(Post(picked.key, value))
        else:
            self._outlet.metrics.passed_over(picked.passed_over)

    async def _put(self, held: Sequence[Post]) -> None:
        """Put posts; what is sent again comes faster than time passes, so that it says itself how new it may be."""
        newest_us = self._place.newest_us
        await self._outlet.put(tuple(held), None if newest_us is None else newest_us // 1000)

    async def _begun(self) -> None:
        """Say what is missing before a connection, now that it has begun."""
        self._has_begun = True
        self._backoff.succeeded()
        self._news.over()
        self._outlet.metrics.connections.set(1)
        since_us, newest_us = self._place.since_us, self._place.newest_us
        if since_us is None or newest_us is None:
            return
        missing = self._coverage.seen(since_us // 1000, newest_us // 1000)
        if missing is not None:
            await self._outlet.gap(missing, self._reason)

    async def _put_back(self, sure_us: int) -> None:
        """Take in that what was covered lay in the future; say what is missing since it was right."""
        logger.warning("what was heard seemed to lie in the future: going on from the times of what comes")
        self._place.put_back_us = None
        covered_ms = self._coverage.until_ms
        self._coverage = Coverage(sure_us // 1000 if covered_ms is None else min(covered_ms, sure_us // 1000))
        await self._begun()
        self._mark()

    def _mark(self) -> None:
        """Note that everything up to the newest event was put."""
        newest_us, since_us = self._place.newest_us, self._place.since_us
        if newest_us is None or since_us is None:
            return
        self._marked_at_s = self._monotonic()
        self._coverage.seen(since_us // 1000, newest_us // 1000)
        self._outlet.mark(self._coverage.until_ms, str(newest_us))
        self._outlet.metrics.last_received.set(newest_us / 1_000_000)
        self._outlet.metrics.covered.set((self._coverage.until_ms or 0) / 1000)

    # -- between connections -------------------------------------------------------------------------

    async def _wait(self, ended: _Ended) -> None:
        self._outlet.metrics.disconnected(ended.reason)
        if self._has_begun:
            self._reason = ended.reason
        wait_s = self._backoff.after(ended.failure, reset_s=ended.reset_s)
        if self._news.is_due(str(ended)):
            logger.warning("%s; next try in %.1f s", ended, wait_s)
        while wait_s > 0:
            await self._give_up_what_is_lost()
            await asyncio.sleep(min(wait_s, _DOWN_S))
            wait_s -= _DOWN_S
        await self._give_up_what_is_lost()

    async def _give_up_what_is_lost(self) -> None:
        """Say what the server cannot send again any more: what is older than it keeps.

        Its time is that of the newest event, and what has passed since: it is not earlier.
        """
        newest_us = self._place.newest_us
        if newest_us is None:
            return
        now_us = newest_us + int((self._monotonic() - self._heard_at_s) * 1_000_000)
        missing = self._coverage.lost((now_us - self._retention_us) // 1000)
        if missing is not None:
            await self._outlet.gap(missing, self._reason)
            self._outlet.mark(missing.end_ms, str(newest_us))
            self._outlet.metrics.covered.set(missing.end_ms / 1000)


class _WatchlistFile:
    """The watchlist in force. A file that became wrong changes nothing but a log line."""

    def __init__(self, settings: Settings, monotonic: Callable[[], float]) -> None:
        self._path = settings.watchlist
        self._monotonic = monotonic
        self._stamp = file_stamp(self._path)
        self._looked_at_s = monotonic()
        try:
            self.current = Watchlist.load(self._path)
        except WatchlistError as exc:
            raise SourceRefused(f"{exc}; give VIGIE_WATCHLIST a watchlist") from exc

    def reload_if_changed(self) -> None:
        """Read the file again when it has changed; looked at now and then."""
        now_s = self._monotonic()
        if now_s - self._looked_at_s < _WATCHLIST_S:
            return
        self._looked_at_s = now_s
        stamp = file_stamp(self._path)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self.current = Watchlist.load(self._path)
        except WatchlistError as exc:
            logger.warning("watchlist not reloaded, the one in force stays: %s", exc)
        else:
            logger.info("watchlist reloaded: %d brands", len(self.current.brands))


def _address(settings: Settings) -> URL:
    url = URL(settings.jetstream_url)
    if url.scheme == "ws" and not is_loopback(url.host or "") and not settings.allow_plaintext:
        raise SourceRefused(
            f"VIGIE_JETSTREAM_URL: {url} is not secured, and anybody on the way could put posts in; give an address "
            "that begins with wss://, or, where you trust the network in between, set VIGIE_ALLOW_PLAINTEXT=true"
        )
    return url


def _newest(cursor: str | None, until_ms: int | None) -> int | None:
    """Return the time of the newest event of the last run, from its mark."""
    if cursor is not None and cursor.isascii() and cursor.isdigit() and len(cursor) <= 18:
        return int(cursor)
    return None if until_ms is None else until_ms * 1000


def _seconds(value: str | None) -> float | None:
    return float(value) if value is not None and value.isascii() and value.isdigit() and len(value) < 6 else None


async def _flushing(known: KnownFile) -> None:
    while True:
        await asyncio.sleep(_FLUSH_S)
        try:
            await asyncio.to_thread(known.flush)
        except OSError as exc:
            logger.warning("what was passed on cannot be brought to the disk: %s", exc)


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Do something during the block."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
