from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Literal

from agents.demo.growing import grow
from pipeline.simulate import brief_talk


class WaitedFor(asyncio.Event):
    """An event that says when somebody waits for it."""

    def __init__(self) -> None:
        super().__init__()
        self.waited_for = asyncio.Event()

    async def wait(self) -> Literal[True]:
        self.waited_for.set()
        return await super().wait()


async def test_what_lies_behind_is_written_at_once_and_the_rest_once_that_was_read(tmp_path: Path) -> None:
    whole = brief_talk(1_780_000_000_000)
    start_ms = whole.scenario.start_ms
    talk = replace(whole, live_from_ms=start_ms + 2 * 3_600_000, end_ms=start_ms + 3 * 3_600_000)
    tweets = list(talk.tweets())
    behind = [tweet.value for tweet in tweets if tweet.time_ms < talk.live_from_ms]
    path, caught_up = tmp_path / "tweets.jsonl", WaitedFor()
    growing = asyncio.create_task(grow(path, talk, caught_up, over_s=0.5))
    await caught_up.waited_for.wait()
    assert path.read_bytes().splitlines() == behind
    caught_up.set()
    await growing
    assert sorted(path.read_bytes().splitlines()) == sorted(tweet.value for tweet in tweets)
