"""A stream of X at any speed, for the bench of the way in: what it sends is made and compressed before it begins.

Lines are those of the bench's load, each with an ID of its own, as the filtered stream sends them: HTTP/1.1, chunked,
gzip. The server knows nothing else of X; how it behaves when something breaks is `tests.ingest.xserver`'s.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from email.utils import formatdate
from itertools import cycle, islice
from pathlib import Path

from pipeline.simulate.payload import snowflake
from tests.bench.load import Load

__all__ = ["Firehose"]

_BLOCK = 100
"""Posts that are compressed together: 10 ms at 10,000 a second."""
_DIFFERENT = 20_000
"""Lines of the load; after these they come again, with other IDs."""
_ID = re.compile(rb'"id":"(\d+)"')
_RULES = b'{"meta":{"sent":"2026-01-01T00:00:00.000Z","result_count":0,"summary":{}}}'


@dataclass(frozen=True, kw_only=True)
class Firehose:
    """What is sent; the command line holds it as JSON."""

    port: int
    posts: int
    rate: float
    """Posts a second; 0: as fast as they are taken."""
    told: str
    """File that says when it is ready to be connected to, and when the last post was sent."""

    def arguments(self) -> list[str]:
        """Return how it is started."""
        return [sys.executable, "-m", "tests.bench.firehose", json.dumps(asdict(self))]


def lines(count: int) -> Iterator[bytes]:
    """Yield so many lines, each a post of its own."""
    began_ms = time.time_ns() // 1_000_000
    for number, line in enumerate(islice(cycle(list(Load().lines(min(count, _DIFFERENT)))), count)):
        found = _ID.search(line)
        assert found is not None
        yield line.replace(found[1], str(snowflake(began_ms + number // 4096, 7, number)).encode())


def blocks(count: int) -> list[bytes]:
    """Return them compressed, as chunks of a response."""
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    chunks: list[bytes] = []
    stream = lines(count)
    while part := list(islice(stream, _BLOCK)):
        packed = packer.compress(b"\r\n".join(part) + b"\r\n") + packer.flush(zlib.Z_SYNC_FLUSH)
        chunks.append(b"%x\r\n%b\r\n" % (len(packed), packed))
    return chunks


class _Server:
    def __init__(self, plan: Firehose) -> None:
        self._plan = plan
        self._chunks = blocks(plan.posts)

    async def run(self) -> None:
        async with await asyncio.start_server(self._answer, "127.0.0.1", self._plan.port):
            self._tell("ready")
            await asyncio.Event().wait()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request after the other; a stream has no end."""
        while request := await reader.readline():
            length = 0
            while header := (await reader.readline()).strip():
                if header.lower().startswith(b"content-length:"):
                    length = int(header.partition(b":")[2])
            head = f"HTTP/1.1 200 OK\r\nDate: {formatdate(usegmt=True)}\r\nContent-Type: application/json\r\n".encode()
            if b"/rules" in request:
                if request.startswith(b"POST"):
                    await reader.readexactly(length)
                writer.write(head + b"Content-Length: %d\r\n\r\n" % len(_RULES) + _RULES)
            else:
                writer.write(head + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n")
                await self._stream(writer)
            await writer.drain()

    async def _stream(self, writer: asyncio.StreamWriter) -> None:
        """Send what is left, in time; then keep-alives."""
        began, block_s = time.monotonic(), _BLOCK / self._plan.rate if self._plan.rate else 0.0
        for number, chunk in enumerate(self._chunks):
            if (ahead_s := began + number * block_s - time.monotonic()) > 0:
                await asyncio.sleep(ahead_s)
            writer.write(chunk)
            await writer.drain()
        self._tell("sent")
        packer = zlib.compressobj(6, zlib.DEFLATED, -15)
        while True:
            await asyncio.sleep(5)
            packed = packer.compress(b"\r\n") + packer.flush(zlib.Z_FULL_FLUSH)
            writer.write(b"%x\r\n%b\r\n" % (len(packed), packed))
            await writer.drain()

    def _tell(self, what: str) -> None:
        with Path(self._plan.told).open("a", encoding="utf-8") as told:
            told.write(json.dumps({what: time.time()}) + "\n")


if __name__ == "__main__":
    asyncio.run(_Server(Firehose(**json.loads(sys.argv[1]))).run())
