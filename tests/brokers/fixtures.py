"""The ``--broker`` option and the fixtures of tests that need a broker.

A test that asks for ``broker`` is marked ``broker``, and runs over both. The marks ``embedded`` and ``kafka``
keep a test to one of them; one that asks for ``cluster`` is marked ``kafka``.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from tests.brokers.base import Broker
from tests.brokers.cluster import KafkaCluster
from tests.brokers.embedded import Embedded
from tests.brokers.jars import JarsError, class_path
from tests.brokers.kafka import Kafka

_LIVE = Path(__file__).parent.parent / "live"
_OTHER: dict[str, Literal["embedded", "kafka"]] = {"embedded": "kafka", "kafka": "embedded"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--broker",
        choices=sorted(_OTHER),
        default="embedded",
        help="what is under the tests that need a broker (default: %(default)s)",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--broker") == "kafka":
        try:
            class_path()
        except JarsError as error:
            raise pytest.UsageError(str(error)) from error


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    other = _OTHER[config.getoption("--broker")]
    for item in items:
        if "broker" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.broker)
        if "cluster" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.kafka)
    left_out = [item for item in items if item.get_closest_marker(other)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker(other)]
    # Modules that wait for workers and a broker begin first; those that only compute fill in what they leave.
    waiting = {item.path for item in items if item.get_closest_marker("broker")}
    items.sort(key=lambda item: (item.path.parent != _LIVE, item.path not in waiting))


@pytest.fixture(scope="session")
def broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One running broker for the whole session; a test may kill it, pause it or restart it."""
    if request.config.getoption("--broker") == "kafka":
        chosen: Broker = Kafka(tmp_path_factory.mktemp("kafka"))
    else:
        chosen = Embedded()
    try:
        chosen.start()
        yield chosen
    finally:
        chosen.stop()


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaCluster]:
    """Three running nodes of Apache Kafka for the whole session; a test may do to them what it may to ``broker``."""
    nodes = KafkaCluster(tmp_path_factory.mktemp("cluster"))
    try:
        nodes.start()
        yield nodes
    finally:
        nodes.stop()


@pytest.fixture(autouse=True)
def _brokers_recover(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a test did to its brokers is undone before the next one."""
    names = {"broker", "cluster"}.intersection(request.fixturenames)
    used: list[Broker] = [request.getfixturevalue(name) for name in sorted(names)]
    yield
    for each in used:
        each.recover()


@pytest.fixture
def topic_prefix(request: pytest.FixtureRequest) -> str:
    """A beginning for names of topics and groups that no other test has."""
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower().removeprefix("test_"))[:40].strip("-")
    return f"{name}-{secrets.token_hex(4)}."
