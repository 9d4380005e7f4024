"""Invented people: handles, names and followings, the same for the same seed."""

from __future__ import annotations

from math import exp
from typing import NamedTuple

from pipeline.simulate.chance import Chance

__all__ = ["People", "Person"]

_FIRST = (
    "amber", "basil", "cedar", "cobalt", "coral", "dusty", "ember", "fable", "fern", "fizzy", "frost",
    "ginger", "hazel", "indigo", "ivory", "jolly", "juniper", "kite", "lemon", "linen", "lucky", "maple",
    "mellow", "minty", "misty", "mossy", "nimble", "oak", "olive", "opal", "paper", "pebble", "pixel",
    "plum", "quartz", "quiet", "rusty", "saffron", "salty", "sandy", "silver", "sleepy", "smoky", "snowy",
    "sunny", "tiny", "velvet", "violet", "willow", "woolly",
)  # fmt: skip
_SECOND = (
    "badger", "bakery", "banjo", "beacon", "biscuit", "bobcat", "button", "cactus", "canoe", "crumpet",
    "dumpling", "falcon", "ferry", "fiddle", "gecko", "hedgehog", "heron", "jigsaw", "kettle", "lantern",
    "lynx", "magpie", "marmot", "meadow", "mitten", "muffin", "noodle", "otter", "panda", "parsnip",
    "pigeon", "piano", "pickle", "puffin", "radish", "raven", "robin", "rocket", "saucer", "scarf",
    "spoon", "teapot", "tractor", "trumpet", "turnip", "waffle", "walrus", "wombat", "yak",
)  # fmt: skip
_HANDLE_CHARS = 15


class Person(NamedTuple):
    """An account."""

    id: str
    """Its ID on the platform."""
    handle: str
    """Without ``@``."""
    name: str
    """As displayed."""
    followers: int
    """Its following."""


class People:
    """The accounts that talk about a brand: a few often, most once."""

    def __init__(self, seed: int, brand: str, *, number: int, size: int) -> None:
        self._chance = Chance(seed, brand, "people")
        self._number = 100 + number
        self._people = [self._invent(i) for i in range(size)]

    def someone(self, chance: Chance) -> Person:
        """Return somebody; the first are met most often (density falls as the square root of the rank)."""
        u = chance.unit()
        return self._people[int(u * u * len(self._people))]

    def _invent(self, rank: int) -> Person:
        chance = self._chance
        first, second = chance.pick(_FIRST), chance.pick(_SECOND)
        digits = str(chance.below(9000) + 100)
        joiner = "_" if chance.happens(0.3) else ""
        handle = f"{first}{joiner}{second}"[: _HANDLE_CHARS - len(digits)] + digits
        name = f"{first.title()} {second.title()}" if chance.happens(0.7) else first
        followers = int(exp(5.1 + 1.5 * chance.normal()))  # median about 160, now and then 50,000
        return Person(f"{self._number}{rank:06d}{chance.below(90) + 10}", handle, name, followers)
