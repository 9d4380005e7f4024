"""Seeded chance that is the same on every machine and in every version of Python.

The stream is SHAKE-256 of the seed in counter mode, so it does not depend on how the standard library's
own generator chooses to turn bits into choices.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import shake_256
from math import cos, exp, log, pi, sqrt
from struct import Struct
from typing import TypeVar

__all__ = ["Chance"]

T = TypeVar("T")

_WORDS = 512
_BLOCK = Struct(f"<{_WORDS}Q")
_SCALE = 2.0**-53


class Chance:
    """A stream of chance of its own for each name: streams do not disturb one another.

    Parameters
    ----------
    *name : int or str
        The seed, then what the stream is for.
    """

    def __init__(self, *name: int | str) -> None:
        self._seed = "\x1f".join(map(str, name)).encode()
        self._block = 0
        self._ready: list[float] = []

    def unit(self) -> float:
        """Return a number in [0, 1)."""
        if not self._ready:
            digest = shake_256(self._seed + b"\x1e" + str(self._block).encode()).digest(_BLOCK.size)
            self._ready = [(word >> 11) * _SCALE for word in _BLOCK.unpack(digest)]
            self._block += 1
        return self._ready.pop()

    def happens(self, probability: float) -> bool:
        """Return true with this probability."""
        return self.unit() < probability

    def below(self, limit: int) -> int:
        """Return an integer in [0, limit)."""
        return int(self.unit() * limit)

    def pick(self, items: Sequence[T]) -> T:
        """Return one of the items."""
        return items[int(self.unit() * len(items))]

    def normal(self) -> float:
        """Return a standard normal number (Box and Muller, 1958)."""
        return sqrt(-2.0 * log(1.0 - self.unit())) * cos(2.0 * pi * self.unit())

    def exponential(self, mean: float) -> float:
        """Return an exponential number of this mean."""
        return -mean * log(1.0 - self.unit())

    def gamma(self, shape: float, scale: float) -> float:
        """Return a gamma number, ``shape`` at least 1 (Marsaglia and Tsang, ACM TOMS 26(3), 2000)."""
        d = shape - 1.0 / 3.0
        c = 1.0 / sqrt(9.0 * d)
        while True:
            x = self.normal()
            v = (1.0 + c * x) ** 3
            if v > 0.0 and log(1.0 - self.unit()) < 0.5 * x * x + d - d * v + d * log(v):
                return d * v * scale

    def poisson(self, mean: float) -> int:
        """Return a Poisson count (Knuth's product of uniforms, in parts of mean 16 against underflow)."""
        count = 0
        while mean > 0.0:
            limit = exp(-min(mean, 16.0))
            mean -= 16.0
            product = self.unit()
            while product > limit:
                count += 1
                product *= self.unit()
        return count
