"""Files that grow, rotate and end, and an ingester that is killed while it reads them."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.brokers.client import alter_topic
from tests.ingest.outcome import Outcome, sum_up
from tests.ingest.shapes import MALFORMED, SHAPES, line_of, malformed_line
from tests.ingest.trial import Trial

pytestmark = pytest.mark.kafka


def _lines(count: int, first: int = 0) -> Iterator[tuple[str | None, bytes]]:
    """Yield IDs and lines of posts of every shape, a malformed one now and then."""
    shapes, kinds, now_ms = list(SHAPES), list(MALFORMED), time.time_ns() // 1_000_000
    for number in range(first, first + count):
        if number % 50 == 49:
            yield None, malformed_line(kinds[number // 50 % len(kinds)], now_ms, number)
        else:
            yield line_of(shapes[number % len(shapes)], now_ms - 10 * number, number)


class _Written:
    """All lines that were written, and how they get into a file."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def add(self, path: Path, count: int) -> None:
        """Append so many lines to a file."""
        with path.open("ab") as file:
            for post_id, line in _lines(count, len(self.sent)):
                self.sent.append({"id": post_id, "line": line, "time_ms": 0})
                file.write(line + b"\n")


def _judge(trial: Trial, name: str, written: _Written, note: Callable[[Outcome], None]) -> Outcome:
    """Everything is stored, nothing is foreign, and there is no gap: a file waits."""
    stored = trial.stored()
    found = sum_up(written.sent, stored, [])
    outcome = Outcome(
        trial=name,
        sent=len(written.sent),
        stored=found.stored,
        twice=found.twice,
        missing=len(found.missing),
        in_gaps=0,
        gaps=len(stored.gaps[0]),
        gap_s=0.0,
        down_s=0.0,
    )
    note(outcome)
    trial.check_sums(stored)
    assert not found.missing, f"{outcome}\n{found.missing[:2]}\n{trial.logs()}"
    assert not found.foreign, f"{outcome}\n{found.foreign[:2]}"
    assert not stored.gaps[0]
    return outcome


def test_killed_in_the_middle_of_a_file_it_goes_on(ingest: Trial, note_sum: Callable[[Outcome], None]) -> None:
    written, path = _Written(), ingest.folder / "posts.jsonl"
    written.add(path, 12_000)
    for share in (0.2, 0.5):
        ingester = ingest.ingest("file", str(path))
        ingest.until(
            lambda ingester=ingester, share=share: (  # type: ignore[misc] # bound now
                ingester.metric("vigie_ingest_stored_total") > share * 8_000 or ingester.process.poll() is not None
            ),
            "some are stored",
        )
        ingester.kill()
    last = ingest.ingest("file", str(path))
    assert last.process.wait(60) == 0, ingest.logs()
    _judge(ingest, "file of 12,000, killed twice", written, note_sum)


def test_a_file_that_grows_is_followed_through_rotation(ingest: Trial, note_sum: Callable[[Outcome], None]) -> None:
    written, path = _Written(), ingest.folder / "posts.jsonl"
    ingester = ingest.ingest("file", "--follow", str(path))
    for turn in range(3):
        written.add(path, 400)
        _seen(ingest, written)
        written.add(path, 150)  # not read yet, perhaps, when the file is moved away
        path.rename(ingest.folder / f"posts.jsonl.{turn}")
        if turn == 1:
            ingester.kill()
            ingester = ingest.ingest("file", "--follow", str(path))
    written.add(path, 400)
    _seen(ingest, written)
    with path.open("ab") as file:
        file.write(b'{"data":{"id":"1","text":"half a li')
    ingest.stop()
    _judge(ingest, "file followed, rotated 3 times, killed", written, note_sum)


def _seen(trial: Trial, written: _Written) -> None:
    wanted = [each["line"] for each in written.sent]

    def stored() -> bool:
        lines = trial.stored().lines
        return all(line in lines for line in wanted)

    trial.until(stored, "what was written is stored")


def test_standard_input_is_read_to_its_end(ingest: Trial, note_sum: Callable[[Outcome], None]) -> None:
    written, path = _Written(), ingest.folder / "posts.jsonl"
    written.add(path, 3000)
    reading, writing = os.pipe()
    ingester = ingest.ingest("file", "-", stdin=reading)
    os.close(reading)
    with path.open("rb") as file:
        subprocess.run(["cat"], stdin=file, stdout=writing, check=True)
    os.close(writing)
    assert ingester.process.wait(60) == 0, ingest.logs()
    outcome = _judge(ingest, "standard input", written, note_sum)
    assert outcome.twice == 0


def test_a_file_waits_for_kafka_and_a_small_spool(ingest: Trial, note_sum: Callable[[Outcome], None]) -> None:
    written, path = _Written(), ingest.folder / "posts.jsonl"
    written.add(path, 6_000)
    ingest.broker.kill()
    ingester = ingest.ingest("file", str(path), ingest_spool_bytes=1_048_576)
    ingest.until(lambda: ingester.metric("vigie_ingest_posts_total") > 100, "it reads")
    ingest.broker.start()
    assert ingester.process.wait(90) == 0, ingest.logs()
    outcome = _judge(ingest, "file, small spool, Kafka away at first", written, note_sum)
    assert outcome.twice == 0


@pytest.mark.parametrize("most", [1_048_588, 100_000])
def test_lines_that_kafka_does_not_take_are_cut_and_hold_nobody_up(ingest: Trial, full: bool, most: int) -> None:
    if most > 1_000_000 and not full:
        pytest.skip("only in the long run: make test-ingest-full")
    asyncio.run(alter_topic(ingest.broker.bootstrap, ingest.topic, {"max.message.bytes": str(most)}))
    written, path, rng = _Written(), ingest.folder / "posts.jsonl", Random(5)
    large: list[bytes] = []
    for size in (90_000, 700_000, 1_047_000, 1_500_000, 20_000_000):
        written.add(path, 200)
        post_id, line = line_of("plain", time.time_ns() // 1_000_000, 1_000_000 + size)
        words = rng.randbytes(size // 2).hex()  # compression does not help
        large.append(line.replace(b'"text":"', f'"text":"{words}'.encode()))
        assert post_id is not None
        with path.open("ab") as file:
            file.write(large[-1] + b"\n")
    written.add(path, 200)
    ingester = ingest.ingest("file", str(path))
    assert ingester.process.wait(90) == 0, ingest.logs()
    lines = ingest.stored().lines
    assert all(each["line"] in lines for each in written.sent), ingest.logs()
    for line in large:
        kept = [each for each in lines if len(each) > 2000 and line.startswith(each)]
        assert kept, f"nothing is left of a line of {len(line)} bytes\n{ingest.logs()}"
        assert len(kept[0]) > min(len(line), most) // 4
