"""A crowd of strangers who do to the pages at a port what they can: ``python -m tests.trust.strangers PORT``.

It stays until its standard input ends, and says how often it came.
"""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Awaitable, Callable

from agents.embedded.probe import LOOPBACK

EACH = 40
"""Strangers of each kind, who come back at once when they are shown the door."""

Stranger = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def slow(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"GET /metrics HTTP/1.1\r\n")
    while True:
        await say(writer, b"X: y\r\n")
        await asyncio.sleep(0.2)


async def deaf(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.pause_reading()  # type: ignore[attr-defined] # of a socket
    await say(writer, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 1_000)
    await asyncio.sleep(1)


async def endless_address(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await say(writer, b"GET /" + b"x" * 5_000_000)


async def endless_header(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await say(writer, b"GET /metrics HTTP/1.1\r\nX: " + b"x" * 5_000_000)


async def many_headers(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await say(writer, b"GET /metrics HTTP/1.1\r\n" + b"X: y\r\n" * 500_000)


async def endless_body(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await say(writer, b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999999\r\n\r\n" + b"x" * 5_000_000)


async def babbling(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await say(writer, random.randbytes(7_000))


STRANGERS: tuple[Stranger, ...] = (
    silent,
    slow,
    deaf,
    endless_address,
    endless_header,
    many_headers,
    endless_body,
    babbling,
)


async def say(writer: asyncio.StreamWriter, what: bytes) -> None:
    writer.write(what)
    await writer.drain()


async def come_again_and_again(port: int, stranger: Stranger, came: list[None]) -> None:
    while True:
        writer = None
        try:
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            came.append(None)
            await stranger(reader, writer)
        except OSError:
            await asyncio.sleep(0)
        finally:
            if writer is not None:
                writer.transport.abort()


async def crowd(port: int) -> None:
    came: list[None] = []
    tasks = [asyncio.create_task(come_again_and_again(port, kind, came)) for kind in STRANGERS for _ in range(EACH)]
    await asyncio.to_thread(sys.stdin.read)
    for task in tasks:
        task.cancel()
    print(len(came))


if __name__ == "__main__":
    asyncio.run(crowd(int(sys.argv[1])))
