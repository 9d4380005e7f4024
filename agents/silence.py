"""When a raw partition counts as idle: at its end and silent, as the broker itself has confirmed."""

from __future__ import annotations

__all__ = ["Silence"]

_UNCONFIRMED_S = 5.0
"""A broker that does not answer, or a worker that was frozen, for so long proves nothing about silence."""


class Silence:
    """How long a partition has been silent.

    Only time during which the broker kept answering that there is nothing new counts. Otherwise a paused broker
    or a suspended worker would look like a silent source, time would go on without it, and what it had to say
    would come too late to be counted.

    Parameters
    ----------
    timeout_s : float
        Silence after which the partition is idle.
    """

    __slots__ = ("_confirmed_s", "_fetched_ms", "_looked_s", "_since_s", "_timeout_s", "told")

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._since_s: float | None = None
        """When the silence began."""
        self._confirmed_s = 0.0
        """When the broker last confirmed it."""
        self._looked_s = 0.0
        self._fetched_ms: int | None = None
        self.told = False
        """Whether the trackers know that it is idle."""

    def broken(self) -> None:
        """Note that the partition has spoken."""
        self._since_s = None
        self.told = False

    def lasts(self, now_s: float, *, at_end: bool, fetched_ms: int | None) -> bool:
        """Look at the partition, about once a second, and say whether it is idle.

        Parameters
        ----------
        now_s : float
            A monotonic clock, seconds.
        at_end : bool
            Everything known to be in it has been read and processed.
        fetched_ms : int or None
            When the broker last answered for it; only a change of it matters.
        """
        gap_s, self._looked_s = now_s - self._looked_s, now_s
        if not at_end or max(gap_s, now_s - self._confirmed_s) > _UNCONFIRMED_S:
            self._since_s = None
        if at_end and fetched_ms != self._fetched_ms:
            self._fetched_ms, self._confirmed_s = fetched_ms, now_s
            if self._since_s is None:
                self._since_s = now_s
        return self._since_s is not None and self._confirmed_s - self._since_s >= self._timeout_s
