import pytest

from tests.pipeline.report import made
from tests.pipeline.report.made import MakeCrisis, MakeWindow


@pytest.fixture
def window() -> MakeWindow:
    return made.window


@pytest.fixture
def crisis() -> MakeCrisis:
    return made.crisis
