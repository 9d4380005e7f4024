"""A thousand of ten thousand tweets are deleted in the middle of traffic, and nothing of them is left."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import pytest

from agents.processes import role_environment
from agents.topics import BRAND_STATE, NOTIFY_STATE, changelog
from schemas.codec import decode
from tests.brokers.client import committed_offsets, consume_all, end_offsets_of, produce
from tests.faults.logs import Log
from tests.faults.oracle import truth_of
from tests.faults.trial import Trial
from tests.live.vigie import differences, now_ms, until
from tests.trust.compliancebroker import HOUR_S, SwiftKafka, hasten
from tests.trust.compliancetraffic import (
    DELETED,
    PARTITIONS,
    Deletions,
    Traffic,
    account_notice,
    as_raw,
    choose,
    going_on,
    halves,
    post_notice,
    spread,
    traffic,
)
from tests.trust.conftest import Tell

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(420)]

_WITHIN_S = 120.0
_OVER_S = 5.0
_EVERY_S = 0.3
_MINUTE_MS = 60_000
_ROLES = 4
_NOBODY = """\
version = 1

[channels.nobody]
kind = "alertmanager"
url = "http://127.0.0.1:9"

[[routes]]
channels = ["nobody"]
min_level = 1
"""
"""A receiver that is never there: what is to be told to it waits in notify's table."""


@pytest.fixture
def swift(tmp_path: Path) -> Iterator[SwiftKafka]:
    node = SwiftKafka(tmp_path / "kafka")
    try:
        node.start()
        yield node
    finally:
        node.stop()


@pytest.fixture
def trial(swift: SwiftKafka, tmp_path: Path, topic_prefix: str) -> Trial:
    plan = tmp_path / "notify.toml"
    plan.write_text(_NOBODY, encoding="utf-8")
    return Trial(
        swift,
        tmp_path,
        topic_prefix,
        lambda _outcome: None,
        erase_interval_s=0.5,
        max_batch_records=500,
        notify=plan,
    )


@dataclass(frozen=True)
class Verified:
    """What ``vigie compliance verify`` said."""

    found: list[dict[str, Any]]
    records: int

    @property
    def wrong(self) -> list[dict[str, Any]]:
        return [each for each in self.found if not each["allowed"]]

    def places(self, prefix: str) -> Counter[str]:
        """How many different tweets are where, as what; of those that are not allowed."""
        where = {
            (each["topic"].removeprefix(prefix).removeprefix("vigie-"), each["what"], each["value"])
            for each in self.wrong
            if each["kind"] == "id"
        }
        return Counter(f"{topic} {what}" for topic, what, _ in where)


class Proof:
    """A trial, what is deleted in it, and what is asked of it again and again."""

    def __init__(self, trial: Trial, talk: Traffic, deletions: Deletions) -> None:
        self.trial = trial
        self.talk = talk
        self.deletions = deletions
        self.topics = trial.settings.topics
        self.scans = 0

    def verify(self) -> Verified:
        """Look for all of it; the command's exit code must agree with what it prints."""
        wanted = self.deletions
        options = {"--id": sorted(wanted.ids), "--user": sorted(wanted.accounts), "--text": wanted.texts}
        words = [word for option, values in options.items() for value in values for word in (option, value)]
        command = [sys.executable, "-m", "agents.cli.run", "compliance", "verify", "--json", *words]
        done = subprocess.run(
            command, env=role_environment(self.trial.settings), capture_output=True, text=True, check=False
        )
        assert done.returncode in (0, 1), done.stderr
        assert done.stdout, done.stderr
        said = decode(done.stdout)
        self.scans += 1
        verified = Verified(said["found"], sum(topic["records"] for topic in said["topics"]))
        assert (done.returncode == 0) == (not verified.wrong), said["kept_too_long"]
        return verified

    def until_at_work(self, name: str) -> None:
        """Wait until all roles of a worker that is about to be started have partitions and their state."""
        log = self.trial.folder / f"{name}.log"

        def is_ready() -> bool:
            return log.exists() and log.read_text(errors="replace").count("Worker ready") >= _ROLES

        until(is_ready, what=f"{name} is ready", trial=self.trial)

    def until_clean(self) -> float:
        """Wait until nothing is found that is not allowed; return the seconds that took."""
        began = time.monotonic()
        while (verified := self.verify()).wrong:
            assert time.monotonic() - began < _WITHIN_S, (
                f"still there after {_WITHIN_S:.0f} s: {verified.places(self.trial.settings.topic_prefix)}\n"
                f"{verified.wrong[:5]}\n{self.trial.logs()}"
            )
        return time.monotonic() - began

    def write(self, notices: Iterable[bytes]) -> None:
        """Write notices straight to the compliance topic."""
        asyncio.run(produce(self.trial.settings.brokers, self.topics.compliance, notices))

    def until_broadcast(self, tweet_ids: set[str]) -> None:
        """Wait until every partition of the mentions says of all these tweets that they must go."""

        def is_said() -> bool:
            told: dict[int, set[str]] = {}
            for record in self.trial.read(self.topics.mentions):
                if b'"erasure"' in (record.value or b""):
                    told.setdefault(record.partition, set()).update(decode(record.value)["tweet_ids"])
            return len(told) == PARTITIONS and all(tweet_ids <= each for each in told.values())

        until(is_said, what="erasures on all partitions", trial=self.trial, timeout_s=60)

    def until_proven(self) -> None:
        """Wait until erase has committed all notices: it has seen for itself that the crises are clean."""
        settings = self.trial.settings

        def is_committed() -> bool:
            group, topic = settings.group("erase"), self.topics.compliance
            committed = asyncio.run(committed_offsets(settings.brokers, group, topic))
            return committed == asyncio.run(end_offsets_of(settings.brokers, topic))

        until(is_committed, what="all notices proven", trial=self.trial, timeout_s=60)

    def until_compacted(self, *topics: str) -> None:
        """Wait until the cleaner has removed records of these topics: there are fewer than offsets."""
        brokers = self.trial.settings.brokers

        def holes() -> bool:
            for topic in topics:
                offsets = Counter(record.partition for record in asyncio.run(consume_all(brokers, topic)))
                ends = asyncio.run(end_offsets_of(brokers, topic))
                if not any(offsets[partition] < end for partition, end in ends.items()):
                    return False
            return True

        until(holes, what="compaction", trial=self.trial, timeout_s=60)


@contextmanager
def traffic_going_on(proof: Proof) -> Iterator[None]:
    """Write a tweet about nobody now and then during the block, so that what is to be rolled and cleaned is."""
    ended, tweets = threading.Event(), going_on(proof.talk)

    def write() -> None:
        while not ended.wait(_EVERY_S):
            proof.trial.feed(Log(tuple(islice(tweets, PARTITIONS)), PARTITIONS))

    writing = threading.Thread(target=write)
    writing.start()
    try:
        yield
    finally:
        ended.set()
        writing.join()


def steps_of(crises: Iterable[bytes]) -> dict[str, tuple[Any, ...]]:
    """What is told of each event beside the tweets that it names, by its ID; the last version counts."""
    events = map(decode, crises)
    return {event["id"]: tuple(event.get(name) for name in ("type", "time", "level", "sequence")) for event in events}


def early_notices(talk: Traffic, deletions: Deletions) -> list[bytes]:
    """Notices that come long before their tweets, each given a minute after its tweet was posted."""
    posts = [(talk.tweets[each], form) for each, form in deletions.early.items()]
    return [post_notice(form, post, post.created_at_ms + _MINUTE_MS) for post, form in posts]


def notices(talk: Traffic, deletions: Deletions) -> list[bytes]:
    """Notices that come in the middle; those of accounts are of the end, and some of their tweets are still to come."""
    now = talk.log.records[talk.cut].time_ms
    return [
        *(account_notice(form, each, talk.end_ms) for each, form in deletions.accounts.items()),
        *(post_notice(form, talk.tweets[each], now) for each, form in deletions.posts.items()),
    ]


def test_nothing_is_left_of_a_thousand_tweets_deleted_in_the_middle_of_traffic(trial: Trial, tell: Tell) -> None:
    talk = traffic(now_ms())
    records, closed = talk.log.records, talk.log.closed()
    control = truth_of(trial.settings, closed)
    deletions = choose(talk, control.crises)
    assert len(deletions.ids) == DELETED
    proof = Proof(trial, talk, deletions)
    topics = proof.topics
    state, untold = changelog(trial.settings, "track", BRAND_STATE), changelog(trial.settings, "notify", NOTIFY_STATE)
    asyncio.run(hasten(trial.settings, topics.crises, state, untold))

    with trial.crew(1) as crew:
        trial.feed(Log(records[: talk.cut], PARTITIONS))
        trial.settle()
        before = proof.verify()

        straight, among = halves(early_notices(talk, deletions))
        proof.write(straight)
        trial.feed(Log(tuple(as_raw(among, 0)), PARTITIONS))
        proof.until_broadcast(set(deletions.early))

        straight, among = halves(notices(talk, deletions))
        rest = Log(tuple(spread(records[talk.cut :], as_raw(among, talk.end_ms))), PARTITIONS)
        with trial.load(rest, over_s=_OVER_S):
            proof.write(straight)
            crew.kill_one(Random(5))
            proof.until_at_work("worker1")
            trial.settle()
        trial.feed(Log(closed.records[-PARTITIONS:], PARTITIONS))
        trial.settle()
        asyncio.run(hasten(trial.settings, topics.raw, topics.deadletters))

        with traffic_going_on(proof):
            took_s = proof.until_clean()
            proof.until_proven()
            crew.workers[0].send_signal(signal.SIGTERM)
            proof.until_at_work("worker2")
            assert not proof.verify().wrong, "after a restart of all workers"
            proof.until_compacted(topics.crises, state, untold)
            last = proof.verify()
            assert not last.wrong, "after compaction"

    windows = trial.events(topics.windows)
    assert not windows.altered
    assert not differences(windows.payloads, control.windows), "\n".join(differences(windows.payloads, control.windows))
    crises = steps_of(record.value for record in trial.read(topics.crises))
    assert crises == steps_of(payload for payloads in control.crises.values() for payload in payloads)

    named = before.places(trial.settings.topic_prefix)
    for place in ("exemplar", "concern", "question", "own post", "untold event"):
        assert any(name.endswith(f" {place}") for name in named), f"nothing was chosen that had been {place}"
    counted = f"{sum(map(len, control.windows.values())):,} windows and {len(crises):,} events"
    lines = [
        f"{DELETED:,} of {len(talk.tweets):,} tweets deleted in the middle of traffic, by form: "
        + said(deletions.by_form(talk.tweets)),
        f"  of {len(deletions.early)} the notice came before the tweet; a worker was killed meanwhile",
        f"  where they were named before, tweets by place: {said(named)}",
        f"  nothing left after {took_s:.0f} s, with {HOUR_S} s for an hour of the topics' times",
        f"  nor after a restart, nor after compaction: {proof.scans} scans, {last.records:,} records in the last",
        f"  {counted} are those of a run without deletions, to the count",
    ]
    for line in lines:
        tell("compliance", line)


def said(numbers: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {number:,}" for name, number in sorted(numbers.items()) if number)
