"""An HTTP endpoint that keeps what is sent to it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from agents.embedded.probe import LOOPBACK
from schemas.codec import decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request."""

    at: float
    """When it came, epoch seconds."""
    path: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def json(self) -> Any:
        return decode(self.body)


class Receiver:
    """Everything that has come so far; `until` waits for more."""

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self._arrived = threading.Condition()
        self.url = ""

    @property
    def calls(self) -> list[Call]:
        with self._arrived:
            return list(self._calls)

    def take(self, call: Call) -> None:
        with self._arrived:
            self._calls.append(call)
            self._arrived.notify_all()

    def until(self, condition: Callable[[list[Call]], bool], *, what: str, timeout_s: float) -> list[Call]:
        """Wait until what has come fulfils a condition; return all of it."""
        with self._arrived:
            came = self._arrived.wait_for(lambda: condition(self._calls), timeout_s)
            assert came, f"not within {timeout_s:.0f} s: {what}; {len(self._calls)} calls came"
            return list(self._calls)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Listen on the loopback address and answer everything with 200."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.take(Call(at=time.time(), path=self.path, headers=headers, body=body))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Be quiet."""

    server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
    receiver.url = f"http://{LOOPBACK}:{server.server_address[1]}/"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
