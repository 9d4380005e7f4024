"""The fault suite's options, its fixtures, and the table at its end."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from tests.brokers.base import Broker
from tests.faults.outcome import Note, Outcome, table
from tests.faults.trial import Trial
from tests.tables import noted

RESULTS = Path("build/faults.json")

_TIMEOUT_S = 420


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="the long run of the fault suite")
    parser.addoption("--part", metavar="K/N", help="of the fault suite only every Nth test, from the Kth on")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    suite = [item for item in items if Path(__file__).parent in item.path.parents]
    for item in suite:
        item.add_marker(pytest.mark.faults)
        if item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(_TIMEOUT_S))
    left_out = [item for number, item in enumerate(suite) if number not in _part(config, len(suite))]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def _part(config: pytest.Config, count: int) -> range:
    """Return the numbers of the tests that were asked for; all of them unless told."""
    part = config.getoption("--part")
    if not part:
        return range(count)
    first, _, step = part.partition("/")
    if not (first.isdigit() and step.isdigit() and 1 <= int(first) <= int(step)):
        raise pytest.UsageError(f"--part: expected K/N, such as 1/3, got {part!r}")
    return range(int(first) - 1, count, int(step))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    found = [Outcome(**each) for each in noted(terminalreporter, "outcome")]
    if found:
        found.sort(key=lambda outcome: outcome.fault)
        terminalreporter.section("faults")
        terminalreporter.write_line(table(found))
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps([asdict(outcome) for outcome in found], indent=2), encoding="utf-8")


@pytest.fixture
def note(record_property: Callable[[str, object], None]) -> Note:
    """Takes outcomes for the table at the end."""
    return lambda outcome: record_property("outcome", asdict(outcome))


@pytest.fixture
def make_trial(broker: Broker, topic_prefix: str, tmp_path: Path, note: Note) -> Callable[..., Trial]:
    """Makes the test's trial on the broker under test, with settings of one's own."""

    def make(**chosen: Any) -> Trial:
        return Trial(broker, tmp_path, topic_prefix, note, **chosen)

    return make


@pytest.fixture
def trial(make_trial: Callable[..., Trial]) -> Trial:
    """Two raw partitions and two of mentions."""
    return make_trial()


@pytest.fixture
def full(request: pytest.FixtureRequest) -> bool:
    """Whether this is the long run."""
    return bool(request.config.getoption("--full"))
