"""A small network on top of an encoder: the part of a teacher that knows about polarity."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Head"]

Array = NDArray[np.floating[Any]]

_HIDDEN, _BATCH = 256, 512
_RATE, _DECAY = 1e-3, 1e-2
_INPUT_KEPT, _HIDDEN_KEPT = 0.9, 0.6


class Head:
    """One hidden layer beside a straight way, trained by Adam with dropout. Equal seeds give equal heads.

    Parameters
    ----------
    width : int
        Numbers a text comes with.
    seed : int
        Of the first weights, of the order of texts and of dropout.
    """

    def __init__(self, width: int, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        normal = self._random.standard_normal
        self._weights: dict[str, Array] = {
            "in": (normal((width, _HIDDEN)) / np.sqrt(width)).astype(np.float32),
            "in_b": np.zeros(_HIDDEN, np.float32),
            "out": (0.5 * normal((_HIDDEN, 3)) / np.sqrt(_HIDDEN)).astype(np.float32),
            "out_b": np.zeros(3, np.float32),
            "straight": np.zeros((width, 3), np.float32),
        }

    def scores(self, inputs: Array) -> Array:
        """Return three scores a text, as though labels were equally frequent."""
        weights = self._weights
        hidden = np.maximum(inputs @ weights["in"] + weights["in_b"], 0)
        scores: Array = hidden @ weights["out"] + weights["out_b"] + inputs @ weights["straight"]
        return scores

    def fit(self, inputs: Array, targets: Array, offsets: Array, rounds: int = 8) -> Head:
        """Learn from texts; ``offsets`` are the logarithms of the shares of labels where each text is from."""
        means = {name: np.zeros_like(weight) for name, weight in self._weights.items()}
        squares = {name: np.zeros_like(weight) for name, weight in self._weights.items()}
        steps = rounds * (len(inputs) // _BATCH)
        step = 0
        for _ in range(rounds):
            order = self._random.permutation(len(inputs))
            for start in range(0, len(order) - _BATCH + 1, _BATCH):
                step += 1
                batch = order[start : start + _BATCH]
                gradients = self._gradients(inputs[batch], targets[batch], offsets[batch])
                rate = _RATE * min(1.0, step / 100) * (1 - step / (steps + 1))
                for name, gradient in gradients.items():
                    means[name] += 0.1 * (gradient - means[name])
                    squares[name] += 0.001 * (gradient * gradient - squares[name])
                    mean, square = means[name] / (1 - 0.9**step), squares[name] / (1 - 0.999**step)
                    self._weights[name] -= rate * (mean / (np.sqrt(square) + 1e-8) + _DECAY * self._weights[name])
        return self

    def _gradients(self, inputs: Array, targets: Array, offsets: Array) -> dict[str, Array]:
        weights = self._weights
        inputs = inputs * self._kept(inputs.shape, _INPUT_KEPT)
        before = inputs @ weights["in"] + weights["in_b"]
        kept = self._kept(before.shape, _HIDDEN_KEPT) * (before > 0)
        hidden = before * kept
        scores = hidden @ weights["out"] + weights["out_b"] + inputs @ weights["straight"] + offsets
        odds = np.exp(scores - scores.max(axis=1, keepdims=True))
        errors = ((odds / odds.sum(axis=1, keepdims=True) - targets) / len(inputs)).astype(np.float32)
        back = (errors @ weights["out"].T) * kept
        return {
            "in": inputs.T @ back,
            "in_b": back.sum(axis=0),
            "out": hidden.T @ errors,
            "out_b": errors.sum(axis=0),
            "straight": inputs.T @ errors,
        }

    def _kept(self, shape: tuple[int, ...], share: float) -> Array:
        return (self._random.random(shape, np.float32) < share).astype(np.float32) / np.float32(share)
