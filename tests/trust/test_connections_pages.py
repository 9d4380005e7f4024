"""A worker at work, while strangers do to its pages what they can."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path

from agents.embedded.probe import LOOPBACK, free_port
from agents.settings import load_settings
from agents.topics import create_topics
from tests.brokers.base import Broker
from tests.trust.conftest import Tell
from tests.trust.connections import environment, passed_on, worker
from tests.trust.strangers import EACH, STRANGERS

TWEETS = 2_000
ROUNDS = 5
"""How often so many come before the strangers do: what a worker grows by in its work is not theirs."""
PROBES = 50
"""How many ask before the strangers leave."""
GROWTH_MIB = 64
"""What a worker may grow by: the connections that it takes at most, and their headers, are less."""


class Probe:
    """Somebody who asks whether the worker is live, as an orchestrator does, and gives up after as long."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.answers: list[bytes] = []
        self.longest_s = 0.0

    async def ask_again_and_again(self) -> None:
        while True:
            began = time.monotonic()
            self.answers.append(await self._ask())
            self.longest_s = max(self.longest_s, time.monotonic() - began)
            await asyncio.sleep(0.1)

    async def _ask(self) -> bytes:
        try:
            async with asyncio.timeout(5.0):
                reader, writer = await asyncio.open_connection(LOOPBACK, self._port)
                try:
                    writer.write(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
                    answer = await reader.read()
                finally:
                    writer.close()
        except (OSError, TimeoutError) as exc:
            return repr(exc).encode()
        return answer


def memory_mib(child: subprocess.Popen[bytes]) -> float:
    return int(subprocess.check_output(["ps", "-o", "rss=", "-p", str(child.pid)])) / 1024


def test_a_worker_goes_on_and_its_probes_are_answered_whatever_strangers_do(
    broker: Broker, topic_prefix: str, tmp_path: Path, tell: Tell
) -> None:
    kafka = broker.kind == "kafka"
    settings = load_settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, idempotent_producer=kafka)
    asyncio.run(create_topics(settings, raw_partitions=1, partitions=1, replication=1))
    port, log = free_port(), tmp_path / "log"
    variables = environment(
        tmp_path,
        brokers=broker.bootstrap,
        topic_prefix=topic_prefix,
        idempotent_producer=kafka,
        rebalance_timeout_s=2,
        web_port=port,
    )
    probe, rounds = Probe(port), 0

    async def works_and_answers() -> bool:
        asking = asyncio.create_task(probe.ask_again_and_again())
        done = await passed_on(settings, TWEETS)
        asking.cancel()
        return done

    with worker(variables, log) as child:
        for _ in range(ROUNDS):
            assert asyncio.run(passed_on(settings, TWEETS)), log.read_text()
        before = memory_mib(child)
        crowd = [sys.executable, "-m", "tests.trust.strangers", str(port)]
        with subprocess.Popen(crowd, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as strangers:
            while len(probe.answers) < PROBES:
                assert asyncio.run(works_and_answers()), log.read_text()
                rounds += 1
            growth = memory_mib(child) - before
            came = int(strangers.communicate()[0])
        assert asyncio.run(passed_on(settings)), log.read_text()
    assert child.returncode == 0, log.read_text()
    refused = [answer for answer in probe.answers if not answer.startswith(b"HTTP/1.1 200 ")]
    assert not refused, f"{len(refused)} of {len(probe.answers)}, {refused[0]!r}"
    assert growth < GROWTH_MIB
    said = [line for line in log.read_text().splitlines() if "aiohttp" in line or "Traceback" in line]
    assert not said, said[:3]
    tell(
        "connections",
        f"pages: {came:,} connections of {len(STRANGERS) * EACH} strangers of {len(STRANGERS)} kinds while a "
        f"worker took {rounds * TWEETS:,} tweets: all {len(probe.answers)} probes answered, the slowest in "
        f"{probe.longest_s:.2f} s; memory {growth:+.0f} MiB",
    )
