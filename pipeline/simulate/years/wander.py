"""What wanders: autoregressions on several time scales, drawn on a grid as coarse as their memory allows."""

from __future__ import annotations

from itertools import accumulate
from math import exp, sqrt

import numpy as np
from numpy.typing import NDArray

__all__ = ["level", "wander"]

Floats = NDArray[np.float64]

_STEPS_OF_MEMORY = 12
"""Grid points within one time constant; between them the path is straight."""


def wander(chance: np.random.Generator, minutes: int, *, spread: float, memory: float) -> Floats:
    """Return a stationary Gaussian path of mean 0, one number a minute.

    Parameters
    ----------
    chance : numpy.random.Generator
        Where chance comes from.
    minutes : int
        How long.
    spread : float
        Standard deviation.
    memory : float
        Minutes in which the autocorrelation falls to 1 / e.
    """
    step = max(1, int(memory / _STEPS_OF_MEMORY))
    keep = exp(-step / memory)
    noise = chance.standard_normal(minutes // step + 2)
    noise[1:] *= sqrt(1.0 - keep * keep)
    path = np.array(list(accumulate(noise.tolist(), lambda last, new: keep * last + new)))
    path *= spread
    drawn: Floats = np.interp(np.arange(minutes), np.arange(len(path)) * step, path)
    return drawn


def level(path: Floats) -> Floats:
    """Return a path as factors of mean 1: the log-normal of it."""
    factors: Floats = np.exp(path)
    factors /= factors.mean()
    return factors
