"""The rights in deploy/kubernetes/base/users.yaml, given to real workers by a real Apache Kafka: enough, not more."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, aclosing, asynccontextmanager, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import NewTopic
from aiokafka.conn import AIOKafkaConnection, create_conn
from aiokafka.errors import ClusterAuthorizationFailedError as NotOnCluster
from aiokafka.errors import CorruptRecordException as Damaged
from aiokafka.errors import GroupAuthorizationFailedError as NotInGroup
from aiokafka.errors import InvalidSessionTimeoutError as Impatient
from aiokafka.errors import NoError
from aiokafka.errors import OffsetOutOfRangeError as NothingThere
from aiokafka.errors import TopicAuthorizationFailedError as NotOnTopic
from aiokafka.protocol.admin import CreateAclsRequest
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.group import JoinGroupRequest
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from agents import exits
from agents.connection import client_options
from agents.ingest.contract import Outlet, Post
from agents.ingest.runner import deliver
from agents.processes import role_command, role_environment
from agents.reading import read_topic
from agents.role import Role
from agents.saying import saying
from agents.settings import Settings, load_settings
from agents.topics import admin_client, check_topics, create_topics, topic_specs
from pipeline.archive import ArchiveRecord
from pipeline.ingest.coverage import GapReason, Missing
from pipeline.simulate import demo_watchlist
from schemas.cloudevents import EventType
from schemas.codec import encode
from schemas.deadletter import HEADER_PREFIX
from tests.brokers.guarded import ALLOW, KINDS, LITERAL, OPERATIONS, STRANGER, USERS, GuardedKafka
from tests.feed import feed
from tests.live.vigie import Vigie, now_ms, oracle
from tests.ops.receiver import receiving
from tests.pipeline.explain.logs import records
from tests.schemas.events import FEEDBACK
from tests.trust.conftest import Tell

pytestmark = pytest.mark.kafka

TIMEOUT_S = 90.0
PLAN = """
version = 1
[channels.receiver]
kind = "alertmanager"
url = "{url}"
[[routes]]
channels = ["receiver"]
"""
NOTICE = {"delete": {"status": {"id": 1, "id_str": "1", "user_id": 2, "user_id_str": "2"}, "timestamp_ms": "1"}}
NAMES = Settings.model_construct().topics


class Right(NamedTuple):
    """Who may do what."""

    user: str
    operation: str
    resource: str


GIVEN = {
    Right(user, op, acl["resource"]["name"]) for user, acls in USERS.items() for acl in acls for op in acl["operations"]
}
"""What the manifests give."""
NOT_GIVEN = {
    Right("vigie-enrich", "Write", NAMES.raw),
    Right("vigie-enrich", "Write", NAMES.crises),
    Right("vigie-enrich", "Read", NAMES.deadletters),
    Right("vigie-track", "Read", NAMES.raw),
    Right("vigie-track", "Write", NAMES.mentions),
    Right("vigie-track", "Write", NAMES.feedback),
    Right("vigie-notify", "Read", NAMES.raw),
    Right("vigie-notify", "Read", NAMES.mentions),
    Right("vigie-notify", "Write", NAMES.mentions),
    Right("vigie-notify", "Write", NAMES.crises),
    Right("vigie-erase", "Read", NAMES.raw),
    Right("vigie-erase", "Write", NAMES.raw),
    Right("vigie-erase", "Write", NAMES.windows),
    Right("vigie-ingest", "Read", NAMES.raw),
    Right("vigie-ingest", "Read", NAMES.deadletters),
    Right("vigie-ingest", "Write", NAMES.compliance),
    Right("vigie-ingest", "Write", NAMES.mentions),
    Right("vigie-team", "Read", NAMES.raw),
    Right("vigie-team", "Read", NAMES.mentions),
    Right("vigie-team", "Write", NAMES.crises),
    Right("vigie-audit", "Write", NAMES.compliance),
    Right("vigie-audit", "Write", NAMES.raw),
    Right("vigie-keda", "Read", NAMES.raw),
    Right("vigie-keda", "Read", "vigie-enrich"),
}
"""What nobody is to be given, whatever the manifests say: what is not a role's part."""


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedKafka]:
    broker = GuardedKafka(tmp_path_factory.mktemp("guarded"))
    try:
        broker.start()
        yield broker
    finally:
        broker.stop()


@contextmanager
def role(vigie: Vigie, each: Role, settings: Settings) -> Iterator[None]:
    """Run one role for the length of the block; its log is ``<role>.log``."""
    with (vigie.folder / f"{each}.log").open("ab") as log:
        child = subprocess.Popen(role_command(each), env=role_environment(settings), stdout=log, stderr=log)
    try:
        yield
        assert child.poll() is None, f"{each} has ended\n{vigie.logs()}"
    finally:
        child.terminate()
        child.wait(20)


def test_each_role_does_its_work_with_the_rights_that_it_has(guarded: GuardedKafka, tmp_path: Path, tell: Tell) -> None:
    vigie = Vigie(guarded, tmp_path, "", demo_watchlist())
    vigie.create_topics(raw_partitions=2, partitions=2)
    expected = oracle(vigie.settings, records(), read_at_ms=now_ms())
    with receiving() as receiver, ExitStack() as workers:
        plan = tmp_path / "notify.toml"
        plan.write_text(PLAN.format(url=receiver.url))
        for each in Role:
            settings = load_settings(
                **guarded.password_login(tmp_path, f"vigie-{each}"),
                watchlist=vigie.settings.watchlist,
                notify=plan,
                data_dir=tmp_path / each,
                idle_timeout_s=2.0,
                web_port=0,
            )
            workers.enter_context(role(vigie, each, settings))
        asyncio.run(feed(vigie.settings, [*records(), ArchiveRecord(None, encode(NOTICE), None)]))
        vigie.published("vigie.crises", until=expected.crises, running=[], timeout_s=TIMEOUT_S)
        vigie.published("vigie.windows", until=expected.windows, running=[], timeout_s=TIMEOUT_S)
        receiver.until(bool, what="a notification", timeout_s=TIMEOUT_S)
        asyncio.run(an_erasure(vigie.settings))
        # Some of the log is unusable.
        assert HEADER_PREFIX + "reason" in asyncio.run(a_letter(vigie.settings))
    assert "uthorization" not in vigie.logs(whole=True)
    tell("connections", f"each of {', '.join(Role)} did its work over SASL_SSL as a user of its own, with its ACLs")


async def a_letter(settings: Settings) -> list[str]:
    """The names of the headers of a dead letter."""
    consumer = AIOKafkaConsumer(
        settings.topics.deadletters, **client_options(settings), auto_offset_reset="earliest", enable_auto_commit=False
    )
    async with asyncio.timeout(TIMEOUT_S), consumer:
        return [name for name, _ in (await consumer.getone()).headers]


async def an_erasure(settings: Settings) -> None:
    """Wait for what erase makes of the notice that enrich found."""
    reading = read_topic(settings, settings.topics.mentions, from_beginning=True, follow=True)
    async with asyncio.timeout(TIMEOUT_S), aclosing(reading) as mentions:
        async for record in mentions:
            if ("ce_type", EventType.ERASURE.encode()) in record.headers:
                return


def test_nobody_is_given_what_is_not_their_part() -> None:
    assert {f"vigie-{each}" for each in Role} <= USERS.keys()
    assert not GIVEN & NOT_GIVEN
    assert {right.operation for right in GIVEN} <= OPERATIONS.keys()
    writers = {right.user for right in GIVEN if right.operation == "Write"}
    for user in writers:
        others = [right for right in GIVEN if right.user == user and right.resource.endswith("-changelog")]
        assert all(right.operation.startswith("Describe") or right.resource.startswith(f"{user}-") for right in others)


async def test_what_the_manifests_give_is_allowed_and_everything_else_is_refused(
    guarded: GuardedKafka, tmp_path: Path, tell: Tell
) -> None:
    plain = load_settings(brokers=guarded.bootstrap)
    await create_topics(plain, raw_partitions=2, partitions=2, replication=1)
    topics = [spec.name for spec in topic_specs(plain)]
    groups = [plain.group(each) for each in Role]
    allowed: set[Right] = set()
    for user in guarded.users:
        async with logged_in(guarded, user, tmp_path) as connection:
            allowed |= {Right(user, "Read", name) for name in topics if await may_read(connection, name)}
            allowed |= {Right(user, "Write", name) for name in topics if await may_write(connection, name)}
            allowed |= {Right(user, "Read", name) for name in groups if await may_join(connection, name)}
    assert allowed == {right for right in GIVEN if right.operation in ("Read", "Write")}
    tried = len(guarded.users) * (2 * len(topics) + len(groups))
    tell(
        "connections",
        f"rights: {tried} tries to read, write or join by {len(guarded.users)} users: {len(allowed)} allowed, as the "
        f"manifests say, {tried - len(allowed)} refused by the broker, all of those to {STRANGER!r} among them",
    )


@asynccontextmanager
async def logged_in(guarded: GuardedKafka, user: str, folder: Path) -> AsyncIterator[AIOKafkaConnection]:
    """A connection to the one node, for requests whose answers no library interprets."""
    options = client_options(load_settings(**guarded.password_login(folder, user)))
    host, _, port = options.pop("bootstrap_servers").rpartition(":")
    connection = await create_conn(host, int(port), **options)
    try:
        yield connection
    finally:
        connection.close()


async def may_read(connection: AIOKafkaConnection, topic: str) -> bool:
    answer = await connection.send(FetchRequest(0, 0, 1_000, 0, [(topic, [(0, 0, 1_000)])]))
    [(_, [(_, error, *_)])] = answer.topics
    assert error in {NoError.errno, NothingThere.errno, NotOnTopic.errno}, error
    return bool(error != NotOnTopic.errno)


async def may_write(connection: AIOKafkaConnection, topic: str) -> bool:
    """Whether somebody's record is looked at; it is damaged, so that it is not kept."""
    batch = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 1_000)
    batch.append(0, now_ms(), b"key", b"value", [])
    content = bytearray(batch.build())
    content[-1] ^= 1
    answer = await connection.send(ProduceRequest(None, -1, 10_000, [(topic, [(0, bytes(content))])]))
    [(_, [(_, error, *_)])] = answer.topics
    assert error in {Damaged.errno, NotOnTopic.errno}, error
    return bool(error == Damaged.errno)


async def may_join(connection: AIOKafkaConnection, group: str) -> bool:
    """Whether somebody's wish is looked at; no group takes a member who can be silent for a millisecond only."""
    answer = await connection.send(JoinGroupRequest(group, 1, 1, "", "", "consumer", [("range", b"")]))
    assert answer.error_code in {Impatient.errno, NotInGroup.errno}, answer
    return bool(answer.error_code == Impatient.errno)


@pytest.mark.parametrize("user", [*USERS, STRANGER])
async def test_nobody_can_make_or_delete_a_topic_or_give_themselves_a_right(
    guarded: GuardedKafka, user: str, tmp_path: Path
) -> None:
    settings = load_settings(**guarded.password_login(tmp_path, user))
    async with admin_client(settings) as admin:
        made = await admin.create_topics([NewTopic("another", 1, 1)])
        assert [error[1] for error in made.topic_errors] == [NotOnTopic.errno]
        deleted = await admin.delete_topics([NAMES.raw])
        assert [error[1] for error in deleted.topic_error_codes] == [NotOnTopic.errno]
        everything = CreateAclsRequest(
            KINDS["topic"], NAMES.raw, LITERAL, f"User:{user}", "*", OPERATIONS["Write"], ALLOW
        )
        given = await admin._send_request(everything)
        assert [code for code, *_ in given.creation_responses] == [NotOnCluster.errno]


async def test_whoever_answers_crises_can_say_what_they_make_of_them_and_say_no_crisis(
    guarded: GuardedKafka, tmp_path: Path
) -> None:
    settings = load_settings(**guarded.password_login(tmp_path, "vigie-team"))
    await create_topics(load_settings(brokers=guarded.bootstrap), raw_partitions=2, partitions=2, replication=1)
    await check_topics(settings)
    async with saying(settings, FEEDBACK) as said:
        assert said is not None
    async with AIOKafkaProducer(**client_options(settings)) as producer:
        for topic in (settings.topics.crises, settings.topics.mentions):
            with pytest.raises(NotOnTopic):
                await producer.send_and_wait(topic, b"made up")


class ThreePosts:
    """A source that gives two posts, with a gap between, and a notice."""

    name = "three"

    async def run(self, outlet: Outlet) -> None:
        await outlet.put([Post(b"1", b'{"data":{"id":"1","text":"one"}}')])
        await outlet.gap(Missing(1_000, 2_000), GapReason.DISCONNECTED)
        await outlet.put([Post(b"2", b'{"data":{"id":"2","text":"two"}}'), Post(b"1", encode(NOTICE))])


async def test_an_ingester_brings_posts_and_gaps_in_with_the_one_right_that_it_has(
    guarded: GuardedKafka, tmp_path: Path, tell: Tell
) -> None:
    plain = load_settings(brokers=guarded.bootstrap)
    await create_topics(plain, raw_partitions=2, partitions=2, replication=1)
    ends = await raw_ends(plain)
    settings = load_settings(**guarded.password_login(tmp_path, "vigie-ingest"), ingest_dir=tmp_path / "journals")
    async with asyncio.timeout(TIMEOUT_S):
        sums = await deliver(settings, ThreePosts())
    assert (sums.put, sums.stored, sums.dropped, sums.waiting, len(sums.gaps)) == (3, 3, 0, 0, 1)
    written = {partition: end - ends[partition] for partition, end in (await raw_ends(plain)).items()}
    assert sum(written.values()) == 3 + len(ends), "posts once, the gap in every partition"
    assert all(written.values())
    tell("connections", "an ingester with Write on tweets.raw alone brought posts, a notice and a gap in")


async def raw_ends(settings: Settings) -> dict[int, int]:
    """The end of each partition of tweets.raw."""
    async with AIOKafkaConsumer(**client_options(settings), enable_auto_commit=False) as consumer:
        tps = [TopicPartition(settings.topics.raw, partition) for partition in range(2)]
        return {tp.partition: end for tp, end in (await consumer.end_offsets(tps)).items()}


async def test_keda_can_see_the_lag_of_enrich(guarded: GuardedKafka, tmp_path: Path) -> None:
    settings = load_settings(**guarded.password_login(tmp_path, "vigie-keda"))
    async with admin_client(settings) as admin:
        assert await admin.list_consumer_group_offsets("vigie-enrich") is not None
    tps = [TopicPartition("tweets.raw", 0)]
    async with AIOKafkaConsumer(**client_options(settings), enable_auto_commit=False) as consumer:
        assert set(await consumer.end_offsets(tps)) == set(tps)


def test_whoever_audits_can_look_for_a_post_in_every_topic(guarded: GuardedKafka, tmp_path: Path) -> None:
    topics = create_topics(load_settings(brokers=guarded.bootstrap), raw_partitions=2, partitions=2, replication=1)
    asyncio.run(topics)
    settings = load_settings(**guarded.password_login(tmp_path, "vigie-audit"))
    command = [sys.executable, "-m", "agents.cli.run", "compliance", "verify", "--id", "4711", "--json"]
    said = subprocess.run(command, env=role_environment(settings), capture_output=True, text=True, check=False)
    assert said.returncode == exits.OK, said.stderr + said.stdout
    assert {spec.name for spec in topic_specs(settings)} == {
        each["topic"] for each in json.loads(said.stdout)["topics"]
    }
