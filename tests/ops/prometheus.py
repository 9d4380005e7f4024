"""A real Prometheus that scrapes workers of a test and evaluates the rules that are deployed."""

from __future__ import annotations

import http.client
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from agents.embedded.probe import LOOPBACK, free_port
from agents.embedded.process import GuardedProcess
from schemas.codec import decode

RULES = Path("deploy/prometheus")
"""Where the rule files are."""

_START_TIMEOUT_S = 30.0
_EVERY = "1s"
"""Scrapes and evaluations: as often as Prometheus allows for sure, so that a short run gives curves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One line of an answer to a range query."""

    labels: dict[str, str]
    points: list[tuple[float, float]]
    """Epoch seconds and value."""


class Prometheus:
    """Questions to a Prometheus that is running."""

    def __init__(self, address: str) -> None:
        self._address = address

    def ask(self, path: str, **parameters: str) -> Any:
        """Return the data of an answer of the HTTP API.

        Raises
        ------
        AssertionError
            Prometheus refused the question; the message holds its reason.
        """
        query = f"?{urllib.parse.urlencode(parameters)}" if parameters else ""
        status, body = self.get(f"/api/v1/{path}{query}")
        assert status == http.HTTPStatus.OK, f"{parameters}: {body.decode(errors='replace')}"
        return decode(body)["data"]

    def get(self, path: str) -> tuple[int, bytes]:
        """Return status and body of a page."""
        connection = http.client.HTTPConnection(self._address, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def now(self, expression: str) -> list[tuple[dict[str, str], float]]:
        """Evaluate an expression; return labels and value of each line of the answer."""
        result = self.ask("query", query=expression)["result"]
        return [(line["metric"], float(line["value"][1])) for line in result]

    def over(self, expression: str, *, start_s: float, end_s: float, step_s: float) -> list[Series]:
        """Evaluate an expression at many moments."""
        result = self.ask(
            "query_range", query=expression, start=f"{start_s:.3f}", end=f"{end_s:.3f}", step=f"{step_s:.3f}"
        )["result"]
        return [
            Series(labels=line["metric"], points=[(at, float(value)) for at, value in line["values"]])
            for line in result
        ]


@contextmanager
def scraping(folder: Path, targets: Mapping[str, int], *, alertmanager: str) -> Iterator[Prometheus]:
    """Run Prometheus for the length of the block.

    Parameters
    ----------
    folder : Path
        For its settings, data and log.
    targets : mapping of str to int
        The port of each role.
    alertmanager : str
        Base URL of where alerts go.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    settings = {
        "global": {"scrape_interval": _EVERY, "scrape_timeout": _EVERY, "evaluation_interval": _EVERY},
        "rule_files": [str(path.resolve()) for path in sorted(RULES.glob("*.rules.yaml"))],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager.removeprefix("http://")]}]}]},
        "scrape_configs": [
            {
                "job_name": "vigie",
                "static_configs": [{"targets": [f"{LOOPBACK}:{target}" for target in targets.values()]}],
            }
        ],
    }
    config = folder / "prometheus.yml"
    config.write_text(yaml.safe_dump(settings), encoding="utf-8")
    with (folder / "prometheus.log").open("wb") as log:
        process = GuardedProcess(
            [
                "prometheus",
                f"--config.file={config}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address={LOOPBACK}:{port}",
            ],
            log,
        )
    try:
        prometheus = Prometheus(f"{LOOPBACK}:{port}")
        _until_ready(prometheus, process, folder / "prometheus.log")
        yield prometheus
    finally:
        process.stop()


def _until_ready(prometheus: Prometheus, process: GuardedProcess, log: Path) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while True:
        try:
            if prometheus.get("/-/ready")[0] == http.HTTPStatus.OK:
                return
        except OSError:
            pass
        said = log.read_text(errors="replace")[-3000:]
        assert process.running, f"Prometheus ended:\n{said}"
        assert time.monotonic() < deadline, f"Prometheus is not ready:\n{said}"
        time.sleep(0.1)
