"""Kafka is away, for a moment or for longer than its client's patience; the disk is full, or takes nothing."""

from __future__ import annotations

import resource
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.brokers.cluster import KafkaCluster
from tests.ingest.outcome import Note
from tests.ingest.trial import Trial

Make = Callable[..., Trial]

pytestmark = pytest.mark.kafka


def test_a_kafka_that_pauses_costs_nothing(ingest: Trial) -> None:
    x = ingest.x(rate=50.0)
    ingester = ingest.ingest("x")
    ingest.connected(x)
    ingest.flows(x)
    ingest.broker.pause()
    ingest.publishes(x, 350)
    assert ingester.metric("vigie_ingest_connections") == 1
    ingest.broker.resume()
    ingest.flows(x)
    ingest.settle(x)
    outcome = ingest.judge("Kafka paused for 7 s", x, lost=False)
    assert outcome.gaps == 0


def test_a_kafka_that_dies_and_comes_back_costs_nothing(make_ingest_trial: Make) -> None:
    ingest = make_ingest_trial(request_timeout_s=5.0)  # so that more than one attempt fails meanwhile
    x = ingest.x(rate=50.0)
    ingester = ingest.ingest("x")
    ingest.connected(x)
    ingest.flows(x)
    ingest.broker.kill()
    ingest.until(lambda: ingester.metric("vigie_ingest_holding") == 1, "it says that it holds")
    ingest.publishes(x, 500)
    ingest.broker.start()
    ingest.flows(x)
    ingest.until(lambda: ingester.metric("vigie_ingest_holding") == 0, "it says that it goes on")
    ingest.settle(x)
    outcome = ingest.judge("Kafka killed and restarted", x, lost=False)
    assert outcome.gaps == 0


def test_a_leader_that_dies_costs_nothing(
    cluster: KafkaCluster, topic_prefix: str, tmp_path: Path, note_sum: Note, long_run: None
) -> None:
    trial = Trial(cluster, tmp_path, topic_prefix, note_sum, replication=3, request_timeout_s=5.0)
    try:
        x = trial.x(rate=100.0, backfill=True)
        trial.ingest("x")
        trial.connected(x)
        for partition in range(trial.partitions):
            trial.flows(x)
            cluster.leader_of(trial.topic, partition).kill()
            trial.publishes(x, 300)
            x.ask("drop", how="rst")  # posts come twice while partitions are led by others
            trial.flows(x)
            cluster.recover()
        trial.settle(x)
        outcome = trial.judge("three brokers, three leaders killed", x, lost=False)
        assert outcome.gaps == 0
    finally:
        trial.close()


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("how", ["killed", "paused"])
def test_ten_minutes_without_kafka_cost_nothing(ingest: Trial, long_run: None, how: str) -> None:
    x = ingest.x(rate=200.0)
    ingester = ingest.ingest("x")
    ingest.connected(x)
    ingest.flows(x)
    (ingest.broker.kill if how == "killed" else ingest.broker.pause)()
    time.sleep(600.0)
    assert ingester.metric("vigie_ingest_holding") == 1
    assert x.open() == 1
    (ingest.broker.start if how == "killed" else ingest.broker.resume)()
    ingest.flows(x)
    ingest.settle(x)
    outcome = ingest.judge(f"Kafka {how} for 10 minutes", x, lost=False)
    assert outcome.gaps == 0


def test_a_kafka_that_is_away_at_the_start_keeps_nobody_from_listening(ingest: Trial) -> None:
    x = ingest.x(rate=50.0)
    ingest.broker.kill()
    ingester = ingest.ingest("x")
    ingest.connected(x)
    ingest.publishes(x, 100)
    assert ingester.process.poll() is None
    ingest.broker.start()
    ingest.flows(x)
    ingest.settle(x)
    outcome = ingest.judge("Kafka away at the start", x, lost=False)
    assert outcome.gaps == 0


def test_what_the_spool_cannot_take_is_a_gap_with_its_number(make_ingest_trial: Make) -> None:
    trial = make_ingest_trial(ingest_spool_bytes=1_048_576)
    x = trial.x(shapes=["plain"])
    ingester = trial.ingest("x")
    trial.connected(x)
    trial.flows(x)
    trial.broker.pause()
    began_ms = x.now_ms()
    x.ask("change", rate=600.0)
    trial.until(lambda: ingester.metric("vigie_ingest_dropped_total") >= 500, "the spool is full")
    x.ask("change", rate=25.0)
    trial.broker.resume()
    trial.until(lambda: ingester.metric("vigie_ingest_holding") == 0, "Kafka takes what there is")
    ended_ms = x.now_ms()
    trial.flows(x)
    dropped = ingester.metric("vigie_ingest_dropped_total")
    trial.settle(x)
    outcome = trial.judge("spool full", x, lost=True, others=[(began_ms, ended_ms)])
    gaps = trial.stored().gaps[0]
    assert {each["reason"] for each in gaps} == {"spool_full"}
    assert sum(each["posts"] for each in gaps) == dropped == outcome.missing


def test_a_full_spool_survives_a_kill_with_its_loss(make_ingest_trial: Make) -> None:
    trial = make_ingest_trial(ingest_spool_bytes=1_048_576, x_access="pro")
    x = trial.x(shapes=["plain"])
    ingester = trial.ingest("x")
    trial.connected(x)
    trial.flows(x)
    trial.broker.pause()
    began_ms = x.now_ms()
    x.ask("change", rate=600.0)
    trial.until(lambda: ingester.metric("vigie_ingest_dropped_total") >= 500, "the spool is full")
    ingester.kill()
    x.ask("change", rate=25.0)
    trial.ingest("x")
    trial.connected(x)
    trial.broker.resume()
    ended_ms = x.now_ms()
    trial.flows(x)
    trial.settle(x)
    trial.judge("spool full, and killed", x, lost=True, others=[(began_ms, ended_ms)])
    assert {each["reason"] for each in trial.stored().gaps[0]} == {"spool_full", "restart"}


def test_a_disk_that_takes_nothing_costs_nothing_while_kafka_does(make_ingest_trial: Make) -> None:
    trial = make_ingest_trial()
    x = trial.x(rate=100.0)
    ingester = trial.ingest("x")
    trial.connected(x)
    trial.flows(x)
    # No file may grow beyond this: every write of the journal fails as on a full disk.
    resource.prlimit(ingester.process.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
    trial.until(lambda: ingester.metric("vigie_ingest_spool_errors_total"), "the disk takes nothing")
    trial.flows(x, posts=200)
    resource.prlimit(ingester.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    errors = ingester.metric("vigie_ingest_spool_errors_total")
    trial.flows(x, posts=200)
    assert ingester.metric("vigie_ingest_spool_errors_total") <= errors + 1, "it goes on by itself"
    trial.settle(x)
    outcome = trial.judge("the disk takes nothing", x, lost=False)
    assert outcome.gaps == 0


@contextmanager
def _small_disk(folder: Path) -> Iterator[None]:
    """Have a disk of 3 MiB at a folder during the block, where we may."""
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)], check=False, capture_output=True
    )
    if made.returncode:
        pytest.skip("needs the right to mount a disk")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_disk_that_the_journal_has_filled_is_free_again_once_kafka_has_it(
    make_ingest_trial: Make, tmp_path: Path, long_run: None
) -> None:
    with _small_disk(tmp_path / "disk"):
        trial = make_ingest_trial(ingest_dir=tmp_path / "disk" / "journal", x_access="pro")
        x = trial.x(shapes=["plain"])
        ingester = trial.ingest("x")
        trial.connected(x)
        trial.flows(x)
        trial.broker.pause()
        x.ask("change", rate=800.0)
        trial.until(lambda: ingester.metric("vigie_ingest_spool_errors_total") >= 2, "the disk is full")
        x.ask("change", rate=100.0)
        trial.broker.resume()
        trial.flows(x)
        trial.until(lambda: ingester.metric("vigie_ingest_spool_bytes") < 100_000, "Kafka has it")
        trial.flows(x, posts=300)
        errors = ingester.metric("vigie_ingest_spool_errors_total")
        trial.flows(x, posts=300)
        assert ingester.metric("vigie_ingest_spool_errors_total") == errors, "the disk is written again"
        ingester.kill()
        trial.ingest("x")
        trial.connected(x)
        trial.flows(x)
        trial.settle(x)
        trial.judge("disk full of the journal, and killed", x)


def test_a_disk_that_takes_nothing_while_kafka_is_away(make_ingest_trial: Make) -> None:
    trial = make_ingest_trial()
    x = trial.x(rate=100.0)
    ingester = trial.ingest("x")
    trial.connected(x)
    trial.flows(x)
    trial.broker.pause()
    resource.prlimit(ingester.process.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
    began_ms = x.now_ms()
    trial.publishes(x, 500)
    resource.prlimit(ingester.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    trial.broker.resume()
    trial.flows(x)
    ended_ms = x.now_ms()
    trial.settle(x)
    trial.judge("neither disk nor Kafka", x, others=[(began_ms, ended_ms)])
