"""What a source tells of its troubles in a log: in the same words, and not with every try."""

from __future__ import annotations

from collections.abc import Callable

import aiohttp

__all__ = ["News", "network_trouble"]

_SAY_AGAIN_S = 60.0


class News:
    """Says whether something is worth a line: at once when it is news, then each minute. Mutable.

    Parameters
    ----------
    monotonic : callable
        Returns seconds that never go back.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._told: tuple[str, float] | None = None

    def is_due(self, words: str) -> bool:
        """Say whether to tell this now; then it counts as told."""
        now_s = self._monotonic()
        if self._told is not None and self._told[0] == words and now_s - self._told[1] < _SAY_AGAIN_S:
            return False
        self._told = (words, now_s)
        return True

    def over(self) -> None:
        """Note that all is well: whatever comes next is news."""
        self._told = None


def network_trouble(exc: Exception) -> str:
    """Return what went wrong with a connection, for people."""
    if isinstance(exc, TimeoutError):
        return "no answer in time"
    if isinstance(exc, aiohttp.ClientConnectorError):
        return f"cannot be reached ({exc.os_error.strerror or type(exc).__name__})"
    return f"the connection broke ({type(exc).__name__})"
