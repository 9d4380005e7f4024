"""How to connect to Kafka: the one place that says so, for our own clients and for Faust's.

ADR: a Kafka client takes a refused login for a broker that is not there: it logs the reason and raises that nobody
could be reached, and so it is tried again for a minute over a password that stays wrong. So when a client has found
nobody, `refusal` asks once more, by a bare connection, and tells a broker that is absent (worth another try) from
one that is there and does not take us (not worth one), with the setting to look at. A refused token it does not
notice at all: the broker says so in the content of its answer (RFC 7628, 3.2.3), which aiokafka 0.14 does not read,
and closes the connection at the next request. So `refusal` shows the token by itself and reads the answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from typing import Any

from aiokafka.abc import AbstractTokenProvider
from aiokafka.conn import AIOKafkaConnection, OAuthAuthenticator, create_conn
from aiokafka.errors import (
    IllegalSaslStateError,
    KafkaConnectionError,
    KafkaError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)
from aiokafka.protocol.admin import SaslAuthenticateRequest, SaslHandShakeRequest
from aiokafka.protocol.metadata import MetadataRequest
from faust import SASLCredentials, SSLCredentials
from faust.auth import OAuthCredentials
from faust.types.auth import CredentialsT

from agents.settings import Settings, security

__all__ = ["client_options", "faust_credentials", "refusal"]

_PROBE_TIMEOUT_S = 5.0
_GONE_BY_S = 1.0
_CLOSE_S = 0.05


def client_options(settings: Settings) -> dict[str, Any]:
    """Return the arguments by which every aiokafka client finds the broker and proves who it is."""
    return {"bootstrap_servers": settings.brokers, **_security_options(settings)}


def faust_credentials(settings: Settings) -> CredentialsT | None:
    """Return the same for Faust's ``broker_credentials``. It shows neither password nor key in its ``repr``."""
    context = security.tls_context(settings) if security.uses_tls(settings) else None
    if security.uses_token(settings):
        return OAuthCredentials(oauth_cb=_TokenFile(settings), ssl_context=context)
    if security.uses_sasl(settings):
        return SASLCredentials(
            username=settings.sasl_username,
            password=security.password(settings),
            mechanism=settings.sasl_mechanism,
            ssl_context=context,
        )
    return SSLCredentials(context) if context else None


def _security_options(settings: Settings) -> dict[str, Any]:
    options: dict[str, Any] = {"security_protocol": settings.security_protocol}
    if security.uses_tls(settings):
        options["ssl_context"] = security.tls_context(settings)
    if security.uses_sasl(settings):
        options["sasl_mechanism"] = settings.sasl_mechanism
    if security.uses_token(settings):
        options["sasl_oauth_token_provider"] = _TokenFile(settings)
    elif security.uses_sasl(settings):
        options["sasl_plain_username"] = settings.sasl_username
        options["sasl_plain_password"] = security.password(settings)
    return options


class _TokenFile(AbstractTokenProvider):  # type: ignore[misc] # the library has no types
    """Gives each connection the token that the file holds by then."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def token(self) -> str:
        try:
            return await asyncio.to_thread(security.token, self._settings)
        except ValueError as exc:  # half way through a rotation: clients try a failed connection again
            raise KafkaConnectionError(str(exc)) from exc


async def refusal(settings: Settings) -> str | None:
    """Say why the brokers that are there do not take us, and which setting to look at.

    Returns
    -------
    str or None
        None when none is there, when one takes us, or when it cannot be told.
    """
    reasons = []
    for address in settings.brokers.split(","):
        host, _, port = address.rpartition(":")
        try:
            reason = await _refusal_of(settings, host, int(port))
        except (KafkaError, OSError, TimeoutError):
            continue  # not there
        if reason is None:
            return None
        reasons.append(f"the broker at {address} {reason}")
    # Nobody waits for the transport of a failed handshake to close; the loop of a command is about to end.
    await asyncio.sleep(_CLOSE_S)
    return reasons[0] if reasons else None


async def _refusal_of(settings: Settings, host: str, port: int) -> str | None:
    """Return why one broker does not take us; None when it does. Raises when it is not there."""
    await _reach(host, port)
    try:
        return await _refused_login(settings, host, port)
    except ssl.SSLCertVerificationError as exc:
        return _hint(f"shows a certificate that we do not trust ({exc.verify_message})", "tls_ca_file", "brokers")
    except (IllegalSaslStateError, SaslAuthenticationFailed, UnsupportedSaslMechanismError) as exc:
        return _login_problem(settings, exc)
    except (KafkaError, OSError, TimeoutError) as exc:
        return await _mismatch(settings, host, port, exc)


async def _refused_login(settings: Settings, host: str, port: int) -> str | None:
    """Return what is not asked or not answered in the client's own words; the rest is raised."""
    async with _connection(host, port, _security_options(settings)) as connection:
        if security.uses_token(settings):
            return await _token_refusal(settings, host, port)
        if security.uses_sasl(settings) or await _serves(connection):
            return None
    async with _connection(host, port, _security_options(settings)) as connection:
        asks = await connection.send(SaslHandShakeRequest(settings.sasl_mechanism))
        if asks.error_code == IllegalSaslStateError.errno:  # the answer of a listener without logins
            return None
        return _hint("asks for a login", "security_protocol", "sasl_username", "sasl_password_file")


def _login_problem(settings: Settings, why: KafkaError) -> str:
    match why:
        case IllegalSaslStateError():
            return _hint("takes no login on this listener", "security_protocol", "brokers")
        case UnsupportedSaslMechanismError():
            return _hint(f"does not know {settings.sasl_mechanism}", "sasl_mechanism")
        case _:
            what = f"refuses the login of {settings.sasl_username!r} ({why})"
            return _hint(what, "sasl_username", "sasl_password_file", "sasl_mechanism")


async def _token_refusal(settings: Settings, host: str, port: int) -> str | None:
    options = _security_options(settings)
    login = OAuthAuthenticator(sasl_oauth_token_provider=options["sasl_oauth_token_provider"])
    content, _ = await login.step(None)
    # Without a login of the client's own, which would be this one.
    options["security_protocol"] = "SSL" if security.uses_tls(settings) else "PLAINTEXT"
    async with _connection(host, port, options) as connection:
        await connection.send(SaslHandShakeRequest(settings.sasl_mechanism))
        answer = await connection.send(SaslAuthenticateRequest(content))
    if not answer.sasl_auth_bytes and not answer.error_code:
        return None
    return _hint("refuses the token; its log says why, as a rule the token has expired", "sasl_token_file")


async def _mismatch(settings: Settings, host: str, port: int, why: Exception) -> str | None:
    """Explain a connection that broke off, by what the listener does speak."""
    if not security.uses_tls(settings):
        if await _speaks_tls(host, port):
            return _hint("speaks TLS on this listener", "security_protocol", "tls_ca_file", "brokers")
        raise why
    if not await _speaks_tls(host, port):
        async with _connection(host, port, {}):
            return _hint("does not speak TLS on this listener", "security_protocol", "brokers")
    # So does a broker that is just shutting down; such a one is soon gone.
    await asyncio.sleep(_GONE_BY_S)
    with contextlib.suppress(KafkaError):
        async with _connection(host, port, _security_options(settings)):
            return None
    return _hint(f"ends the connection after the TLS handshake ({why})", "tls_cert_file", "tls_key_file")


async def _reach(host: str, port: int) -> None:
    async with asyncio.timeout(_PROBE_TIMEOUT_S):
        _, writer = await asyncio.open_connection(host, port)
    writer.close()


async def _speaks_tls(host: str, port: int) -> bool:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # nothing is said over it
    try:
        async with asyncio.timeout(_PROBE_TIMEOUT_S):
            _, writer = await asyncio.open_connection(host, port, ssl=context)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


async def _serves(connection: AIOKafkaConnection) -> bool:
    """Whether a broker answers a client that has not logged in: one that wants that closes the connection."""
    try:
        await connection.send(MetadataRequest([]))
    except KafkaConnectionError:
        return False
    return True


@contextlib.asynccontextmanager
async def _connection(host: str, port: int, options: dict[str, Any]) -> AsyncIterator[AIOKafkaConnection]:
    connection = await create_conn(host, port, request_timeout_ms=int(_PROBE_TIMEOUT_S * 1000), **options)
    try:
        yield connection
    finally:
        connection.close()


def _hint(what: str, *names: str) -> str:
    return f"{what}; check {', '.join(f'VIGIE_{name.upper()}' for name in names)}"
