"""The watchdog: a worker that has work and does none says what it is stuck in, and exits.

ADR: Faust and aiokafka only log when a partition stops moving, and such a worker looks alive from outside. Ours
ends itself, so that whatever supervises it starts another, which reads on from the committed offsets. Two kinds of
being stuck need two eyes:

- an agent that waits for ever, or a fetch that never comes though the broker has more: seen from inside the event
  loop, once a second, by :class:`Stall`;
- an event loop that is blocked: seen by a thread, which the loop has to greet once a second.

Quiet on purpose: while state is being recovered and partitions are being shared out, as long as that goes on moving;
while the publisher holds for the broker (it has a limit of its own); while the broker answers nothing at all, for
then a restart helps nobody; and over the time during which the whole process was frozen, in which it could not work.
"""

from __future__ import annotations

import asyncio
import gc
import inspect
import sys
import threading
import time
import traceback
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, NamedTuple

from agents import logs

__all__ = ["Look", "Stall", "Watchdog", "dump_stacks"]

_LOOK_S = 1.0
_LONGEST_LOOK_S = 5.0
"""A look that comes later than this finds a process that was frozen."""


class Look(NamedTuple):
    """What a worker looks like at a moment."""

    progress: int
    """Moves on with every batch that is handed out or completed, every record recovered, every rebalance."""
    has_work: bool
    """A batch is open; or the broker has said lately that there is more, or that it answers while we recover."""
    excused: bool
    """Holding for the broker, or stopping: both have limits of their own."""


class Stall:
    """For how long a worker has had work and done none, in time during which it was awake.

    >>> stall, stuck = Stall(), Look(progress=7, has_work=True, excused=False)
    >>> [stall.seconds(stuck, now_s) for now_s in (0.0, 1.0, 2.0, 3600.0, 3601.0)]
    [0.0, 1.0, 2.0, 2.0, 3.0]
    >>> stall.seconds(stuck._replace(progress=8), 3602.0)
    0.0
    """

    def __init__(self) -> None:
        self._progress: int | None = None
        self._looked_s = 0.0
        self._stalled_s = 0.0

    def seconds(self, look: Look, now_s: float) -> float:
        """Take a look (about once a second, by a monotonic clock) and return the seconds of stall so far."""
        since_s, self._looked_s = now_s - self._looked_s, now_s
        if look.progress != self._progress or look.excused or not look.has_work:
            self._progress, self._stalled_s = look.progress, 0.0
        elif since_s <= _LONGEST_LOOK_S:
            self._stalled_s += since_s
        return self._stalled_s


class Watchdog:
    """Watches one event loop from a thread of its own, once `start` was called in it.

    Parameters
    ----------
    limit_s : float
        How long a worker may be stuck.
    look : callable
        Says what the worker looks like; called in the event loop.
    bite : callable
        Called with the reason when the worker is stuck: in the event loop, or in the thread when the loop is what
        is stuck. Is expected to end the process.
    """

    def __init__(self, limit_s: float, look: Callable[[], Awaitable[Look]], bite: Callable[[str], None]) -> None:
        self.limit_s = limit_s
        self._look = look
        self._bite = bite
        self._stall = Stall()
        self.stalled_s = 0.0
        """For how long the worker has had work and done none, as of the last look."""
        self._greetings = 0
        self._ended = threading.Event()

    def start(self) -> None:
        """Start watching the loop that is running."""
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def stop(self) -> None:
        """End the thread."""
        self._ended.set()

    async def patrol(self) -> None:
        """Greet the thread and look at the worker, once a second each, until `stop`."""
        # Apart, because a look may wait for a broker that does not answer.
        await asyncio.gather(self._greet(), self._inspect())

    async def _greet(self) -> None:
        while not self._ended.is_set():
            self._greetings += 1
            await asyncio.sleep(_LOOK_S)

    async def _inspect(self) -> None:
        while not self._ended.is_set():
            self.stalled_s = self._stall.seconds(await self._look(), time.monotonic())
            if self.stalled_s >= self.limit_s:
                self._bite(f"there is work, and nothing has moved for {self.stalled_s:.0f} s")
            await asyncio.sleep(_LOOK_S)

    def _watch(self) -> None:
        stall = Stall()
        while not self._ended.wait(_LOOK_S):
            greeted = Look(progress=self._greetings, has_work=True, excused=False)
            silent_s = stall.seconds(greeted, time.monotonic())
            if silent_s >= self.limit_s:
                self._bite(f"the event loop has been blocked for {silent_s:.0f} s")


def dump_stacks(loop: asyncio.AbstractEventLoop) -> None:
    """Say what every task and every thread is doing."""
    for task in asyncio.all_tasks(loop):
        logs.say("\n  ".join([f"{task.get_name()} waits in:", *_waits_in(task)]))
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    for ident, frame in sys._current_frames().items():  # noqa: SLF001 - documented, in spite of its name
        stack = "".join(traceback.format_stack(frame))
        logs.say(f"thread {names.get(ident, ident)} is in:\n{stack}")


def _waits_in(task: asyncio.Task[Any]) -> Iterator[str]:
    """Yield where a task waits, outermost first (asyncio itself shows only the outermost frame)."""
    awaited: Any = task.get_coro()
    while awaited is not None:
        frame = _of_any(awaited, "frame")
        if frame is not None:
            yield f"{frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_qualname}"
            awaited = _of_any(awaited, "await") or getattr(awaited, "gi_yieldfrom", None)
        else:
            # A wrapper, such as what an object's `__await__` returns, says only to the collector what it wraps.
            inside = gc.get_referents(awaited)
            awaited = next((each for each in inside if inspect.iscoroutine(each) or inspect.isasyncgen(each)), None)


def _of_any(awaited: Any, what: str) -> Any:
    """Return an attribute of a coroutine, generator or asynchronous generator, whichever it is."""
    return next((found for kind in ("cr", "gi", "ag") if (found := getattr(awaited, f"{kind}_{what}", None))), None)
