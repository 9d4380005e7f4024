"""A local Jetstream that behaves as documented: https://github.com/bluesky-social/jetstream, ``/subscribe``.

It filters commits by ``wantedCollections``, and sends everybody account and identity events. A ``cursor`` is a time in
microseconds: what it holds from then on is sent again, and then what is new; one in the future sends what is new; one
that is older than what it holds begins there, without a word. What it is told to do wrong it does: end connections, say
nothing, refuse them, send nonsense.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any, Self, TypeVar

from aiohttp import WSCloseCode, WSMsgType, web

from schemas.codec import encode

__all__ = ["DID", "JetServer", "JetThread", "account", "commit", "delete", "post"]

DID = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"
POSTS = "app.bsky.feed.post"
_T = TypeVar("_T")


def commit(
    time_us: int, rkey: str, *, did: str = DID, operation: str = "create", collection: str = POSTS, **record: Any
) -> dict[str, Any]:
    """Return a commit; one that deletes has no record."""
    change: dict[str, Any] = {"rev": "3l3qo2vutsw2b", "operation": operation, "collection": collection, "rkey": rkey}
    if operation != "delete":
        change |= {
            "record": {"$type": collection, **record},
            "cid": "bafyreidwaivazkwu67xztlmuobx35hs2lnfh3kolmgfmucldvhd3",
        }
    return {"did": did, "time_us": time_us, "kind": "commit", "commit": change}


def post(time_us: int, rkey: str, text: str, *, did: str = DID, **record: Any) -> dict[str, Any]:
    """Return a new post."""
    return commit(
        time_us, rkey, did=did, text=text, **{"createdAt": "2024-09-09T19:46:02.102Z", "langs": ["en"], **record}
    )


def delete(time_us: int, rkey: str, *, did: str = DID) -> dict[str, Any]:
    """Return the deletion of a post."""
    return commit(time_us, rkey, did=did, operation="delete")


def account(time_us: int, *, did: str = DID, active: bool = False, status: str | None = "deleted") -> dict[str, Any]:
    """Return how an account stands now."""
    stands: dict[str, Any] = {"active": active, "did": did, "seq": 1, "time": "2024-09-05T06:11:04.870Z"}
    if status is not None:
        stands["status"] = status
    return {"did": did, "time_us": time_us, "kind": "account", "account": stands}


class JetServer:
    """The server; all of it runs in one event loop."""

    def __init__(self) -> None:
        self.held: list[tuple[int, str, bytes]] = []
        """Time, collection and event of all that can be sent again."""
        self.asked: list[dict[str, str]] = []
        """What each connection asked for."""
        self.answers: list[tuple[int, dict[str, str]]] = []
        """Status and headers with which the next connections are refused, one each."""
        self.silent = False
        """Connections stay open, pings are answered, and no event comes."""
        self._sockets: dict[web.WebSocketResponse, asyncio.Queue[tuple[str, bytes] | None]] = {}
        self._changed = asyncio.Condition()
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def start(self, port: int = 0) -> None:
        """Listen on a port of this machine; 0 takes a free one."""
        app = web.Application()
        app.router.add_get("/subscribe", self._subscribe)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.port: int = self._runner.addresses[0][1]
        self.url = f"ws://127.0.0.1:{self.port}/subscribe"

    async def stop(self) -> None:
        """End everything; what is held stays, for a start on the same port."""
        await self.drop()
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._sockets)

    async def connected(self, count: int) -> None:
        """Wait until so many connections have been asked for, and the last one stands."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.asked) >= count and bool(self._sockets))

    async def publish(self, *events: dict[str, Any]) -> None:
        """Hold events and send them to all connections."""
        for event in events:
            collection = event.get("commit", {}).get("collection", "")
            await self._send(collection, encode(event), event["time_us"])

    async def say(self, value: bytes) -> None:
        """Send what is no event, once; nobody can ask for it again."""
        await self._send("", value, None)

    async def ping(self) -> None:
        """Ask whether anybody is there."""
        for socket in list(self._sockets):
            await socket.ping()

    async def _send(self, collection: str, value: bytes, time_us: int | None) -> None:
        if time_us is not None:
            self.held.append((time_us, collection, value))
        if not self.silent:
            for queue in self._sockets.values():
                queue.put_nowait((collection, value))
        await asyncio.sleep(0)

    def forget(self, before_us: int) -> None:
        """Hold nothing older any more."""
        self.held = [each for each in self.held if each[0] >= before_us]

    async def drop(self) -> None:
        """End all connections at once."""
        for socket, queue in list(self._sockets.items()):
            queue.put_nowait(None)
            await socket.close(code=WSCloseCode.GOING_AWAY)

    async def _subscribe(self, request: web.Request) -> web.StreamResponse:
        if self.answers:
            status, headers = self.answers.pop(0)
            return web.Response(status=status, headers=headers)
        query = dict(request.query)
        wanted = request.query.getall("wantedCollections", [])
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        queue: asyncio.Queue[tuple[str, bytes] | None] = asyncio.Queue()
        for time_us, collection, value in sorted(self.held, key=lambda each: each[0]):
            if "cursor" in query and time_us >= int(query["cursor"]) and not self.silent:
                queue.put_nowait((collection, value))
        self._sockets[socket] = queue
        self.asked.append(query)
        async with self._changed:
            self._changed.notify_all()
        sending = asyncio.create_task(self._pump(socket, queue, wanted))
        try:
            async for message in socket:
                if message.type is WSMsgType.ERROR:
                    break
        finally:
            sending.cancel()
            del self._sockets[socket]
        return socket

    async def _pump(
        self, socket: web.WebSocketResponse, queue: asyncio.Queue[tuple[str, bytes] | None], wanted: list[str]
    ) -> None:
        while (item := await queue.get()) is not None:
            collection, value = item
            if collection and wanted and collection not in wanted:
                continue
            # As text whatever it is: the frame says so, and a server gone wrong checks nothing.
            await socket._writer.send_frame(value, WSMsgType.TEXT)  # type: ignore[union-attr]


class JetThread:
    """The server in a thread of its own, for those who test a process."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.server = JetServer()

    def __enter__(self) -> Self:
        self._thread.start()
        self.do(lambda server: server.start())
        return self

    def __exit__(self, *_: object) -> None:
        self.do(lambda server: server.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def do(self, what: Callable[[JetServer], Awaitable[_T]]) -> _T:
        """Have the server do something, and wait for it: ``do(lambda server: server.drop())``."""

        async def done() -> _T:
            return await what(self.server)

        return asyncio.run_coroutine_threadsafe(done(), self._loop).result(30)
