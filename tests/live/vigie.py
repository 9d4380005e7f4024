"""A whole Vigie as a test sees it: real workers as processes, topics on the broker under test, an oracle."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from agents.processes import role_environment
from agents.reading import read_topic
from agents.settings import Settings, load_settings
from agents.topics import create_topics
from pipeline.archive import ArchiveRecord
from pipeline.engine import Engine
from pipeline.records import Record
from pipeline.text import StandardAnalyzer
from pipeline.watchlist import Watchlist
from schemas.codec import decode, encode
from schemas.feedback import Feedback
from schemas.window import WindowClosed
from tests.brokers.base import Broker

Published = dict[str, list[bytes]]
"""Payloads by brand, in order, repeated events left out."""


@dataclass
class Oracle:
    """What the pure engine says of the same log."""

    windows: Published = field(default_factory=dict)
    crises: Published = field(default_factory=dict)


def oracle(
    settings: Settings,
    records: Sequence[ArchiveRecord],
    *,
    read_at_ms: int,
    chunk: int = 700,
    feedback: Sequence[Feedback] = (),
) -> Oracle:
    """Run the pure engine over the log, and over what people said of crises."""
    engine = Engine(settings.engine(), Watchlist.load(settings.watchlist), StandardAnalyzer(), feedback)
    log = [Record(offset, read_at_ms, item.key, item.value) for offset, item in enumerate(records)]
    said = Oracle()
    steps = [engine.process(log[at : at + chunk]) for at in range(0, len(log), chunk)]
    for event in (event for step in [*steps, engine.finish()] for event in step.events):
        match event:
            case WindowClosed():
                said.windows.setdefault(event.brand, []).append(encode(event))
            case _:
                said.crises.setdefault(event.brand, []).append(encode(event))
    return said


class Vigie:
    """Topics, settings and workers of one test."""

    def __init__(self, broker: Broker, folder: Path, prefix: str, watchlist: str, **settings: object) -> None:
        self.broker = broker
        self.folder = folder
        path = folder / "watchlist.toml"
        path.write_text(watchlist, encoding="utf-8")
        chosen: dict[str, object] = {
            "brokers": broker.bootstrap,
            "topic_prefix": prefix,
            "watchlist": path,
            "data_dir": folder / "faust",
            "idempotent_producer": broker.kind == "kafka",
            "rebalance_timeout_s": 2.0 if broker.kind == "embedded" else 10.0,
            "session_timeout_s": 3.0 if broker.kind == "embedded" else 10.0,
            "idle_timeout_s": 2.0,
            "web_port": 0,
        }
        self.settings = load_settings(**chosen | settings)

    def create_topics(self, *, raw_partitions: int, partitions: int, replication: int = 1) -> None:
        asyncio.run(
            create_topics(self.settings, raw_partitions=raw_partitions, partitions=partitions, replication=replication)
        )

    @contextmanager
    def worker(
        self, name: str = "worker", environment: Mapping[str, str] | None = None, **overrides: object
    ) -> Iterator[subprocess.Popen[bytes]]:
        """Run one worker (both roles) for the length of the block; its log is ``<name>.log``."""
        settings = self.settings.model_copy(update=overrides)
        command = [sys.executable, "-m", "agents.cli.run", "worker"]
        with (self.folder / f"{name}.log").open("ab") as log:
            # A session of its own, so that a test can kill the worker with its children.
            child = subprocess.Popen(
                command,
                env=role_environment(settings) | dict(environment or {}),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            yield child
        finally:
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
                try:
                    child.wait(20)
                except subprocess.TimeoutExpired:
                    kill(child)

    def published(
        self, topic: str, *, until: Published, running: Sequence[subprocess.Popen[bytes]], timeout_s: float
    ) -> Published:
        """Read a topic until the last payload of each brand in ``until`` has come; return all of it.

        Repeated events (equal ID) must be equal to the byte, and are returned once.
        """
        try:
            return asyncio.run(asyncio.wait_for(self._published(topic, until, running), timeout_s))
        except TimeoutError:
            raise AssertionError(f"{topic}: not everything came in {timeout_s} s\n{self.logs()}") from None

    async def _published(self, topic: str, until: Published, running: Sequence[subprocess.Popen[bytes]]) -> Published:
        waiting = {brand: decode(payloads[-1])["id"] for brand, payloads in until.items()}
        seen: dict[str, bytes] = {}
        found: Published = {}
        if not waiting:
            return found
        async with aclosing(read_topic(self.settings, topic, from_beginning=True, follow=True)) as records:
            async for record in records:
                value = record.value or b""
                event = decode(value)
                if event["id"] in seen:
                    first = seen[event["id"]]
                    assert first == value, f"a repeated event differs from the first:\n{first!r}\n{value!r}"
                else:
                    seen[event["id"]] = value
                    found.setdefault(event["brand"], []).append(value)
                if waiting.get(event["brand"]) == event["id"]:
                    del waiting[event["brand"]]
                if not waiting:
                    return found
        raise AssertionError("unreachable: reading follows for ever")

    def logs(self, *, whole: bool = False) -> str:
        """The end of each worker's log, or all of it."""
        if whole:
            return "".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))
        return "\n".join(
            f"--- {path.name}\n" + "\n".join(path.read_text(errors="replace").splitlines()[-40:])
            for path in sorted(self.folder.glob("*.log"))
        )


def differences(found: Published, expected: Published) -> list[str]:
    """Say how two publications differ, the first difference of each brand only; nothing when they are equal."""
    said = []
    for brand in sorted(found.keys() | expected.keys()):
        ours, theirs = found.get(brand, []), expected.get(brand, [])
        if ours != theirs:
            at = next(
                (i for i, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b), min(map(len, (ours, theirs)))
            )
            pair = [repr(payloads[at]) if at < len(payloads) else "nothing" for payloads in (ours, theirs)]
            differing = sum(a != b for a, b in zip(ours, theirs, strict=False))
            said.append(
                f"{brand}: {len(ours)} found, {len(theirs)} expected, {differing} differ; "
                f"first at {at}:\n  found    {pair[0]}\n  expected {pair[1]}"
            )
    return said


def kill(worker: subprocess.Popen[bytes]) -> None:
    """End a worker and its roles at once, as a power cut would."""
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()


def end(worker: subprocess.Popen[bytes], *, within_s: float = 20.0) -> int:
    """Ask a worker to stop, and return its exit code."""
    worker.send_signal(signal.SIGTERM)
    return worker.wait(within_s)


def signal_all(worker: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send a signal to a worker and its roles."""
    os.killpg(worker.pid, number)


def until(condition: Callable[[], object], *, what: str, trial: Vigie, timeout_s: float = 60.0) -> None:
    """Wait for something that only its traces tell of."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout_s:.0f} s: {what}\n{trial.logs()}"
        time.sleep(0.2)


def now_ms() -> int:
    return int(time.time() * 1000)
