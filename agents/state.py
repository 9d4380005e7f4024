"""Faust tables whose writes are awaited, bear the epoch of their owner, and come back by the batch.

ADR: what a plain Faust table does not give, and what is done instead.

*Writes are awaited.* A plain table queues its changelog writes and hopes; a write that fails surfaces at some
commit, and cannot be tried again. Here :meth:`Ownership.write` goes through the publisher, like every other
result: the worker holds and says why while the changelog refuses, and the batch is complete only when its state is.

*Writes are fenced.* A worker that was frozen (a suspended machine, a long pause), or that takes too long over a batch
while partitions are shared out anew, may wake up in the middle of a write when somebody else owns the partition. Its
state would land behind its successor's, and the next recovery would take it: counts that the successor had committed
would be gone. So each write bears its owner's epoch, the generation of the consumer group, in a header. A new owner
first *claims* its partitions with a record of its epoch, and only then reads the changelog, up to its claim at least.
Whoever reads it passes over a record whose epoch is lower than one before it, and writes the last good value of such
a key again. What was written before the claim is known to the new owner, what comes after counts for nobody. Kafka's
own fence, transactions, would cost a round trip to the coordinator a batch, and is not there on every broker. Limit:
compaction must not remove the good value before, which `min.compaction.lag.ms` of the changelogs prevents for ten
minutes.

*Segments roll.* A broker begins a new segment only when something is appended, and never compacts the newest one: what
was overwritten last, as by an erasure, would stay in a changelog for as long as nothing more happens. So an owner that
has been silent for longer than a segment lasts claims its partition once more (:meth:`Ownership.stir`).

*Recovery reads batches.* Faust spends about 200 µs on an event; here an event is a batch of records. At every
rebalance all of it is read anew: whatever this worker did as an owner that had been replaced is forgotten.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import faust
from aiokafka import ConsumerRecord
from faust.types import TP, EventT
from mode import get_logger

from agents.publishing import Publisher
from agents.transport import BatchTopic, OutRecord, RecordBatch

__all__ = ["CLAIM_KEY", "EPOCH_HEADER", "ChangelogPartition", "ChangelogTopic", "Ownership", "StateTable"]

logger = get_logger(__name__)

EPOCH_HEADER = "vigie.epoch"
CLAIM_KEY = b"|claim|"
"""Key of the record by which a new owner claims a partition; no brand has such a key."""
_CLAIM = b"claimed"
_clock = time.monotonic
_SILENT_S = 660.0
"""Longer than a segment of a changelog lasts (`agents.topics`)."""


class ChangelogTopic(BatchTopic):
    """The changelog of a :class:`StateTable`. Its batches are not part of the input: nothing is committed for them."""

    committed = False


class ChangelogPartition:
    """What the changelog holds of one partition, without the writes of owners that had been replaced."""

    __slots__ = ("entries", "epoch", "overwritten")

    def __init__(self) -> None:
        self.entries: dict[bytes, bytes] = {}
        self.epoch = 0
        """Highest seen."""
        self.overwritten: set[bytes] = set()
        """Keys whose last record is to be passed over: the changelog has to be told again."""

    def read(self, record: ConsumerRecord[bytes, bytes]) -> None:
        """Take in the next record of the partition."""
        key, value, epoch = record.key, record.value, _epoch(record.headers)
        if key is None:
            return
        if epoch < self.epoch:
            if key != CLAIM_KEY:
                self.overwritten.add(key)
            return
        self.epoch = epoch
        self.overwritten.discard(key)
        if key == CLAIM_KEY:
            return
        if value is None:
            self.entries.pop(key, None)
        else:
            self.entries[key] = value


class Ownership:
    """One partition of a table, for as long as it is assigned to this worker. Outlived, it writes what is fenced."""

    def __init__(self, table: StateTable, partition: int, held: ChangelogPartition, epoch: int) -> None:
        self._table = table
        self._partition = partition
        self._held = held
        self._appended_s = _clock()
        self.epoch = epoch

    def items(self) -> Iterable[tuple[bytes, bytes]]:
        """Return the entries as recovered, and as written since."""
        return self._held.entries.items()

    def get(self, key: bytes) -> bytes | None:
        """Return the value of a key, if it has one."""
        return self._held.entries.get(key)

    async def write(self, entries: Mapping[bytes, bytes]) -> None:
        """Write entries, in order, and return when the changelog has them.

        Raises
        ------
        agents.publishing.WriteRefused
            The changelog has refused them for too long.
        """
        held = self._held
        again = {key: held.entries[key] for key in held.overwritten if key in held.entries and key not in entries}
        await self._table.publish({self._partition: {**again, **entries}}, self.epoch)
        self._appended_s = _clock()
        held.overwritten.clear()
        held.entries.update(entries)

    async def stir(self) -> None:
        """Claim the partition once more if nothing has been written to it for longer than a segment lasts.

        Raises
        ------
        agents.publishing.WriteRefused
            The changelog has refused it for too long.
        """
        if _clock() - self._appended_s >= _SILENT_S:
            await self._table.publish({self._partition: {CLAIM_KEY: _CLAIM}}, self.epoch)
            self._appended_s = _clock()


class StateTable(faust.Table):  # type: ignore[type-arg]
    """A table of byte strings by partition. Give it a publisher (`publish_with`) before its first write."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Large enough to be filled at once, and not 1, for which Faust's recovery has a path of its own.
        super().__init__(*args, key_type=bytes, value_type=bytes, recovery_buffer_size=2, **kwargs)
        self._held: dict[int, ChangelogPartition] = {}
        self._owned: dict[int, Ownership] = {}
        self._publisher: Publisher | None = None

    def publish_with(self, publisher: Publisher) -> None:
        """Write to the changelog by way of ``publisher``."""
        self._publisher = publisher

    def own(self, partition: int) -> Ownership:
        """Return the partition, which is assigned to this worker and recovered."""
        owned = self._owned.get(partition)
        if owned is None:
            held = self._held.setdefault(partition, ChangelogPartition())
            # Generations begin anew when Kafka has forgotten the group.
            epoch = max(self.app.consumer_generation_id, held.epoch)
            owned = self._owned[partition] = Ownership(self, partition, held, epoch)
        return owned

    async def stir(self) -> None:
        """Let no partition be silent for long (`Ownership.stir`); for when all that is assigned is recovered."""
        for owned in [self.own(partition) for partition in self._held]:
            await owned.stir()

    def size(self, partition: int) -> int | None:
        """Return the bytes of keys and values of a partition, as far as it is recovered; none when it is not ours."""
        held = self._held.get(partition)
        return None if held is None else sum(len(key) + len(value) for key, value in held.entries.items())

    async def publish(self, entries: Mapping[int, Mapping[bytes, bytes]], epoch: int) -> None:
        """Append entries to the changelog, by partition; for :class:`Ownership`."""
        if self._publisher is None:
            raise RuntimeError(f"table {self.name} has no publisher")
        headers = [(EPOCH_HEADER, b"%d" % epoch)]
        records = [
            OutRecord(key, value, headers, partition)
            for partition, changed in entries.items()
            for key, value in changed.items()
        ]
        await self._publisher.write(self.changelog_topic_name, records)

    # -- recovery, called by Faust -------------------------------------------------------------------

    def _new_changelog_topic(self, **_: Any) -> Any:
        return ChangelogTopic(
            self.app,
            topics=[self._changelog_topic_name()],
            key_type=bytes,
            value_type=bytes,
            partitions=self.partitions,
            internal=True,
            allow_empty=True,
        )

    async def on_rebalance(
        self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0
    ) -> None:
        """Forget everything, claim what is ours now, and have Faust read the changelog from its beginning."""
        self._held.clear()
        self._owned.clear()
        ours = {tp for tp in assigned if tp.topic == self.changelog_topic_name}
        for tp in ours | revoked:
            self.app.tables.recovery.revoke(tp)  # type: ignore[attr-defined]
        await self.publish({tp.partition: {CLAIM_KEY: _CLAIM} for tp in sorted(ours)}, generation_id)
        await super().on_rebalance(assigned, revoked, newly_assigned, generation_id)

    def apply_changelog_batch(self, batch: Iterable[EventT[Any]]) -> None:
        """Take over recovered records. Raises nothing: Faust would log it and go on without them."""
        for event in batch:
            records: RecordBatch = event.value  # type: ignore[assignment]
            held = self._held.setdefault(records.partition, ChangelogPartition())
            for record in records:
                held.read(record)

    async def on_recovery_completed(self, active_tps: set[TP], standby_tps: set[TP]) -> None:
        """Say what was passed over."""
        for partition, held in sorted(self._held.items()):
            if held.overwritten:
                logger.warning(
                    "%s[%d]: %d keys were overwritten by a worker that had been replaced; their last good values count",
                    self.changelog_topic_name,
                    partition,
                    len(held.overwritten),
                    extra={"topic": self.changelog_topic_name, "partition": partition},
                )
        await super().on_recovery_completed(active_tps, standby_tps)


def _epoch(headers: Iterable[tuple[str, bytes]]) -> int:
    """Return the epoch in a record's headers; 0 for a record of somebody who writes none."""
    for value in _values(headers):
        if value.isdigit() and len(value) < 19:
            return int(value)
    return 0


def _values(headers: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    return (value for name, value in headers if name == EPOCH_HEADER and value is not None)
