"""Every way to a broker, by our own clients and by a worker of Faust's, with what is right and with what is not.

Each client is enrich's, with its rights and no more: it shows a connection by taking a tweet and giving a record. Each
worker runs at DEBUG; no secret is in its log, in the process list or on its pages, whether it worked or not.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import pytest
import trustme
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from agents import exits
from agents.connection import client_options
from agents.embedded.probe import free_port
from agents.settings import Settings, SettingsError, load_settings
from agents.topics import BrokerRefused, check_topics, create_topics
from tests.brokers.guarded import GuardedKafka
from tests.brokers.secured import certificate_files
from tests.brokers.tokens import TokenGiver
from tests.trust.conftest import Tell
from tests.trust.connections import AUTHOR_KEY, PATIENCE_S, TIMEOUT_S, Chosen, environment, passed_on, seen_of, worker

# A client drops the connection whose handshake failed, and the event loop ends before its transport is closed: whether
# that is seen depends on when garbage is collected.
pytestmark = [pytest.mark.kafka, pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")]

USER = "vigie-enrich"
WRONG = "open-sesame-0000"

Way: TypeAlias = Callable[[GuardedKafka, Path], Chosen]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedKafka]:
    broker = GuardedKafka(tmp_path_factory.mktemp("guarded"))
    try:
        broker.start()
        settings = load_settings(brokers=broker.bootstrap)
        asyncio.run(create_topics(settings, raw_partitions=1, partitions=1, replication=1))
        yield broker
    finally:
        broker.stop()


def plaintext(guarded: GuardedKafka, _folder: Path) -> Chosen:
    return {"brokers": guarded.bootstrap, "security_protocol": "PLAINTEXT"}


def password(mechanism: str) -> Way:
    return lambda guarded, folder: guarded.password_login(folder, USER, mechanism)


def password_in_the_clear(mechanism: str) -> Way:
    return lambda guarded, folder: in_the_clear(guarded, guarded.password_login(folder, USER, mechanism))


def in_the_clear(guarded: GuardedKafka, chosen: Chosen) -> Chosen:
    changes = {"brokers": guarded.sasl_plaintext, "security_protocol": "SASL_PLAINTEXT", "tls_ca_file": None}
    return chosen | changes


def token(guarded: GuardedKafka, folder: Path) -> Chosen:
    return guarded.token_login(folder, USER)


def certificate(guarded: GuardedKafka, folder: Path) -> Chosen:
    return guarded.certificate_login(folder, USER)


def with_password(way: Way, wrong: str = WRONG) -> Way:
    def changed(guarded: GuardedKafka, folder: Path) -> Chosen:
        chosen = way(guarded, folder)
        chosen["sasl_password_file"].write_text(wrong)
        return chosen

    return changed


def with_token(made: Callable[[GuardedKafka], str]) -> Way:
    return lambda guarded, folder: guarded.token_login(folder, USER, made(guarded))


def with_other_authority(way: Way) -> Way:
    def changed(guarded: GuardedKafka, folder: Path) -> Chosen:
        trustme.CA().cert_pem.write_to_path(folder / "other.pem")
        return way(guarded, folder) | {"tls_ca_file": folder / "other.pem"}

    return changed


def with_foreign_certificate(guarded: GuardedKafka, folder: Path) -> Chosen:
    return certificate(guarded, folder) | certificate_files(trustme.CA(), folder, f"foreign-{USER}")


def without_certificate(guarded: GuardedKafka, folder: Path) -> Chosen:
    return certificate(guarded, folder) | {"tls_cert_file": None, "tls_key_file": None}


RIGHT: list[tuple[str, Way]] = [
    ("PLAINTEXT, loopback", plaintext),
    ("SASL_PLAINTEXT, loopback, SCRAM-SHA-512", password_in_the_clear("SCRAM-SHA-512")),
    ("SASL_SSL, PLAIN", password("PLAIN")),
    ("SASL_SSL, SCRAM-SHA-256", password("SCRAM-SHA-256")),
    ("SASL_SSL, SCRAM-SHA-512", password("SCRAM-SHA-512")),
    ("SASL_SSL, OAUTHBEARER", token),
    ("SSL, mutual", certificate),
]
REFUSED: list[tuple[str, str, Way, str]] = [
    ("PLAINTEXT, elsewhere", "none", lambda *_: {"brokers": "kafka:9092"}, "SECURITY_PROTOCOL"),
    ("SASL_PLAINTEXT, loopback, SCRAM-SHA-512", "wrong", with_password(RIGHT[1][1]), "SASL_PASSWORD_FILE"),
    ("SASL_PLAINTEXT, loopback, PLAIN", "right", password_in_the_clear("PLAIN"), "SASL_MECHANISM"),
    ("SASL_PLAINTEXT, loopback, OAUTHBEARER", "right", lambda g, f: in_the_clear(g, token(g, f)), "SASL_MECHANISM"),
    ("SASL_SSL, PLAIN", "wrong", with_password(password("PLAIN")), "SASL_PASSWORD_FILE"),
    ("SASL_SSL, SCRAM-SHA-256", "wrong", with_password(password("SCRAM-SHA-256")), "SASL_PASSWORD_FILE"),
    ("SASL_SSL, SCRAM-SHA-512", "wrong", with_password(password("SCRAM-SHA-512")), "SASL_PASSWORD_FILE"),
    (
        "SASL_SSL, OAUTHBEARER",
        "expired",
        with_token(lambda g: g.giver.token(USER, lifetime_s=-3600)),
        "SASL_TOKEN_FILE",
    ),
    ("SASL_SSL, OAUTHBEARER", "another key's", with_token(lambda _: TokenGiver().token(USER)), "SASL_TOKEN_FILE"),
    ("SASL_SSL, SCRAM-SHA-512", "right, other CA", with_other_authority(password("SCRAM-SHA-512")), "TLS_CA_FILE"),
    ("SASL_SSL, OAUTHBEARER", "right, other CA", with_other_authority(token), "TLS_CA_FILE"),
    ("SSL, mutual", "another CA's", with_foreign_certificate, "TLS_CERT_FILE"),
    ("SSL, mutual", "none", without_certificate, "TLS_CERT_FILE"),
]


def secrets_of(chosen: Chosen, guarded: GuardedKafka) -> list[str]:
    """What must not be seen: a token and its parts, a password, a line of a key."""
    seen = [guarded.password, WRONG, AUTHOR_KEY]
    for name in ("sasl_password_file", "sasl_token_file", "tls_key_file"):
        if chosen.get(name):
            content = Path(chosen[name]).read_text()
            seen += [part for part in re.split(r"[\s.]", content) if len(part) > 12 and not part.startswith("-")]
    return seen


def assert_none(secrets: Sequence[str], shown: str, where: str) -> None:
    found = [secret[:4] + "..." for secret in secrets if secret in shown]
    assert not found, f"in {where}: {found}"


async def by_client(settings: Settings) -> str:
    """Look at the topics, take a raw record, give a dead letter."""
    await check_topics(settings)
    async with asyncio.timeout(TIMEOUT_S):
        async with AIOKafkaProducer(**client_options(settings)) as producer:
            await producer.send_and_wait(settings.topics.deadletters, b"one")
        options = client_options(settings)
        async with AIOKafkaConsumer(settings.topics.raw, **options, auto_offset_reset="earliest") as consumer:
            await consumer.getone()
    return "works"


@pytest.mark.parametrize(("name", "way"), RIGHT, ids=[name for name, _ in RIGHT])
def test_a_way_with_what_is_right_works_for_our_clients_and_for_a_worker(
    guarded: GuardedKafka, name: str, way: Way, tmp_path: Path, tell: Tell
) -> None:
    chosen, plain = way(guarded, tmp_path), load_settings(brokers=guarded.bootstrap)
    secrets, log, port = secrets_of(chosen, guarded), tmp_path / "log", free_port()
    with worker(environment(tmp_path, **chosen, web_port=port), log) as child:
        assert asyncio.run(passed_on(plain)), log.read_text()
        assert_none(secrets, seen_of(child, port), "what others see")
        said = asyncio.run(by_client(load_settings(**chosen)))
    assert child.returncode == exits.OK, log.read_text()
    assert_none(secrets, log.read_text(), "the log")
    tell("connections", line(name, "right", said, "works"))


@pytest.mark.parametrize(
    ("name", "what", "way", "setting"), REFUSED, ids=[f"{name}: {what}" for name, what, *_ in REFUSED]
)
def test_a_way_with_what_is_wrong_is_refused_at_once_by_the_settings_name(
    guarded: GuardedKafka, name: str, what: str, way: Way, setting: str, tmp_path: Path, tell: Tell
) -> None:
    chosen = way(guarded, tmp_path)
    secrets = secrets_of(chosen, guarded)
    variables = environment(tmp_path, **chosen)
    log = tmp_path / "log"
    with worker(variables, log) as child:
        with pytest.raises((SettingsError, BrokerRefused)) as refused:
            asyncio.run(by_client(load_settings(**chosen, start_timeout_s=PATIENCE_S)))
        assert child.wait(TIMEOUT_S) == exits.CONFIG, log.read_text()
    assert f"VIGIE_{setting}" in log.read_text()
    assert_none(secrets, log.read_text(), "what a worker says")
    assert f"VIGIE_{setting}" in str(refused.value)
    assert_none(secrets, str(refused.value), "what a client says")
    when = "before connecting" if refused.type is SettingsError else "on connecting"
    tell("connections", line(name, what, f"refused {when}", f"exit {child.returncode}, names VIGIE_{setting}"))


def line(way: str, credential: str, client: str, faust: str) -> str:
    return f"{way:<39} {credential:<15} aiokafka: {client:<24} Faust worker: {faust}"


def test_a_worker_goes_on_with_the_tokens_that_come_while_it_runs(
    guarded: GuardedKafka, tmp_path: Path, tell: Tell
) -> None:
    lifetime_s, tokens = 3.0, 1
    first = guarded.giver.token(USER, lifetime_s=lifetime_s)
    chosen, plain = guarded.token_login(tmp_path, USER, first), load_settings(brokers=guarded.bootstrap)
    log, over = tmp_path / "log", threading.Event()

    def rotate() -> None:
        nonlocal tokens
        while not over.wait(lifetime_s / 4):
            fresh = tmp_path / "fresh"
            fresh.write_text(guarded.giver.token(USER, lifetime_s=lifetime_s))
            fresh.replace(chosen["sasl_token_file"])  # as Kubernetes does it
            tokens += 1

    rotation = threading.Thread(target=rotate)
    rotation.start()
    try:
        with worker(environment(tmp_path, **chosen), log) as child:
            assert asyncio.run(passed_on(plain)), log.read_text()
            logins, rotated = log.read_text().count("Authenticated via OAUTHBEARER"), tokens
            while tokens < rotated + 6:  # half as long again as a token lives
                assert asyncio.run(passed_on(plain)), log.read_text()
            again = log.read_text().count("Authenticated via OAUTHBEARER") - logins
    finally:
        over.set()
        rotation.join()
    assert child.returncode == exits.OK, log.read_text()
    assert again > 0
    tell(
        "connections",
        f"tokens of {lifetime_s:.0f} s, rotated in their file: a worker logged in {again} times more when the broker "
        "ended connections whose token was over, and went on",
    )
