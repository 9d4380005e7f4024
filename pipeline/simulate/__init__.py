"""A simulator that knows the truth: invented brands, invented people, planted events.

Ordinary talk is bursty, moody and partly negative as real talk is; the words were written the way people
write, not chosen from what the project's sentiment model knows.
"""

from pipeline.simulate.brief import Brief, brief_talk
from pipeline.simulate.scenario import BrandTalk, Kind, Planted, Scenario, Shape, default_scenario
from pipeline.simulate.stream import MAX_DELAY_MS, SimulatedTweet, simulate
from pipeline.simulate.truth import PlantedTruth, Truth, truth
from pipeline.simulate.wording import demo_watchlist
from pipeline.simulate.writing import Written, write

__all__ = [
    "MAX_DELAY_MS",
    "BrandTalk",
    "Brief",
    "Kind",
    "Planted",
    "PlantedTruth",
    "Scenario",
    "Shape",
    "SimulatedTweet",
    "Truth",
    "Written",
    "brief_talk",
    "default_scenario",
    "demo_watchlist",
    "simulate",
    "truth",
    "write",
]
