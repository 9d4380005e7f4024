"""Softmax regression over sparse counts, with a penalty of its own for each kind of feature."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Block", "Floats", "fit", "sharpen"]

Floats = NDArray[np.floating[Any]]
Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Block:
    """Features of one kind: how often each item is in each text, and what each item's features are.

    The matrices are of ``scipy.sparse``, or dense. A text's features are ``counts @ features``; keeping the two apart
    makes an epoch cost what the distinct items cost, not what all their occurrences do.
    """

    counts: Any
    features: Any
    """None where the items are the features."""
    penalty: float

    @property
    def width(self) -> int:
        """Number of features."""
        return int((self.counts if self.features is None else self.features).shape[1])

    def of(self, chosen: NDArray[np.intp]) -> Block:
        """Return the block of some of the texts, of items that are in them."""
        counts = self.counts[chosen]
        if self.features is None or not hasattr(counts, "indices"):
            return Block(counts, self.features, self.penalty)
        used = np.unique(counts.indices)
        return Block(counts[:, used], self.features[used], self.penalty)

    def scores(self, weights: Floats) -> Floats:
        """Return three scores a text."""
        scores: Floats = self.counts @ (weights if self.features is None else self.features @ weights)
        return scores

    def transposed(self) -> Callable[[Floats], Floats]:
        """Return the function from errors by text to the gradient."""
        counts = self.counts.T.tocsr() if hasattr(self.counts, "tocsr") else self.counts.T
        if self.features is None:
            return lambda errors: counts @ errors
        features = self.features.T.tocsr() if hasattr(self.features, "tocsr") else self.features.T
        return lambda errors: features @ (counts @ errors)


def fit(
    blocks: Sequence[Block], targets: Floats, offsets: Floats, importance: Floats, *, steps: int, progress: Progress
) -> list[Floats]:
    """Return the weights of each block, found by L-BFGS.

    Parameters
    ----------
    blocks : sequence of Block
        Of the same texts.
    targets : array
        Three probabilities a text.
    offsets : array
        Logarithms of the shares of the three labels where the text is from: what the model need not learn, and so
        answers as though labels were equally frequent (logit adjustment, Menon et al., ICLR 2021).
    importance : array
        Weight of each text.
    steps : int
        Most steps; stopping early is part of the regularisation.
    progress : callable
        Told ``"fit"`` and the share done after every step.
    """
    from scipy.optimize import minimize  # type: ignore[import-untyped]  # noqa: PLC0415 - only training needs it

    bounds = np.cumsum([0, *(block.width for block in blocks)])
    transposed = [block.transposed() for block in blocks]
    spans = [slice(start, end) for start, end in pairwise(bounds.tolist())]
    done = 0

    def loss(flat: Floats) -> tuple[float, Floats]:
        weights = flat.astype(np.float32).reshape(-1, 3)
        scores = offsets + sum(block.scores(weights[span]) for block, span in zip(blocks, spans, strict=True))
        top = scores.max(axis=1, keepdims=True)
        odds = np.exp(scores - top)
        total = odds.sum(axis=1, keepdims=True)
        value = -float((importance[:, None] * targets * (scores - top - np.log(total))).sum(dtype=np.float64))
        errors = importance[:, None] * (odds / total - targets)
        gradient = np.empty_like(weights)
        for block, span, transpose in zip(blocks, spans, transposed, strict=True):
            value += 0.5 * block.penalty * float(np.square(weights[span], dtype=np.float64).sum())
            gradient[span] = transpose(errors) + block.penalty * weights[span]
        return value, gradient.ravel().astype(np.float64)

    def step(_: Floats) -> None:
        nonlocal done
        done += 1
        progress("fit", done / steps)

    start = np.zeros(3 * int(bounds[-1]))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", callback=step, options={"maxiter": steps, "maxcor": 8}).x
    weights = found.astype(np.float32).reshape(-1, 3)
    return [weights[span] for span in spans]


def sharpen(scores: Floats, offsets: Floats, labels: NDArray[np.intp]) -> tuple[float, Floats]:
    """Return the factor and the three scores to add before it that make the probabilities of unseen texts true.

    Minimises the log-loss of ``factor * (scores + lean) + offsets``; few labels pull towards 1 and 0.
    """
    from scipy.optimize import minimize  # noqa: PLC0415 - only training needs it

    truth = np.eye(3)[labels]

    def loss(values: Floats) -> float:
        logits = np.exp(values[0]) * (scores + values[1:]) + offsets
        logits = logits - logits.max(axis=1, keepdims=True)
        fitted = (truth * logits).sum() - np.log(np.exp(logits).sum(axis=1)).sum()
        return float(-fitted + 20 * np.square(values).sum())

    found = minimize(loss, np.zeros(4), method="L-BFGS-B").x
    return float(np.exp(found[0])), found[1:] - found[1:].mean()
