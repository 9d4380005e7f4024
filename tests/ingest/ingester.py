"""A running ``vigie ingest``, as a trial starts, asks and ends it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from agents.embedded.probe import LOOPBACK
from agents.processes import role_environment
from agents.role import ingest_web_port
from agents.settings import Settings

__all__ = ["Ingester"]

_STOP_S = 20.0
_SUMS = re.compile(r"\S+: (?:[\d,]+ \w[\w ]*, )*[\d,]+ gaps")
_COUNT = re.compile(r"([\d,]+) (left|put|stored|waiting|dropped|gaps)")


class Ingester:
    """A running ``vigie ingest ...`` with a log of its own."""

    def __init__(
        self, arguments: Sequence[str], settings: Settings, log: Path, environment: Mapping[str, str], stdin: Any = None
    ) -> None:
        self.log = log
        self._url = f"http://{LOOPBACK}:{ingest_web_port(settings)}"
        command = [sys.executable, "-m", "agents.cli.run", "ingest", *arguments]
        with log.open("ab") as output:
            # A session of its own, so that it can be killed with whatever it has started.
            self.process = subprocess.Popen(
                command,
                env={**role_environment(settings), **environment},
                stdin=subprocess.DEVNULL if stdin is None else stdin,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """Ask it to end, and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(_STOP_S)

    def metric(self, name: str, **labels: str) -> float:
        """Return the sum of a metric's series with these labels; 0 when there are none, or no page."""
        wanted = [f'{key}="{value}"' for key, value in labels.items()]
        try:
            with urlopen(f"{self._url}/metrics", timeout=5.0) as answer:  # noqa: S310 - our own process
                lines = answer.read().decode().splitlines()
        except (URLError, OSError):
            return 0.0
        series = [line for line in lines if line.startswith((f"{name}{{", f"{name} "))]
        return sum(float(line.rpartition(" ")[2]) for line in series if all(label in line for label in wanted))

    def text(self) -> str:
        """Return all that it has said."""
        return self.log.read_text(errors="replace")

    def sums(self) -> dict[str, int] | None:
        """Return the sums that it printed at its end; none when it was killed."""
        lines = [line for line in self.text().splitlines() if _SUMS.fullmatch(line)]
        if not lines:
            return None
        return {what: int(count.replace(",", "")) for count, what in _COUNT.findall(lines[-1])}
