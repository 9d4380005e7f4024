"""What every sink promises, and the three ways in which one fails."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

import aiohttp

from pipeline.notify.notification import Notification

__all__ = ["NotNow", "Sink", "SinkConfigError", "Undeliverable"]


class NotNow(Exception):
    """The receiver did not take it; it is worth trying again.

    Parameters
    ----------
    message
        Why, without any secret.
    retry_after_s
        For how long the receiver asked to be left alone, in seconds; none when it did not say.
    """

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Undeliverable(Exception):
    """The receiver will never take it, so trying again is of no use; the message says why, without any secret."""


class SinkConfigError(Exception):
    """A channel cannot be used as it is configured; the message names the channel and the file."""


class Sink(Protocol):
    """One receiver of notifications. To add a kind, see `agents.notify.sinks`."""

    repeats: bool
    """The receiver forgets an open alert that it is not told of again, so the caller repeats it every minute."""

    async def deliver(self, session: aiohttp.ClientSession, notification: Notification, *, now: datetime) -> None:
        """Try once to deliver; return when the receiver has taken it.

        Parameters
        ----------
        session
            The HTTP connections of the whole agent.
        notification
            What to tell.
        now
            The wall clock.

        Raises
        ------
        NotNow
            It failed, and another attempt may not.
        Undeliverable
            It failed, and so would every other attempt.
        """
        ...
