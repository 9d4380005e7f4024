"""The fixtures of the way in's proof, and the table at its end."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from tests.brokers.base import Broker
from tests.ingest.outcome import Note, Outcome, table
from tests.ingest.trial import Trial
from tests.tables import noted

RESULTS = Path("build/ingest.json")

_TIMEOUT_S = 180


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.ingest)
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(_TIMEOUT_S))
            # Before anything is set up for it, such as three brokers.
            if "long_run" in getattr(item, "fixturenames", ()) and not config.getoption("--full"):
                item.add_marker(pytest.mark.skip("only in the long run: make test-ingest-full"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    found = [Outcome(**each) for each in noted(terminalreporter, "sum")]
    if found:
        found.sort(key=lambda outcome: outcome.trial)
        terminalreporter.section("the way in: sent = stored + missing, and all that is missing is in a gap")
        terminalreporter.write_line(table(found))
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps([asdict(outcome) for outcome in found], indent=2), encoding="utf-8")


@pytest.fixture
def long_run() -> None:
    """A test that asks for it runs only in `make test-ingest-full`: it takes long, or another one shows it in part."""


@pytest.fixture
def note_sum(record_property: Callable[[str, object], None]) -> Note:
    """Takes outcomes for the table at the end."""
    return lambda outcome: record_property("sum", asdict(outcome))


@pytest.fixture
def make_ingest_trial(
    broker: Broker, topic_prefix: str, tmp_path: Path, note_sum: Note
) -> Iterator[Callable[..., Trial]]:
    """Makes the test's trial, with settings of one's own."""
    made: list[Trial] = []
    client = logging.getLogger("aiokafka")
    level = client.level
    client.setLevel(logging.CRITICAL)  # while there is no broker, our own reader complains ten times a second

    def make(**chosen: Any) -> Trial:
        made.append(Trial(broker, tmp_path, topic_prefix, note_sum, **chosen))
        return made[-1]

    yield make
    for trial in made:
        trial.close()
    client.setLevel(level)


@pytest.fixture
def ingest(make_ingest_trial: Callable[..., Trial]) -> Trial:
    """Three raw partitions, everything else as it comes."""
    return make_ingest_trial()
