"""One noisy brand cannot starve the others: neither what is found of a quiet brand changes, nor how soon it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from agents.role import Role
from agents.settings import Settings, load_settings
from agents.topics import create_topics
from tests.bench.arrivals import Arrivals, Plan, Stream, Told, ready
from tests.bench.outbursts import Outbursts
from tests.bench.pasts import keyed, learnt_states, write_states
from tests.bench.progress import worked_off
from tests.bench.state import Kind
from tests.bench.workers import RoleWorker, running
from tests.brokers.base import Broker
from tests.brokers.client import alter_topic
from tests.trust.conftest import Tell
from tests.trust.isolation import (
    NOISE,
    PARTITIONS,
    Cast,
    Phase,
    Timed,
    delays_of,
    expected,
    in_order,
    rate_of,
    said_in,
    watch,
)

LATENESS_MS = 30_000
_BATCH_BYTES = 8 << 20


@pytest.mark.kafka
def test_a_crisis_of_a_quiet_brand_comes_as_it_would_while_another_takes_a_hundred_times_its_load(
    broker: Broker, topic_prefix: str, tmp_path: Path, tell: Tell
) -> None:
    cast = Cast.chosen(phases=3)
    phases = {
        "no flood": Phase(number=0, noisy=None),
        "a flood in another partition": Phase(number=1, noisy=cast.apart),
        "a flood in the same partition": Phase(number=2, noisy=cast.beside),
    }
    settings = settings_of(broker, topic_prefix, tmp_path)
    (learnt,) = learnt_states(Kind(brands=1, a_minute=2.0, share=0), 1)
    states = dict.fromkeys(cast.brands(), learnt)
    asyncio.run(prepare(settings, states))
    talk, quiet, told = Outbursts(1, first=0, minutes=1), dict[str, list[Timed]](), dict[str, tuple[Told, float]]()
    for name, phase in phases.items():
        quiet[name] = phase.quiet(cast, talk)
    with running(settings, tmp_path, Role.ENRICH, Role.TRACK) as workers:
        for name, phase in phases.items():
            lines = in_order([*quiet[name], *phase.noise(talk)])
            told[name] = asyncio.run(send(settings, lines)), rate_of(lines)
            wait(settings, workers)
    brands = cast.quiet_brands()
    alone = in_order(line for lines in quiet.values() for line in lines)
    wanted = expected(settings, alone, dict.fromkeys(sorted(brands), learnt))

    assert {brand for brand, kind, _, _ in wanted if kind == "opened"} == brands, "not every quiet brand has a crisis"
    assert asyncio.run(said_in(settings, brands)) == wanted

    tell(
        "isolation", f"{len(cast.quiet)} quiet brands of one partition, each with a crisis; another takes {NOISE} times"
    )
    tell("isolation", "one's load. From the tweet that lets a minute be closed to what came of the minute:")
    for name, (sent, rate) in told.items():
        delays = asyncio.run(delays_of(settings, phases[name], sent, brands))
        assert delays.crises
        tell("isolation", f"{name + f' ({rate:,.0f} tweets/s)':<46} {delays.told()}")


def settings_of(broker: Broker, prefix: str, folder: Path) -> Settings:
    path = folder / "watchlist.toml"
    path.write_text(watch(), encoding="utf-8")
    return load_settings(
        brokers=broker.bootstrap,
        topic_prefix=prefix,
        watchlist=path,
        data_dir=folder / "faust",
        allowed_lateness_s=LATENESS_MS / 1000,
        idle_timeout_s=3_600.0,
        log_level="WARNING",
    )


async def prepare(settings: Settings, states: dict[str, bytes]) -> None:
    topics = settings.topics
    await create_topics(settings, raw_partitions=PARTITIONS, partitions=PARTITIONS, replication=1)
    for topic in (topics.mentions, topics.windows, topics.crises):
        await alter_topic(settings.brokers, topic, {"message.timestamp.type": "LogAppendTime"})
    await write_states(settings, keyed(list(states), list(states.values()), PARTITIONS))


async def send(settings: Settings, lines: Sequence[bytes]) -> Told:
    """Send lines to the raw partitions in turn, each when it is due."""
    plan = Plan(
        bootstrap=settings.brokers,
        topic=settings.topics.raw,
        partitions=PARTITIONS,
        stream=Stream(),
        count=len(lines),
        lateness_ms=LATENESS_MS,
        told="",
        rate=rate_of(lines),
    )
    producer = AIOKafkaProducer(
        bootstrap_servers=plan.bootstrap,
        acks="all",
        compression_type="lz4",
        max_batch_size=_BATCH_BYTES,
        max_request_size=2 * _BATCH_BYTES,
    )
    await producer.start()
    try:
        return await Arrivals(plan, producer).send(ready(plan, lines, producer.create_batch))
    finally:
        await producer.stop()


def wait(settings: Settings, workers: Sequence[RoleWorker]) -> None:
    """Wait until all that was sent is worked off."""

    def alive() -> None:
        for worker in workers:
            worker.check()

    for worker in workers:
        assert worked_off(settings, worker.role, alive, timeout_s=90.0) == 0, f"{worker.role.value} does not keep up"
