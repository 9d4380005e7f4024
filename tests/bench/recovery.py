"""``python -m tests.bench.recovery``: how long a worker takes to be back with the state of 10,000 brands.

States of simulated brands (`tests.bench.state`: mostly quiet, some busy) are written to the changelog on a real Apache
Kafka, each several times over as before a compaction. Then one track worker takes over all partitions.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from aiokafka import AIOKafkaProducer

from agents.processes import role_command, role_environment
from agents.role import Role
from agents.state import EPOCH_HEADER
from agents.topics import BRAND_STATE, changelog
from pipeline.statevalue import unwrap, wrap
from schemas.codec import encode
from schemas.mention import Watermark
from tests.bench.state import ALL_KINDS, DAY, START_MS, simulate
from tests.brokers.kafka import Kafka
from tests.faults.trial import Trial

PARTITIONS = 8
SHARES = {"quiet": 60, "ordinary": 30, "busy": 10}
EXAMPLES = {"quiet": 6, "ordinary": 4, "busy": 2}
_TIME = re.compile(r"\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3})\]")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.recovery", description=__doc__)
    parser.add_argument("--brands", type=int, default=10_000)
    parser.add_argument("--versions", type=int, default=3, help="how often each brand is in the changelog")
    arguments = parser.parse_args()
    values = examples()
    with tempfile.TemporaryDirectory() as folder:
        broker = Kafka(Path(folder) / "kafka")
        broker.start()
        try:
            trial = Trial(broker, Path(folder), "recovery.", print, partitions=(1, PARTITIONS))
            size = asyncio.run(fill(trial, values, arguments.brands, arguments.versions))
            figures = recover(trial, arguments.brands)
        finally:
            broker.stop()
    figures |= {"brands": arguments.brands, "bytes a brand, mean": round(size / arguments.brands)}
    figures |= {"records in the changelog": arguments.brands * arguments.versions}
    print(json.dumps(figures, indent=2))


def examples() -> list[bytes]:
    """A hundred values in the shares of a large watchlist."""
    found: list[bytes] = []
    for name, share in SHARES.items():
        print(f"simulating two days of {name} brands", file=sys.stderr, flush=True)
        some = [simulate("b", ALL_KINDS[name], seed, 2 * DAY)[1] for seed in range(EXAMPLES[name])]
        found += [some[at % len(some)] for at in range(share)]
    return found


async def fill(trial: Trial, values: list[bytes], brands: int, versions: int) -> int:
    """Write the states and a watermark for each partition; return the bytes of one version of all states."""
    producer = AIOKafkaProducer(
        bootstrap_servers=trial.settings.brokers,
        acks="all",
        linger_ms=20,
        max_batch_size=1 << 20,
        compression_type="lz4",
    )
    await producer.start()
    topic, size = changelog(trial.settings, "track", BRAND_STATE), 0
    headers = [(EPOCH_HEADER, b"1")]
    try:
        for _ in range(versions):
            size, pending = 0, []
            for at, (key, partition, value) in enumerate(states(values, brands)):
                size += len(value)
                pending.append(await producer.send(topic, value=value, key=key, partition=partition, headers=headers))
                if at % 1000 == 999:
                    await asyncio.gather(*pending)
                    pending.clear()
            await asyncio.gather(*pending)
        mark = Watermark(source_partition=0, source_partitions=1, offset=0, watermark_ms=START_MS, idle=False)
        for partition in range(PARTITIONS):
            await producer.send_and_wait(trial.settings.topics.mentions, value=encode(mark), partition=partition)
    finally:
        await producer.stop()
    return size


def states(values: list[bytes], brands: int) -> Iterator[tuple[bytes, int, bytes]]:
    """Key, partition and value of each brand; the value names its partition."""
    for number in range(brands):
        partition = number % PARTITIONS
        _, sections = unwrap(values[number % len(values)])
        yield b"brand-%05d" % number, partition, wrap(partition, *sections)


def recover(trial: Trial, brands: int) -> dict[str, float]:
    """Start a track worker and wait until it has restored every brand."""
    log = trial.folder / "track.log"
    began = time.time()
    with log.open("wb") as file:
        worker = subprocess.Popen(
            role_command(Role.TRACK), env=role_environment(trial.settings), stdout=file, stderr=file
        )
        try:
            while restored(log.read_text(errors="replace")) < brands:
                assert worker.poll() is None, log.read_text(errors="replace")[-3000:]
                assert time.time() - began < 120, log.read_text(errors="replace")[-3000:]
                time.sleep(0.02)
            took = time.time() - began
            status = Path(f"/proc/{worker.pid}/status").read_text(encoding="ascii")
        finally:
            worker.terminate()
            worker.wait(30)
    kib = {name: int(number) for name, number in re.findall(r"^(VmHWM|VmRSS):\s+(\d+) kB", status, re.MULTILINE)}
    return {
        "seconds from the start of the process": round(took, 2),
        "seconds from the beginning of recovery": round(began + took - recovery_began(log), 2),
        "MiB resident": round(kib["VmRSS"] / 1024),
        "MiB resident at the peak": round(kib["VmHWM"] / 1024),
    }


def restored(text: str) -> int:
    return sum(int(count) for count in re.findall(r"partition \d+: (\d+) brands restored", text))


def recovery_began(log: Path) -> float:
    line = next(line for line in log.read_text().splitlines() if "Restoring state from changelog" in line)
    found = _TIME.match(line)
    assert found is not None
    return datetime.strptime(found[1], "%Y-%m-%d %H:%M:%S,%f").astimezone().timestamp()


if __name__ == "__main__":
    main()
