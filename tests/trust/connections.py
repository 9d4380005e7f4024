"""A worker that runs enrich, as others see it, and whether it works."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from aiokafka import AIOKafkaProducer

from agents.connection import client_options
from agents.embedded.probe import LOOPBACK
from agents.processes import role_command
from agents.reading import read_topic
from agents.role import Role
from agents.settings import Settings
from tests.faults.logs import tweet
from tests.live.vigie import now_ms

TIMEOUT_S = 60.0
PATIENCE_S = 3600.0
"""How long a worker would wait for an absent broker; longer than any test may take."""
AUTHOR_KEY = "kept-by-nobody-else-4711"

Chosen: TypeAlias = dict[str, Any]
"""Settings, whether or not they go together."""

_numbers = itertools.count()


def environment(folder: Path, **chosen: object) -> dict[str, str]:
    """Return the variables of a worker that says everything it has to say, and has its files in a folder."""
    watchlist = folder / "watchlist.toml"
    watchlist.write_text('version = 1\n[brands.acme]\naliases = ["Acme"]\n')
    key = folder / "author-key"
    key.write_text(AUTHOR_KEY)
    settings = {
        "watchlist": watchlist,
        "author_key_file": key,
        "data_dir": folder / "faust",
        "start_timeout_s": PATIENCE_S,
        "log_level": "DEBUG",
        "web_port": 0,
        **chosen,
    }
    given = {f"VIGIE_{name.upper()}": str(value) for name, value in settings.items() if value is not None}
    return {name: value for name, value in os.environ.items() if not name.startswith("VIGIE_")} | given


@contextmanager
def worker(variables: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run enrich for the length of the block."""
    with log.open("ab") as file:
        child = subprocess.Popen(role_command(Role.ENRICH), env=variables, stdout=file, stderr=file)
    try:
        yield child
    finally:
        child.terminate()
        child.wait(20)


async def passed_on(plain: Settings, count: int = 1) -> bool:
    """Give the worker tweets, and say whether it makes a mention of the last one."""
    tweets = [tweet(now_ms(), "Acme is late again", number=next(_numbers)) for _ in range(count)]
    async with AIOKafkaProducer(**client_options(plain)) as producer:
        for each in tweets:
            await producer.send(plain.topics.raw, each.value)
    reading = read_topic(plain, plain.topics.mentions, from_beginning=True, follow=True)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(TIMEOUT_S), aclosing(reading) as mentions:
            async for record in mentions:
                if (tweets[-1].key or b"") in (record.value or b""):
                    return True
    return False


def seen_of(child: subprocess.Popen[bytes], port: int) -> str:
    """Return what others on the machine see of a worker: its command line and environment, and its pages."""
    seen = subprocess.run(["ps", "eww", str(child.pid)], capture_output=True, text=True, check=True).stdout
    assert "agents.cli.run" in seen
    for page in ("/metrics", "/health/live"):
        with urllib.request.urlopen(f"http://{LOOPBACK}:{port}{page}") as answer:
            seen += answer.read().decode()
    return seen
