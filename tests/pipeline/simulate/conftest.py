import pytest

from pipeline.simulate import SimulatedTweet, default_scenario, simulate


@pytest.fixture(scope="session")
def demo() -> list[SimulatedTweet]:
    """The whole demo, drawn once."""
    return list(simulate(default_scenario()))
