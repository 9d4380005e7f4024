"""``python -m tests.bench.recovery``: how long a worker takes to be back with the state of 10,000 brands.

States of brands that have a past (`tests.bench.pasts`: mostly quiet, some busy) are written to the changelog on a real
Apache Kafka, each several times over as before a compaction. Then one track worker takes over all partitions.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Sequence

import msgspec
from aiokafka import AIOKafkaProducer

from agents.role import Role
from agents.settings import Settings, load_settings
from agents.topics import create_topics
from schemas.codec import encode
from schemas.mention import Watermark
from tests.bench.cluster import Cluster
from tests.bench.load import START_MS
from tests.bench.pasts import keyed, learnt_states, write_states
from tests.bench.results import Recovery
from tests.bench.state import Kind
from tests.bench.workers import RoleWorker, until

__all__ = ["PARTITIONS", "mixed_states", "recover"]

PARTITIONS = 8
VERSIONS = 3
_SHARES = {0.05: 60, 2.0: 30, 20.0: 10}
"""Of a hundred brands of a large watchlist, by mentions a minute."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.recovery", description=__doc__)
    parser.add_argument("--brands", type=int, default=10_000)
    parser.add_argument("--versions", type=int, default=VERSIONS, help="how often each brand is in the changelog")
    arguments = parser.parse_args()
    with Cluster() as cluster:
        found = recover(cluster, "recovery.", mixed_states(), arguments.brands, arguments.versions)
    print(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())


def mixed_states() -> list[bytes]:
    """Return a hundred values in the shares of a large watchlist."""
    return [
        value
        for rate, share in _SHARES.items()
        for value in learnt_states(Kind(brands=1, a_minute=rate, share=share), 1) * share
    ]


def recover(cluster: Cluster, prefix: str, values: Sequence[bytes], brands: int, versions: int = VERSIONS) -> Recovery:
    """Start a track worker on the states of so many brands, and wait for its first new record.

    Raises
    ------
    SystemExit
        The worker ended, or did not come so far in time.
    """
    settings = load_settings(
        brokers=cluster.bootstrap, topic_prefix=prefix, data_dir=cluster.folder / "faust", log_level="WARNING"
    )
    settings = settings.model_copy(update={"watchlist": cluster.folder / "recovery.toml"})
    settings.watchlist.write_text('version = 1\n[brands.b]\nname = "B"\naliases = ["bbb"]\n', encoding="utf-8")
    size = asyncio.run(_fill(settings, values, brands, versions))
    with RoleWorker(settings, Role.TRACK, cluster.folder / f"{prefix}track.log", cluster.worker_core) as worker:
        until(lambda: worker.records() >= PARTITIONS, f"{brands} brands are recovered", timeout_s=180.0)
        seconds = time.monotonic() - worker.began
    return Recovery(brands=brands, changelog_mib=round(size / 2**20, 1), seconds=round(seconds, 2))


async def _fill(settings: Settings, values: Sequence[bytes], brands: int, versions: int) -> int:
    """Write the states, and a record for each partition of mentions; return the bytes of all values."""
    await create_topics(settings, raw_partitions=1, partitions=PARTITIONS, replication=1)
    keys = [f"brand-{number:05d}" for number in range(brands)]
    size = 0
    for _ in range(versions):
        size += await write_states(settings, keyed(keys, values, PARTITIONS))
    mark = Watermark(source_partition=0, source_partitions=1, offset=0, watermark_ms=START_MS, idle=False)
    producer = AIOKafkaProducer(bootstrap_servers=settings.brokers, acks="all")
    await producer.start()
    try:
        for partition in range(PARTITIONS):
            await producer.send_and_wait(settings.topics.mentions, value=encode(mark), partition=partition)
    finally:
        await producer.stop()
    return size


if __name__ == "__main__":
    main()
