"""Worker processes as users run them, one role each."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from agents.embedded.probe import LOOPBACK
from agents.processes import role_command, role_environment
from agents.role import Role, web_port
from agents.settings import Settings
from tests.bench.measuring import Child, peak_rss_mib

__all__ = ["RoleWorker", "resident_mib", "running", "until"]

_POLL_S = 0.05
_PORTS = count(20_000 + os.getpid() % 3_000 * len(Role), len(Role))
"""Below those that systems give to whoever asks for any: a worker binds its port seconds after it was chosen."""


class RoleWorker(Child):
    """``vigie worker --role ...``, with health and metrics on a port of its own.

    Parameters
    ----------
    settings : Settings
        Of the worker, but for the port.
    role : Role
        What it does.
    log : Path
        Takes what it prints.
    core : int, optional
        Where it runs; anywhere for ``None``.
    """

    def __init__(self, settings: Settings, role: Role, log: Path, core: int | None = None) -> None:
        settings = settings.model_copy(update={"web_port": _free_ports()})
        self.role = role
        self._url = f"http://{settings.web_host}:{web_port(settings, role)}"
        self.began = time.monotonic()
        """When it was started."""
        super().__init__(role_command(role), role_environment(settings), log, core)

    def is_ready(self) -> bool:
        """Whether ``/health/ready`` says so."""
        self.check()
        return self._get("/health/ready") is not None

    def records(self) -> int:
        """Return how many records of its input it has done with."""
        return self.metric(f'vigie_records_total{{stage="{self.role.value}"}}')

    def metric(self, series: str) -> int:
        """Return a series of ``/metrics``, 0 when it has none."""
        found = (line.rpartition(" ")[2] for line in self._metrics() if line.startswith(f"{series} "))
        return int(float(next(found, "0")))

    def partitions(self) -> int:
        """Return how many partitions of its input are assigned to it, and have been asked for records."""
        return sum(line.startswith("vigie_consumer_lag_records{") for line in self._metrics())

    def _metrics(self) -> list[str]:
        self.check()
        return (self._get("/metrics") or "").splitlines()

    def _get(self, page: str) -> str | None:
        """Return a page; none when the worker does not serve it, or not now."""
        try:
            with urlopen(f"{self._url}{page}", timeout=5.0) as answer:  # noqa: S310 - our own worker
                return str(answer.read().decode())
        except (URLError, OSError):
            return None


def _free_ports() -> int:
    """Return the first of so many ports in a row as there are roles; each is returned once."""
    for first in _PORTS:
        try:
            for port in range(first, first + len(Role)):
                with socket.socket() as taken:
                    taken.bind((LOOPBACK, port))
        except OSError:
            continue
        return first
    raise SystemExit("no port is free")


@contextmanager
def running(settings: Settings, folder: Path, *roles: Role, core: int | None = None) -> Iterator[list[RoleWorker]]:
    """Run a worker of each role for the length of the block; it begins when all are ready."""
    with ExitStack() as stack:
        workers = [
            stack.enter_context(
                RoleWorker(settings, role, folder / f"{settings.topic_prefix}{role.value}.{number}.log", core)
            )
            for number, role in enumerate(roles)
        ]
        until(lambda: all(worker.is_ready() for worker in workers), "the workers are ready")
        yield workers


def until(condition: Callable[[], object], what: str, *, timeout_s: float = 90.0, poll_s: float = _POLL_S) -> None:
    """Wait for something.

    Raises
    ------
    SystemExit
        It did not come to be in time.
    """
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"waited {timeout_s:.0f} s in vain until {what}")
        time.sleep(poll_s)


def resident_mib(pid: int) -> float:
    """Return the memory that a process has resident now, MiB."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except FileNotFoundError:
        return peak_rss_mib(pid)
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
