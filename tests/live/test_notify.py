"""The notify agent as a process: crisis events on a real broker in, HTTP out."""

from __future__ import annotations

import asyncio
import subprocess
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from functools import partial
from pathlib import Path

import pytest
from aiohttp import web
from aiokafka import ConsumerRecord
from aiokafka.partitioner import DefaultPartitioner

from agents import exits
from agents.processes import role_command, role_environment
from agents.reading import read_topic
from agents.role import Role
from pipeline.simulate import demo_watchlist
from schemas.cloudevents import crisis_key
from schemas.codec import encode
from schemas.crisis import CrisisEvent
from schemas.deadletter import CHANNEL_HEADER, HEADER_PREFIX, REDRIVEN_CHANNEL_HEADER, REDRIVEN_HEADER
from schemas.ids import notification_id
from tests.brokers.base import Broker
from tests.brokers.client import Record, committed_offsets, end_offsets_of, produce
from tests.live.vigie import Vigie, now_ms, until
from tests.pipeline.notify.lives import HOUR_MS, Life

TIMEOUT_S = 40.0
PARTITIONS = 2
PLAN = """
version = 1
[channels.ops]
kind = "webhook"
url = "http://127.0.0.1:{port}/ops"
secret_file = "secret"
[channels.team]
kind = "webhook"
url = "http://127.0.0.1:{port}/team"
secret_file = "secret"
[[routes]]
channels = ["ops", "team"]
"""


class Receiver:
    """Two webhooks, each of which answers as the test says."""

    def __init__(self) -> None:
        self.answers: dict[str, int] = {"ops": 200, "team": 200}
        """Status by webhook; 0 for none, until `let_go`."""
        self.came: list[tuple[str, str]] = []
        """Webhook and idempotency key of each request."""
        self.accepted: list[tuple[str, str]] = []
        self.port = 0
        self._changed = asyncio.Condition()
        self._released = asyncio.Event()
        self._runner: web.AppRunner | None = None

    async def opens(self) -> None:
        app = web.Application()
        app.router.add_post("/{name}", self._take)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def closes(self) -> None:
        """Refuse connections from now on."""
        self._released.set()
        if self._runner is not None:
            await self._runner.cleanup()

    def let_go(self) -> None:
        """Break the connections that got no answer."""
        self._released.set()

    async def _take(self, request: web.Request) -> web.StreamResponse:
        await request.read()
        came = (request.match_info["name"], request.headers["webhook-id"])
        self.came.append(came)
        answer = self.answers[came[0]]
        if answer == 200:
            self.accepted.append(came)
        async with self._changed:
            self._changed.notify_all()
        if not answer:
            await self._released.wait()
            assert request.transport is not None
            request.transport.abort()
        return web.Response(status=answer or 500)

    async def until(self, condition: Callable[[], bool], trial: Notified) -> None:
        """Wait until what has come is enough."""
        try:
            async with asyncio.timeout(TIMEOUT_S), self._changed:
                await self._changed.wait_for(condition)
        except TimeoutError:
            raise AssertionError(f"came: {self.came}, accepted: {self.accepted}\n{trial.logs()}") from None

    def keys(self, name: str) -> list[str]:
        """Idempotency keys of what a webhook accepted."""
        return [key for accepted, key in self.accepted if accepted == name]


class Notified(Vigie):
    """Topics, a notification file, and a worker of the role notify."""

    def __init__(self, broker: Broker, folder: Path, prefix: str, port: int) -> None:
        (folder / "secret").write_text("a-secret-that-is-long-enough", encoding="utf-8")
        (folder / "notify.toml").write_text(PLAN.format(port=port), encoding="utf-8")
        super().__init__(broker, folder, prefix, demo_watchlist(), notify=folder / "notify.toml")

    @contextmanager
    def notifies(self, name: str, **overrides: object) -> Iterator[subprocess.Popen[bytes]]:
        """Run the role for the length of the block."""
        settings = self.settings.model_copy(update=overrides)
        with (self.folder / f"{name}.log").open("ab") as log:
            child = subprocess.Popen(role_command(Role.NOTIFY), env=role_environment(settings), stdout=log, stderr=log)
        try:
            yield child
        finally:
            child.terminate()
            child.wait(20)

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    async def all_is_committed(self) -> None:
        brokers, topic, group = self.settings.brokers, self.settings.topics.crises, self.settings.group(Role.NOTIFY)
        async with asyncio.timeout(TIMEOUT_S):
            # Only the broker knows: there is no event to wait for.
            while (await committed_offsets(brokers, group, topic)) != (await end_offsets_of(brokers, topic)):  # noqa: ASYNC110
                await asyncio.sleep(0.2)

    async def publishes(self, *events: CrisisEvent, age_ms: int = 0, headers: Sequence[tuple[str, bytes]] = ()) -> None:
        await self.writes(*(record(event, age_ms=age_ms, headers=headers) for event in events))

    async def writes(self, *records: Record) -> None:
        await produce(self.settings.brokers, self.settings.topics.crises, list(records))

    async def letters(self, count: int) -> list[ConsumerRecord[bytes, bytes]]:
        """Wait for so many dead letters."""
        found = []
        async with (
            asyncio.timeout(TIMEOUT_S),
            aclosing(
                read_topic(self.settings, self.settings.topics.deadletters, from_beginning=True, follow=True)
            ) as all_,
        ):
            async for letter in all_:
                found.append(letter)
                if len(found) == count:
                    break
        return found


def record(event: CrisisEvent, *, age_ms: int = 0, headers: Sequence[tuple[str, bytes]] = ()) -> Record:
    partitions = list(range(PARTITIONS))
    return Record(
        value=encode(event),
        key=crisis_key(event),
        partition=DefaultPartitioner()(event.brand.encode(), partitions, partitions),
        timestamp_ms=now_ms() - age_ms,
        headers=tuple(headers),
    )


def key(event: CrisisEvent, channel: str) -> str:
    return notification_id(event.id, channel)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    await made.opens()
    yield made
    await made.closes()


@pytest.fixture
async def trial(broker: Broker, topic_prefix: str, tmp_path: Path, receiver: Receiver) -> Notified:
    made = Notified(broker, tmp_path, topic_prefix, receiver.port)
    await asyncio.to_thread(made.create_topics, raw_partitions=1, partitions=PARTITIONS)
    return made


def life(brand: str, levels: Sequence[int]) -> list[CrisisEvent]:
    """A brand going through levels, a minute apart, until now."""
    one, began = Life(brand), now_ms() // 60_000 * 60_000 - len(levels) * 60_000
    return [one.goes_to(level, began + at * 60_000) for at, level in enumerate(levels)]


# What a receiver answers, or a file lacks, is the same over any broker.
@pytest.mark.embedded
async def test_a_receiver_that_fails_in_every_way_gets_everything_in_order_and_holds_up_no_other(
    trial: Notified, receiver: Receiver
) -> None:
    events = life("acme", [2, 3, 2, 0])
    receiver.answers["ops"] = 0
    with trial.notifies("notify"):
        await trial.publishes(*events)
        # The other channel has all of it while the first one hangs.
        await receiver.until(lambda: len(receiver.keys("team")) == len(events), trial)
        await receiver.until(lambda: ("ops", key(events[0], "ops")) in receiver.came, trial)
        receiver.answers["ops"] = 500
        receiver.let_go()
        await receiver.until(lambda: Counter(receiver.came)["ops", key(events[0], "ops")] >= 2, trial)
        await receiver.closes()
        receiver.answers["ops"] = 200
        await receiver.opens()
        await receiver.until(lambda: len(receiver.keys("ops")) == len(events), trial)
    for channel in ("ops", "team"):
        assert receiver.keys(channel) == [key(event, channel) for event in events]


# As everywhere, a kill proves more over a durable log.
@pytest.mark.kafka
async def test_a_worker_that_dies_between_a_yes_and_its_state_tells_again_under_the_same_key(
    trial: Notified, receiver: Receiver
) -> None:
    events = life("acme", [2, 3])

    def everything_came() -> bool:
        return all(set(receiver.keys(name)) == {key(event, name) for event in events} for name in ("ops", "team"))

    with trial.notifies("dies", fault_points="notify.delivered:kill@1") as worker:
        await trial.publishes(*events)
        assert await asyncio.to_thread(worker.wait, TIMEOUT_S) == -9
    before = Counter(receiver.accepted)
    assert before, "told, and not noted"
    with trial.notifies("last"):
        await receiver.until(everything_came, trial)
        # A third event after both: whatever was to be told twice has been.
        events += life("other", [4])
        await trial.publishes(events[-1])
        await receiver.until(everything_came, trial)

    counts = Counter(receiver.accepted)
    assert {what for what, count in counts.items() if count == 2} == set(before)
    assert max(counts.values()) == 2
    for channel in ("ops", "team"):
        assert list(dict.fromkeys(receiver.keys(channel))) == [key(event, channel) for event in events]


# As everywhere, a kill proves more over a durable log.
@pytest.mark.kafka
async def test_of_two_workers_the_one_that_is_left_tells_what_the_killed_one_still_had_to(
    trial: Notified, receiver: Receiver
) -> None:
    lives = [life(brand, [2, 3, 2]) for brand in ("acme", "umbra", "corail-air", "x", "y")]
    expected = {name: {key(event, name) for events in lives for event in events} for name in ("ops", "team")}
    with trial.notifies("first") as first:
        await trial.publishes(*(warm := life("warm-up", [2])))
        await receiver.until(lambda: len(receiver.accepted) == 2, trial)
        receiver.answers["ops"] = 500
        with trial.notifies("second"):
            until_shared = partial(until, trial=trial, what="both have partitions")
            await asyncio.to_thread(until_shared, lambda: "Worker ready" in trial.log("second"))
            await trial.publishes(*(event for events in lives for event in events))
            await receiver.until(lambda: set(receiver.keys("team")) >= expected["team"], trial)
            await (
                trial.all_is_committed()
            )  # so that nothing is read again, and only state tells what is still to be told
            first.kill()
            receiver.answers["ops"] = 200
            await receiver.until(lambda: set(receiver.keys("ops")) >= expected["ops"], trial)
    for channel in ("ops", "team"):
        told = list(dict.fromkeys(receiver.keys(channel)))
        assert set(told) == expected[channel] | {key(event, channel) for event in warm}
        for events in lives:
            keys = [key(event, channel) for event in events]
            assert [each for each in told if each in keys] == keys


@pytest.mark.embedded
async def test_what_a_receiver_will_never_take_becomes_a_dead_letter_that_can_be_redriven(
    trial: Notified, receiver: Receiver
) -> None:
    event = life("acme", [2])[0]
    receiver.answers["ops"] = 400
    with trial.notifies("notify"):
        await trial.publishes(event, headers=[("ce_id", event.id.encode())])
        await trial.writes(Record(value=b"{}", key=b"acme"))
        letters = {bytes(letter.value): dict(letter.headers) for letter in await trial.letters(2)}
        assert letters[b"{}"][HEADER_PREFIX + "reason"] == b"bad_field"
        headers = letters[encode(event)]
        assert headers[HEADER_PREFIX + "reason"] == b"undeliverable"
        assert headers[HEADER_PREFIX + "stage"] == b"notify"
        assert headers[HEADER_PREFIX + "topic"] == trial.settings.topics.crises.encode()
        assert headers[CHANNEL_HEADER] == b"ops"
        assert headers["ce_id"] == event.id.encode()
        receiver.answers["ops"] = 200
        redriven = [(REDRIVEN_HEADER, b"0:0"), (REDRIVEN_CHANNEL_HEADER, b"ops")]
        await trial.publishes(event, headers=redriven)
        await receiver.until(lambda: receiver.keys("ops") == [key(event, "ops")], trial)
        await trial.publishes(event, headers=[(REDRIVEN_HEADER, b"0:0"), (REDRIVEN_CHANNEL_HEADER, b"gone")])
        assert dict((await trial.letters(3))[-1].headers)[CHANNEL_HEADER] == b"gone"
    assert receiver.keys("team") == [key(event, "team")]


async def test_a_new_group_over_old_history_tells_only_of_what_is_still_open(
    trial: Notified, receiver: Receiver
) -> None:
    over, goes_on, fresh = life("over", [2, 4, 2, 0]), life("open", [2, 3, 3]), life("fresh", [2])
    await trial.publishes(*over, *goes_on, age_ms=30 * 24 * HOUR_MS)
    await trial.publishes(*fresh)
    with trial.notifies("notify"):
        await receiver.until(lambda: len(receiver.accepted) == 4, trial)
        # Told after all of it, for there is an order in each partition.
        after = [*life("over-2", [3]), *life("open-2", [3]), *life("x", [3]), *life("y", [3])]
        await trial.publishes(*after)
        await receiver.until(lambda: len(receiver.accepted) == 4 + 2 * len(after), trial)
    for channel in ("ops", "team"):
        assert set(receiver.keys(channel)) == {key(event, channel) for event in (goes_on[-1], fresh[0], *after)}


@pytest.mark.embedded
async def test_without_a_notification_file_the_role_does_not_start_and_says_why(trial: Notified) -> None:
    for name, path in (("none", None), ("missing", trial.folder / "nowhere.toml")):
        with trial.notifies(name, notify=path) as worker:
            assert await asyncio.to_thread(worker.wait, TIMEOUT_S) == exits.CONFIG
        assert "VIGIE_NOTIFY" in (trial.folder / f"{name}.log").read_text(encoding="utf-8")
