"""Child processes that never outlive this one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from signal import SIGCONT, Signals
from typing import IO

__all__ = ["GuardedProcess"]

# Runs beside a child and kills it when the pipe on its standard input closes, which the system does however
# the parent ends. (Linux's parent-death signal would come at the end of the parent's *thread*.)
_GUARD = "import os, signal, sys; sys.stdin.read(); os.kill(int(sys.argv[1]), signal.SIGKILL)"


class GuardedProcess:
    """A child process that is killed when this one ends, whatever ends it.

    The child is in a session of its own: Ctrl-C in a terminal reaches this process alone, which stops the
    child when it has no more use for it.

    Parameters
    ----------
    command
        The program and its arguments.
    log
        The open file that takes what the child prints.
    environment
        The child's whole environment; this process's by default.
    """

    def __init__(self, command: Sequence[str], log: IO[bytes], environment: Mapping[str, str] | None = None) -> None:
        self._child = subprocess.Popen(  # noqa: S603 - our callers' constants, no shell
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, start_new_session=True
        )
        self._guard = subprocess.Popen(  # noqa: S603 - a constant program
            [sys.executable, "-I", "-S", "-c", _GUARD, str(self._child.pid)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """The child's process ID."""
        return self._child.pid

    @property
    def running(self) -> bool:
        """Whether the child has not ended (it may be paused)."""
        if self._child.poll() is None:
            return True
        self._dismiss_guard()
        return False

    @property
    def exit_code(self) -> int | None:
        """What the child ended with, -n for signal n; none while it runs."""
        return self._child.poll()

    def send_signal(self, signal: Signals) -> None:
        """Send a signal to the child; does nothing when it has ended."""
        self._child.send_signal(signal)

    def kill(self) -> None:
        """End the child at once, without asking it, and wait for that."""
        self._child.kill()
        self._child.wait()
        self._dismiss_guard()

    def stop(self, grace_seconds: float = 5.0) -> None:
        """Ask the child to end, kill it after ``grace_seconds``, and wait for it. May be repeated."""
        self._child.send_signal(SIGCONT)
        self._child.terminate()
        try:
            self._child.wait(grace_seconds)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._dismiss_guard()

    def _dismiss_guard(self) -> None:
        # Before the system gives the child's number to another process.
        if self._guard.poll() is None:
            self._guard.kill()
            self._guard.communicate()
