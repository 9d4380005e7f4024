from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents import state
from agents.publishing import Publisher
from agents.settings import Settings
from agents.state import CLAIM_KEY, EPOCH_HEADER, StateTable
from agents.topics import changelog as changelog_of
from agents.topics import topic_specs
from agents.transport import OutRecord, RecordBatch
from tests.agents.apps import app_of

PARTITION = 3
SEGMENT_S = max(
    int(spec.config["segment.ms"]) / 1000
    for spec in topic_specs(Settings())
    if spec.name == changelog_of(Settings(), "notify", "notify_state")
)


class Changelog:
    """A publisher whose topic is a list."""

    def __init__(self) -> None:
        self.records: list[OutRecord] = []

    async def write(self, topic: str, records: Sequence[OutRecord]) -> None:
        assert topic.endswith("-brand_state-changelog")
        self.records += records


@pytest.fixture
def changelog() -> Changelog:
    return Changelog()


def table_on(changelog: Changelog, settings: Settings, *, generation: int) -> StateTable:
    """A table as after a rebalance and recovery."""
    app = app_of(settings)
    app.consumer_generation_id = generation
    table = StateTable(app, name="brand_state")
    table.publish_with(cast("Publisher", changelog))
    recover(table, changelog.records)
    return table


def recover(table: StateTable, records: Sequence[OutRecord]) -> None:
    consumed = [
        SimpleNamespace(key=record.key, value=record.value, headers=record.headers, offset=at)
        for at, record in enumerate(records)
    ]
    if consumed:
        batch = RecordBatch("t", PARTITION, cast("Any", consumed), len(consumed))
        table.apply_changelog_batch([cast("Any", SimpleNamespace(value=batch))])


def held(changelog: Changelog, settings: Settings, *, generation: int = 100) -> Mapping[bytes, bytes]:
    return dict(table_on(changelog, settings, generation=generation).own(PARTITION).items())


async def test_what_is_written_is_there_after_a_recovery(changelog: Changelog) -> None:
    await table_on(changelog, Settings(), generation=5).own(PARTITION).write({b"a": b"1", b"b": b"2"})
    assert held(changelog, Settings()) == {b"a": b"1", b"b": b"2"}
    assert {dict(record.headers)[EPOCH_HEADER] for record in changelog.records} == {b"5"}
    assert {record.partition for record in changelog.records} == {PARTITION}


async def test_what_an_owner_writes_after_it_was_replaced_counts_for_nobody(changelog: Changelog) -> None:
    frozen = table_on(changelog, Settings(), generation=5).own(PARTITION)
    await frozen.write({b"a": b"1"})
    successor = table_on(changelog, Settings(), generation=6).own(PARTITION)
    await successor.write({b"a": b"2"})
    await frozen.write({b"a": b"late", b"b": b"late"})
    assert held(changelog, Settings()) == {b"a": b"2"}


async def test_a_claim_alone_shuts_the_former_owner_out(changelog: Changelog) -> None:
    frozen = table_on(changelog, Settings(), generation=5).own(PARTITION)
    await frozen.write({b"a": b"1"})
    successor = table_on(changelog, Settings(), generation=6)
    await successor.publish({PARTITION: {CLAIM_KEY: b""}}, 6)
    await frozen.write({b"a": b"late"})
    assert held(changelog, Settings()) == {b"a": b"1"}


async def test_the_next_owner_writes_again_what_was_overwritten(changelog: Changelog) -> None:
    frozen = table_on(changelog, Settings(), generation=5).own(PARTITION)
    successor = table_on(changelog, Settings(), generation=6).own(PARTITION)
    await successor.write({b"a": b"good", b"b": b"good"})
    await frozen.write({b"a": b"late"})
    await table_on(changelog, Settings(), generation=7).own(PARTITION).write({b"c": b"new"})
    compacted = {record.key: record.value for record in changelog.records}
    assert compacted == {b"a": b"good", b"b": b"good", b"c": b"new"}


async def test_a_partition_that_was_silent_for_longer_than_a_segment_is_claimed_once_more(
    changelog: Changelog, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = 5_000.0
    monkeypatch.setattr(state, "_clock", lambda: now_s)
    table = table_on(changelog, Settings(), generation=5)
    recover(table, [OutRecord(CLAIM_KEY, b"", [(EPOCH_HEADER, b"5")])])
    await table.own(PARTITION).write({b"a": b"1"})
    now_s += SEGMENT_S
    await table.stir()
    assert [record.key for record in changelog.records] == [b"a"]
    now_s += SEGMENT_S / 5
    for _ in range(3):
        await table.stir()
    assert [record.key for record in changelog.records] == [b"a", CLAIM_KEY]
    assert held(changelog, Settings()) == {b"a": b"1"}


async def test_owners_after_a_group_was_forgotten_and_counts_anew_are_not_shut_out(changelog: Changelog) -> None:
    await table_on(changelog, Settings(), generation=40).own(PARTITION).write({b"a": b"1"})
    await table_on(changelog, Settings(), generation=1).own(PARTITION).write({b"a": b"2"})
    assert held(changelog, Settings(), generation=2) == {b"a": b"2"}


async def test_a_record_of_somebody_who_writes_no_epoch_is_passed_over(changelog: Changelog) -> None:
    await table_on(changelog, Settings(), generation=5).own(PARTITION).write({b"a": b"1"})
    changelog.records.append(OutRecord(b"a", b"by hand", (), PARTITION))
    changelog.records.append(OutRecord(b"a", b"by hand", [(EPOCH_HEADER, b"nine")], PARTITION))
    assert held(changelog, Settings()) == {b"a": b"1"}


WRITES = st.lists(
    st.tuples(st.sampled_from([b"a", b"b", b"c"]), st.integers(0, 9), st.booleans()), min_size=1, max_size=40
)


@given(WRITES)
async def test_the_state_is_that_of_the_owners_alone_whatever_is_written_late(
    writes: list[tuple[bytes, int, bool]],
) -> None:
    changelog, settings = Changelog(), Settings()
    generation = 1
    owner = table_on(changelog, settings, generation=generation).own(PARTITION)
    former = owner
    truth: dict[bytes, bytes] = {}
    for key, number, change in writes:
        if change:
            generation += 1
            former, table = owner, table_on(changelog, settings, generation=generation)
            await table.publish({PARTITION: {CLAIM_KEY: b""}}, generation)
            owner = table.own(PARTITION)
        if number == 0 and former is not owner:
            await former.write({key: b"late"})
        else:
            truth[key] = b"%d" % number
            await owner.write({key: truth[key]})
    assert held(changelog, settings) == truth
