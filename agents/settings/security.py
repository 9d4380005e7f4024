"""What a secured connection is made of: which settings go together, and secrets and certificates from their files.

ADR: secrets are read from files only. A variable shows up in `docker inspect`, in crash reports and in the
environment of every child; a file can be mounted, changed and given rights. All of it is read once at the start to
see that it can be, so that a wrong file stops the start by the setting's name instead of looking like a broker that
does not answer.

ADR: what is changed while a worker runs. A token is read again for every connection: it lives for minutes, and the
broker ends a connection whose token has expired. A password, a certificate and its key are kept by the Kafka client
for as long as it lives; connections that stand go on, and a new one is made with what was read at the start. So a
rotated password needs a restart. A worker whose new connections are refused holds as if the broker were gone, its log
says that logins fail (of a token only that connections are closed), and it exits when it has held for too long; at
the next start what is wrong is said by the setting's name.

ADR: plaintext is never what one gets by leaving a setting out. To a broker on another machine it has to be allowed;
so has a password or token that is sent as it is, even on this machine: whoever opens the broker's port while the
broker is down is told it.
"""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agents.settings import Settings

__all__ = [
    "is_loopback",
    "password",
    "problems",
    "read_secret",
    "tls_context",
    "token",
    "uses_sasl",
    "uses_tls",
    "uses_token",
]

_PASSWORD_FIELDS = ("sasl_username", "sasl_password_file")
_TOKEN_FIELDS = ("sasl_token_file",)
_TLS_FIELDS = ("tls_ca_file", "tls_cert_file", "tls_key_file")
_SENT_AS_IT_IS = {"PLAIN": "password", "OAUTHBEARER": "token"}


def uses_sasl(settings: Settings) -> bool:
    """Whether we say who we are, by name and password or by a token."""
    return settings.security_protocol.startswith("SASL_")


def uses_token(settings: Settings) -> bool:
    """Whether it is a token that says who we are."""
    return uses_sasl(settings) and settings.sasl_mechanism == "OAUTHBEARER"


def uses_tls(settings: Settings) -> bool:
    """Whether the connection is encrypted."""
    return settings.security_protocol.endswith("SSL")


def problems(settings: Settings) -> Iterator[str]:
    """Yield what is wrong with the settings of the connection, a line each that begins with the setting's name."""
    protocol = settings.security_protocol
    for wanted, fields, kind in (
        (uses_sasl(settings), _PASSWORD_FIELDS + _TOKEN_FIELDS, "SASL_PLAINTEXT or SASL_SSL"),
        (uses_tls(settings), _TLS_FIELDS, "SSL or SASL_SSL"),
    ):
        for name in fields:
            if getattr(settings, name) is not None and not wanted:
                yield f"{_named(name)}: is of no use with security_protocol {protocol}; set that to {kind}"
    if uses_sasl(settings):
        yield from _sasl_problems(settings)
    if uses_tls(settings):
        yield from _tls_problems(settings)
    elif not settings.allow_plaintext:
        yield from _plaintext_problems(settings)


def _sasl_problems(settings: Settings) -> Iterator[str]:
    mechanism = settings.sasl_mechanism
    needed: tuple[str, ...] = _TOKEN_FIELDS if uses_token(settings) else _PASSWORD_FIELDS
    for name in needed:
        if not getattr(settings, name):
            yield f"{_named(name)}: security_protocol {settings.security_protocol} with {mechanism} needs it"
    for name in _PASSWORD_FIELDS + _TOKEN_FIELDS:
        if getattr(settings, name) is not None and name not in needed:
            yield f"{_named(name)}: is of no use with sasl_mechanism {mechanism}"
    read = token if uses_token(settings) else password
    if getattr(settings, needed[-1]) is not None:
        try:
            read(settings)
        except ValueError as exc:
            yield str(exc)


def _plaintext_problems(settings: Settings) -> Iterator[str]:
    way_out = "or, where you trust the network in between, allow_plaintext (VIGIE_ALLOW_PLAINTEXT) to true"
    away = [address for address in settings.brokers.split(",") if not is_loopback(address.rpartition(":")[0])]
    if away:
        yield (
            f"{_named('security_protocol')}: {settings.security_protocol} would send everything unencrypted to "
            f"{', '.join(away)}; set it to SSL or SASL_SSL, {way_out}"
        )
    elif uses_sasl(settings) and (secret := _SENT_AS_IT_IS.get(settings.sasl_mechanism)):
        yield (
            f"{_named('sasl_mechanism')}: {settings.sasl_mechanism} sends the {secret} as it is, and without TLS to "
            f"whoever listens there; set security_protocol to SASL_SSL, {way_out}"
        )


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by its name or address, without asking anybody."""
    host = host.strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _tls_problems(settings: Settings) -> Iterator[str]:
    for given, other in (("tls_cert_file", "tls_key_file"), ("tls_key_file", "tls_cert_file")):
        if getattr(settings, given) is not None and getattr(settings, other) is None:
            yield f"{_named(other)}: is needed with {given}, a certificate and its key go together"
            return
    try:
        tls_context(settings)
    except ValueError as exc:
        yield str(exc)


def _named(name: str) -> str:
    return f"{name} (VIGIE_{name.upper()})"


def read_secret(name: str, path: Path) -> bytes:
    """Return what a file holds, without the white space around it.

    Parameters
    ----------
    name : str
        The setting that names the file.
    path : Path
        The file.

    Raises
    ------
    ValueError
        It cannot be read or is empty; the message names the setting, and never what is in the file.
    """
    try:
        secret = path.read_bytes().strip()
    except OSError as exc:
        raise ValueError(f"{_named(name)}: cannot read {path}: {exc.strerror}") from exc
    if not secret:
        raise ValueError(f"{_named(name)}: {path} is empty")
    return secret


def password(settings: Settings) -> str:
    """Return the password of the SASL login.

    Raises
    ------
    ValueError
        There is none, or it cannot be read; the message names the setting.
    """
    return _text("sasl_password_file", settings.sasl_password_file)


def token(settings: Settings) -> str:
    """Return the token of the SASL login, as it is in its file now.

    Raises
    ------
    ValueError
        There is none, or it cannot be read or sent; the message names the setting.
    """
    said = _text("sasl_token_file", settings.sasl_token_file)
    if not (said.isascii() and said.isprintable()) or " " in said:
        raise ValueError(f"{_named('sasl_token_file')}: {settings.sasl_token_file} holds no token: more than one word")
    return said


def _text(name: str, path: Path | None) -> str:
    if path is None:
        raise ValueError(f"{_named(name)}: is not set")
    secret = read_secret(name, path)
    try:
        return secret.decode()
    except UnicodeDecodeError:
        # Not from the error: it holds the bytes.
        raise ValueError(f"{_named(name)}: {path} is not UTF-8 text") from None


def tls_context(settings: Settings) -> ssl.SSLContext:
    """Return what checks the broker's certificate and host name, and shows ours when there is one.

    TLS 1.2 and later, as is Python's default.

    Raises
    ------
    ValueError
        A file cannot be used; the message names the setting.
    """
    authorities = None if settings.tls_ca_file is None else read_secret("tls_ca_file", settings.tls_ca_file)
    try:
        # Ours instead of the system's, not beside them: nobody else may vouch for the broker.
        context = ssl.create_default_context(cadata=authorities and authorities.decode("ascii"))
    except (ssl.SSLError, UnicodeDecodeError) as exc:
        raise ValueError(f"{_named('tls_ca_file')}: {settings.tls_ca_file} holds no PEM certificates") from exc
    if settings.tls_cert_file is not None and settings.tls_key_file is not None:
        for name in ("tls_cert_file", "tls_key_file"):
            read_secret(name, getattr(settings, name))
        try:
            context.load_cert_chain(settings.tls_cert_file, settings.tls_key_file, password=_no_password)
        except ssl.SSLError as exc:
            raise ValueError(
                f"{_named('tls_key_file')}: {settings.tls_key_file} is not the PEM key, without a pass phrase, of the "
                f"PEM certificate in tls_cert_file {settings.tls_cert_file}"
            ) from exc
    return context


def _no_password() -> str:
    """Keep OpenSSL from asking the terminal for the pass phrase of a key."""
    return ""
