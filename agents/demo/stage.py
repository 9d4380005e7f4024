"""What demos stand on: settings that fit the embedded broker, children that never outlive us, and a watch over them."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from agents.embedded.process import GuardedProcess
from agents.processes import role_environment
from agents.settings import Settings, load_settings

__all__ = ["PARTITIONS", "DemoError", "child", "demo_settings", "end_of", "ended", "first_of"]

PARTITIONS = 2
_STOP_S = 20.0


class DemoError(Exception):
    """The demo could not finish; the message says why and where the log is."""


def demo_settings(bootstrap: str, out_dir: Path, watchlist: Path, **more: Any) -> Settings:
    """Return settings for the embedded broker; those that are given win."""
    fitting: dict[str, Any] = {
        "brokers": bootstrap,
        "watchlist": watchlist,
        "data_dir": out_dir / "faust",
        "idempotent_producer": False,
        # The embedded broker answers a join after half of these: short ones start fast.
        "rebalance_timeout_s": 2.0,
        "session_timeout_s": 3.0,
        "idle_timeout_s": 3.0,
        "web_port": 0,
        "log_level": "WARNING",
    }
    return load_settings(**{**fitting, **more})


@contextlib.contextmanager
def child(
    settings: Settings, arguments: Sequence[str], log: Path, *, stop_s: float = _STOP_S
) -> Iterator[GuardedProcess]:
    """Run a command of ours beside us, with these settings; at the end it is asked to stop, and waited for."""
    command = [sys.executable, "-m", "agents.cli.run", *arguments]
    with log.open("wb") as file:
        process = GuardedProcess(command, file, role_environment(settings))
        try:
            yield process
        finally:
            process.stop(stop_s)


async def ended(process: GuardedProcess) -> None:
    """Wait until a child ends by itself."""
    # Polled: a thread in wait() would outlive the cancellation of this task.
    while process.running:  # noqa: ASYNC110
        await asyncio.sleep(0.2)


def end_of(log: Path) -> str:
    """Return the last lines of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-15:])


async def first_of(wanted: asyncio.Task[Any], *others: asyncio.Task[None]) -> None:
    """Wait for a task; the others never end well before it, so whichever ends first raises its error here."""
    await asyncio.wait({wanted, *others}, return_when=asyncio.FIRST_COMPLETED)
    for task in others:
        if task.done():
            wanted.cancel()
            task.result()
    await wanted
