"""State records that nobody can use: whatever is in the changelog, no worker stops, and only what was hit is lost."""

from __future__ import annotations

import asyncio
from random import Random

from agents.diagnosis import Finding, diagnose
from agents.state import EPOCH_HEADER
from agents.topics import BRAND_STATE, SOURCE_CLOCK, changelog
from pipeline.tracker import clock_key
from schemas.codec import decode
from tests.brokers.client import Record, produce
from tests.faults.logs import talk
from tests.faults.oracle import truth_of
from tests.faults.trial import Trial
from tests.live.vigie import end

HIT = "corail-air"
CORRUPT = b"V\x02" + b"\x00" * 40
NEWER = b"V\x09" + b"from the future" * 10


def test_damaged_state_stops_no_worker_and_costs_no_other_brand_anything(trial: Trial) -> None:
    log = talk(seed=801, records=5000, partitions=2).closed()
    expected = truth_of(trial.settings, log)
    with trial.worker("before") as worker:
        trial.feed(log.part(0.0, 0.5))
        trial.settle(worker)
        assert end(worker) == 0
    before = trial.events(trial.settings.topics.windows).payloads[HIT]
    injected = damage(trial)
    state = asyncio.run(doctors_state(trial))
    assert not state.ok
    assert "4 corrupt, 1 unknown_version" in state.detail, state
    with trial.worker("after") as worker:
        trial.feed(log.part(0.5, 1.0))
        recovery_s = trial.recovery_s()
        trial.settle(worker)
    said = trial.logs(whole=True)
    assert "state records not used as they were: corrupt" in said
    assert "state records not used as they were: unknown_version" in said
    assert "keys were overwritten by a worker that had been replaced" in said
    after = trial.events(trial.settings.topics.windows).payloads[HIT]
    assert after[: len(before)] == before
    ends = [decode(payload)["window_end"] for payload in after]
    assert ends == sorted(set(ends)), "the brand that was hit begins anew after what it has published"
    assert len(after) > len(before) + 100
    trial.judge(
        expected,
        fault="corrupt, oversized, newer and foreign state",
        injected=injected,
        recovery_s=recovery_s,
        apart=frozenset({HIT}),
    )


async def doctors_state(trial: Trial) -> Finding:
    """What ``vigie doctor`` says of the state."""
    return [finding async for finding in diagnose(trial.settings, timeout_s=20)][-1]


def damage(trial: Trial) -> int:
    """Write bad records over state, some as by its owner, some as by somebody else; return how many."""
    topic = changelog(trial.settings, "track", BRAND_STATE)
    partition_of = {record.key: record.partition for record in trial.read(topic) if record.key}
    owner = max(int(dict(record.headers)[EPOCH_HEADER]) for record in trial.read(topic))
    theirs = ((EPOCH_HEADER, b"%d" % owner),)
    hit = partition_of[HIT.encode()]
    bad = [
        Record(key=HIT.encode(), value=CORRUPT, partition=hit, headers=theirs),
        Record(key=b"oversized", value=Random(8).randbytes(900 * 1024), partition=hit, headers=theirs),
        Record(key=b"newer", value=NEWER, partition=hit, headers=theirs),
        Record(key=b"\xff\xfe not a name", value=b"{}", partition=hit, headers=theirs),
        Record(key=b"emptied", value=b"", partition=hit, headers=theirs),
        # By somebody who is no owner, and so for nobody: over a brand's state, and over a clock.
        *(Record(key=key, value=CORRUPT, partition=at) for key, at in partition_of.items() if key == b"nimbus-mobile"),
        Record(key=clock_key(1 - hit).encode(), value=CORRUPT, partition=1 - hit),
    ]
    asyncio.run(produce(trial.settings.brokers, topic, bad))
    clocks = changelog(trial.settings, "enrich", SOURCE_CLOCK)
    foreign = [Record(key=b"clock/%d" % at, value=b"not a clock", partition=at) for at in range(2)]
    asyncio.run(produce(trial.settings.brokers, clocks, foreign))
    return len(bad) + len(foreign)
