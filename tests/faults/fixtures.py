"""The fault suite's options, its fixtures, and the table at its end."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.brokers.base import Broker
from tests.faults.outcome import RESULTS, saved, table
from tests.faults.trial import Trial

_TIMEOUT_S = 420


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="the long run of the fault suite")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.faults)
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(_TIMEOUT_S))


def pytest_collection_finish(session: pytest.Session) -> None:
    if any(item.get_closest_marker("faults") for item in session.items):
        RESULTS.unlink(missing_ok=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if outcomes := saved():
        terminalreporter.section("faults")
        terminalreporter.write_line(table(outcomes))


@pytest.fixture
def trial(broker: Broker, topic_prefix: str, tmp_path: Path) -> Trial:
    """Two raw partitions and two of mentions on the broker under test."""
    return Trial(broker, tmp_path, topic_prefix)


@pytest.fixture
def full(request: pytest.FixtureRequest) -> bool:
    """Whether this is the long run."""
    return bool(request.config.getoption("--full"))
