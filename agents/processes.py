"""The roles of a worker as child processes: started together, stopped together."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from types import FrameType

from agents.role import Role, roles_of
from agents.settings import Settings

__all__ = ["calm_collector", "role_command", "role_environment", "run_roles"]

_STOP_TIMEOUT_S = 9.5
"""Within the ten seconds that an orchestrator gives, as a rule."""


def calm_collector() -> None:
    """Let the garbage collector leave alone what was loaded at the start, and look less often.

    A batch makes objects by ten thousands, which die with it without the collector's help; by default it looks
    for cycles after every 700, and time and again at everything that is alive: a twelfth of reading a tweet.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def role_command(role: Role) -> list[str]:
    """Return the command that runs one role."""
    return [sys.executable, "-m", "agents.cli.run", "worker", "--role", role.value]


def role_environment(settings: Settings) -> dict[str, str]:
    """Return the environment in which a child reads exactly these settings."""
    environment = dict(os.environ)
    for name, value in settings.model_dump(mode="json").items():
        if value is not None:
            environment[f"VIGIE_{name.upper()}"] = str(value)
    return environment


def run_roles(settings: Settings) -> int:
    """Run the roles until one ends or we are told to stop; return the first non-zero exit code.

    One role without the others is of no use and hides the failure, so all stop when one does; whatever
    supervises us starts all again.
    """
    environment = role_environment(settings)
    children = {role: subprocess.Popen(role_command(role), env=environment) for role in roles_of(settings)}  # noqa: S603
    asked = threading.Event()

    def stop(signum: int, frame: FrameType | None) -> None:
        del signum, frame
        asked.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    ended = threading.Event()
    for child in children.values():
        threading.Thread(target=_watch, args=(child, ended), daemon=True).start()
    while not (asked.is_set() or ended.is_set()):
        # A bounded wait lets Python run the signal handler.
        ended.wait(0.5)
    for child in children.values():
        child.send_signal(signal.SIGTERM)  # does nothing to one that has ended
    deadline = time.monotonic() + _STOP_TIMEOUT_S
    codes = [_ended(child, deadline) for child in children.values()]
    return next((code for code in codes if code), 0)


def _watch(child: subprocess.Popen[bytes], ended: threading.Event) -> None:
    child.wait()
    ended.set()


def _ended(child: subprocess.Popen[bytes], deadline: float) -> int:
    """Wait for a child to stop, kill it when it does not; return its exit code, 128 + n for a signal."""
    try:
        code = child.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        child.kill()
        code = child.wait()
    return code if code >= 0 else 128 - code
