"""A broker that pauses, dies, or loses a leader."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.brokers.cluster import KafkaCluster
from tests.faults.logs import talk
from tests.faults.oracle import truth_of
from tests.faults.outcome import Note
from tests.faults.trial import Trial


@pytest.mark.kafka
def test_a_broker_that_pauses_for_a_moment_or_past_every_session_costs_nothing(trial: Trial, full: bool) -> None:
    session_s = trial.settings.session_timeout_s
    pauses = (1.0, 30.0, 2.5 * session_s, 1.0) if full else (1.0, 2.5 * session_s)
    log = talk(seed=401, records=5000 * len(pauses), partitions=2).closed()
    expected = truth_of(trial.settings, log)
    recovery_s = 0.0
    with trial.crew(2) as crew, trial.load(log, over_s=40.0 * len(pauses)):
        trial.until_committed("track", 1)
        for pause_s in pauses:
            trial.broker.pause()
            time.sleep(pause_s)
            trial.broker.resume()
            recovery_s = max(recovery_s, trial.recovery_s())
        trial.settle()
    longest = max(pauses)
    trial.judge(expected, fault=f"broker paused up to {longest:.0f} s", injected=len(pauses), recovery_s=recovery_s)
    assert crew.codes == [], f"a pause of the broker is no reason to end\n{trial.logs()}"


@pytest.mark.kafka
def test_a_broker_killed_and_started_again_loses_and_doubles_nothing(trial: Trial, full: bool) -> None:
    deaths = 4 if full else 1
    log = talk(seed=402, records=8000 * deaths, partitions=2).closed()
    expected = truth_of(trial.settings, log)
    recovery_s = 0.0
    with trial.crew(2) as crew, trial.load(log, over_s=60.0 * deaths):
        trial.until_committed("track", 1)
        for _ in range(deaths):
            trial.broker.kill()
            trial.broker.start()
            recovery_s = max(recovery_s, trial.recovery_s())
        trial.settle()
    assert crew.codes == [], f"the workers outlive the broker\n{trial.logs()}"
    trial.judge(expected, fault="broker killed and restarted", injected=deaths, recovery_s=recovery_s)


def test_a_leader_killed_in_a_cluster_of_three_loses_and_doubles_nothing(
    cluster: KafkaCluster, topic_prefix: str, tmp_path: Path, note: Note, full: bool
) -> None:
    trial = Trial(cluster, tmp_path, topic_prefix, note, replication=3)
    deaths = 4 if full else 1
    log = talk(seed=403, records=8000 * deaths, partitions=2).closed()
    expected = truth_of(trial.settings, log)
    recovery_s = 0.0
    with trial.crew(2) as crew, trial.load(log, over_s=60.0 * deaths):
        trial.until_committed("track", 1)
        for turn in range(deaths):
            topic = (trial.settings.topics.mentions, trial.settings.topics.raw)[turn % 2]
            leader = cluster.leader_of(topic, 0)
            leader.kill()
            recovery_s = max(recovery_s, trial.recovery_s())
            cluster.recover()
        trial.settle()
    assert crew.codes == [], f"the workers outlive the leader\n{trial.logs()}"
    trial.judge(expected, fault="leader killed, three brokers", injected=deaths, recovery_s=recovery_s)
