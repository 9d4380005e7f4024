"""Receivers that answer as they are told, or fail in every way: real servers on real sockets."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from agents.embedded.probe import LOOPBACK

Connection = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""What a raw server does with a connection; afterwards it is closed."""


@dataclass(kw_only=True)
class Raw:
    """A server below HTTP."""

    port: int
    connections: int = 0
    """That came so far."""
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a connection has ended."""


@asynccontextmanager
async def raw(behaviour: Connection, tls: ssl.SSLContext | None = None) -> AsyncIterator[Raw]:
    """Serve connections with ``behaviour`` for the length of the block."""
    served = Raw(port=0)
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.connections += 1
        if (task := asyncio.current_task()) is not None:
            tasks.add(task)
        try:
            await behaviour(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            served.ended.set()

    server = await asyncio.start_server(serve, LOOPBACK, 0, ssl=tls)
    served.port = server.sockets[0].getsockname()[1]
    try:
        yield served
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def take_request(reader: asyncio.StreamReader) -> None:
    """Read a whole request with a body of known length."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
    await reader.readexactly(length)


def saying(answer: bytes, *, hang: bool = False) -> Connection:
    """Take the request and say this, then close or, with ``hang``, say nothing more."""

    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await take_request(reader)
        writer.write(answer)
        await writer.drain()
        if hang:
            await reader.read()

    return behaviour


async def closing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Close at once."""


async def resetting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Reset the connection in the middle of the request."""
    await reader.read(10)
    underneath: socket.socket = writer.get_extra_info("socket")
    underneath.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def endless(beginning: bytes, piece: bytes, counted: list[int]) -> Connection:
    """Take the request and never stop answering; ``counted`` gets the bytes that left."""

    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await take_request(reader)
        counted.append(0)
        writer.write(beginning)
        while True:
            writer.write(piece)
            await writer.drain()
            counted[0] += len(piece)

    return behaviour


@dataclass(kw_only=True)
class Call:
    """A request that came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(kw_only=True)
class Http:
    """A server that answers with what it is set to."""

    url: str = ""
    status: int = 200
    text: str = "ok"
    headers: dict[str, str] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)


@asynccontextmanager
async def http() -> AsyncIterator[Http]:
    """Serve HTTP for the length of the block."""
    served = Http()

    async def answer(request: web.Request) -> web.Response:
        body = await request.read()
        served.calls.append(Call(method=request.method, path=request.path, headers=dict(request.headers), body=body))
        return web.Response(status=served.status, text=served.text, headers=served.headers)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    # The receiver may log the address; the sender must not.
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, LOOPBACK, 0)
    await site.start()
    served.url = f"http://{LOOPBACK}:{runner.addresses[0][1]}"
    try:
        yield served
    finally:
        await runner.cleanup()
