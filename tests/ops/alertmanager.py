"""A real Alertmanager that tells a receiver of a test at once."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from agents.embedded.probe import LOOPBACK, free_port
from agents.embedded.process import GuardedProcess

PROGRAM = "prometheus-alertmanager"
"""Its name in Debian."""

_START_TIMEOUT_S = 30.0


@contextmanager
def running_alertmanager(folder: Path, receiver_url: str) -> Iterator[str]:
    """Run Alertmanager for the length of the block; yield its base URL.

    Parameters
    ----------
    folder : Path
        For its settings, data and log.
    receiver_url : str
        Where it posts what fires and what is resolved.
    """
    folder.mkdir(parents=True, exist_ok=True)
    settings = {
        "route": {
            "receiver": "test",
            # An alert a group: none waits for another's turn.
            "group_by": ["..."],
            "group_wait": "100ms",
            "group_interval": "500ms",
            "repeat_interval": "1h",
        },
        "receivers": [{"name": "test", "webhook_configs": [{"url": receiver_url, "send_resolved": True}]}],
    }
    config, log_path = folder / "alertmanager.yml", folder / "alertmanager.log"
    config.write_text(yaml.safe_dump(settings), encoding="utf-8")
    port = free_port()
    with log_path.open("wb") as log:
        process = GuardedProcess(
            [
                PROGRAM,
                f"--config.file={config}",
                f"--storage.path={folder / 'data'}",
                f"--web.listen-address={LOOPBACK}:{port}",
                "--cluster.listen-address=",
            ],
            log,
        )
    try:
        _until_ready(port, process, log_path)
        yield f"http://{LOOPBACK}:{port}"
    finally:
        process.stop()


def _until_ready(port: int, process: GuardedProcess, log: Path) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while not _is_ready(port):
        said = log.read_text(errors="replace")[-3000:]
        assert process.running, f"Alertmanager ended:\n{said}"
        assert time.monotonic() < deadline, f"Alertmanager is not ready:\n{said}"
        time.sleep(0.05)


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=2)
    try:
        connection.request("GET", "/-/ready")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
