"""Arrays that grow: integers known of every token of a vocabulary, by row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from pipeline.text.tokens import Token

__all__ = ["Column", "put"]


class Column:
    """Integers known of every token, by row. Row 0, which stands between texts, has zeros."""

    def __init__(self, compute: Callable[[Sequence[Token]], Any], dtype: DTypeLike, width: int | None) -> None:
        self._compute = compute
        self.values: NDArray[Any] = np.zeros((1,) if width is None else (1, width), dtype)
        """One entry a row, and room for more; replaced when the vocabulary grows, so not to be kept."""

    def grow(self, filled: int, tokens: Sequence[Token]) -> None:
        """Work out the entries of new tokens, which follow those that are filled."""
        self.values = put(self.values, filled, self._compute(tokens), len(tokens))

    def keep(self, kept: NDArray[np.intp]) -> None:
        """Keep only these rows, in this order."""
        self.values = self.values[kept]


def put(array: NDArray[Any], filled: int, values: Any, count: int) -> NDArray[Any]:
    """Put values behind those that fill an array, into a larger one where there is no room."""
    end = filled + count
    if end > len(array):
        larger = np.zeros((max(2 * end, 1024), *array.shape[1:]), array.dtype)
        larger[:filled] = array[:filled]
        array = larger
    array[filled:end] = values
    return array
