"""A local Jetstream that goes on publishing, and is accounted for as the local X is."""

from __future__ import annotations

import threading
import time
from typing import Any, Self

from schemas.codec import encode
from tests.ingest.jetserver import DID, JetThread, post

__all__ = ["Jet"]

_TICK_S = 0.02


class Jet:
    """Publishes posts about the brand from a thread; every third one is about nobody, and has to be passed over."""

    def __init__(self, rate: float = 40.0) -> None:
        self.rate = rate
        self._jet = JetThread()
        self._events: list[dict[str, Any]] = []
        self._heard_ms: int | None = None
        """When somebody was connected for the first time."""
        self._others = 0
        self._number = 0
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._publish, daemon=True)

    def __enter__(self) -> Self:
        self._jet.__enter__()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self._jet.__exit__()

    @property
    def url(self) -> str:
        """Its address."""
        return self._jet.server.url

    @property
    def others(self) -> int:
        """How many posts about nobody were published."""
        return self._others

    def drop(self) -> None:
        """End all connections."""
        self._jet.do(lambda server: server.drop())

    def refuse(self) -> None:
        """Take no connections any more."""
        self._jet.do(lambda server: server.stop())

    def listen(self) -> None:
        """Take them again, on the same port."""
        port = self._jet.server.port
        self._jet.do(lambda server: server.start(port))

    def _publish(self) -> None:
        began, due = time.monotonic(), 0.0
        while not self._ended.wait(_TICK_S):
            if self._heard_ms is None and self._jet.server.connections:
                self._heard_ms = self.now_ms()
            passed = time.monotonic() - began
            began += passed
            due += passed * self.rate
            while due >= 1:
                due -= 1
                self._one()

    def _one(self) -> str:
        with self._lock:
            self._number += 1
            number, now_us = self._number, time.time_ns() // 1000
            about = "Contoso" if number % 3 else "Nobody"
            event = post(now_us, f"3l{number:011d}", f"{about} is late again, {number}")
            if number % 3:
                post_id = f"at://{DID}/app.bsky.feed.post/3l{number:011d}"
                at_ms = now_us // 1000
                known = {"id": post_id, "shape": "post", "topic": "posts", "time_ms": at_ms, "at_ms": at_ms}
                self._events.append({**known, "line": encode(event)})
            else:
                self._others += 1
            self._jet.do(lambda server: server.publish(event))
            return event["commit"]["rkey"] if number % 3 else ""

    # -- what a trial asks (`tests.ingest.trial.Sender`) -------------------------------------------------

    def published(self) -> list[dict[str, Any]]:
        """Return all posts about the brand."""
        return list(self._events)

    def ids(self, since_ms: int = 0) -> list[tuple[str, int, str]]:
        """Return ID, time and stream of each since some time."""
        return [(each["id"], each["at_ms"], "posts") for each in self._events if each["at_ms"] >= since_ms]

    def count(self) -> int:
        """Return how many there were."""
        return len(self._events)

    def spans(self) -> list[tuple[str, int, int | None]]:
        """Return one from the first to the end: the server sends again whatever was missed."""
        return [] if self._heard_ms is None else [("posts", self._heard_ms, None)]

    def open(self, topic: str = "posts") -> int:
        """Return how many connections are open."""
        return self._jet.server.connections

    def now_ms(self) -> int:
        """Return its time."""
        return time.time_ns() // 1_000_000

    def quiet(self) -> None:
        """Publish nothing more."""
        self.rate = 0.0

    def last(self) -> set[bytes]:
        """Publish a last post."""
        while not self._one():
            pass
        return {self._events[-1]["id"].encode()}
