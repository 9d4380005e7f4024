"""Input as it really comes: twice, late, out of order, dated wrongly, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from agents.faultpoints import FaultPoint
from tests.faults.logs import Log, Raw, interleaved, mentions_of, talk, tweet
from tests.faults.oracle import OracleRun, truth_of
from tests.faults.trial import Trial
from tests.live.vigie import now_ms

MINUTE_MS = 60_000
WEEK_MS = 7 * 24 * 60 * MINUTE_MS


def test_duplicates_disorder_backfill_and_wrong_clocks_are_decided_alike_over_a_crash(trial: Trial, full: bool) -> None:
    log = disordered(talk(seed=601, records=12_000 if full else 5_000, partitions=2), Random(6)).closed()
    expected = truth_of(trial.settings, log)
    kinds = 6
    rng = Random(7)
    with trial.crew(1) as crew, trial.load(log, over_s=40.0):
        for _ in range(2):
            trial.until_committed("enrich", sum(trial.committed("enrich").values()) + 500)
            crew.kill_one(rng)
        recovery_s = trial.recovery_s()
        trial.settle()
    trial.judge(expected, fault="duplicates, late, backfill, future, skew", injected=kinds, recovery_s=recovery_s)


def test_silent_partitions_hold_time_back_only_until_they_are_idle(
    make_trial: Callable[..., Trial],
) -> None:
    trial = make_trial(partitions=(3, 2), idle_timeout_s=3.0)
    start_ms = now_ms() - 3 * 60 * MINUTE_MS
    early = mentions_of("nimbus", start_ms=start_ms, minutes=60, every_s=5, partition=0)
    later = mentions_of("nimbus", start_ms=start_ms + 60 * MINUTE_MS, minutes=60, every_s=5, partition=1)
    oracle = OracleRun(trial.settings, 3)
    with trial.crew(2, fault_points=f"{FaultPoint.ENRICH_IDLE}:kill@1") as crew:
        crew.overrides.clear()  # for those that come after: each of the first dies as it is about to say so
        first = Log(tuple(early), 3)
        trial.feed(first)
        oracle.run(first)
        one_silent = oracle.idle(0, 1, 2)  # two have never spoken, then all are silent
        trial.until_published(one_silent)
        second = Log(tuple(later), 3)
        trial.feed(second)
        oracle.run(second)
        expected = oracle.idle(0, 1, 2)
        trial.until_published(expected)
        trial.settle()
    assert crew.codes, "a worker has died over it"
    trial.judge(expected, fault="partitions silent, death as it is told", injected=len(crew.codes))


def disordered(log: Log, rng: Random) -> Log:
    """The log with everything that can be wrong about the time and place of a tweet."""
    records: list[Raw] = []
    for at, record in enumerate(log.records):
        records.append(record)
        if rng.random() < 0.10:  # the source sends something again, and a reconnect sends a stretch again
            records.append(record)
        if rng.random() < 0.01:
            records += [each for each in log.records[max(0, at - 50) : at] if each.partition == record.partition]
        if rng.random() < 0.02:  # far too late
            records.append(wrong(record, record.time_ms - 20 * MINUTE_MS, at))
        if rng.random() < 0.01:  # dated in the future
            records.append(wrong(record, now_ms() + WEEK_MS, at))
    swap_neighbours(records, rng)
    # The other partition's clock is ten minutes behind, and a backfill of last week comes in the middle of it.
    straight = [record for record in records if record.partition == 0]
    skewed = [record for record in records if record.partition == 1]
    half = len(skewed) // 2
    backfill = mentions_of(
        "nimbus", start_ms=records[0].time_ms - WEEK_MS, minutes=20, every_s=4, partition=1, number=7
    )
    return interleaved(log.partitions, straight, [*skewed[:half], *backfill, *skewed[half:]])


def wrong(record: Raw, time_ms: int, number: int) -> Raw:
    return tweet(time_ms, "nimbus is down again", partition=record.partition, number=number % 4096)


def swap_neighbours(records: list[Raw], rng: Random) -> None:
    for at in range(len(records) - 1):
        if rng.random() < 0.1:
            records[at], records[at + 1] = records[at + 1], records[at]


def test_the_disorder_is_what_its_test_says() -> None:
    plain = talk(seed=601, records=2_000, partitions=2)
    log = disordered(plain, Random(6))
    newest = [0, 0]
    late = 0
    for record in log.records:
        late += record.time_ms < newest[record.partition] - 30_000
        newest[record.partition] = max(newest[record.partition], record.time_ms)
    assert late > 100
    assert len(log.records) - len({record.value for record in log.records}) > 100
