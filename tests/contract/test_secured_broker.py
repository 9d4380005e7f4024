"""Secured connections, over Apache Kafka itself: what works, and what is said at once when the two do not fit."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import trustme

from agents import exits
from agents.connection import refusal
from agents.embedded.probe import LOOPBACK, free_port
from agents.processes import role_environment
from agents.settings import load_settings
from agents.topics import BrokerRefused, TopicProblem, check_topics
from pipeline.archive import ArchiveRecord
from pipeline.simulate import default_scenario, demo_watchlist, simulate
from tests.brokers.secured import SecuredKafka
from tests.brokers.tokens import TokenGiver
from tests.feed import feed
from tests.live.vigie import Vigie, differences, now_ms, oracle

# A client drops the connection whose handshake failed, and the event loop ends before its transport is closed: whether
# that is seen depends on when garbage is collected.
pytestmark = [pytest.mark.kafka, pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")]

RECORDS = 2_000
PATIENCE_S = 3600.0
"""How long the tests' clients would wait for an absent broker; longer than any test may take."""


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredKafka]:
    broker = SecuredKafka(tmp_path_factory.mktemp("secured"))
    try:
        broker.start()
        yield broker
    finally:
        broker.stop()


@pytest.fixture
def login(secured: SecuredKafka, tmp_path: Path) -> dict[str, Any]:
    """Settings of a client with a name and a password."""
    return secured.password_login(tmp_path)


@pytest.fixture
def token(secured: SecuredKafka, tmp_path: Path) -> dict[str, Any]:
    """Settings of a client with a token."""
    return secured.token_login(tmp_path)


@pytest.fixture
def certificate(secured: SecuredKafka, tmp_path: Path) -> dict[str, Any]:
    """Settings of a client with a certificate."""
    return secured.certificate_login(tmp_path)


def vigie(settings: dict[str, Any], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of ours under these settings."""
    command = [sys.executable, "-m", "agents.cli.run", *arguments]
    environment = role_environment(load_settings(**settings))
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


def test_a_worker_enriches_and_tracks_over_tls_with_a_password_that_is_in_no_log(
    secured: SecuredKafka, login: dict[str, Any], topic_prefix: str, tmp_path: Path
) -> None:
    log = [ArchiveRecord(t.key, t.value, t.time_ms) for t in islice(simulate(default_scenario(seed=11)), RECORDS)]
    trial = Vigie(secured, tmp_path, topic_prefix, demo_watchlist(), **login, log_level="DEBUG", log_format="json")
    trial.create_topics(raw_partitions=1, partitions=1)
    expected = oracle(trial.settings, log, read_at_ms=now_ms())
    with trial.worker() as worker:
        asyncio.run(feed(trial.settings, log))
        windows = trial.published(
            trial.settings.topics.windows, until=expected.windows, running=[worker], timeout_s=120.0
        )
    assert not differences(windows, expected.windows), "\n".join(differences(windows, expected.windows))
    doctor = vigie(trial.settings.model_dump(), "doctor")
    assert doctor.returncode == 0, doctor.stdout + doctor.stderr
    assert f"answers at {secured.sasl_ssl}" in doctor.stdout
    assert login["sasl_username"] in trial.logs(whole=True)
    assert secured.password not in trial.logs(whole=True)


def test_a_certificate_of_our_own_opens_a_listener_with_mutual_tls(
    certificate: dict[str, Any], topic_prefix: str
) -> None:
    with pytest.raises(TopicProblem, match="is missing"):
        asyncio.run(check_topics(load_settings(**certificate, topic_prefix=topic_prefix)))


def test_a_token_opens_a_listener_that_asks_for_one(token: dict[str, Any], topic_prefix: str) -> None:
    with pytest.raises(TopicProblem, match="is missing"):
        asyncio.run(check_topics(load_settings(**token, topic_prefix=topic_prefix)))
    assert asyncio.run(refusal(load_settings(**token))) is None


def refused(settings: dict[str, Any]) -> str:
    with pytest.raises(BrokerRefused) as refusal:
        asyncio.run(check_topics(load_settings(**settings, start_timeout_s=PATIENCE_S)))
    return str(refusal.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sasl_username": "somebody"}, "refuses the login of 'somebody' .*check VIGIE_SASL_USERNAME"),
        ({"tls_ca_file": None}, "a certificate that we do not trust .*check VIGIE_TLS_CA_FILE"),
        ({"security_protocol": "SASL_PLAINTEXT", "tls_ca_file": None}, "speaks TLS .*check VIGIE_SECURITY_PROTOCOL"),
        (
            {"security_protocol": "SSL", "sasl_username": None, "sasl_password_file": None},
            "asks for a login; check VIGIE_SECURITY_PROTOCOL, VIGIE_SASL_USERNAME",
        ),
    ],
    ids=["unknown user", "the system's CAs", "login without TLS", "TLS without login"],
)
def test_a_login_that_does_not_fit_is_refused_at_once(
    login: dict[str, Any], changes: dict[str, Any], said: str
) -> None:
    assert re.search(said, refused(login | changes))


def test_a_mechanism_that_the_broker_does_not_know_is_refused_at_once(
    secured: SecuredKafka, login: dict[str, Any]
) -> None:
    plain = {"brokers": secured.sasl_plaintext, "security_protocol": "SASL_PLAINTEXT", "tls_ca_file": None}
    said = refused(login | plain | {"sasl_mechanism": "SCRAM-SHA-256"})
    assert "does not know SCRAM-SHA-256; check VIGIE_SASL_MECHANISM" in said


@pytest.mark.parametrize("flaw", ["expired", "for another service", "given by somebody else", "not a token"])
def test_a_token_that_is_no_good_is_refused_at_once_and_not_told(
    secured: SecuredKafka, token: dict[str, Any], flaw: str, tmp_path: Path
) -> None:
    bad = {
        "expired": secured.giver.token("vigie", lifetime_s=-3600),
        "for another service": secured.giver.token("vigie", audience="another"),
        "given by somebody else": TokenGiver().token("vigie"),
        "not a token": "open-sesame",
    }[flaw]
    said = refused(token | secured.token_login(tmp_path, token=bad))
    assert "refuses the token" in said
    assert "check VIGIE_SASL_TOKEN_FILE" in said
    assert bad not in said


def test_a_certificate_of_another_authority_is_refused_at_once(login: dict[str, Any], tmp_path: Path) -> None:
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    assert "check VIGIE_TLS_CA_FILE" in refused(login | {"tls_ca_file": tmp_path / "other.pem"})


def test_a_host_that_the_certificate_does_not_name_is_refused_at_once(
    secured: SecuredKafka, login: dict[str, Any]
) -> None:
    said = refused(login | {"brokers": secured.sasl_ssl.replace(LOOPBACK, "localhost")})
    assert "not valid for 'localhost'" in said
    assert "VIGIE_BROKERS" in said


def test_a_client_without_the_certificate_that_is_asked_for_is_refused_at_once(certificate: dict[str, Any]) -> None:
    assert "VIGIE_TLS_CERT_FILE" in refused(certificate | {"tls_cert_file": None, "tls_key_file": None})


def test_a_login_where_none_is_taken_is_refused_at_once(secured: SecuredKafka, login: dict[str, Any]) -> None:
    plain = login | {"brokers": secured.bootstrap}
    assert "does not speak TLS on this listener" in refused(plain)
    assert "takes no login" in refused(plain | {"security_protocol": "SASL_PLAINTEXT", "tls_ca_file": None})


def test_the_exit_code_tells_a_wrong_password_and_a_missing_tls_from_an_absent_broker(
    secured: SecuredKafka, login: dict[str, Any], tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("open-sesame-0000\n")
    watchlist = tmp_path / "watchlist.toml"
    watchlist.write_text(demo_watchlist(), encoding="utf-8")
    patient = {"watchlist": watchlist, "web_port": 0, "data_dir": tmp_path / "faust", "start_timeout_s": PATIENCE_S}
    worker = vigie(patient | login | {"sasl_password_file": wrong}, "worker", "--role", "enrich")
    assert worker.returncode == exits.CONFIG, worker.stderr
    assert "VIGIE_SASL_PASSWORD_FILE" in worker.stderr
    assert "open-sesame" not in worker.stderr
    topics = vigie(patient | {"brokers": secured.sasl_ssl}, "topics", "create")
    assert topics.returncode == exits.CONFIG, topics.stderr
    assert "VIGIE_SECURITY_PROTOCOL" in topics.stderr
    absent = vigie(login | {"brokers": f"{LOOPBACK}:{free_port()}", "start_timeout_s": 1.0}, "topics", "create")
    assert absent.returncode == exits.UNAVAILABLE, absent.stderr
