from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from agents.transport import OffsetLedger, RecordBatch
from agents.transport.batch import split


@dataclass
class Batch:
    next_offset: int
    completed: bool = False
    is_processed: bool = False

    def __post_init__(self) -> None:
        self.is_processed |= self.completed

    def complete(self) -> None:
        self.is_processed = self.completed = True


def test_nothing_can_be_committed_before_a_batch_is_complete() -> None:
    ledger: OffsetLedger[str] = OffsetLedger()
    ledger.handed_out("p", Batch(10))
    assert ledger.position("p") is None


def test_a_completed_batch_is_not_committed_across_an_open_one_before_it() -> None:
    ledger: OffsetLedger[str] = OffsetLedger()
    first, second = Batch(10), Batch(20)
    ledger.handed_out("p", first)
    ledger.handed_out("p", second)
    second.complete()
    assert ledger.position("p") is None
    first.complete()
    assert ledger.position("p") == 20


def test_a_batch_that_is_processed_is_not_in_flight_and_holds_back_the_commit() -> None:
    ledger: OffsetLedger[str] = OffsetLedger()
    first, second = Batch(10), Batch(20)
    ledger.handed_out("p", first)
    ledger.handed_out("p", second)
    assert ledger.any_open()

    first.is_processed = second.is_processed = True
    moves = ledger.moves
    assert (ledger.processed("p"), ledger.position("p")) == (20, None)
    assert (ledger.in_flight("p"), ledger.any_open()) == (0, False)
    assert ledger.moves == moves + 2, "work was done"

    second.complete()
    assert ledger.position("p") is None
    first.complete()
    assert ledger.position("p") == 20


def test_holes_between_batches_are_nothing_to_wait_for() -> None:
    ledger: OffsetLedger[str] = OffsetLedger()
    ledger.handed_out("p", Batch(10, completed=True))
    ledger.handed_out("p", Batch(500, completed=True))
    assert ledger.position("p") == 500


def test_a_forgotten_partition_has_no_position_and_the_others_keep_theirs() -> None:
    ledger: OffsetLedger[str] = OffsetLedger()
    ledger.handed_out("p", Batch(10, completed=True))
    ledger.handed_out("q", Batch(7, completed=True))
    ledger.forget(["p"])
    assert ledger.position("p") is None
    assert ledger.position("q") == 7


@given(st.lists(st.booleans(), max_size=40), st.data())
def test_the_position_is_the_end_of_the_unbroken_run_of_completed_batches(
    done: list[bool], data: st.DataObject
) -> None:
    ledger: OffsetLedger[str] = OffsetLedger()
    batches = [Batch((i + 1) * 10) for i in range(len(done))]
    for batch in batches:
        ledger.handed_out("p", batch)
    order = data.draw(st.permutations([b for b, d in zip(batches, done, strict=True) if d]))
    seen = 0
    for batch in order:
        batch.complete()
        position = ledger.position("p") or 0
        assert position >= seen
        seen = position
    run = next((i for i, d in enumerate(done) if not d), len(done))
    assert (ledger.position("p") or 0) == run * 10
    assert ledger.in_flight("p") == len(done) - run


@dataclass
class Value:
    value: bytes | None
    offset: int = 0


@given(
    st.lists(st.integers(0, 50), max_size=100),
    st.integers(1, 20),
    st.integers(1, 200),
)
def test_splitting_keeps_every_record_in_order_within_the_bounds(
    sizes: list[int], max_records: int, max_bytes: int
) -> None:
    records = [Value(b"x" * size, offset) for offset, size in enumerate(sizes)]
    runs = [list(run) for run in split(records, max_records, max_bytes)]
    assert [r for run in runs for r in run] == records
    for run in runs:
        assert 0 < len(run) <= max_records
        assert sum(len(r.value or b"") for r in run[:-1]) < max_bytes


def test_a_batch_knows_the_offsets_it_spans() -> None:
    batch = RecordBatch("t", 3, [Value(None, 7), Value(b"", 9)], highwater=12)
    assert (batch.first_offset, batch.next_offset, len(batch)) == (7, 10, 2)
    assert "7..9 open" in repr(batch)
    batch.complete()
    assert "complete" in repr(batch)
