"""The rights in deploy/kubernetes/base/users.yaml, given to real workers by a real Apache Kafka: enough, not more."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import GroupAuthorizationFailedError, TopicAuthorizationFailedError
from aiokafka.protocol.admin import CreateAclsRequest

from agents.connection import client_options
from agents.feed import feed
from agents.processes import role_command, role_environment
from agents.role import Role
from agents.saying import saying
from agents.settings import Settings, load_settings
from agents.topics import admin_client, check_topics, create_topics
from pipeline.simulate import demo_watchlist
from schemas.deadletter import HEADER_PREFIX
from tests.brokers.secured import SecuredKafka
from tests.deploy.files import KUBERNETES, Document, documents
from tests.live.vigie import Vigie, now_ms, oracle
from tests.ops.receiver import receiving
from tests.pipeline.explain.logs import records
from tests.schemas.events import FEEDBACK

pytestmark = pytest.mark.kafka

TIMEOUT_S = 90.0
USERS: dict[str, Document] = {
    document["metadata"]["name"]: document for document in documents(KUBERNETES / "base" / "users.yaml")
}
# The numbers of Kafka's protocol.
KINDS = {"topic": 2, "group": 3, "cluster": 4}
OPERATIONS = {"Read": 3, "Write": 4, "Describe": 8}
LITERAL, ALLOW = 3, 3
PLAN = """
version = 1
[channels.receiver]
kind = "alertmanager"
url = "{url}"
[[routes]]
channels = ["receiver"]
"""


class GuardedKafka(SecuredKafka):
    """Asks for rights at its secured listener; at `bootstrap`, where nobody has a name, everything is allowed."""

    def _more_settings(self) -> str:
        return super()._more_settings() + (
            "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer\n"
            "super.users=User:ANONYMOUS\n"
        )

    def _format_options(self) -> list[str]:
        logins = [f"SCRAM-SHA-512=[name={name},password={self.password}]" for name in USERS]
        return [option for login in logins for option in ("--add-scram", login)]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedKafka]:
    broker = GuardedKafka(tmp_path_factory.mktemp("guarded"))
    try:
        broker.start()
        asyncio.run(grant(load_settings(brokers=broker.bootstrap)))
        yield broker
    finally:
        broker.stop()


async def grant(settings: Settings) -> None:
    """Do what Strimzi's user operator does."""
    async with admin_client(settings) as admin:
        for name, user in USERS.items():
            for acl in user["spec"]["authorization"]["acls"]:
                resource = acl["resource"]
                for operation in acl["operations"]:
                    request = CreateAclsRequest(
                        KINDS[resource["type"]],
                        resource["name"],
                        LITERAL,
                        f"User:{name}",
                        "*",
                        OPERATIONS[operation],
                        ALLOW,
                    )
                    answer = await admin._send_request(request)
                    assert all(code == 0 for code, *_ in answer.creation_responses), answer


def login(broker: GuardedKafka, user: str, folder: Path) -> dict[str, Any]:
    password = folder / "password"
    password.write_text(broker.password)
    return {
        "brokers": broker.sasl_ssl,
        "security_protocol": "SASL_SSL",
        "sasl_username": user,
        "sasl_password_file": password,
        "tls_ca_file": broker.ca,
    }


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


def test_each_role_does_its_work_with_the_rights_that_it_has(guarded: GuardedKafka, tmp_path: Path) -> None:
    vigie = Vigie(guarded, tmp_path, "", demo_watchlist())
    vigie.create_topics(raw_partitions=2, partitions=2)
    expected = oracle(vigie.settings, records(), read_at_ms=now_ms())
    with receiving() as receiver, ExitStack() as workers:
        plan = tmp_path / "notify.toml"
        plan.write_text(PLAN.format(url=receiver.url))
        for each in Role:
            settings = load_settings(
                **login(guarded, f"vigie-{each}", tmp_path),
                watchlist=vigie.settings.watchlist,
                notify=plan,
                data_dir=tmp_path / each,
                idle_timeout_s=2.0,
                web_port=0,
            )
            workers.enter_context(role(vigie, each, settings))
        asyncio.run(feed(vigie.settings, records()))
        vigie.published("vigie.crises", until=expected.crises, running=[], timeout_s=TIMEOUT_S)
        vigie.published("vigie.windows", until=expected.windows, running=[], timeout_s=TIMEOUT_S)
        receiver.until(bool, what="a notification", timeout_s=TIMEOUT_S)
        # Some of the log is unusable.
        assert HEADER_PREFIX + "reason" in asyncio.run(a_letter(vigie.settings))
    assert "uthorization" not in vigie.logs(whole=True)


async def a_letter(settings: Settings) -> list[str]:
    """The names of the headers of a dead letter."""
    consumer = AIOKafkaConsumer(
        settings.topics.deadletters, **client_options(settings), auto_offset_reset="earliest", enable_auto_commit=False
    )
    async with asyncio.timeout(TIMEOUT_S), consumer:
        return [name for name, _ in (await consumer.getone()).headers]


@pytest.mark.parametrize("user", USERS)
async def test_nobody_can_write_tweets_or_read_with_anothers_group(
    guarded: GuardedKafka, user: str, tmp_path: Path
) -> None:
    options = client_options(load_settings(**login(guarded, user, tmp_path)))
    async with AIOKafkaProducer(**options) as producer:
        with pytest.raises(TopicAuthorizationFailedError):
            await producer.send_and_wait("tweets.raw", b"made up")
    other = "vigie-track" if user != "vigie-track" else "vigie-enrich"
    consumer = AIOKafkaConsumer(**options, group_id=other)
    consumer.subscribe(["tweets.raw"])
    try:
        with pytest.raises(GroupAuthorizationFailedError):
            await consumer.start()
    finally:
        await consumer.stop()


async def test_whoever_answers_crises_can_say_what_they_make_of_them_and_say_no_crisis(
    guarded: GuardedKafka, tmp_path: Path
) -> None:
    settings = load_settings(**login(guarded, "vigie-team", tmp_path))
    await create_topics(load_settings(brokers=guarded.bootstrap), raw_partitions=2, partitions=2, replication=1)
    await check_topics(settings)
    async with saying(settings, FEEDBACK) as said:
        assert said is not None
    async with AIOKafkaProducer(**client_options(settings)) as producer:
        for topic in (settings.topics.crises, settings.topics.mentions):
            with pytest.raises(TopicAuthorizationFailedError):
                await producer.send_and_wait(topic, b"made up")


async def test_keda_can_see_the_lag_of_enrich(guarded: GuardedKafka, tmp_path: Path) -> None:
    settings = load_settings(**login(guarded, "vigie-keda", tmp_path))
    async with admin_client(settings) as admin:
        assert await admin.list_consumer_group_offsets("vigie-enrich") is not None
    tps = [TopicPartition("tweets.raw", 0)]
    async with AIOKafkaConsumer(**client_options(settings), enable_auto_commit=False) as consumer:
        assert set(await consumer.end_offsets(tps)) == set(tps)
