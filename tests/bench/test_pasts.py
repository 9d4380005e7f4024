from random import Random

import pytest

from pipeline.settings import EngineSettings
from pipeline.tracker import Tracker
from schemas.mention import Mention, Origin, Watermark
from schemas.window import WindowClosed
from tests.bench.load import START_MS
from tests.bench.pasts import keyed, learnt_states, partition_of
from tests.bench.state import Kind, Talk

MINUTE_MS = 60_000
ORDINARY = Kind(brands=1, a_minute=2.0, share=0)


def test_a_brand_with_a_past_has_been_learnt_and_counts_what_a_new_load_says_of_it() -> None:
    tracker = Tracker(EngineSettings(), 0)
    [(key, _, value)] = keyed(["b"], learnt_states(ORDINARY, 1), 1)
    tracker.restore(key.decode(), value)
    assert not tracker.problems
    step = tracker.step([mention(START_MS + 1), watermark(START_MS + MINUTE_MS)])
    assert (step.counted, step.dropped) == (1, {})
    [*_, window] = [event for event in step.events if isinstance(event, WindowClosed)]
    assert window.detection.learning == 1.0
    assert window.windows["1m"].volume == 1
    assert window.windows["1h"].volume > 60


def test_each_variant_has_a_past_of_its_own() -> None:
    first, second = learnt_states(ORDINARY, 2)
    assert first != second


@pytest.mark.parametrize("partitions", [1, 8])
def test_a_state_is_of_the_partition_that_its_brand_belongs_to(partitions: int) -> None:
    keys = [f"brand-{number}" for number in range(40)]
    placed = list(keyed(keys, learnt_states(ORDINARY, 1), partitions))
    assert {partition for _, partition, _ in placed} == set(range(partitions))
    for key, partition, value in placed:
        assert partition == partition_of(key, partitions)
        tracker = Tracker(EngineSettings(), partition)
        tracker.restore(key.decode(), value)
        assert not tracker.problems


def mention(time_ms: int) -> Mention:
    said = Talk(Random(1), "b", (0,)).mention(time_ms, crisis=False)
    assert said.origin == Origin(partition=0, offset=10**9 + 1)
    return said


def watermark(time_ms: int) -> Watermark:
    return Watermark(source_partition=0, source_partitions=1, offset=10**9 + 2, watermark_ms=time_ms)
