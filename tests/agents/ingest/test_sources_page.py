"""The source that `deploy/sources.md` shows runs as it stands there."""

from __future__ import annotations

import asyncio
import dataclasses
import re
import tempfile
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import click
import pytest

from agents.ingest.contract import Mark, Post
from agents.ingest.sources import names
from pipeline.formats import parse
from pipeline.ingest.coverage import Missing
from pipeline.ingest.xaccess import ACCESS
from tests.agents.ingest.kept import Kept

pytestmark = pytest.mark.timeout(60)

PAGE = (Path(__file__).parents[3] / "deploy" / "sources.md").read_text("utf-8")


def shown() -> Any:
    """Return the page's example as a module."""
    (code,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "board.py"
        path.write_text(code, encoding="utf-8")
        spec = spec_from_file_location("board", path)
        assert spec is not None
        assert spec.loader is not None
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
    return module


async def board(lines: list[list[bytes]], kept: Kept, until: int) -> None:
    """Run the source against a server that says some lines on each connection, until so many posts are put."""
    waiting = list(lines)

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for line in waiting.pop(0) if waiting else ():
            writer.write(line + b"\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    task = asyncio.create_task(shown().Board(server.sockets[0].getsockname()[1]).run(kept))
    try:
        await kept.until(lambda: len(kept.posts) >= until)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        server.close()


def test_the_page_has_the_plans_of_x_as_the_code_has_them() -> None:
    rows = re.findall(r"^\| `(\w+)`.*?\| ([\d,]+) \| ([\d,]+) \| (\d+) \| (\d+) \|$", PAGE, re.MULTILINE)
    told = {name: tuple(int(each.replace(",", "")) for each in numbers) for name, *numbers in rows}
    assert told == {name: dataclasses.astuple(access) for name, access in ACCESS.items()}


def test_the_example_reads_marks_and_says_what_is_missing() -> None:
    kept = Kept(Mark(1_000, None))
    first = [b'{"id":"a","ms":5000,"text":"late again"}', b"{", b'{"id":"b","ms":6000,"text":"still late"}']
    asyncio.run(board([first, [b'{"id":"c","ms":9000,"text":"here"}']], kept, until=4))
    assert [each.key for each in kept.posts] == [b"a", None, b"b", b"c"]
    assert kept.gaps == [(Missing(1_000, 5_000), "disconnected"), (Missing(6_000, 9_000), "disconnected")]
    assert kept.order[0] == kept.gaps[0], "before what comes after it"
    (tweet,) = parse(kept.posts[0].value, max_bytes=1 << 20).tweets
    assert (tweet.id, tweet.created_at_ms, tweet.text, tweet.platform) == ("a", 5_000, "late again", "board")
    assert kept.posts[1] == Post(None, b"{\n")


def test_the_example_is_a_command() -> None:
    command = shown().command
    assert isinstance(command, click.Command)
    assert command.help == "Read the posts of a board."


def test_the_page_lists_every_source_there_is() -> None:
    table = PAGE.partition("## What a gap is")[0]
    listed = re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE)
    assert sorted(listed) == names()
