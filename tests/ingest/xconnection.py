"""One open stream of the local X: what waits for it, how it is written, how it ends."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import zlib
from collections import deque
from collections.abc import Callable
from random import Random

from aiohttp import web

__all__ = ["ENDINGS", "Connection"]

ENDINGS = ("end", "fin", "rst", "half", "half then end", "disconnect")
"""The body ends; the connection is closed, or reset, within it; after half a line; after a word of X's."""

_DISCONNECT = {
    "errors": [
        {
            "title": "operational-disconnect",
            "disconnect_type": "UpstreamOperationalDisconnect",
            "detail": "This stream has been disconnected upstream for operational reasons.",
            "type": "https://api.x.com/2/problems/operational-disconnect",
        }
    ]
}
_LARGEST_QUEUE = 64 * 1024 * 1024
"""Bytes that wait for a client that does not read before it is dropped, as is documented."""


class Connection:
    """Writes lines and keep-alives to one client until one side has enough.

    Parameters
    ----------
    request, response
        The response has been begun.
    gzip
        Whether what is written is compressed, and flushed so that every line can be read at once.
    pieces
        Whether it is cut anywhere.
    seed
        For the cuts.
    """

    def __init__(
        self, request: web.Request, response: web.StreamResponse, *, gzip: bool, pieces: bool, seed: int
    ) -> None:
        self._request = request
        self._response = response
        self.when_over: Callable[[], None] = lambda: None
        """Is called once nothing more will be written."""
        self.then: tuple[str, bytes] | None = None
        """How it is to end once what waits was written."""
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._news = asyncio.Event()
        self._stalled = False
        self._how: str | None = None
        self._half = b""
        self._packer = zlib.compressobj(6, zlib.DEFLATED, 31) if gzip else None
        self._pieces = pieces
        self._chance = Random(seed)

    def put(self, line: bytes) -> None:
        """Have a line written."""
        self._waiting.append(line)
        self._size += len(line)
        if self._size > _LARGEST_QUEUE:
            self.end("rst")
        self._news.set()

    def stall(self) -> None:
        """Write nothing more, and leave it open."""
        self._stalled = True
        self.when_over()

    def end(self, how: str, half: bytes = b"") -> None:
        """Have it end in one of the `ENDINGS`, in the middle of the given line where one is cut."""
        self._how, self._half = how, half
        self.when_over()
        self._news.set()

    async def serve(self, keep_alive_s: float) -> None:
        """Write until it ends."""
        while self._how is None:
            if self._waiting and not self._stalled:
                lines = b"".join(self._waiting)
                self._waiting.clear()
                self._size = 0
                await self._write(lines)
                if self.then is not None:
                    self.end(*self.then)
                continue
            self._news.clear()
            try:
                async with asyncio.timeout(keep_alive_s):
                    await self._news.wait()
            except TimeoutError:
                if not self._stalled:
                    await self._write(b"\r\n")
        await self._end(self._how)

    async def _end(self, how: str) -> None:
        match how:
            case "end":
                await self._response.write_eof()
            case "disconnect":
                await self._write(json.dumps(_DISCONNECT).encode() + b"\r\n")
                await self._response.write_eof()
            case "half":
                await self._write(self._half[: len(self._half) // 2])
                self._cut(reset=False)
            case "half then end":
                await self._write(self._half[:-1])
                await self._response.write_eof()
            case _:
                self._cut(reset=how == "rst")

    async def _write(self, data: bytes) -> None:
        if self._packer is not None:
            data = self._packer.compress(data) + self._packer.flush(zlib.Z_SYNC_FLUSH)
        at = 0
        while self._pieces and len(data) - at > 1 and self._chance.random() < 0.6:
            cut = at + self._chance.randrange(1, min(len(data) - at, 4000))
            await self._response.write(data[at:cut])
            await asyncio.sleep(0)
            at = cut
        await self._response.write(data[at:])

    def _cut(self, *, reset: bool) -> None:
        transport = self._request.transport
        if transport is None:
            return
        if reset:
            raw = transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
        else:
            transport.close()
