"""Where the events of a brand lie: with what else is said of it, whatever their keys."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import cast

from agents.app import create_app
from agents.role import Role
from agents.track import _crisis_record
from agents.transport import BatchProducer, OutRecord
from schemas.ids import crisis_event_id, crisis_id
from schemas.reading import read_crisis_record
from tests.brokers.base import Broker
from tests.brokers.client import Record, consume_all, produce
from tests.live.vigie import Vigie
from tests.schemas.events import CRISIS, NOON_MS

BRANDS = [f"brand-{number}" for number in range(24)]
PARTITIONS = 5
STEPS = 4


def test_events_have_keys_of_their_own_and_lie_in_order_where_mentions_and_feedback_of_their_brand_lie(
    broker: Broker, topic_prefix: str, tmp_path: Path
) -> None:
    vigie = Vigie(broker, tmp_path, topic_prefix, 'version = 1\n[brands.acme]\nname = "Acme"\naliases = ["Acme"]\n')
    vigie.create_topics(raw_partitions=1, partitions=PARTITIONS)
    asyncio.run(compare(vigie))


async def compare(vigie: Vigie) -> None:
    topics, brokers = vigie.settings.topics, vigie.settings.brokers
    events = [
        replace(CRISIS, brand=brand, id=crisis_event_id(crisis_id(brand, NOON_MS), sequence), sequence=sequence)
        for sequence in range(STEPS)
        for brand in BRANDS
    ]
    producer = cast("BatchProducer", create_app(vigie.settings, Role.TRACK).producer)
    await producer.start()
    try:
        await producer.publish(topics.mentions, [OutRecord(brand.encode(), b"{}", []) for brand in BRANDS])
        await producer.publish(topics.crises, [_crisis_record(event) for event in events])
    finally:
        await producer.stop()
    # As `vigie feedback` and whoever else writes it do: with the partitioner of the client.
    said = await produce(brokers, topics.feedback, [Record(value=b"{}", key=brand.encode()) for brand in BRANDS])
    placed = {record.key: record.partition for record in said}
    assert len(set(placed.values())) == PARTITIONS
    assert placed == {record.key: record.partition for record in await consume_all(brokers, topics.mentions)}
    found = [(record, read_crisis_record(record.value)) for record in await consume_all(brokers, topics.crises)]
    assert len({record.key for record, _ in found}) == len(events) == len(found)
    for record, event in found:
        assert (record.key, record.partition) == (event.id.encode(), placed[event.brand.encode()])
        assert dict(record.headers)["ce_subject"] == event.brand.encode()
    for brand in BRANDS:
        of_brand = [event for _, event in found if event.brand == brand]
        assert of_brand == [event for event in events if event.brand == brand]
