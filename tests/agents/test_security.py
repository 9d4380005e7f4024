from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from faust.transport.drivers import aiokafka as driver

from agents.connection import client_options, faust_credentials, refusal
from agents.embedded.probe import LOOPBACK, free_port
from agents.settings import SettingsError, load_settings
from tests.brokers.base import Broker

PASSWORD = "open-sesame-4711"


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """A password, a CA, a certificate with its key; and what is wrong: nothing in it, no PEM, somebody else's key."""
    authority = trustme.CA()
    ours, theirs = authority.issue_cert("vigie.test"), authority.issue_cert("other.test")
    contents = {
        "password": f"{PASSWORD}\n".encode(),
        "ca": authority.cert_pem.bytes(),
        "cert": ours.cert_chain_pems[0].bytes(),
        "key": ours.private_key_pem.bytes(),
        "other_key": theirs.private_key_pem.bytes(),
        "empty": b" \n",
        "not_pem": b"nothing to see here",
        "not_text": b"\xff\xfe" + PASSWORD.encode(),
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    return {name: tmp_path / name for name in (*contents, "missing")}


SASL = {
    "security_protocol": "SASL_SSL",
    "sasl_username": "vigie",
    "sasl_password_file": "password",
    "tls_ca_file": "ca",
}
MUTUAL = {"security_protocol": "SSL", "tls_ca_file": "ca", "tls_cert_file": "cert", "tls_key_file": "key"}


def chosen(files: dict[str, Path], settings: dict[str, Any]) -> dict[str, Any]:
    """Settings in which files are named by what is in them."""
    return {name: files[value] if name.endswith("_file") and value else value for name, value in settings.items()}


@pytest.mark.parametrize(
    ("settings", "named", "said"),
    [
        (SASL | {"sasl_username": None}, "sasl_username", "needs it"),
        (SASL | {"sasl_username": ""}, "sasl_username", "needs it"),
        (SASL | {"sasl_password_file": None}, "sasl_password_file", "needs it"),
        (SASL | {"sasl_password_file": "missing"}, "sasl_password_file", "cannot read"),
        (SASL | {"sasl_password_file": "empty"}, "sasl_password_file", "is empty"),
        (SASL | {"sasl_password_file": "not_text"}, "sasl_password_file", "is not UTF-8"),
        (SASL | {"tls_ca_file": "missing"}, "tls_ca_file", "cannot read"),
        (SASL | {"tls_ca_file": "empty"}, "tls_ca_file", "is empty"),
        (SASL | {"tls_ca_file": "not_pem"}, "tls_ca_file", "holds no PEM certificates"),
        (
            SASL | {"security_protocol": "PLAINTEXT"},
            "sasl_password_file",
            "is of no use with security_protocol PLAINTEXT",
        ),
        (SASL | {"security_protocol": "SASL_PLAINTEXT"}, "tls_ca_file", "set that to SSL or SASL_SSL"),
        (MUTUAL | {"tls_key_file": None}, "tls_key_file", "is needed with tls_cert_file"),
        (MUTUAL | {"tls_cert_file": None}, "tls_cert_file", "is needed with tls_key_file"),
        (MUTUAL | {"tls_key_file": "other_key"}, "tls_key_file", "is not the PEM key"),
        (MUTUAL | {"tls_cert_file": "missing"}, "tls_cert_file", "cannot read"),
        (MUTUAL | {"sasl_username": "vigie"}, "sasl_username", "set that to SASL_PLAINTEXT or SASL_SSL"),
    ],
)
def test_settings_that_do_not_go_together_are_refused_by_name_and_without_their_secrets(
    files: dict[str, Path], settings: dict[str, Any], named: str, said: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings(**chosen(files, settings))
    line = next(
        line for line in str(refused.value).splitlines() if line.startswith(f"{named} (VIGIE_{named.upper()}): ")
    )
    assert said in line
    assert PASSWORD not in str(refused.value)


def test_a_key_with_a_pass_phrase_is_refused_without_asking_the_terminal(
    files: dict[str, Path], tmp_path: Path
) -> None:
    key = load_pem_private_key(files["key"].read_bytes(), None)
    locked = BestAvailableEncryption(b"a phrase")
    files["locked"] = tmp_path / "locked"
    files["locked"].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked))
    with pytest.raises(SettingsError, match="without a pass phrase"):
        load_settings(**chosen(files, MUTUAL | {"tls_key_file": "locked"}))


def test_our_clients_and_fausts_log_in_alike_and_neither_shows_the_password(files: dict[str, Path]) -> None:
    settings = load_settings(**chosen(files, SASL))
    ours = client_options(settings)
    fausts = driver.credentials_to_aiokafka_auth(faust_credentials(settings))
    assert ours.pop("bootstrap_servers") == settings.brokers
    assert type(ours.pop("ssl_context")) is type(fausts["ssl_context"])
    assert ours == {name: value for name, value in fausts.items() if name != "ssl_context"}
    assert ours["sasl_plain_password"] == PASSWORD
    assert PASSWORD not in repr(settings) + repr(faust_credentials(settings))


def test_without_any_setting_nothing_is_secured_and_faust_is_told_nothing() -> None:
    settings = load_settings()
    assert client_options(settings) == {"bootstrap_servers": settings.brokers, "security_protocol": "PLAINTEXT"}
    assert faust_credentials(settings) is None


async def test_a_broker_that_is_not_there_is_absent_whatever_the_connection(files: dict[str, Path]) -> None:
    for settings in ({}, SASL, MUTUAL):
        address = f"{LOOPBACK}:{free_port()}"
        assert await refusal(load_settings(**chosen(files, settings), brokers=address)) is None


async def test_a_broker_that_takes_everybody_refuses_nobody(broker: Broker) -> None:
    assert await refusal(load_settings(brokers=broker.bootstrap)) is None
