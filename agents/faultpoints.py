"""Places where a test makes a worker fail on purpose. None is active unless ``VIGIE_FAULT_POINTS`` says so.

ADR: crashes at random moments seldom hit the few instructions that matter (results written, state not; state
written, offset not). So each step of a stage passes a named point, and the fault suite makes a worker raise, die or
hang at every one of them. A point that is off costs one look into an empty mapping for a batch.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import time
from enum import StrEnum
from typing import NoReturn

__all__ = ["FaultPoint", "FaultPoints", "InjectedFault"]

_PLAN = re.compile(r"(?P<point>[a-z.-]+):(?P<action>raise|kill|hang|block)@(?P<count>[1-9][0-9]{0,8})")


class FaultPoint(StrEnum):
    """A step of a stage, named for what has just been done."""

    ENRICH_TAKEN = "enrich.taken"
    ENRICH_COMPUTED = "enrich.computed"
    ENRICH_LETTERS = "enrich.letters-written"
    ENRICH_NOTICES = "enrich.notices-written"
    ENRICH_MENTIONS = "enrich.mentions-written"
    ENRICH_CLOCK = "enrich.clock-written"
    ENRICH_IDLE = "enrich.idle-due"
    TRACK_TAKEN = "track.taken"
    TRACK_COMPUTED = "track.computed"
    TRACK_LETTERS = "track.letters-written"
    TRACK_CRISES = "track.crises-written"
    TRACK_WINDOWS = "track.windows-written"
    TRACK_STATES = "track.states-written"
    FEEDBACK_STATES = "feedback.states-written"
    NOTIFY_TAKEN = "notify.taken"
    NOTIFY_STATE = "notify.state-written"
    NOTIFY_DELIVERED = "notify.delivered"
    NOTIFY_LETTER = "notify.letter-written"
    ERASE_TAKEN = "erase.taken"
    ERASE_LETTERS = "erase.letters-written"
    ERASE_BROADCAST = "erase.broadcast"
    ERASE_REDACTED = "erase.redacted"


class InjectedFault(Exception):
    """Raised at a fault point that says ``raise``."""


class FaultPoints:
    """What is to go wrong, and where.

    Parameters
    ----------
    plan : str
        ``point:action@n[,...]``: at the n-th passage of the point raise an exception, kill the process (as a
        power cut would), hang (the agent waits for ever) or block (the whole event loop does). Empty for nothing.

    Raises
    ------
    ValueError
        It is no such plan.

    Examples
    --------
    >>> FaultPoints("track.computed:raise@3")
    FaultPoints('track.computed:raise@3')
    """

    def __init__(self, plan: str = "") -> None:
        self._plan = plan
        self._due: dict[FaultPoint, tuple[str, int]] = {}
        self._passed: dict[FaultPoint, int] = {}
        for part in filter(None, plan.split(",")):
            found = _PLAN.fullmatch(part)
            if found is None:
                raise ValueError(f"expected point:raise|kill|hang|block@n[,...], got {part!r}")
            self._due[FaultPoint(found["point"])] = (found["action"], int(found["count"]))

    def __repr__(self) -> str:
        return f"FaultPoints({self._plan!r})"

    async def reach(self, point: FaultPoint) -> None:
        """Pass a point; fail if this passage is the one.

        Raises
        ------
        InjectedFault
            The plan says so.
        """
        if point not in self._due:
            return
        action, count = self._due[point]
        self._passed[point] = self._passed.get(point, 0) + 1
        if self._passed[point] == count:
            await self._fail(point, action)

    async def _fail(self, point: FaultPoint, action: str) -> NoReturn:
        sys.stderr.write(f"fault point {point.value}: {action}\n")
        sys.stderr.flush()
        match action:
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            case "hang":
                await asyncio.Event().wait()
            case "block":
                while True:
                    time.sleep(3600)  # noqa: ASYNC251 - a blocked event loop is what is asked for
            case _:
                pass
        raise InjectedFault(f"at {point.value}, as asked for")
