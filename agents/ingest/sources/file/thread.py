"""Iterating over what may block (a disk, a pipe, a table that is sorted first) without holding up the event loop.

ADR: a thread of our own, as a daemon. The loop's threads are waited for at the end of the process: one that reads from
a terminal or an empty pipe would never let it end.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass
from typing import TypeVar

__all__ = ["elsewhere"]

_T = TypeVar("_T")
_AHEAD = 2


@dataclass(frozen=True, slots=True)
class _End:
    error: BaseException | None


async def elsewhere(items: Iterable[_T]) -> AsyncGenerator[_T, None]:
    """Yield the items, which a thread fetches, at most two ahead. An error of theirs is raised here.

    Close it (``aclosing``) when done early: the thread ends when it has the item that it is waiting for.
    """
    loop = asyncio.get_running_loop()
    came: asyncio.Queue[_T | _End] = asyncio.Queue()
    room, over = threading.Semaphore(_AHEAD), threading.Event()

    def give(item: _T | _End) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits for it any more
            loop.call_soon_threadsafe(came.put_nowait, item)

    def work() -> None:
        try:
            for item in items:
                room.acquire()
                if over.is_set():
                    return
                give(item)
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            give(_End(error))
        else:
            give(_End(None))

    threading.Thread(target=work, name="vigie-file", daemon=True).start()
    try:
        while True:
            item = await came.get()
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            room.release()
            yield item
    finally:
        over.set()
        room.release()
