"""How long to wait before a source is asked again, by what went wrong.

ADR: the numbers are those that X asks its clients for (https://docs.x.com/x-api/fundamentals/handling-disconnections,
2026): at once after a connection that stood; then by 250 ms more each time, up to 16 s, while the network fails; from
5 s doubling to 320 s when the answer is an error; from a minute doubling when there were too many requests, unless the
answer says when they are taken again. Other sources ask for nothing, and get the same.

ADR: kinds of failure count apart, and start anew together, once a connection has stood for a minute. One that is
closed again after its first line would otherwise be made anew without end, and X counts connections.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import StrEnum
from typing import assert_never

__all__ = ["Backoff", "Failure"]

_NETWORK_STEP_S, _NETWORK_MOST_S = 0.25, 16.0
_HTTP_FIRST_S, _HTTP_MOST_S = 5.0, 320.0
_RATE_FIRST_S, _RATE_MOST_S = 60.0, 900.0
"""X counts requests by quarters of an hour."""
_RESET_MARGIN_S = 1.0
"""The header has whole seconds."""
_STEADY_S = 60.0
_JITTER = 0.1
_MOST_DOUBLINGS = 10


class Failure(StrEnum):
    """What went wrong, as far as it decides how long to wait."""

    NETWORK = "network"
    """No connection, or one that ended: refused, reset, timed out, stalled, closed by the source."""
    HTTP = "http"
    """An answer that is an error, other than too many requests."""
    RATE_LIMIT = "rate_limit"
    """Too many requests or connections (429)."""


class Backoff:
    """Says how long to wait. Mutable; one for each connection.

    Parameters
    ----------
    clock : callable, optional
        Returns seconds that never go back. Without one a connection that has stood at all counts as a steady one.
    jitter : callable, optional
        Returns a number from 0 to 1; up to a tenth is added to each wait by it, so that many do not come at once.

    Examples
    --------
    >>> backoff = Backoff()
    >>> backoff.succeeded()
    >>> [backoff.after(Failure.NETWORK) for _ in range(4)]
    [0.0, 0.25, 0.5, 0.75]
    >>> [backoff.after(Failure.HTTP) for _ in range(3)]
    [5.0, 10.0, 20.0]
    >>> backoff.after(Failure.RATE_LIMIT, reset_s=130.0)
    131.0
    """

    __slots__ = ("_clock", "_failures", "_jitter", "_stood_since")

    def __init__(self, *, clock: Callable[[], float] | None = None, jitter: Callable[[], float] | None = None) -> None:
        self._clock = clock
        self._jitter = jitter
        self._failures: dict[Failure, int] = {}
        self._stood_since: float | None = None

    def succeeded(self) -> None:
        """Note that a connection stands: the source has said something on it."""
        if self._stood_since is None:
            self._stood_since = self._clock() if self._clock else -math.inf

    def after(self, failure: Failure, *, reset_s: float | None = None) -> float:
        """Return how many seconds to wait after a failure, which is counted.

        Parameters
        ----------
        failure : Failure
            What went wrong.
        reset_s : float, optional
            Of too many requests: in how many seconds the source takes them again, by its own clock (X: the header
            `x-rate-limit-reset` less that of `Date`). One that is past, or no number, is none.
        """
        stood = self._stood_since is not None
        if self._stood_since is not None:
            now = self._clock() if self._clock else math.inf
            if now - self._stood_since >= _STEADY_S:
                self._failures.clear()
            self._stood_since = None
        if failure is Failure.NETWORK and stood and not self._failures:
            self._failures[failure] = 0
            return 0.0
        count = self._failures[failure] = self._failures.get(failure, 0) + 1
        wait_s = _wait_s(failure, count, reset_s)
        return wait_s * (1.0 + _JITTER * min(1.0, max(0.0, self._jitter()))) if self._jitter else wait_s


def _wait_s(failure: Failure, count: int, reset_s: float | None) -> float:
    doubled = 2.0 ** min(count - 1, _MOST_DOUBLINGS)
    match failure:
        case Failure.NETWORK:
            return min(_NETWORK_STEP_S * count, _NETWORK_MOST_S)
        case Failure.HTTP:
            return min(_HTTP_FIRST_S * doubled, _HTTP_MOST_S)
        case Failure.RATE_LIMIT:
            if reset_s is None or not math.isfinite(reset_s) or reset_s <= 0.0:
                return min(_RATE_FIRST_S * doubled, _RATE_MOST_S)
            # Who is told again and again to come back in a second waits longer each time all the same.
            return min(max(reset_s + _RESET_MARGIN_S, min(doubled, _RATE_FIRST_S)), _RATE_MOST_S)
        case _:
            assert_never(failure)
