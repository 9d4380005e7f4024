"""The promise on which everything else stands: what the agents publish is what a replay writes."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

import pytest

from pipeline.archive import ArchiveRecord
from pipeline.simulate import default_scenario, demo_watchlist, simulate
from schemas.times import to_rfc3339
from tests.brokers.base import Broker
from tests.feed import feed
from tests.live.vigie import Vigie, differences, kill, now_ms, oracle

RECORDS = 9_000
TIMEOUT_S = 120.0


@pytest.fixture(scope="module")
def log() -> list[ArchiveRecord]:
    """The beginning of the demo's scenario: malformed records, retweets, two languages, some disorder."""
    scenario = default_scenario(seed=11)
    return [ArchiveRecord(t.key, t.value, t.time_ms) for t in islice(simulate(scenario), RECORDS)]


def planned_event(log: list[ArchiveRecord]) -> str:
    """The calendar of one brand: an event in the middle of the log."""
    times = sorted(record.time_ms for record in log if record.time_ms is not None)
    start, end = (to_rfc3339(times[len(times) * n // 4]) for n in (2, 3))
    return f'\n[[brands.corail-air.calendar]]\nname = "sale"\nstart = {start}\nend = {end}\n'


@pytest.mark.parametrize(
    ("workers", "raw_partitions", "partitions"),
    [
        pytest.param(1, 1, 1, marks=pytest.mark.embedded, id="one worker and one partition"),
        pytest.param(2, 8, 8, id="two workers and eight partitions"),
    ],
)
def test_what_the_agents_publish_is_what_a_replay_writes(
    broker: Broker,
    topic_prefix: str,
    tmp_path: Path,
    log: list[ArchiveRecord],
    workers: int,
    raw_partitions: int,
    partitions: int,
) -> None:
    vigie = Vigie(broker, tmp_path, topic_prefix, demo_watchlist() + planned_event(log))
    vigie.create_topics(raw_partitions=raw_partitions, partitions=partitions)
    expected = oracle(vigie.settings, log, read_at_ms=now_ms())
    with ExitStack() as stack:
        running = [stack.enter_context(vigie.worker(f"worker{n}")) for n in range(workers)]
        asyncio.run(feed(vigie.settings, log))
        windows = vigie.published(
            vigie.settings.topics.windows, until=expected.windows, running=running, timeout_s=TIMEOUT_S
        )
        crises = vigie.published(
            vigie.settings.topics.crises, until=expected.crises, running=running, timeout_s=TIMEOUT_S
        )
    assert sum(map(len, expected.windows.values())) > 1_000
    assert any(b'"planned":"sale"' in window for window in windows["corail-air"])
    assert not differences(windows, expected.windows), "\n".join(differences(windows, expected.windows))
    assert not differences(crises, expected.crises), "\n".join(differences(crises, expected.crises))


# A kill proves more over a durable log and idempotent producers.
@pytest.mark.kafka
def test_a_worker_killed_in_the_middle_changes_nothing(
    broker: Broker, topic_prefix: str, tmp_path: Path, log: list[ArchiveRecord]
) -> None:
    vigie = Vigie(broker, tmp_path, topic_prefix, demo_watchlist(), max_batch_records=100)
    vigie.create_topics(raw_partitions=2, partitions=2)
    expected = oracle(vigie.settings, log, read_at_ms=now_ms())
    first_half, second_half = log[: RECORDS // 2], log[RECORDS // 2 :]
    quarter = {brand: payloads[: len(payloads) // 4] for brand, payloads in expected.windows.items()}
    with vigie.worker("killed") as worker:
        asyncio.run(feed(vigie.settings, first_half))
        vigie.published(
            vigie.settings.topics.windows,
            until={brand: payloads for brand, payloads in quarter.items() if payloads},
            running=[worker],
            timeout_s=TIMEOUT_S,
        )
        kill(worker)
    asyncio.run(feed(vigie.settings, second_half))
    with vigie.worker("second") as worker:
        windows = vigie.published(
            vigie.settings.topics.windows, until=expected.windows, running=[worker], timeout_s=TIMEOUT_S
        )
        crises = vigie.published(
            vigie.settings.topics.crises, until=expected.crises, running=[worker], timeout_s=TIMEOUT_S
        )
    assert not differences(windows, expected.windows), "\n".join(differences(windows, expected.windows))
    assert not differences(crises, expected.crises), "\n".join(differences(crises, expected.crises))
