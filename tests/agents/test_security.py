from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import trustme
from aiokafka.errors import KafkaConnectionError
from click.testing import CliRunner
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from faust.transport.drivers import aiokafka as driver

from agents.app import create_app
from agents.cli.main import main
from agents.connection import client_options, faust_credentials, refusal
from agents.embedded.probe import LOOPBACK, free_port
from agents.processes import role_environment
from agents.role import Role
from agents.settings import SettingsError, load_settings
from pipeline.simulate import demo_watchlist
from tests.brokers.base import Broker

PASSWORD = "open-sesame-4711"
TOKEN = "eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl"


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """A password, a CA, a certificate with its key; and what is wrong: nothing in it, no PEM, somebody else's key."""
    authority = trustme.CA()
    ours, theirs = authority.issue_cert("vigie.test"), authority.issue_cert("other.test")
    contents = {
        "password": f"{PASSWORD}\n".encode(),
        "token": f"{TOKEN}\n".encode(),
        "two_words": f"{TOKEN} {TOKEN}".encode(),
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
BEARER = {
    "security_protocol": "SASL_SSL",
    "sasl_mechanism": "OAUTHBEARER",
    "sasl_token_file": "token",
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
        (SASL | {"sasl_token_file": "token"}, "sasl_token_file", "is of no use with sasl_mechanism SCRAM-SHA-512"),
        (BEARER | {"sasl_token_file": None}, "sasl_token_file", "needs it"),
        (BEARER | {"sasl_token_file": "missing"}, "sasl_token_file", "cannot read"),
        (BEARER | {"sasl_token_file": "empty"}, "sasl_token_file", "is empty"),
        (BEARER | {"sasl_token_file": "not_text"}, "sasl_token_file", "is not UTF-8"),
        (BEARER | {"sasl_token_file": "two_words"}, "sasl_token_file", "holds no token"),
        (BEARER | {"sasl_username": "vigie"}, "sasl_username", "is of no use with sasl_mechanism OAUTHBEARER"),
        (BEARER | {"sasl_password_file": "password"}, "sasl_password_file", "is of no use with sasl_mechanism"),
        (BEARER | {"security_protocol": "SSL"}, "sasl_token_file", "set that to SASL_PLAINTEXT or SASL_SSL"),
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
    assert TOKEN not in str(refused.value)


NOTHING: dict[str, Any] = {}
HERE = ["127.0.0.1:9092", "127.8.8.8:9092", "localhost:9092", "[::1]:9092", "::1:9092", "127.0.0.1:1,localhost:2"]
AWAY = ["kafka:9092", "10.0.0.7:9092", "0.0.0.0:9092", "[2001:db8::1]:9092", "localhost.example.org:9092", "127.1:1"]
IN_THE_CLEAR: dict[str, Any] = SASL | {"security_protocol": "SASL_PLAINTEXT", "tls_ca_file": None}


@pytest.mark.parametrize("brokers", [*AWAY, f"{HERE[0]},{AWAY[0]}"])
def test_nothing_goes_unencrypted_to_another_machine_unless_that_is_allowed(
    files: dict[str, Path], brokers: str
) -> None:
    for settings in (NOTHING, IN_THE_CLEAR):
        chosen_ones = chosen(files, settings) | {"brokers": brokers}
        with pytest.raises(SettingsError) as refused:
            load_settings(**chosen_ones)
        assert str(refused.value).startswith("security_protocol (VIGIE_SECURITY_PROTOCOL): ")
        assert brokers.rsplit(",", maxsplit=1)[-1] in str(refused.value)
        assert "allow_plaintext (VIGIE_ALLOW_PLAINTEXT) to true" in str(refused.value)
        assert load_settings(**chosen_ones, allow_plaintext=True).brokers == brokers
    for settings in (SASL, BEARER, MUTUAL):
        assert load_settings(**chosen(files, settings), brokers=brokers).brokers == brokers


@pytest.mark.parametrize("brokers", HERE)
def test_on_this_machine_nothing_has_to_be_encrypted(files: dict[str, Path], brokers: str) -> None:
    for settings in (NOTHING, IN_THE_CLEAR):
        assert load_settings(**chosen(files, settings), brokers=brokers).brokers == brokers


@pytest.mark.parametrize(
    ("settings", "secret"),
    [
        (IN_THE_CLEAR | {"sasl_mechanism": "PLAIN"}, "password"),
        (BEARER | {"security_protocol": "SASL_PLAINTEXT", "tls_ca_file": None}, "token"),
    ],
)
def test_a_secret_that_is_sent_as_it_is_needs_tls_on_this_machine_too_unless_it_is_allowed(
    files: dict[str, Path], settings: dict[str, Any], secret: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings(**chosen(files, settings))
    assert str(refused.value).startswith("sasl_mechanism (VIGIE_SASL_MECHANISM): ")
    assert f"sends the {secret} as it is" in str(refused.value)
    load_settings(**chosen(files, settings), allow_plaintext=True)


def test_a_key_with_a_pass_phrase_is_refused_without_asking_the_terminal(
    files: dict[str, Path], tmp_path: Path
) -> None:
    key = load_pem_private_key(files["key"].read_bytes(), None)
    locked = BestAvailableEncryption(b"a phrase")
    files["locked"] = tmp_path / "locked"
    files["locked"].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked))
    with pytest.raises(SettingsError, match="without a pass phrase"):
        load_settings(**chosen(files, MUTUAL | {"tls_key_file": "locked"}))


def test_our_clients_and_fausts_log_in_alike_and_neither_shows_the_secret(files: dict[str, Path]) -> None:
    for login, own in ((SASL, "sasl_plain_password"), (BEARER, "sasl_oauth_token_provider")):
        settings = load_settings(**chosen(files, login))
        ours = client_options(settings)
        fausts = dict(driver.credentials_to_aiokafka_auth(faust_credentials(settings)))
        assert ours.pop("bootstrap_servers") == settings.brokers
        for name in ("ssl_context", "sasl_oauth_token_provider"):
            assert type(ours.pop(name, None)) is type(fausts.pop(name, None))
        assert ours == fausts
        assert own in client_options(settings)
        shown = repr(settings) + repr(faust_credentials(settings)) + repr(client_options(settings) | {own: None})
        assert PASSWORD not in shown
        assert TOKEN not in shown


async def test_a_token_is_read_again_for_every_connection(files: dict[str, Path]) -> None:
    provider = client_options(load_settings(**chosen(files, BEARER)))["sasl_oauth_token_provider"]
    assert await provider.token() == TOKEN
    files["token"].write_text("another.one.here\n")
    assert await provider.token() == "another.one.here"
    files["token"].unlink()
    with pytest.raises(KafkaConnectionError, match=r"sasl_token_file .*cannot read"):  # which clients try again
        await provider.token()


@pytest.mark.parametrize("login", [SASL, BEARER, MUTUAL], ids=["password", "token", "certificate"])
def test_what_shows_the_settings_shows_no_secret(files: dict[str, Path], login: dict[str, str], tmp_path: Path) -> None:
    watchlist = tmp_path / "watchlist.toml"
    watchlist.write_text(demo_watchlist(), encoding="utf-8")
    settings = load_settings(**chosen(files, login), watchlist=watchlist, data_dir=tmp_path)
    shown = repr(settings) + settings.model_dump_json() + str(settings)
    variables = {name: value for name, value in role_environment(settings).items() if name.startswith("VIGIE_")}
    shown += repr(variables)
    for command in (["config", "show"], ["config", "show", "--json"], ["config", "check"]):
        result = CliRunner().invoke(main, command, env=variables)
        assert result.exit_code == 0, result.output
        shown += result.output
    app = create_app(settings, Role.ENRICH)
    shown += repr(app) + repr(vars(app.conf))
    key = files["key"].read_text().splitlines()[1]
    assert all(secret not in shown for secret in (PASSWORD, TOKEN, key))
    assert "_file" in shown


def test_a_secret_that_somebody_has_put_into_a_setting_is_not_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIGIE_SASL_PASSWORD", PASSWORD)
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert "VIGIE_SASL_PASSWORD" in str(refused.value)
    assert PASSWORD not in str(refused.value)
    monkeypatch.delenv("VIGIE_SASL_PASSWORD")
    (tmp_path / "vigie.toml").write_text(f'sasl_password = "{PASSWORD}"\n')
    monkeypatch.setenv("VIGIE_CONFIG", str(tmp_path / "vigie.toml"))
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert "sasl_password" in str(refused.value)
    assert PASSWORD not in str(refused.value)


def test_without_any_setting_nothing_is_secured_and_faust_is_told_nothing() -> None:
    settings = load_settings()
    assert client_options(settings) == {"bootstrap_servers": settings.brokers, "security_protocol": "PLAINTEXT"}
    assert faust_credentials(settings) is None


async def test_a_broker_that_is_not_there_is_absent_whatever_the_connection(files: dict[str, Path]) -> None:
    for settings in ({}, SASL, BEARER, MUTUAL):
        address = f"{LOOPBACK}:{free_port()}"
        assert await refusal(load_settings(**chosen(files, settings), brokers=address)) is None


async def test_a_broker_that_takes_everybody_refuses_nobody(broker: Broker) -> None:
    assert await refusal(load_settings(brokers=broker.bootstrap)) is None
