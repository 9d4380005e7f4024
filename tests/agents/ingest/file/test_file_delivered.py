"""Files on a broker: what is stored and where, and what a run that was stopped leaves to the next."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from agents import exits
from agents.ingest.runner import deliver
from agents.ingest.sources.file import FileSource
from agents.processes import role_environment
from agents.settings import Settings, load_settings
from agents.topics import create_topics
from schemas.codec import encode
from tests.brokers.base import Broker
from tests.brokers.client import consume_all

START_MS = 1_780_000_000_000
PARTITIONS = 3
GAP = encode({"type": "gap", "start_ms": START_MS, "end_ms": START_MS + 60_000, "reason": "stalled"})


def tweet(number: int) -> bytes:
    return encode({"id": str(number), "created_at_ms": START_MS + 1_000 * number, "text": f"post {number}"})


@pytest.fixture
async def settings(broker: Broker, tmp_path: Path, topic_prefix: str) -> Settings:
    made = load_settings(
        brokers=broker.bootstrap,
        topic_prefix=topic_prefix,
        idempotent_producer=broker.kind == "kafka",
        ingest_dir=tmp_path / "ingest",
        web_port=0,
    )
    await create_topics(made, raw_partitions=PARTITIONS, partitions=1, replication=1)
    return made


async def test_a_file_is_stored_in_its_order_and_its_gap_in_every_partition(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\n".join([*map(tweet, range(50)), GAP, tweet(3), *map(tweet, range(50, 100))]))
    sums = await deliver(settings, FileSource(paths=[path]))
    assert (sums.put, sums.stored, sums.waiting, sums.dropped, len(sums.gaps)) == (101, 101, 0, 0, 1)
    stored = await consume_all(settings.brokers, settings.topics.raw)
    by_partition: dict[int | None, list[int | None]] = defaultdict(list)
    for record in stored:
        by_partition[record.partition].append(None if record.key is None else int(record.key))
    assert len(by_partition) == PARTITIONS
    for numbers in by_partition.values():
        at = numbers.index(None)
        before, after = [n for n in numbers[:at] if n is not None], [n for n in numbers[at + 1 :] if n is not None]
        assert before == sorted(before)
        assert max(before) < 50
        assert all(number >= 50 or number == 3 for number in after)
    of_three = {record.partition for record in stored if record.key == b"3"}
    assert len(of_three) == 1, "duplicates of a post meet in one partition"


async def test_standard_input_by_the_command_prints_the_sums(settings: Settings) -> None:
    command = [sys.executable, "-m", "agents.cli.run", "ingest", "file", "-", "--json"]
    result = subprocess.run(  # noqa: ASYNC221 - nothing else goes on here
        command,
        input=b"\n".join(map(tweet, range(10))),
        env=role_environment(settings),
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert result.returncode == exits.OK, result.stderr
    told = json.loads(result.stdout)
    assert (told["source"], told["put"], told["stored"], told["waiting"], told["gaps"]) == ("file", 10, 10, 0, [])
    assert len(await consume_all(settings.brokers, settings.topics.raw)) == 10


async def test_a_file_that_is_not_there_is_told_by_its_name_and_code(settings: Settings, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "agents.cli.run", "ingest", "file", str(tmp_path / "none.jsonl")]
    result = subprocess.run(  # noqa: ASYNC221 - nothing else goes on here
        command, env=role_environment(settings), capture_output=True, check=False, timeout=60
    )
    assert result.returncode == exits.NO_INPUT
    assert b"none.jsonl: no such file" in result.stderr
