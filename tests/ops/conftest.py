"""The scene that all tests of operations look at, played once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.brokers.base import Broker
from tests.ops.scene import Scene, played

_PROGRAMS = ("prometheus", "promtool", "prometheus-alertmanager")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.ops)


@pytest.fixture(scope="session")
def scene(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A crisis that came and went."""
    missing = [program for program in _PROGRAMS if shutil.which(program) is None]
    if missing:
        pytest.fail(f"not installed: {', '.join(missing)}; `make test-ops` installs them on Debian", pytrace=False)
    with played(broker, tmp_path_factory.mktemp("ops")) as scene:
        yield scene
