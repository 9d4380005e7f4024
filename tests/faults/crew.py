"""Workers that are started again when they end, as systemd or Kubernetes would."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from random import Random
from typing import TYPE_CHECKING, Any

from tests.live.vigie import kill

if TYPE_CHECKING:
    from tests.faults.trial import Trial

_LOOK_S = 0.1


class Crew:
    """Some workers, each both roles, and a thread that starts another when one ends.

    Parameters
    ----------
    trial : Trial
        Whose topics and settings.
    size : int
        How many workers at once.
    overrides : mapping
        Settings of theirs that differ from the trial's; may be changed for those that are started later.
    """

    def __init__(self, trial: Trial, size: int, overrides: Mapping[str, Any]) -> None:
        self._trial = trial
        self._size = size
        self.overrides = dict(overrides)
        self.workers: list[subprocess.Popen[bytes]] = []
        self.codes: list[int] = []
        """Exit codes of the workers that ended, in order."""
        self._started = 0
        self._stack = ExitStack()
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._supervise, daemon=True)

    def start(self) -> None:
        """Start the workers and their supervision."""
        for _ in range(self._size):
            self._hire()
        self._thread.start()

    def stop(self) -> None:
        """Stop the supervision and then the workers, in order."""
        self._ended.set()
        self._thread.join()
        self._stack.close()

    def kill_one(self, rng: Random) -> None:
        """Kill a worker with all its processes, as a power cut would."""
        with self._lock:
            kill(rng.choice([worker for worker in self.workers if worker.poll() is None]))

    def _hire(self) -> None:
        name = f"worker{self._started}"
        self._started += 1
        self.workers.append(self._stack.enter_context(self._trial.worker(name, **self.overrides)))

    def _supervise(self) -> None:
        while not self._ended.wait(_LOOK_S):
            with self._lock:
                for worker in [each for each in self.workers if each.poll() is not None]:
                    self.workers.remove(worker)
                    self.codes.append(worker.returncode)
                    self._hire()
