"""What processes cost: CPU, memory, cores, and the machine they ran on."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from agents.embedded.process import GuardedProcess
from tests.bench.results import Machine

__all__ = ["Child", "Others", "cpu_seconds", "machine", "on_core", "peak_rss_mib", "pinned", "two_cores", "version_of"]

_POM = Path(__file__).parents[1] / "brokers" / "pom.xml"
_LINUX = sys.platform == "linux"


def cpu_seconds(pid: int) -> float:
    """Return what a process has used up to now, user and system time, seconds; to a hundredth.

    Raises
    ------
    ProcessLookupError
        It is gone.
    """
    if _LINUX:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        except FileNotFoundError:
            raise ProcessLookupError(pid) from None
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return _clock(_ps(pid, "time"))


def peak_rss_mib(pid: int) -> float:
    """Return the most memory a process has had resident, MiB; where the system does not tell, what it has now."""
    if _LINUX:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
        [kib] = re.findall(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
        return int(kib) / 1024
    return int(_ps(pid, "rss")) / 1024


def _ps(pid: int, column: str) -> str:
    done = subprocess.run(["ps", "-o", f"{column}=", "-p", str(pid)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ProcessLookupError(pid)
    return done.stdout.strip()


def _clock(text: str) -> float:
    """Read ``ps``'s way to write a time.

    >>> _clock("1:02:03.50")
    3723.5
    """
    seconds = 0.0
    for part in text.replace("-", ":").split(":"):
        seconds = seconds * 60 + float(part)
    return seconds


def two_cores(*, pin: bool = True) -> tuple[int | None, int | None]:
    """Return a core for workers and one for the broker; none where there is only one, or the system cannot pin."""
    usable = sorted(os.sched_getaffinity(0)) if pin and hasattr(os, "sched_getaffinity") else []
    return (usable[0], usable[1]) if len(usable) > 1 else (None, None)


def pinned(*, pin: bool = True) -> str:
    """Say which process runs where."""
    worker, broker = two_cores(pin=pin)
    return "not pinned" if worker is None else f"worker on core {worker}, broker and load on core {broker}"


@contextmanager
def on_core(core: int | None) -> Iterator[None]:
    """Have this process, and what it starts in the block, run on one core; on all for ``None``."""
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Child(GuardedProcess):
    """A process that is measured. Ends with the block that it is used in.

    Parameters
    ----------
    command, environment
        What to run.
    log
        Takes what it prints.
    core
        Where it runs; anywhere for ``None``.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path, core: int | None) -> None:
        self.log = log
        with log.open("wb") as file, on_core(core):
            super().__init__(command, file, environment)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop(grace_seconds=15)

    def check(self) -> None:
        """Raise `SystemExit` with the last that it printed when it has ended."""
        if not self.running:
            raise SystemExit(f"{self.log.stem} ended:\n{self.log.read_text(errors='replace')[-3000:]}")

    def pause(self) -> None:
        """Freeze it."""
        self.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Undo `pause`."""
        self.send_signal(signal.SIGCONT)


class Others:
    """How many cores the rest of the machine kept busy since this was made."""

    def __init__(self) -> None:
        self._began, self._all, self._own = time.monotonic(), _all_cpu(), _own_cpu()

    def busy(self) -> float | None:
        """Return it, without this process and the children that have ended; none where the system does not tell."""
        now = _all_cpu()
        if now is None or self._all is None:
            return None
        used = now - self._all - (_own_cpu() - self._own)
        return round(max(0.0, used) / (time.monotonic() - self._began), 2)


def _all_cpu() -> float | None:
    if not _LINUX:
        return None
    user, nice, system, _, _, irq, softirq, *_ = map(int, Path("/proc/stat").read_text().split("\n")[0].split()[1:])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def _own_cpu() -> float:
    return sum(os.times()[:4])


def machine(placed: str, busy: float | None = None) -> Machine:
    """Describe this machine.

    Parameters
    ----------
    placed
        What `pinned` says.
    busy
        `Others.busy`.
    """
    kafka = re.findall(r"<kafka\.version>(.+)</kafka\.version>", _POM.read_text(encoding="utf-8"))[0]
    return Machine(
        cpu=_cpu_name(),
        cores=os.cpu_count() or 1,
        memory_gib=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        os=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        when=datetime.now(UTC).isoformat(timespec="seconds"),
        kafka=kafka,
        java=_java(),
        pinned=placed,
        busy=busy,
    )


def _cpu_name() -> str:
    if _LINUX:
        found = re.findall(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
        return f"{found[0] if found else platform.processor() or 'unknown'} ({platform.machine()})"
    done = subprocess.run(["sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or platform.machine()


def _java() -> str | None:
    done = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False)
    found = re.findall(r'version "([^"]+)"', done.stderr)
    return found[0] if found else None


def version_of(package: str) -> str:
    """Return a package and its version, as installed here."""
    return f"{package} {importlib.metadata.version(package)}"
