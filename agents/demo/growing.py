"""A file that grows as talk goes on: what lies behind at once, the rest at its pace."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

from pipeline.simulate import Brief, SimulatedTweet

__all__ = ["grow"]

_STEP_S = 0.1


async def grow(path: Path, talk: Brief, caught_up: asyncio.Event, *, over_s: float) -> None:
    """Write talk to a file, a line each.

    Parameters
    ----------
    path : Path
        The file, which is made.
    talk : Brief
        What is written.
    caught_up : asyncio.Event
        Set once what lies behind has been read: only then it goes on.
    over_s : float
        How long the rest takes.
    """
    tweets = await asyncio.to_thread(lambda: list(talk.tweets()))
    behind = [tweet for tweet in tweets if tweet.time_ms < talk.live_from_ms]
    ahead = [tweet for tweet in tweets if tweet.time_ms >= talk.live_from_ms]
    with path.open("wb", buffering=0) as file:
        file.write(_lines(behind))
        await caught_up.wait()
        loop = asyncio.get_running_loop()
        began, written = loop.time(), 0
        while written < len(ahead):
            await asyncio.sleep(_STEP_S)
            passed_ms = (loop.time() - began) / over_s * (talk.end_ms - talk.live_from_ms)
            due = written
            while due < len(ahead) and ahead[due].time_ms <= talk.live_from_ms + passed_ms:
                due += 1
            file.write(_lines(ahead[written:due]))
            written = due


def _lines(tweets: Iterable[SimulatedTweet]) -> bytes:
    return b"".join([tweet.value + b"\n" for tweet in tweets])
