"""The local X as a trial sees it: a process that is started, asked and broken."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from agents.embedded.probe import free_port
from agents.embedded.process import GuardedProcess
from tests.ingest.xserver import Plan

__all__ = ["X"]

_START_S = 20.0


class X:
    """Parameters: ``folder`` takes its log; the rest is its `Plan`."""

    def __init__(self, folder: Path, **plan: Any) -> None:
        self.plan = Plan(port=free_port(), control=free_port(), **plan)
        self.url = f"http://127.0.0.1:{self.plan.port}"
        with (folder / "x.log").open("ab") as log:
            command = [sys.executable, "-m", "tests.ingest.xserver", json.dumps(asdict(self.plan))]
            self._process = GuardedProcess(command, log, {**os.environ, "PYTHONPATH": str(Path.cwd())})
        deadline = time.monotonic() + _START_S
        while True:
            try:
                self.ask("state")
            except (URLError, OSError):
                assert self._process.running, (folder / "x.log").read_text()
                assert time.monotonic() < deadline, "the local X did not start"
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """End it."""
        self._process.kill()

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        """Have something done, and return how things are after it."""
        body = json.dumps({"do": do, **arguments}).encode()
        asked = Request(f"http://127.0.0.1:{self.plan.control}/", body, {"Content-Type": "application/json"})
        with urlopen(asked, timeout=30.0) as answer:  # noqa: S310 - our own server
            found: dict[str, Any] = json.load(answer)
        return found

    def quiet(self) -> None:
        """Have nothing more published, and wait until all that was is delivered."""
        self.ask("change", rate=0.0, notices=0.0)
        while self.ask("state")["due"]:
            time.sleep(0.05)

    def last(self) -> set[bytes]:
        """Publish a last post, or take the last notice of each stream; return the IDs."""
        if not self.plan.notices:
            return {self.ask("post", shape="plain")["result"]["id"].encode()}
        return set({topic: post_id.encode() for post_id, _, topic in self.ids()}.values())

    def spans(self) -> list[tuple[str, int, int | None]]:
        """Return stream, beginning and end of each connection."""
        found: list[tuple[str, int, int | None]] = self.ask("state")["spans"]
        return found

    def now_ms(self) -> int:
        """Return the time by its clock."""
        return int(self.ask("state")["now_ms"])

    def open(self, topic: str = "posts") -> int:
        """Return how many connections of a stream are open."""
        return int(self.ask("state")["open"].get(topic, 0))

    def count(self) -> int:
        """Return how many lines were published."""
        return int(self.ask("state")["published"])

    def ids(self, since_ms: int = 0) -> list[tuple[str, int, str]]:
        """Return the ID, time and stream of each post that was published, since some time."""
        found: list[tuple[str, int, str]] = self.ask("ids", since_ms=since_ms)["result"]
        return found

    def published(self) -> list[dict[str, Any]]:
        """Return all that was ever published: ID, shape, stream, time and line."""
        found: list[dict[str, Any]] = self.ask("published")["result"]
        for each in found:
            each["line"] = each["line"].encode("latin-1")
        return found
