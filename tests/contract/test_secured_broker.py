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
from agents.embedded.probe import LOOPBACK, free_port
from agents.feed import feed
from agents.processes import role_environment
from agents.settings import load_settings
from agents.topics import BrokerRefused, TopicProblem, check_topics
from pipeline.archive import ArchiveRecord
from pipeline.simulate import default_scenario, demo_watchlist, simulate
from tests.brokers.secured import SecuredKafka
from tests.live.vigie import Vigie, differences, now_ms, oracle

pytestmark = pytest.mark.kafka

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
    password = tmp_path / "password"
    password.write_text(f"{secured.password}\n")
    return {
        "brokers": secured.sasl_ssl,
        "security_protocol": "SASL_SSL",
        "sasl_username": secured.username,
        "sasl_password_file": password,
        "tls_ca_file": secured.ca,
    }


@pytest.fixture
def certificate(secured: SecuredKafka) -> dict[str, Any]:
    """Settings of a client with a certificate."""
    return {
        "brokers": secured.mutual_tls,
        "security_protocol": "SSL",
        "tls_ca_file": secured.ca,
        "tls_cert_file": secured.client,
        "tls_key_file": secured.client_key,
    }


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
    assert secured.username in trial.logs(whole=True)
    assert secured.password not in trial.logs(whole=True)


def test_a_certificate_of_our_own_opens_a_listener_with_mutual_tls(
    certificate: dict[str, Any], topic_prefix: str
) -> None:
    with pytest.raises(TopicProblem, match="is missing"):
        asyncio.run(check_topics(load_settings(**certificate, topic_prefix=topic_prefix)))


def refused(settings: dict[str, Any]) -> str:
    with pytest.raises(BrokerRefused) as refusal:
        asyncio.run(check_topics(load_settings(**settings, start_timeout_s=PATIENCE_S)))
    return str(refusal.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sasl_username": "somebody"}, "refuses the login of 'somebody' .*check VIGIE_SASL_USERNAME"),
        ({"sasl_mechanism": "SCRAM-SHA-256"}, "does not know SCRAM-SHA-256; check VIGIE_SASL_MECHANISM"),
        ({"tls_ca_file": None}, "a certificate that we do not trust .*check VIGIE_TLS_CA_FILE"),
        ({"security_protocol": "SASL_PLAINTEXT", "tls_ca_file": None}, "speaks TLS .*check VIGIE_SECURITY_PROTOCOL"),
        (
            {"security_protocol": "SSL", "sasl_username": None, "sasl_password_file": None},
            "asks for a login; check VIGIE_SECURITY_PROTOCOL, VIGIE_SASL_USERNAME",
        ),
    ],
    ids=["unknown user", "unknown mechanism", "the system's CAs", "login without TLS", "TLS without login"],
)
def test_a_login_that_does_not_fit_is_refused_at_once(
    login: dict[str, Any], changes: dict[str, Any], said: str
) -> None:
    assert re.search(said, refused(login | changes))


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
